package io.tatara.kernels.gpu;

/**
 * A rough model of the time that a tiled product takes, by which tiles are chosen: the
 * multiprocessor with the most blocks decides; a block takes as long as its products or its loads
 * from L2, whichever is longer; one that runs alone hides less of its waiting.
 *
 * @param bm rows of the result that a block computes
 * @param bn columns
 * @param blocks that a multiprocessor runs at once
 * @param speed products and sums that these together reach in a clock
 * @param fill clocks from a block's start to its first product, and from its last to its end
 * @param operand bytes of an element of the operands
 * @param result bytes of an element of the result
 */
public record TileModel(
        int bm, int bn, int blocks, double speed, double fill, int operand, int result) {
    /** Bytes that a multiprocessor gets from L2 in a clock, of which it must live. */
    private static final double L2_BYTES = 40;

    /** Clocks that the hand-over of partial sums to the last block takes. */
    private static final double JOIN = 1500;

    /** What all partial sums of a launch may take. */
    private static final long MAX_PARTIAL_BYTES = 64L << 20;

    private static final int[] SPLITS = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};

    /** Numbers of pieces that sums are cut into, at the most. */
    public static int[] splits() {
        return SPLITS.clone();
    }

    /**
     * Blocks that a multiprocessor runs at once.
     *
     * @param shared bytes of shared memory of a block
     * @param most that registers allow
     */
    public static int resident(int shared, int most, GpuTraits traits) {
        // The system keeps 1 KiB of each block's shared memory for itself.
        return Math.clamp((traits.maxShared() + 1024) / (shared + 1024), 1, most);
    }

    /** Whether the partial sums of so many tiles may be joined. */
    public static boolean joins(long tiles, int splits, int bm, int bn) {
        return tiles <= GpuPlan.SEMAPHORES
                && tiles * splits * bm * bn * Float.BYTES <= MAX_PARTIAL_BYTES;
    }

    /**
     * Clocks of a launch.
     *
     * @param tiles of all products
     * @param splits pieces of the sums
     * @param depth terms of a piece
     */
    public double clocks(long tiles, int splits, int depth, GpuTraits traits) {
        long all = tiles * splits;
        long most = (all + traits.computeUnits() - 1) / traits.computeUnits();
        double area = (double) bm * bn;
        double products = area * depth / speed;
        double loads = (double) (bm + bn) * depth * operand / L2_BYTES;
        // Blocks that do not fill the room hide less of their waiting.
        long left = most % blocks;
        double turns = most - left + left * (1 + (double) (blocks - left) / blocks);
        double waves = Math.ceil((double) most / blocks);
        double store = area * result / L2_BYTES;
        double join = splits == 1 ? 0 : JOIN + area * 4 * (splits + most) / L2_BYTES;
        return turns * Math.max(products, loads) + most * store + waves * fill + join;
    }
}
