package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The data gradient of a convolution with stride 2 along both axes in one launch: each of the four
 * places within the stride is an implicit product of its own, too small to fill a device; see
 * conv_simt.cu and conv_sm80.cu.
 */
final class ConvPlaces {
    private static final int PLACES = 4;

    private ConvPlaces() {}

    /** Adds the launch, or nothing and false where the shapes are for others. */
    static boolean add(
            GpuPlan.Builder plan, Sums s, Object[] buffers, DType type, GpuTraits traits) {
        if (!s.gradient() || s.ys().size() != 2 || s.xs().size() != 2) {
            return false;
        }
        for (Axis y : s.ys()) {
            for (Axis x : s.xs()) {
                if (!ConvImplicit.worth(s, y, x)) {
                    return false;
                }
            }
        }
        // Those with more taps begin.
        Axis y0 = more(s.ys());
        Axis x0 = more(s.xs());
        Axis y1 = other(s.ys(), y0);
        Axis x1 = other(s.xs(), x0);
        ConvShape c = s.shape();
        int all = (y0.taps() + y1.taps()) * (x0.taps() + x1.taps());
        int most = s.in() * y0.taps() * x0.taps();
        boolean matrix = type != DType.FLOAT32;
        ConvTile chosen =
                ConvTile.of(
                        matrix ? ConvImplicit.MATRIX : ConvImplicit.SIMT,
                        s.out(),
                        c.n() * s.outHeight() * s.outWidth(),
                        ConvGpu.ceil(s.in() * all, PLACES),
                        c.groups(),
                        matrix ? 2 : 4,
                        matrix ? ConvImplicit.matrixRate(traits) : ConvImplicit.rate(traits),
                        t -> shared(longest(t, most), matrix),
                        traits);
        if (chosen == null) {
            return false;
        }
        ConvTile tile = longest(chosen, most);
        ConvTile.Shape t = tile.shape();
        int pixels = Math.max(y0.count(), y1.count()) * Math.max(x0.count(), x1.count());
        int tiles = ConvGpu.ceil(s.out(), t.bm()) * ConvGpu.ceil(c.n() * pixels, t.bn());
        long sums = (long) tiles * PLACES * c.groups();
        boolean split = tile.splits() > 1;
        if (split && sums > GpuPlan.SEMAPHORES) {
            return false;
        }
        List<Object> defines = ConvGpu.finish(buffers, Activation.NONE);
        defines.addAll(List.of("BM", t.bm(), "BN", t.bn(), "WM", t.wm(), "WN", t.wn()));
        defines.addAll(List.of("TY", y0.taps(), "TX", x0.taps(), "SPLIT", split ? 1 : 0));
        defines.addAll(List.of("PLACES", 1));
        List<Object> args = new ArrayList<>(Arrays.asList(ConvGpu.args(s, y0, x0, buffers)));
        GpuProgram program;
        if (matrix) {
            // Before 9.0 two of the largest blocks' places leave too few registers.
            boolean one = traits.arch() < 90 && t.bm() == 128;
            int blocks = one ? 1 : ConvImplicit.matrixBlocks(t, traits);
            defines.addAll(List.of("BLOCKS", blocks, "COPY", 0));
            defines.addAll(List.of("RUN", 1, "STORAGE", GpuProgram.storage(type)));
            program = ConvImplicit.matrixProgram(defines);
            int length = ConvGpu.ceil(most, 8) * 8;
            args.set(1, packed(plan, program, s, List.of(y0, y1, x0, x1), length, args));
            args.add(length);
        } else {
            defines.addAll(List.of("DEPTH", t.slice(), "STAGES", t.stages()));
            defines.addAll(List.of("BLOCKS", t.blocks(), "LINEAR", 0, "POINTWISE", 0, "OVEC", 0));
            program = ConvImplicit.program(defines);
        }
        args.add(tile.depth());
        args.add(split ? plan.temporary(4L * sums * tile.splits() * t.bm() * t.bn()) : null);
        args.add(split ? new GpuPlan.Arg.Semaphores() : null);
        for (Axis a : List.of(y1, x1)) {
            args.addAll(List.of(a.count(), a.outStart(), a.inStart(), a.taps(), a.tapStart()));
        }
        plan.launch(
                program,
                matrix ? "conv_sm80" : "conv_simt",
                new int[] {tiles, tile.splits(), PLACES * Math.min(c.groups(), 1 << 13)},
                new int[] {t.threads(), 1, 1},
                shared(tile, matrix),
                false,
                args.toArray());
        return true;
    }

    private static int shared(ConvTile t, boolean matrix) {
        return matrix ? ConvImplicit.sharedMatrix(t, false) : ConvImplicit.shared(t, 2);
    }

    /** The kernel as rows of whole pieces, for each place. */
    private static GpuPlan.Arg packed(
            GpuPlan.Builder plan,
            GpuProgram program,
            Sums s,
            List<Axis> axes,
            int length,
            List<Object> args) {
        int groups = s.shape().groups();
        long size = (long) PLACES * groups * s.out() * length;
        GpuPlan.Arg packed = plan.temporary(2 * size);
        Axis y0 = axes.get(0);
        Axis y1 = axes.get(1);
        Axis x0 = axes.get(2);
        Axis x1 = axes.get(3);
        List<Object> pack = new ArrayList<>(List.of(args.get(1), packed, groups, s.in(), s.out()));
        pack.add(length);
        pack.addAll(args.subList(13, 17));
        pack.addAll(List.of(y0.tapStart(), y0.tapStep(), x0.tapStart(), x0.tapStep()));
        pack.addAll(List.of(y0.taps(), x0.taps(), y1.taps(), y1.tapStart()));
        pack.addAll(List.of(x1.taps(), x1.tapStart()));
        plan.launch1d(program, "conv_pack", size, 256, pack.toArray());
        return packed;
    }

    private static Axis more(List<Axis> two) {
        return two.get(0).taps() >= two.get(1).taps() ? two.get(0) : two.get(1);
    }

    private static Axis other(List<Axis> two, Axis first) {
        return two.get(0) == first ? two.get(1) : two.get(0);
    }

    /** A tile that was chosen for sums of the mean length, for the longest ones. */
    private static ConvTile longest(ConvTile t, int terms) {
        int slice = t.shape().slice();
        int depth = t.splits() == 1 ? ConvGpu.ceil(terms, slice) * slice : t.depth();
        int splits = ConvGpu.ceil(terms, depth);
        return new ConvTile(t.shape(), t.m(), t.n(), t.k(), t.groups(), splits, depth);
    }
}
