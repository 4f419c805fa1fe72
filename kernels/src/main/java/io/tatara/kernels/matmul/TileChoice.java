package io.tatara.kernels.matmul;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * Which tile of C a block computes, and in how many pieces the sums are cut.
 *
 * @param tile the tile
 * @param splits pieces of k; 1 where no sum is cut
 * @param depth elements of k in a piece, a multiple of the slices'
 */
record TileChoice(Tile tile, int splits, int depth) {
    private static final int[] SPLITS = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};

    /** What all partial sums of a launch may take. */
    private static final long MAX_PARTIAL_BYTES = 64L << 20;

    /** Bytes that a multiprocessor gets from L2 in a clock, of which it must live. */
    private static final double L2_BYTES = 40;

    /** Clocks from a block's start to its first product, and from its last to its end. */
    private static final double FILL = 1200;

    /** Clocks that the hand-over of partial sums to the last block takes. */
    private static final double JOIN = 1500;

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

        /** Blocks that a multiprocessor runs at once. */
        int resident(GpuTraits traits) {
            // The system keeps 1 KiB of each block's shared memory for itself.
            return Math.clamp((traits.maxShared() + 1024) / (shared + 1024), 1, blocks);
        }
    }

    /**
     * The tile and the number of pieces that should take the least time by a rough model: the
     * multiprocessor with the most blocks decides; a block takes as long as its products or its
     * loads from L2, whichever is longer; one that runs alone hides less of its waiting.
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
            for (int wanted : SPLITS) {
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
            long groups = (long) t.tiles(p) * p.batch();
            long bytes = groups * splits * t.bm() * t.bn() * 4;
            boolean fits = groups <= GpuPlan.SEMAPHORES && bytes <= MAX_PARTIAL_BYTES;
            if (!t.splits() || !fits || depth < 4 * step) {
                return null;
            }
        }
        return new TileChoice(t, splits, depth);
    }

    private double clocks(Product p, GpuTraits traits, double rate) {
        long blocks = (long) tile.tiles(p) * p.batch() * splits;
        long most = (blocks + traits.computeUnits() - 1) / traits.computeUnits();
        int resident = tile.resident(traits);
        double area = (double) tile.bm() * tile.bn();
        double products = area * depth / (rate * tile.share());
        double loads =
                (double) (tile.bm() + tile.bn()) * depth * p.numbers().ab().bytes() / L2_BYTES;
        // Blocks that do not fill the room hide less of their waiting.
        long left = most % resident;
        double turns = most - left + left * (1 + (double) (resident - left) / resident);
        double waves = Math.ceil((double) most / resident);
        double store = area * p.numbers().c().bytes() / L2_BYTES;
        double join = splits == 1 ? 0 : JOIN + area * 4 * (splits + most) / L2_BYTES;
        return turns * Math.max(products, loads) + most * store + waves * FILL + join;
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
