package io.tatara.kernels.matmul;

import java.util.Arrays;
import java.util.List;

/**
 * How {@code matmul_sm90.cu} cuts a product into tiles: a choice by estimated time.
 *
 * @param bn columns of a tile; it has {@link #BM} rows
 * @param staged whether a finished tile (16-bit elements, aligned rows) goes to C through shared
 *     memory and the copy engine, while the next one is computed
 * @param stages stages of the ring in shared memory
 * @param cluster blocks that stand below each other and share their slices of B
 * @param across whether these stand beside each other instead and share their slices of A
 * @param rows cluster rows of tiles: each {@code cluster} tiles high, or one
 * @param cols columns of tiles, or of {@code cluster} tiles
 * @param batches matrices
 * @param group cluster rows of a band; tiles are taken band by band, column by column
 * @param slices slices of k, {@link #BK} each
 * @param depth slices of one piece of k
 * @param splits pieces of k; more than one are summed by a second launch
 * @param clusters clusters that are launched
 */
record HopperTiling(
        int bn,
        boolean staged,
        int stages,
        int cluster,
        boolean across,
        int rows,
        int cols,
        int batches,
        int group,
        int slices,
        int depth,
        int splits,
        int clusters) {
    static final int BM = 128;
    static final int BK = 64;

    /** Columns and blocks of a cluster that the source is compiled for. */
    private static final int[][] SHAPES = {
        {256, 2}, {256, 1}, {192, 2}, {192, 1}, {128, 2}, {128, 1}, {64, 1}
    };

    /** The same, and clusters of blocks beside each other (a third number). */
    private static final int[][] WIDE = {
        {256, 2},
        {256, 1},
        {192, 2},
        {192, 1},
        {128, 2},
        {128, 1},
        {64, 1},
        {256, 2, 1},
        {192, 2, 1},
        {128, 2, 1}
    };

    /** Bytes of shared memory for ring and staged tile, and most stages. */
    private static final int MEMORY = (227 << 10) - 256;

    private static final int STAGES = 8;

    /** Most pieces of k, and least slices of each where there are several. */
    private static final int SPLITS = 16;

    private static final int LEAST_DEPTH = 4;

    /** Most bytes of raw sums. */
    private static final long WORKSPACE = 256L << 20;

    // The estimate, in clock cycles of a multiprocessor: from published rates (dense 16-bit
    // products
    // 4096 a cycle counting additions, some 32 bytes a cycle from L2), not from measurement.
    private static final double L2_BYTES = 32;
    private static final double START = 1500;
    private static final double STORE = 8;
    private static final double SECOND_LAUNCH = 4000;
    private static final double SUM_BYTES = 16;

    /**
     * The tiling of least estimated time on a device of so many multiprocessors.
     *
     * @param stageable whether C is such that tiles may be staged
     */
    static HopperTiling of(
            int m, int n, int k, int batches, boolean stageable, int multiprocessors) {
        return of(SHAPES, m, n, k, batches, stageable, multiprocessors, SPLITS);
    }

    /** One product with clusters of either kind and at most so many pieces of k. */
    static HopperTiling wide(
            int m, int n, int k, boolean stageable, int multiprocessors, int mostPieces) {
        return of(WIDE, m, n, k, 1, stageable, multiprocessors, mostPieces);
    }

    /** One product, nothing of which can be shared. */
    static HopperTiling alone(int m, int n, int k, int multiprocessors, int mostPieces) {
        int[][] shapes = Arrays.stream(SHAPES).filter(s -> s[1] == 1).toArray(int[][]::new);
        return of(shapes, m, n, k, 1, false, multiprocessors, mostPieces);
    }

    private static HopperTiling of(
            int[][] shapes,
            int m,
            int n,
            int k,
            int batches,
            boolean stageable,
            int multiprocessors,
            int mostPieces) {
        HopperTiling best = null;
        double least = Double.POSITIVE_INFINITY;
        int slices = ceil(k, BK);
        for (int[] s : shapes) {
            for (int pieces = 1; pieces <= mostPieces; pieces++) {
                int depth = ceil(slices, pieces);
                if (pieces > 1 && (depth < LEAST_DEPTH || ceil(slices, depth) != pieces)) {
                    continue;
                }
                HopperTiling t = make(s, m, n, batches, slices, depth, stageable, multiprocessors);
                double time = t.time(m, multiprocessors);
                if (time < least && t.fits(m, n)) {
                    best = t;
                    least = time;
                }
            }
        }
        return best;
    }

    /** Whether the raw sums of split products keep within their room. */
    boolean fits(int m, int n) {
        return splits == 1 || depth >= LEAST_DEPTH && workspace(m, n) <= WORKSPACE;
    }

    /** All shapes, also those that are for shifted products alone. */
    static List<int[]> wideShapes() {
        return List.of(WIDE);
    }

    /** The shapes of tiles there are: columns, blocks of a cluster. */
    static List<int[]> shapes() {
        return List.of(SHAPES);
    }

    /** A tiling of this shape with so many slices of k to a piece. */
    static HopperTiling make(
            int[] shape,
            int m,
            int n,
            int batches,
            int slices,
            int depth,
            boolean stageable,
            int multiprocessors) {
        int bn = shape[0];
        int cluster = shape[1];
        boolean across = shape.length > 2;
        int rows = ceil(m, across ? BM : BM * cluster);
        int cols = ceil(n, across ? bn * cluster : bn);
        int splits = ceil(slices, depth);
        boolean staged = stageable && splits == 1;
        int stages = Math.min(STAGES, (MEMORY - (staged ? 2 * BM * bn : 0)) / (2 * BK * (BM + bn)));
        int slots = Math.max(1, multiprocessors / cluster);
        long tiles = (long) rows * cols * batches * splits;
        // What is in work at one time should be about as high as it is wide.
        double form = across ? (double) cluster * bn / BM : (double) bn / (BM * cluster);
        int group = (int) Math.round(Math.sqrt(slots * form));
        return new HopperTiling(
                bn,
                staged,
                stages,
                cluster,
                across,
                rows,
                cols,
                batches,
                Math.clamp(group, 1, rows),
                slices,
                depth,
                splits,
                (int) Math.min(slots, tiles));
    }

    /** Clusters' worth of tiles, pieces of k counted each. */
    long tiles() {
        return (long) rows * cols * batches * splits;
    }

    /** Estimated cycles. */
    double time(int m, int multiprocessors) {
        int slots = Math.max(1, multiprocessors / cluster);
        double waves = Math.ceil((double) tiles() / slots);
        double units = 4.0 * bn;
        double a = BM * BK * 2.0 / (across ? cluster : 1);
        double b = bn * BK * 2.0 / (across ? 1 : cluster);
        double loads = (a + b) / L2_BYTES;
        double each = depth * Math.max(units, loads) + bn * STORE;
        double sum = 0;
        if (splits > 1) {
            double bytes = (double) splits * batches * m * cols * bn * Float.BYTES;
            sum = SECOND_LAUNCH + 2 * bytes / (multiprocessors * SUM_BYTES);
        }
        return START + waves * each + sum;
    }

    /** Columns of a row of raw sums. */
    static int sumColumns(int n) {
        return ceil(n, 8) * 8;
    }

    /** Bytes of raw sums where k is split. */
    long workspace(int m, int n) {
        return (long) splits * batches * m * sumColumns(n) * Float.BYTES;
    }

    /** Bytes of shared memory of a block: the ring, the staged tile, two barriers a stage. */
    int shared() {
        return stages * (2 * BK * (BM + bn) + 16) + (staged ? 2 * BM * bn : 0);
    }

    /**
     * Where tile number i stands for block {@code rank} of a cluster, as the source's {@code place}
     * has it: first row, first column, batch, piece of k.
     */
    int[] place(int i, int rank) {
        int per = rows * cols;
        int all = i / per;
        int r = i - all * per;
        int band = r / (group * cols);
        int height = Math.min(group, rows - band * group);
        int q = r - band * group * cols;
        int row = band * group + q % height;
        int col = q / height;
        return new int[] {
            (across ? row : row * cluster + rank) * BM,
            (across ? col * cluster + rank : col) * bn,
            all % batches,
            all / batches
        };
    }

    private static int ceil(int x, int step) {
        return (int) (((long) x + step - 1) / step);
    }
}
