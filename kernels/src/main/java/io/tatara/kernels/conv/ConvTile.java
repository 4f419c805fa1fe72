package io.tatara.kernels.conv;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.gpu.TileModel;
import java.util.List;

/**
 * Which tile a block of an implicit product computes, and in how many pieces the sums are cut.
 *
 * @param shape the tile
 * @param m rows of the product
 * @param n columns
 * @param k terms of a sum
 * @param groups products of this size
 * @param splits pieces of k
 * @param depth terms of a piece, a multiple of the slices'
 */
record ConvTile(Shape shape, int m, int n, int k, int groups, int splits, int depth) {
    /** Clocks from a block's start to its first product, and from its last to its end. */
    private static final double FILL = 1500;

    /**
     * A shape of tile.
     *
     * @param bm rows of a block
     * @param bn columns
     * @param wm rows of a warp
     * @param wn columns
     * @param slice terms of a slot of shared memory
     * @param stages slots
     * @param blocks blocks that registers let a multiprocessor run at once
     * @param share of the arithmetic peak that these together reach, estimated
     * @param splits whether the sums may be cut
     */
    record Shape(
            int bm,
            int bn,
            int wm,
            int wn,
            int slice,
            int stages,
            int blocks,
            double share,
            boolean splits) {
        int threads() {
            return bm / wm * (bn / wn) * 32;
        }
    }

    /** Bytes of shared memory that a tile takes. */
    @FunctionalInterface
    interface Shared {
        int of(ConvTile t);
    }

    /**
     * The tile and cut that should take the least time by {@link TileModel}; null where none fits.
     *
     * @param bytes of an element
     * @param rate products and sums of a multiprocessor in a clock
     */
    static ConvTile of(
            List<Shape> shapes,
            int m,
            int n,
            int k,
            int groups,
            int bytes,
            double rate,
            Shared shared,
            GpuTraits traits) {
        ConvTile best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Shape t : shapes) {
            for (int wanted : TileModel.splits()) {
                int slices = Math.max(1, ConvGpu.ceil(k, t.slice));
                int depth = ConvGpu.ceil(slices, wanted) * t.slice;
                ConvTile c = new ConvTile(t, m, n, k, groups, ConvGpu.ceil(k, depth), depth);
                if (!c.allowed(wanted) || shared.of(c) > traits.maxShared()) {
                    continue;
                }
                double time = c.clocks(bytes, rate, shared.of(c), traits);
                if (time < least) {
                    least = time;
                    best = c;
                }
            }
        }
        return best;
    }

    private boolean allowed(int wanted) {
        return wanted == 1
                || shape.splits
                        && depth >= 4 * shape.slice
                        && TileModel.joins((long) tiles() * groups, splits, shape.bm, shape.bn);
    }

    /** Clocks that it should take; of {@link #of}'s arguments. */
    double clocks(int bytes, double rate, int shared, GpuTraits traits) {
        int resident = TileModel.resident(shared, shape.blocks, traits);
        double speed = rate * shape.share;
        return new TileModel(shape.bm, shape.bn, resident, speed, FILL, bytes, bytes)
                .clocks((long) tiles() * groups, splits, depth, traits);
    }

    int tiles() {
        return ConvGpu.ceil(m, shape.bm) * ConvGpu.ceil(n, shape.bn);
    }

    /** Where partial sums go; null where there are none. */
    GpuPlan.Arg partial(GpuPlan.Builder plan) {
        return splits == 1
                ? null
                : plan.temporary(4L * tiles() * groups * splits * shape.bm * shape.bn);
    }
}
