package io.tatara.kernels.matmul;

import java.util.ArrayList;
import java.util.List;

/**
 * How {@code matmul_rows_sm90.cu} cuts a sum of shifted products into tiles.
 *
 * @param tile the tiles; its stages are those of A alone
 * @param strips stages of B: for 64 channels the columns of all taps of a kernel's row
 * @param boxes boxes of the copy engine that a strip comes in
 * @param height lines of a box
 */
record StripTiling(HopperTiling tile, int strips, int boxes, int height) {
    /**
     * Tiles besides the product's, between its widths: a few columns less a tile are sometimes a
     * round of tiles less a device. Multiples of 32, as the source stores them.
     */
    private static final int[][] BETWEEN = {
        {224, 1}, {224, 2}, {224, 2, 1}, {160, 1}, {160, 2}, {160, 2, 1}
    };

    /** Most places between the first and the last tap of a row. */
    static final int REACH = 16;

    /** Lines that the copy engine fetches at once, and of which the swizzle is made. */
    private static final int MOST_LINES = 256;

    private static final int PATTERN = 8;

    private static final int LINE_BYTES = 2 * HopperTiling.BK;
    private static final int A_BYTES = LINE_BYTES * HopperTiling.BM;
    private static final int MEMORY = 227 << 10;
    private static final int BARRIERS = 256;

    /** Most stages of A, and how many let a third strip have its place. */
    private static final int STAGES = 8;

    private static final int ENOUGH = 6;

    /** From L2 in a clock: what matmul_sm90.cu's shifted products took on an H200, 37.7 µs. */
    private static final double L2_BYTES = 24;

    /**
     * The tiling of least estimated time.
     *
     * @param taps of a row; {@code k} is whole rows
     * @param reach places from the first tap of a row to the last
     */
    static StripTiling of(
            int m, int n, int k, int taps, int reach, int multiprocessors, int mostPieces) {
        StripTiling best = null;
        double least = Double.POSITIVE_INFINITY;
        int rows = k / HopperTiling.BK / taps;
        for (int[] shape : shapes()) {
            for (int pieces = 1; pieces <= mostPieces; pieces++) {
                int depth = Product.ceil(rows, pieces);
                if (Product.ceil(rows, depth) != pieces) {
                    continue;
                }
                StripTiling t =
                        make(shape, m, n, rows * taps, depth * taps, reach, multiprocessors);
                double time = t.time(m, taps, multiprocessors);
                if (time < least && t.tile.fits(m, n)) {
                    best = t;
                    least = time;
                }
            }
        }
        return best;
    }

    /** Columns and blocks of a cluster, as {@link HopperTiling#wideShapes}. */
    static List<int[]> shapes() {
        List<int[]> all = new ArrayList<>(HopperTiling.wideShapes());
        all.addAll(List.of(BETWEEN));
        return all;
    }

    /** A tiling of this shape with so many slices of k to a piece. */
    static StripTiling make(
            int[] shape, int m, int n, int slices, int depth, int reach, int multiprocessors) {
        HopperTiling t = HopperTiling.make(shape, m, n, 1, slices, depth, true, multiprocessors);
        int lines = t.bn() + reach;
        // Blocks that share a strip fetch as many boxes each.
        int boxes = Math.max(Product.ceil(lines, MOST_LINES), t.across() ? 1 : t.cluster());
        int height = Product.ceil(Product.ceil(lines, boxes), PATTERN) * PATTERN;
        int strip = boxes * height * LINE_BYTES;
        int room = MEMORY - BARRIERS - TapProduct.tables(t.bn()) - staging(t);
        int strips = (room - 3 * strip) / A_BYTES >= ENOUGH ? 3 : 2;
        int stages = Math.min(STAGES, (room - strips * strip) / A_BYTES);
        return new StripTiling(t.withStages(stages), strips, boxes, height);
    }

    private static int staging(HopperTiling t) {
        // Whole boxes of 64 columns.
        return t.staged() ? Product.ceil(t.bn(), MatMulHopper.SPAN) * A_BYTES : 0;
    }

    private int stripBytes() {
        return boxes * height * LINE_BYTES;
    }

    /** Bytes of shared memory of a block but for the tables. */
    int shared() {
        int barriers = 16 * (tile.stages() + strips);
        return tile.stages() * A_BYTES + strips * stripBytes() + staging(tile) + barriers;
    }

    /** Estimated cycles. */
    double time(int m, int taps, int multiprocessors) {
        return tile.time(m, multiprocessors, (double) stripBytes() / taps, L2_BYTES);
    }

    /** What the source is told of it, besides the tiles. */
    Object[] defines() {
        return new Object[] {"STRIPS", strips, "STRIP_BOXES", boxes, "STRIP_HEIGHT", height};
    }
}
