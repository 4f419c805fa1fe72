package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;
import java.util.function.IntUnaryOperator;

/**
 * C = A · B for operands that do not stand in memory as matrices, such as the patches of an image:
 * their owner packs panels of them when asked, and takes the finished tiles away. The same loops as
 * {@link BlockedProduct}: A is packed beforehand, B as well or by each task for its own columns.
 */
public final class PanelProduct {
    /**
     * Packs a panel of A, or of B transposed: element (p, i) is A's (row + i, from + p) for i <
     * rows, else 0.
     */
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
         * @param last whether nothing will be added to it
         */
        void put(
                int row,
                int rows,
                int column,
                int columns,
                float[] t,
                int width,
                boolean add,
                boolean last);

        /** These rows and columns of C are complete. */
        void finished(int row, int rowEnd, int column, int columnEnd);

        /**
         * How whole tiles whose sums are complete may go to C without {@link #put}; null where they
         * may not.
         *
         * @param rows of the product
         */
        default Straight straight(int rows) {
            return null;
        }

        /** Where in C a row of a tile begins, if it stands there in one piece; else below 0. */
        default int place(int row, int column, int columns) {
            return -1;
        }
    }

    /**
     * A C in memory.
     *
     * @param ld elements from a row to the next
     * @param bias of row i at first + i; -0 adds nothing
     * @param relu whether what is below 0 becomes 0
     */
    public record Straight(float[] c, int ld, float[] bias, int first, boolean relu) {}

    /** Floats behind the panels that a {@link Right} may overwrite. */
    public static final int SLACK = 64;

    /** Rows of a panel that take as long as packing it. */
    private static final int PACKING = 8;

    private final MicroKernels kernels;
    private final JvmContext ctx;
    private final PackedLeft a;
    private final int n;
    private final Right b;
    private final PackedRight packed;
    private final Result c;
    private final Straight straight;
    private final boolean add;
    private final int depth;
    private final boolean ahead;
    private final int groupWidth;
    private final int rowBlock;
    private final int rowBlocks;

    private PanelProduct(
            PackedLeft a,
            int n,
            Right b,
            PackedRight packed,
            Result c,
            boolean add,
            Workers workers,
            JvmContext ctx) {
        this.kernels = a.kernels();
        this.ctx = ctx;
        this.a = a;
        this.n = n;
        this.b = b;
        this.packed = packed;
        this.c = c;
        this.straight = kernels.straight() && !add ? c.straight(a.m()) : null;
        this.add = add;
        this.depth = Blocking.depth(a.k());
        this.ahead = (long) a.packedRows() * a.k() > Blocking.LARGE_A && depth <= a.packedRows();
        Division d = division(Blocking.ceil(n, kernels.nr()), workers.threads());
        this.groupWidth = d.each() * kernels.nr();
        this.rowBlock = d.rows();
        this.rowBlocks = Blocking.ceil(a.m(), rowBlock);
    }

    /** How a product is cut into tasks: panels of a group, rows of a block. */
    private record Division(int each, int rows) {}

    /** That under which the thread with most to do has least, of those with two tasks a thread. */
    private Division division(int panels, int threads) {
        int most = Math.min(Blocking.group(a.k()), panels);
        Division best = new Division(most, Blocking.up(a.m(), kernels.mr()));
        if (threads == 1) {
            return best;
        }
        int least = packed == null ? Blocking.LEAST_ROWS : 2 * kernels.mr();
        double load = Double.MAX_VALUE;
        for (int split = 1; split <= 2 * threads; split *= split == 1 ? threads : 2) {
            if (split > 1 && split > Blocking.ceil(a.m(), least)) {
                break;
            }
            int rows = Blocking.up(Blocking.ceil(a.m(), split), kernels.mr());
            for (int each = most; each >= Math.min(2, most); each--) {
                boolean fewer = Blocking.ceil(panels, each) * split < 2 * threads;
                // Wide groups and few tasks are better where it makes little difference.
                double l = load(panels, each, rows, threads) * (fewer ? 1.05 : 1);
                if (l < 0.98 * load) {
                    load = l;
                    best = new Division(each, rows);
                }
            }
        }
        return best;
    }

    /** Rows of panels of the thread with most of them, packing included. */
    private int load(int panels, int each, int rows, int threads) {
        int blocks = Blocking.ceil(a.m(), rows);
        int block = rows + (packed == null ? PACKING : 0);
        if (blocks % threads == 0) {
            return blocks / threads * panels * block;
        }
        int whole = panels / each * blocks;
        int rest = panels % each;
        int rounds = whole / threads * each;
        return (rounds + (whole % threads > 0 ? each : rest)) * block;
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
        int packedRows = packedRows(m, kernels);
        panels(m, k, kernels.mr(), kernels::height, packedRows, left, data, ctx);
        return new PackedLeft(m, k, packedRows, data, kernels);
    }

    /** Floats of a packed B. */
    public static int sizeRight(int k, int n, JvmContext ctx) {
        return Math.multiplyExact(Blocking.up(n, MicroKernels.of(ctx).nr()), k);
    }

    /**
     * Packs B [k, n], k and n at least 1, whose columns {@code columns} takes for rows.
     *
     * @param data of at least {@link #sizeRight} floats
     */
    public static PackedRight packRight(int k, int n, Left columns, float[] data, JvmContext ctx) {
        int nr = MicroKernels.of(ctx).nr();
        panels(n, k, nr, rows -> nr, Blocking.up(n, nr), columns, data, ctx);
        return new PackedRight(k, n, data);
    }

    /**
     * @param step rows of a panel
     * @param height of the panel that has so many rows
     * @param packedRows heights of all panels
     */
    private static void panels(
            int m,
            int k,
            int step,
            IntUnaryOperator height,
            int packedRows,
            Left left,
            float[] data,
            JvmContext ctx) {
        int depth = Blocking.depth(k);
        Workers workers = (long) m * k < 1 << 15 ? Workers.SERIAL : ctx.workers();
        workers.parallelFor(
                Blocking.ceil(m, step),
                1,
                (from, to) -> {
                    for (int p = 0; p < k; p += depth) {
                        int kc = Math.min(depth, k - p);
                        for (int panel = from; panel < to; panel++) {
                            int i = panel * step;
                            int rows = Math.min(step, m - i);
                            int at = p * packedRows + i * kc;
                            left.pack(i, rows, p, kc, height.applyAsInt(rows), data, at);
                        }
                    }
                });
    }

    /** Columns of a panel of B. */
    public static int width(JvmContext ctx) {
        return MicroKernels.of(ctx).nr();
    }

    /** Floats of scratch that {@link #panels} asks for. */
    public static int tileSize(JvmContext ctx) {
        MicroKernels kernels = MicroKernels.of(ctx);
        return Math.max(2, kernels.mr()) * kernels.nr() + 1;
    }

    /**
     * The product with panels of B that their owner has packed, on the caller's thread. Panel q is
     * [k][width] at bo + q k width; its result is [m][width] at co + q m width.
     *
     * @param columns of all panels; where they are no more than half of the last one, what stands
     *     behind them is undefined
     * @param t scratch of {@link #tileSize} floats
     */
    public static void panels(
            PackedLeft a, int columns, float[] b, int bo, float[] c, int co, float[] t) {
        MicroKernels kernels = a.kernels();
        int mr = kernels.mr();
        int nr = kernels.nr();
        int count = Blocking.ceil(columns, nr);
        int half = 2 * (columns - (count - 1) * nr) <= nr ? count - 1 : count;
        int depth = Blocking.depth(a.k());
        for (int p = 0; p < a.k(); p += depth) {
            int kc = Math.min(depth, a.k() - p);
            for (int i = 0; i < a.m(); i += mr) {
                int rows = Math.min(mr, a.m() - i);
                int h = kernels.height(rows);
                int a0 = p * a.packedRows() + i * kc;
                for (int q = 0; q < count; q++) {
                    int b0 = bo + (q * a.k() + p) * nr;
                    if (q == half && h == mr) {
                        kernels.tileHalf(kc, a.data(), a0, b, b0, t);
                    } else {
                        kernels.tile(h, kc, a.data(), a0, b, b0, t);
                    }
                    kernels.merge(rows, nr, t, c, co + (q * a.m() + i) * nr, nr, p > 0);
                }
            }
        }
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

    /** Elements from a row to the next of {@link #transpose}'s result. */
    public static int transposedWidth(JvmContext ctx) {
        return transposedWidth(MicroKernels.of(ctx));
    }

    /** Rows of a tile, up to whole squares of vectors. */
    private static int transposedWidth(MicroKernels kernels) {
        return Blocking.up(kernels.mr(), Math.max(1, kernels.nr() / 2));
    }

    /**
     * Transposes a tile that a {@link Result} was given, to a place behind it.
     *
     * @return where: element (i, j) of the tile is there, j {@link #transposedWidth} + i further on
     */
    public static int transpose(float[] t, JvmContext ctx) {
        MicroKernels kernels = MicroKernels.of(ctx);
        int nr = kernels.nr();
        int width = transposedWidth(kernels);
        // Rows that the tile has not are transposed as well: whole squares are fastest.
        kernels.packTransposed(width, nr, t, 0, nr, width, t, width * nr);
        return width * nr;
    }

    /**
     * Computes A · B for B of n columns.
     *
     * @param add whether C already holds something to which the product is added
     */
    public static void run(PackedLeft a, int n, Right b, Result c, boolean add, JvmContext ctx) {
        run(a, n, b, null, c, add, ctx);
    }

    /** Computes A · B for a B that is packed. */
    public static void run(PackedLeft a, PackedRight b, Result c, boolean add, JvmContext ctx) {
        run(a, b.n(), null, b, c, add, ctx);
    }

    private static void run(
            PackedLeft a,
            int n,
            Right b,
            PackedRight packed,
            Result c,
            boolean add,
            JvmContext ctx) {
        if (n == 0) {
            return;
        }
        boolean small = (long) a.m() * n * a.k() < Blocking.SERIAL;
        Workers workers = small ? Workers.SERIAL : ctx.workers();
        PanelProduct p = new PanelProduct(a, n, b, packed, c, add, workers, ctx);
        int groups = Blocking.ceil(n, p.groupWidth);
        workers.parallelFor(p.rowBlocks * groups, 1, p::compute);
    }

    private void compute(int from, int to) {
        float[] tile = ctx.acquire(2 * transposedWidth(kernels) * kernels.nr());
        float[] own = packed != null ? packed.data() : ctx.acquire(groupWidth * depth + SLACK);
        try {
            for (int t = from; t < to; t++) {
                task(t % rowBlocks * rowBlock, t / rowBlocks * groupWidth, tile, own);
            }
        } finally {
            if (packed == null) {
                ctx.release(own);
            }
            ctx.release(tile);
        }
    }

    private void task(int row, int column, float[] tile, float[] own) {
        int rowEnd = Math.min(a.m(), row + rowBlock);
        int columnEnd = Math.min(n, column + groupWidth);
        int k = a.k();
        for (int p = 0; p < k; p += depth) {
            int kc = Math.min(depth, k - p);
            int bo = 0;
            if (packed == null) {
                b.pack(p, kc, column, columnEnd, kernels.nr(), own, 0);
            } else {
                bo = p * Blocking.up(n, kernels.nr()) + column * kc;
            }
            block(
                    kc,
                    p * a.packedRows() + row * kc,
                    own,
                    bo,
                    row,
                    rowEnd,
                    column,
                    columnEnd,
                    add || p > 0,
                    p + kc == k,
                    tile);
        }
        c.finished(row, rowEnd, column, columnEnd);
    }

    private void block(
            int kc,
            int ao,
            float[] panels,
            int bo,
            int row,
            int rowEnd,
            int column,
            int columnEnd,
            boolean more,
            boolean last,
            float[] tile) {
        int mr = kernels.mr();
        int nr = kernels.nr();
        float[] ap = a.data();
        int end = a.packedRows() * a.k() - 2 * kc;
        boolean whole = straight != null && !more && last;
        for (int i = row; i < rowEnd; i += mr) {
            int rows = Math.min(mr, rowEnd - i);
            int h = kernels.height(rows);
            int a0 = ao + (i - row) * kc;
            // Each tile of this panel fetches its share of the next one.
            int share = h * kc * nr / (columnEnd - column);
            for (int j = column; j < columnEnd; j += nr) {
                int b0 = bo + (j - column) * kc;
                if (whole && rows == mr && straight(i, j, columnEnd, kc, a0, panels, b0)) {
                    continue;
                }
                if (h == mr && 2 * (columnEnd - j) <= nr) {
                    kernels.tileHalf(kc, ap, a0, panels, b0, tile);
                } else if (ahead && h == mr) {
                    int next = a0 + h * kc + (j - column) / nr * share;
                    kernels.tileAhead(kc, ap, a0, panels, b0, tile, Math.min(next, end));
                } else {
                    kernels.tile(h, kc, ap, a0, panels, b0, tile);
                }
                c.put(i, rows, j, Math.min(nr, columnEnd - j), tile, nr, more, last);
            }
        }
    }

    /** Whether a tile of all rows could go straight to C. */
    private boolean straight(int i, int j, int end, int kc, int a0, float[] panels, int b0) {
        int nr = kernels.nr();
        int at = end - j < nr ? -1 : c.place(i, j, nr);
        if (at < 0) {
            return false;
        }
        kernels.tileTo(
                kc,
                a.data(),
                a0,
                panels,
                b0,
                straight.bias(),
                straight.first() + i,
                straight.relu(),
                straight.c(),
                at,
                straight.ld());
        return true;
    }
}
