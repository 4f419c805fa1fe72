package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;

/**
 * One product through packed panels (after Goto and van de Geijn 2008, with the operands' parts
 * exchanged): A is packed once for all; a group of B's columns, KC deep, is packed into scratch
 * that stays in the second-level cache while A's panels pass by in the first. A task is a group of
 * columns times, where there are fewer groups than threads, a block of rows; it covers all of k, so
 * that tasks share nothing but A.
 */
final class BlockedProduct {
    /**
     * A matrix in memory: element (i, j) at offset + i * ld + j, or i and j exchanged where
     * transposed.
     */
    record Operand(float[] data, int offset, int ld, boolean transposed) {
        /** Index of element (i, j). */
        int at(int i, int j) {
            return transposed ? offset + j * ld + i : offset + i * ld + j;
        }
    }

    private final MicroKernels kernels;
    private final JvmContext ctx;
    private final int m;
    private final int n;
    private final int k;
    private final Operand a;
    private final Operand b;
    private final float[] c;
    private final int co;
    private final int ldc;
    private final boolean add;
    private final Sgemm.Tail tail;

    private final Workers workers;

    /** Rows of B in a block, at most. */
    private final int depth;

    /** Whether A's panels are fetched ahead. */
    private final boolean ahead;

    /** Rows of the packed A, filled up: blocks of depth p start at p times this. */
    private final int packedRows;

    private float[] ap;
    private float[] bp;
    private int bpo;

    /** Columns of the packed B, filled up: blocks of depth p start at p times this. */
    private int packedWidth;

    private int groupWidth;
    private int groups;
    private int rowBlock;
    private int rowBlocks;

    /**
     * @param b null where B comes packed
     * @param tail called for each finished part of C; null for none
     */
    BlockedProduct(
            MicroKernels kernels,
            JvmContext ctx,
            int m,
            int n,
            int k,
            Operand a,
            Operand b,
            float[] c,
            int co,
            int ldc,
            boolean add,
            Sgemm.Tail tail) {
        this.kernels = kernels;
        this.ctx = ctx;
        this.m = m;
        this.n = n;
        this.k = k;
        this.a = a;
        this.b = b;
        this.c = c;
        this.co = co;
        this.ldc = ldc;
        this.add = add;
        this.tail = tail;
        int mr = kernels.mr();
        this.workers = (long) m * n * k < Blocking.SERIAL ? Workers.SERIAL : ctx.workers();
        this.packedRows = (m - 1) / mr * mr + kernels.height((m - 1) % mr + 1);
        this.depth = Blocking.depth(k);
        this.ahead = (long) packedRows * k > Blocking.LARGE_A && depth <= packedRows;
    }

    /** Runs with B packed beforehand: blocks of rows at a distance of {@code width} columns. */
    void run(float[] packed, int offset, int width) {
        bp = packed;
        bpo = offset;
        packedWidth = width;
        divide(1);
        packAndCompute();
    }

    /** Runs with B packed by the tasks. */
    void run() {
        divide(m < 64 ? 2 : 4);
        packAndCompute();
    }

    /** Two tasks a thread, but groups of at least so many panels: narrow ones are slow to pack. */
    private void divide(int leastPanels) {
        int panels = Blocking.ceil(n, kernels.nr());
        int wanted = workers.threads() == 1 ? 1 : 2 * workers.threads();
        int each =
                Math.min(Blocking.group(k), Math.max(leastPanels, Blocking.ceil(panels, wanted)));
        groupWidth = each * kernels.nr();
        groups = Blocking.ceil(panels, each);
        int split = Math.min(Blocking.ceil(wanted, groups), Blocking.ceil(m, Blocking.LEAST_ROWS));
        rowBlock = Blocking.up(Blocking.ceil(m, split), kernels.mr());
        rowBlocks = Blocking.ceil(m, rowBlock);
    }

    private void packAndCompute() {
        ap = ctx.acquire(packedRows * k);
        try {
            int panels = Blocking.ceil(m, kernels.mr());
            if ((long) m * k < 1 << 16) {
                packPanelsOfA(0, panels);
            } else {
                workers.parallelFor(panels, 4, this::packPanelsOfA);
            }
            workers.parallelFor(rowBlocks * groups, 1, this::compute);
        } finally {
            ctx.release(ap);
        }
    }

    private void packPanelsOfA(int from, int to) {
        int mr = kernels.mr();
        for (int p0 = 0; p0 < k; p0 += depth) {
            int kc = Math.min(depth, k - p0);
            for (int panel = from; panel < to; panel++) {
                int i = panel * mr;
                int rows = Math.min(mr, m - i);
                int h = kernels.height(rows);
                int at = p0 * packedRows + i * kc;
                if (a.transposed()) {
                    Packing.straight(rows, kc, a.data(), a.at(i, p0), a.ld(), h, ap, at);
                } else {
                    kernels.packTransposed(rows, kc, a.data(), a.at(i, p0), a.ld(), h, ap, at);
                }
            }
        }
    }

    /** Packs rows [p0, p0 + kc) of columns [from, to), panel after panel. */
    static void packB(
            MicroKernels kernels, Operand b, int p0, int kc, int from, int to, float[] bp, int at) {
        int nr = kernels.nr();
        if (b.transposed()) {
            for (int j = from; j < to; j += nr) {
                int columns = Math.min(nr, to - j);
                kernels.packTransposed(
                        columns, kc, b.data(), b.at(p0, j), b.ld(), nr, bp, at + (j - from) * kc);
            }
            return;
        }
        int whole = (to - from) / nr;
        kernels.packPanels(whole, kc, b.data(), b.at(p0, from), b.ld(), bp, at);
        int rest = (to - from) % nr;
        if (rest > 0) {
            int j = from + whole * nr;
            Packing.straight(rest, kc, b.data(), b.at(p0, j), b.ld(), nr, bp, at + (j - from) * kc);
        }
    }

    private void compute(int from, int to) {
        float[] tile = ctx.acquire(Math.max(2, kernels.mr()) * kernels.nr() + 1);
        float[] own = bp == null ? ctx.acquire(groupWidth * depth) : null;
        try {
            for (int t = from; t < to; t++) {
                task(t % rowBlocks * rowBlock, t / rowBlocks * groupWidth, tile, own);
            }
        } finally {
            if (own != null) {
                ctx.release(own);
            }
            ctx.release(tile);
        }
    }

    private void task(int row, int column, float[] tile, float[] own) {
        int rowEnd = Math.min(m, row + rowBlock);
        int columnEnd = Math.min(n, column + groupWidth);
        for (int p0 = 0; p0 < k; p0 += depth) {
            int kc = Math.min(depth, k - p0);
            int apo = p0 * packedRows + row * kc;
            boolean more = add || p0 > 0;
            if (own != null) {
                packB(kernels, b, p0, kc, column, columnEnd, own, 0);
                block(kc, apo, own, 0, row, rowEnd, column, columnEnd, more, tile);
            } else {
                int at = bpo + p0 * packedWidth + column * kc;
                block(kc, apo, bp, at, row, rowEnd, column, columnEnd, more, tile);
            }
        }
        if (tail != null) {
            tail.apply(row, rowEnd, column, columnEnd);
        }
    }

    private void block(
            int kc,
            int apo,
            float[] panels,
            int at,
            int row,
            int rowEnd,
            int column,
            int columnEnd,
            boolean more,
            float[] tile) {
        int mr = kernels.mr();
        int nr = kernels.nr();
        for (int i = row; i < rowEnd; i += mr) {
            int rows = Math.min(mr, rowEnd - i);
            int h = kernels.height(rows);
            int a0 = apo + (i - row) * kc;
            // Each tile of this panel fetches its share of the next one.
            int share = h * kc * nr / (columnEnd - column);
            int last = packedRows * k - 2 * kc;
            int j = column;
            for (; h == 1 && j + 2 * nr <= columnEnd; j += 2 * nr) {
                kernels.tilePair(kc, ap, a0, panels, at + (j - column) * kc, tile);
                kernels.merge(1, 2 * nr, tile, c, co + i * ldc + j, ldc, more);
            }
            for (; j < columnEnd; j += nr) {
                int b0 = at + (j - column) * kc;
                if (h == mr && 2 * (columnEnd - j) <= nr) {
                    kernels.tileHalf(kc, ap, a0, panels, b0, tile);
                } else if (ahead && h == mr) {
                    int next = a0 + h * kc + (j - column) / nr * share;
                    kernels.tileAhead(kc, ap, a0, panels, b0, tile, Math.min(next, last));
                } else {
                    kernels.tile(h, kc, ap, a0, panels, b0, tile);
                }
                kernels.merge(
                        rows, Math.min(nr, columnEnd - j), tile, c, co + i * ldc + j, ldc, more);
            }
        }
    }
}
