package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.ShiftedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The launch that lays images out for sums of shifted products; see {@code shifted.cu}. */
final class ShiftedImages {
    private static final int THREADS = 256;

    /** Places and channels that a block lays out. */
    private static final int TILE = 64;

    /** Of a kernel of which a thread holds 16 bytes each. */
    private static final int FEW_TAPS = 16;

    /** Most bytes of all rows together. */
    private static final long MOST_BYTES = 2L << 30;

    // The estimate, in clock cycles of a multiprocessor: a launch, and bytes a clock.
    static final double LAUNCH = 3000;
    static final double BYTES = 16;

    private ShiftedImages() {}

    /** Elements from one inner row of the kernel to the next, tap by tap. */
    static int line(ConvShape s) {
        return ShiftedRows.line(s.cg());
    }

    static long elements(ShiftedRows r, int channels) {
        return (long) r.phases() * r.length() * ShiftedRows.line(channels);
    }

    /** Whether rows, and as long ones of the result's channels, can be counted. */
    static boolean fit(ShiftedRows r, int channels, int results) {
        double most = Math.max((double) r.phases() * ShiftedRows.line(channels), results + 7.0);
        return 2 * r.size() * most < MOST_BYTES;
    }

    /** Whether the kernel, tap by tap, can be counted. */
    static boolean fit(ConvShape s) {
        return 2.0 * s.taps() * s.m() * line(s) < MOST_BYTES;
    }

    /** Clocks that it should take before a convolution; results: channels of its result. */
    static double clocks(ShiftedRows r, int channels, int results, GpuTraits traits) {
        double kernel = 4.0 * r.taps() * channels * results;
        return LAUNCH + (bytes(r, channels) + kernel) / (BYTES * traits.computeUnits());
    }

    /** The same before a weight gradient. */
    static double weightClocks(ShiftedRows r, int channels, int results, GpuTraits traits) {
        double place = (double) r.y().results() * r.x().results();
        double bytes = 2.0 * results * (r.images() * place + r.length());
        return LAUNCH + (bytes(r, channels) + bytes) / (BYTES * traits.computeUnits());
    }

    /** Read and written for the images. */
    private static double bytes(ShiftedRows r, int channels) {
        double image = (double) channels * r.y().source() * r.x().source();
        return 2 * (r.images() * image + elements(r, channels));
    }

    /**
     * Adds the launch for a convolution.
     *
     * @param from images [images, channels, height, width]
     * @param to places [phases, length, line of the channels]
     * @param w kernel, null where it stays as it is
     * @param packed the kernel tap by tap, [taps, m, line]
     */
    static void add(
            GpuPlan.Builder plan,
            DType type,
            ShiftedRows r,
            GpuPlan.Arg from,
            GpuPlan.Arg to,
            int channels,
            GpuPlan.Arg w,
            GpuPlan.Arg packed,
            ConvShape s) {
        int outer = w == null ? 0 : s.m();
        Object[] more = {null, null, 0, 0, 1, 1, w, packed, outer, s.cg(), line(s), s.taps()};
        launch(plan, type, r, from, to, channels, 0, ConvGpu.ceil(outer * line(s), THREADS), more);
    }

    /**
     * Adds the launch for a weight gradient.
     *
     * @param from images [images, channels, height, width]
     * @param to places [phases, length, line of the channels]
     * @param from2 images of the results [images, channels2, results]
     * @param to2 places [length, line of the channels2], where results stand
     */
    static void add(
            GpuPlan.Builder plan,
            DType type,
            ShiftedRows r,
            GpuPlan.Arg from,
            GpuPlan.Arg to,
            int channels,
            GpuPlan.Arg from2,
            GpuPlan.Arg to2,
            int channels2) {
        int h = r.y().results();
        int line2 = ShiftedRows.line(channels2);
        Object[] more = {from2, to2, channels2, line2, h, r.x().results(), null, null, 0, 0, 1, 0};
        launch(plan, type, r, from, to, channels, channels2, 0, more);
    }

    /**
     * Adds the launch for a kernel alone.
     *
     * @param w [m, channels, taps]
     * @param packed the same tap by tap, [taps, m, line]
     */
    static void addKernel(
            GpuPlan.Builder plan, DType type, GpuPlan.Arg w, GpuPlan.Arg packed, ConvShape s) {
        if (s.cg() % 8 == 0 && s.taps() <= FEW_TAPS) {
            GpuProgram program =
                    GpuProgram.of(
                                    "conv/taps_first.cu",
                                    ConvGpu.text("taps_first.cu"),
                                    "TAPS",
                                    s.taps(),
                                    "STORAGE",
                                    GpuProgram.storage(type))
                            .withHeaders(List.of("warp.cuh", "early.cuh"));
            long threads = (long) s.m() * s.cg() / 8;
            plan.launch1d(program, "taps_first", threads, 128, w, packed, s.m(), s.cg());
            return;
        }
        ShiftedRows.Along one = new ShiftedRows.Along(1, 0, 1, 1, 1, 1);
        add(plan, type, new ShiftedRows(one, one, 1), w, packed, 0, w, packed, s);
    }

    private static void launch(
            GpuPlan.Builder plan,
            DType type,
            ShiftedRows r,
            GpuPlan.Arg from,
            GpuPlan.Arg to,
            int channels,
            int channels2,
            int kernelBlocks,
            Object[] more) {
        GpuProgram program =
                GpuProgram.of(
                                "conv/shifted.cu",
                                ConvGpu.text("shifted.cu"),
                                "PLANE",
                                r.plane(),
                                "PITCH",
                                r.pitch(),
                                "VEC",
                                r.even() ? 2 : 1,
                                "STORAGE",
                                GpuProgram.storage(type))
                        .withHeaders(List.of("warp.cuh", "early.cuh"));
        int tiles = r.phases() * ConvGpu.ceil(channels, TILE) + ConvGpu.ceil(channels2, TILE);
        int blocks = tiles * ConvGpu.ceil(r.length(), TILE);
        Object[] images = {
            from,
            to,
            channels,
            ShiftedRows.line(channels),
            r.y().source(),
            r.x().source(),
            r.images(),
            r.length(),
            r.phases(),
            r.y().stride(),
            r.y().first(),
            r.x().stride(),
            r.x().first(),
            r.x().phases()
        };
        List<Object> args = new ArrayList<>(Arrays.asList(images));
        args.addAll(Arrays.asList(more));
        plan.launch(
                program,
                "shifted_prepare",
                new int[] {blocks + kernelBlocks, 1, 1},
                new int[] {THREADS, 1, 1},
                args.toArray());
    }
}
