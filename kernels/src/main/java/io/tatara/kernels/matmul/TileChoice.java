package io.tatara.kernels.matmul;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.gpu.TileModel;
import java.util.List;

/**
 * Which tile of C a block computes, and in how many pieces the sums are cut.
 *
 * @param tile the tile
 * @param splits pieces of k; 1 where no sum is cut
 * @param depth elements of k in a piece, a multiple of the slices'
 */
record TileChoice(Tile tile, int splits, int depth) {
    /** Clocks from a block's start to its first product, and from its last to its end. */
    private static final double FILL = 1200;

    /**
     * A shape of tile.
     *
     * @param bm rows of C that a block computes
     * @param bn columns
     * @param wm rows of C that a warp computes
     * @param wn columns
     * @param slice bytes of k in a slot of shared memory
     * @param stages slots
     * @param shared bytes of shared memory
     * @param blocks blocks that registers let a multiprocessor run at once
     * @param share of the arithmetic peak that these together reach, estimated
     * @param splits whether the sums may be cut
     */
    record Tile(
            int bm,
            int bn,
            int wm,
            int wn,
            int slice,
            int stages,
            int shared,
            int blocks,
            double share,
            boolean splits) {
        int threads() {
            return bm / wm * (bn / wn) * 32;
        }

        int tiles(Product p) {
            return Product.ceil(p.m(), bm) * Product.ceil(p.n(), bn);
        }
    }

    /**
     * The tile and the number of pieces that should take the least time by {@link TileModel}.
     *
     * @param rate products and sums of a multiprocessor in a clock
     */
    static TileChoice of(Product p, GpuTraits traits, List<Tile> tiles, double rate) {
        TileChoice best = null;
        double least = Double.POSITIVE_INFINITY;
        for (Tile t : tiles) {
            if (t.shared() > traits.maxShared()) {
                continue;
            }
            for (int wanted : TileModel.splits()) {
                TileChoice c = cut(p, t, wanted);
                if (c == null) {
                    break;
                }
                double time = c.clocks(p, traits, rate);
                if (time < least) {
                    least = time;
                    best = c;
                }
            }
        }
        return best;
    }

    /** With about so many splits; null where they must not be. */
    static TileChoice cut(Product p, Tile t, int wanted) {
        int step = t.slice() / p.numbers().ab().bytes();
        int slices = Math.max(1, Product.ceil(p.k(), step));
        int depth = Product.ceil(slices, wanted) * step;
        int splits = Math.max(1, Product.ceil(p.k(), depth));
        if (wanted > 1) {
            long all = (long) t.tiles(p) * p.batch();
            boolean fits = TileModel.joins(all, splits, t.bm(), t.bn());
            if (!t.splits() || !fits || depth < 4 * step) {
                return null;
            }
        }
        return new TileChoice(t, splits, depth);
    }

    /** Clocks that it should take; of {@link #of}'s arguments. */
    double clocks(Product p, GpuTraits traits, double rate) {
        int ab = p.numbers().ab().bytes();
        int c = p.numbers().c().bytes();
        int resident = TileModel.resident(tile.shared(), tile.blocks(), traits);
        return new TileModel(tile.bm(), tile.bn(), resident, rate * tile.share(), FILL, ab, c)
                .clocks((long) tile.tiles(p) * p.batch(), splits, depth, traits);
    }

    /** Where partial sums go; null where there are none. */
    GpuPlan.Arg partial(GpuPlan.Builder plan, Product p) {
        return splits == 1
                ? null
                : plan.temporary(4L * tile.tiles(p) * p.batch() * splits * tile.bm() * tile.bn());
    }

    /** Tiles, splits, batch. */
    int[] grid(Product p) {
        return new int[] {tile.tiles(p), splits, p.gridZ()};
    }
}
