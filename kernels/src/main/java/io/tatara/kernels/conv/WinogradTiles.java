package io.tatara.kernels.conv;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The tiles of Winograd's minimal filtering F(4 × 4, 3 × 3) on GPUs: 4 × 4 pixels of the result and
 * the 6 × 6 of the source that they come of; see {@code winograd_tiles.cl}. Images are worked
 * through in rounds, so that the transformed tiles of a round stay within {@link #most} bytes.
 *
 * @param images all of them
 * @param in channels of the source
 * @param out channels of the result
 * @param height rows of a source image
 * @param lowY first row of the source that the result's row 0 asks for
 * @param outHeight rows of a result image
 * @param most bytes of the transformed tiles of source and result together
 */
record WinogradTiles(
        int images,
        int in,
        int out,
        int height,
        int width,
        int lowY,
        int lowX,
        int outHeight,
        int outWidth,
        long most) {
    static final int PLACES = 36;
    static final int THREADS = 256;

    /** Bytes of the temporaries of a round: ops keep a share of the device's memory at most. */
    static final long MOST = 512L << 20;

    /** Fewest channels on both sides: below, the transforms are most of the work. */
    private static final int CHANNELS = 32;

    /**
     * Of the clocks that the models of products say: an H200 took 1.23 to 1.44 of those of
     * MatMulSimt's larger products and 1.34 to 1.63 of those of ConvImplicit's layers of 3 × 3
     * taps, at 1.8 GHz (docs/h200.md, 2026-11-26).
     */
    static final double MEASURED = 1.4;

    /** Of the other's clocks; an H200 took 0.23 to 0.97 of the other's time where this says so. */
    static final double CLEARLY = 0.8;

    /** Images of a round. */
    record Round(int first, int images) {}

    /** Tiles of these sums; null where they have not the form. */
    static WinogradTiles of(Sums s, long most) {
        if (s.shape().n() == 0
                || s.shape().groups() != 1
                || s.ys().size() != 1
                || s.xs().size() != 1
                || !three(s.ys().getFirst())
                || !three(s.xs().getFirst())) {
            return null;
        }
        WinogradTiles t =
                new WinogradTiles(
                        s.shape().n(),
                        s.in(),
                        s.out(),
                        s.height(),
                        s.width(),
                        s.ys().getFirst().low(),
                        s.xs().getFirst().low(),
                        s.outHeight(),
                        s.outWidth(),
                        most);
        return t.each() > 0 && 4.0 * PLACES * s.in() * s.out() < most ? t : null;
    }

    /** Whether they are worth estimating. */
    boolean worth() {
        return Math.min(in, out) >= CHANNELS;
    }

    /** Three neighbouring taps, forward or backward, from pixel to pixel. */
    private static boolean three(Axis a) {
        return a.taps() == 3 && a.inStep() == 1 && a.outStep() == 1 && Math.abs(a.tapIn()) == 1;
    }

    int down() {
        return ConvGpu.ceil(outHeight, 4);
    }

    int along() {
        return ConvGpu.ceil(outWidth, 4);
    }

    int tiles(int ofImages) {
        return ofImages * down() * along();
    }

    /** Elements from a channel to the next: whole 16 bytes. */
    int pitch(int ofImages) {
        return whole(tiles(ofImages));
    }

    static int whole(int elements) {
        return ConvGpu.ceil(elements, 4) * 4;
    }

    /** Images that a round may have, 0 where one is too many. */
    private int each() {
        double image = 4.0 * PLACES * (in + out) * (down() * (double) along() + 4);
        return (int) Math.min(images, most / image);
    }

    /** Rounds of nearly as many images. */
    List<Round> rounds() {
        int rounds = ConvGpu.ceil(images, each());
        List<Round> all = new ArrayList<>();
        for (int r = 0; r < rounds; r++) {
            int first = (int) ((long) images * r / rounds);
            all.add(new Round(first, (int) ((long) images * (r + 1) / rounds) - first));
        }
        return all;
    }

    /** Pitch of the largest round. */
    int largestPitch() {
        return rounds().stream().mapToInt(r -> pitch(r.images())).max().orElseThrow();
    }

    /** Floats of all places of a matrix. */
    static long floats(int rows, int pitch) {
        return (long) PLACES * rows * pitch;
    }

    /**
     * Bytes of a multiprocessor's share of the memory in a clock, from what is published of the
     * chips: HBM of A100, of H100 and later, and what is not HBM (RTX 3090 to 5090, L40: 2 to 7).
     */
    private static double bytes(GpuTraits traits) {
        return switch (traits.arch()) {
            case 80 -> 10;
            case 90, 100, 103 -> ShiftedImages.BYTES;
            default -> 4;
        };
    }

    /** Clocks of the transforms alone: reading and writing images, tiles and kernel. */
    private double transformClocks(GpuTraits traits) {
        double pixels = (double) images * in * height * width;
        double results = (double) images * out * outHeight * outWidth;
        double all = (double) images * down() * along() * PLACES * (in + out);
        double kernel = (double) in * out * (PLACES + 9);
        double bytes = 4 * (pixels + results + all + kernel);
        // The products' launch of the first round is not more than what others launch.
        double launches = 3.0 * rounds().size() - 1;
        return ShiftedImages.LAUNCH * launches + bytes / (bytes(traits) * traits.computeUnits());
    }

    /**
     * Clocks that all should take.
     *
     * @param products of a round, by their own model
     */
    double clocks(ToDoubleFunction<Round> products, GpuTraits traits) {
        return transformClocks(traits) + MEASURED * rounds().stream().mapToDouble(products).sum();
    }

    /**
     * A program of this room behind {@code sums.cl} and {@code winograd_tiles.cl}.
     *
     * @param defines names and values
     */
    static GpuProgram program(String file, List<Object> defines) {
        return GpuProgram.of(
                "conv/" + file,
                ConvGpu.text("sums.cl") + ConvGpu.text("winograd_tiles.cl") + ConvGpu.text(file),
                defines.toArray());
    }

    /** Arguments that the transforms of tiles begin with, behind their buffers. */
    List<Object> args(Round r) {
        int tiles = tiles(r.images());
        return List.of(r.first(), tiles, pitch(r.images()), down(), along());
    }
}
