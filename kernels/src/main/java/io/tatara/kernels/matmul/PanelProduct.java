package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;

/**
 * C = A · B for operands that do not stand in memory as matrices, such as the patches of an image:
 * their owner packs panels of them when asked, and takes the finished tiles away. The same loops as
 * {@link BlockedProduct}: A is packed beforehand, B by each task for its own columns.
 */
public final class PanelProduct {
    /** Packs a panel of A: element (p, i) is A's (row + i, from + p) for i < rows, else 0. */
    @FunctionalInterface
    public interface Left {
        void pack(int row, int rows, int from, int depth, int height, float[] panel, int at);
    }

    /** Makes packed columns of B. */
    @FunctionalInterface
    public interface Right {
        /**
         * Packs rows [from, from + depth) of columns [column, columnEnd): panels [depth][width]
         * follow each other, and what stands behind the last column of the last one is free. {@link
         * #SLACK} floats behind the last panel may be overwritten.
         */
        void pack(
                int from, int depth, int column, int columnEnd, int width, float[] panels, int at);
    }

    /** Takes tiles of C away; calls for one tile follow each other on one thread. */
    public interface Result {
        /**
         * Element (i, j) of the tile t [rows][width] belongs to C's (row + i, column + j).
         *
         * @param add whether it is to be added to what was put there before
         */
        void put(int row, int rows, int column, int columns, float[] t, int width, boolean add);

        /** These rows and columns of C are complete. */
        void finished(int row, int rowEnd, int column, int columnEnd);
    }

    /** Floats behind the panels that a {@link Right} may overwrite. */
    public static final int SLACK = 64;

    private final MicroKernels kernels;
    private final JvmContext ctx;
    private final PackedLeft a;
    private final int n;
    private final Right b;
    private final Result c;
    private final boolean add;
    private final int depth;
    private final boolean ahead;
    private final int groupWidth;
    private final int rowBlock;
    private final int rowBlocks;

    private PanelProduct(
            PackedLeft a, int n, Right b, Result c, boolean add, Workers workers, JvmContext ctx) {
        this.kernels = a.kernels();
        this.ctx = ctx;
        this.a = a;
        this.n = n;
        this.b = b;
        this.c = c;
        this.add = add;
        this.depth = Blocking.depth(a.k());
        this.ahead = (long) a.packedRows() * a.k() > Blocking.LARGE_A && depth <= a.packedRows();
        int panels = Blocking.ceil(n, kernels.nr());
        int wanted = workers.threads() == 1 ? 1 : 2 * workers.threads();
        int each = Math.min(Blocking.group(a.k()), Math.max(2, Blocking.ceil(panels, wanted)));
        this.groupWidth = each * kernels.nr();
        int groups = Blocking.ceil(panels, each);
        int split =
                Math.min(Blocking.ceil(wanted, groups), Blocking.ceil(a.m(), Blocking.LEAST_ROWS));
        this.rowBlock = Blocking.up(Blocking.ceil(a.m(), split), kernels.mr());
        this.rowBlocks = Blocking.ceil(a.m(), rowBlock);
    }

    /** Floats of a packed A. */
    public static int size(int m, int k, JvmContext ctx) {
        return Math.multiplyExact(packedRows(m, MicroKernels.of(ctx)), k);
    }

    private static int packedRows(int m, MicroKernels kernels) {
        int mr = kernels.mr();
        return (m - 1) / mr * mr + kernels.height((m - 1) % mr + 1);
    }

    /** What a packed A depends on besides its numbers. */
    public static String layout(JvmContext ctx) {
        return "panels of " + MicroKernels.of(ctx).mr() + " rows";
    }

    /**
     * Packs A [m, k], m and k at least 1.
     *
     * @param data of at least {@link #size} floats
     */
    public static PackedLeft pack(int m, int k, Left left, float[] data, JvmContext ctx) {
        MicroKernels kernels = MicroKernels.of(ctx);
        int mr = kernels.mr();
        int packedRows = packedRows(m, kernels);
        int depth = Blocking.depth(k);
        Workers workers = (long) m * k < 1 << 15 ? Workers.SERIAL : ctx.workers();
        workers.parallelFor(
                Blocking.ceil(m, mr),
                1,
                (from, to) -> {
                    for (int p = 0; p < k; p += depth) {
                        int kc = Math.min(depth, k - p);
                        for (int panel = from; panel < to; panel++) {
                            int i = panel * mr;
                            int rows = Math.min(mr, m - i);
                            int at = p * packedRows + i * kc;
                            left.pack(i, rows, p, kc, kernels.height(rows), data, at);
                        }
                    }
                });
        return new PackedLeft(m, k, packedRows, data, kernels);
    }

    /**
     * Transposes rows of x, ld apart, into a panel: element (p, i) of the panel [k][width] is
     * element (i, p) of x for i < rows, else 0.
     */
    public static void packTransposed(
            int rows,
            int k,
            float[] x,
            int xo,
            int ld,
            int width,
            float[] panel,
            int at,
            JvmContext ctx) {
        MicroKernels.of(ctx).packTransposed(rows, k, x, xo, ld, width, panel, at);
    }

    /**
     * Computes A · B for B of n columns.
     *
     * @param add whether C already holds something to which the product is added
     */
    public static void run(PackedLeft a, int n, Right b, Result c, boolean add, JvmContext ctx) {
        if (n == 0) {
            return;
        }
        boolean small = (long) a.m() * n * a.k() < Blocking.SERIAL;
        Workers workers = small ? Workers.SERIAL : ctx.workers();
        PanelProduct p = new PanelProduct(a, n, b, c, add, workers, ctx);
        int groups = Blocking.ceil(n, p.groupWidth);
        workers.parallelFor(p.rowBlocks * groups, 1, p::compute);
    }

    private void compute(int from, int to) {
        float[] tile = ctx.acquire(kernels.mr() * kernels.nr() + 1);
        float[] own = ctx.acquire(groupWidth * depth + SLACK);
        try {
            for (int t = from; t < to; t++) {
                task(t % rowBlocks * rowBlock, t / rowBlocks * groupWidth, tile, own);
            }
        } finally {
            ctx.release(own);
            ctx.release(tile);
        }
    }

    private void task(int row, int column, float[] tile, float[] own) {
        int rowEnd = Math.min(a.m(), row + rowBlock);
        int columnEnd = Math.min(n, column + groupWidth);
        int k = a.k();
        for (int p = 0; p < k; p += depth) {
            int kc = Math.min(depth, k - p);
            b.pack(p, kc, column, columnEnd, kernels.nr(), own, 0);
            block(
                    kc,
                    p * a.packedRows() + row * kc,
                    own,
                    row,
                    rowEnd,
                    column,
                    columnEnd,
                    add || p > 0,
                    tile);
        }
        c.finished(row, rowEnd, column, columnEnd);
    }

    private void block(
            int kc,
            int ao,
            float[] panels,
            int row,
            int rowEnd,
            int column,
            int columnEnd,
            boolean more,
            float[] tile) {
        int mr = kernels.mr();
        int nr = kernels.nr();
        float[] ap = a.data();
        int last = a.packedRows() * a.k() - 2 * kc;
        for (int i = row; i < rowEnd; i += mr) {
            int rows = Math.min(mr, rowEnd - i);
            int h = kernels.height(rows);
            int a0 = ao + (i - row) * kc;
            // Each tile of this panel fetches its share of the next one.
            int share = h * kc * nr / (columnEnd - column);
            for (int j = column; j < columnEnd; j += nr) {
                int b0 = (j - column) * kc;
                if (ahead && h == mr) {
                    int next = a0 + h * kc + (j - column) / nr * share;
                    kernels.tileAhead(kc, ap, a0, panels, b0, tile, Math.min(next, last));
                } else {
                    kernels.tile(h, kc, ap, a0, panels, b0, tile);
                }
                c.put(i, rows, j, Math.min(nr, columnEnd - j), tile, nr, more);
            }
        }
    }
}
