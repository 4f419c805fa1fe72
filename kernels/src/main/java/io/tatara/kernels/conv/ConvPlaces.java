package io.tatara.kernels.conv;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The data gradient in float32 of a convolution with stride 2 along both axes in one launch: each
 * of the four places within the stride is an implicit product of its own, too small to fill a
 * device; see conv_simt.cu.
 */
final class ConvPlaces {
    private static final int PLACES = 4;

    private ConvPlaces() {}

    /** Adds the launch, or nothing and false where the shapes are for others. */
    static boolean add(GpuPlan.Builder plan, Sums s, Object[] buffers, GpuTraits traits) {
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
        ConvTile chosen =
                ConvTile.of(
                        ConvImplicit.SIMT,
                        s.out(),
                        c.n() * s.outHeight() * s.outWidth(),
                        ConvGpu.ceil(s.in() * all, PLACES),
                        c.groups(),
                        4,
                        traits.arch() == 80 ? 64 : 128,
                        t -> ConvImplicit.shared(longest(t, most), 2),
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
        defines.addAll(List.of("DEPTH", t.slice(), "STAGES", t.stages(), "BLOCKS", t.blocks()));
        defines.addAll(List.of("TY", y0.taps(), "TX", x0.taps(), "LINEAR", 0, "POINTWISE", 0));
        defines.addAll(List.of("OVEC", 0, "SPLIT", split ? 1 : 0, "PLACES", 1));
        List<Object> args = new ArrayList<>(Arrays.asList(ConvGpu.args(s, y0, x0, buffers)));
        args.add(tile.depth());
        args.add(split ? plan.temporary(4L * sums * tile.splits() * t.bm() * t.bn()) : null);
        args.add(split ? new GpuPlan.Arg.Semaphores() : null);
        for (Axis a : List.of(y1, x1)) {
            args.addAll(List.of(a.count(), a.outStart(), a.inStart(), a.taps(), a.tapStart()));
        }
        plan.launch(
                ConvImplicit.program(defines),
                "conv_simt",
                new int[] {tiles, tile.splits(), PLACES * Math.min(c.groups(), 1 << 13)},
                new int[] {t.threads(), 1, 1},
                ConvImplicit.shared(tile, 2),
                false,
                args.toArray());
        return true;
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
