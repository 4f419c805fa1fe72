package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;
import io.tatara.kernels.matmul.BlockedProduct.Operand;

/** Products that packing would slow down: of vectors or a few rows, and small ones. */
record UnpackedProduct(
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
        boolean add) {
    /** Rows of A below which B is streamed by rows, and columns of C below which A is. */
    private static final int FEW = 4;

    /** Rows of A up to which products of rows beat packing a transposed B. */
    private static final int FEW_DOTS = 8;

    /** Columns of eight rows of B that stay in the first cache for all rows of A. */
    private static final int STRIP = 1024;

    /** Elements of B up to which it stays in the first cache as it stands. */
    private static final int SMALL_B = 4096;

    /** Runs if the shape is one of those. */
    boolean run() {
        if (b.transposed() && m <= FEW_DOTS) {
            fewRowsByDots();
        } else if (!b.transposed() && m < FEW) {
            fewRows();
        } else if (!a.transposed() && n < FEW) {
            fewColumns();
        } else if ((long) n * k <= SMALL_B && (long) m * n * k < Blocking.SERIAL) {
            small();
        } else {
            return false;
        }
        return true;
    }

    private Workers workers(long work) {
        return work < Blocking.SERIAL / 4 ? Workers.SERIAL : ctx.workers();
    }

    private int rowStrideOfA() {
        return a.transposed() ? 1 : a.ld();
    }

    private int columnStrideOfA() {
        return a.transposed() ? a.ld() : 1;
    }

    /** Bound by reading B: threads share its columns, in whole vectors of any width. */
    private void fewRows() {
        workers((long) n * k).parallelFor(Blocking.ceil(n, 64), 4, this::stream);
    }

    private void stream(int from, int to) {
        int end = Math.min(n, to * 64);
        for (int j = from * 64; j < end; j += STRIP) {
            strip(j, Math.min(STRIP, end - j));
        }
    }

    /** Eight rows of B at a time, for each row of A while they are in cache. */
    private void strip(int column, int width) {
        int acs = columnStrideOfA();
        int step = m == 1 ? k : 8;
        for (int p = 0; p < k; p += step) {
            int depth = Math.min(step, k - p);
            for (int i = 0; i < m; i++) {
                int to = co + i * ldc + column;
                int from = b.at(p, column);
                kernels.stream(
                        width,
                        depth,
                        a.data(),
                        a.at(i, p),
                        acs,
                        b.data(),
                        from,
                        b.ld(),
                        c,
                        to,
                        add || p > 0);
            }
        }
    }

    /** Bound by reading B, whose columns stand as rows. */
    private void fewRowsByDots() {
        float[] rows = a.transposed() ? ctx.acquire(m * k) : null;
        try {
            if (rows != null) {
                Packing.transposed(0, k, 0, m, a.data(), a.offset(), a.ld(), k, rows, 0);
            }
            Operand x = rows == null ? a : new Operand(rows, 0, k, false);
            workers((long) n * k)
                    .parallelFor(
                            Blocking.ceil(n, 4),
                            8,
                            (from, to) -> {
                                int j = from * 4;
                                int width = Math.min(n, to * 4) - j;
                                kernels.dots(
                                        m,
                                        width,
                                        k,
                                        x.data(),
                                        x.offset(),
                                        x.ld(),
                                        b.data(),
                                        b.at(0, j),
                                        b.ld(),
                                        c,
                                        co + j,
                                        ldc,
                                        1,
                                        add);
                            });
        } finally {
            if (rows != null) {
                ctx.release(rows);
            }
        }
    }

    /** Bound by reading A, whose rows run along k: the same with A and B in exchanged parts. */
    private void fewColumns() {
        float[] columns = b.transposed() ? null : ctx.acquire(n * k);
        try {
            if (columns != null) {
                Packing.transposed(0, k, 0, n, b.data(), b.offset(), b.ld(), k, columns, 0);
            }
            Operand y = columns == null ? b : new Operand(columns, 0, k, true);
            workers((long) m * k)
                    .parallelFor(
                            Blocking.ceil(m, 4),
                            8,
                            (from, to) -> {
                                int i = from * 4;
                                int rows = Math.min(m, to * 4) - i;
                                kernels.dots(
                                        n,
                                        rows,
                                        k,
                                        y.data(),
                                        y.offset(),
                                        y.ld(),
                                        a.data(),
                                        a.at(i, 0),
                                        a.ld(),
                                        c,
                                        co + i * ldc,
                                        1,
                                        ldc,
                                        add);
                            });
        } finally {
            if (columns != null) {
                ctx.release(columns);
            }
        }
    }

    private void small() {
        float[] rows = b.transposed() ? ctx.acquire(n * k) : null;
        try {
            if (rows != null) {
                Packing.transposed(0, n, 0, k, b.data(), b.offset(), b.ld(), n, rows, 0);
            }
            Operand y = rows == null ? b : new Operand(rows, 0, n, false);
            kernels.direct(
                    m,
                    n,
                    k,
                    a.data(),
                    a.offset(),
                    rowStrideOfA(),
                    columnStrideOfA(),
                    y.data(),
                    y.offset(),
                    y.ld(),
                    c,
                    co,
                    ldc,
                    add);
        } finally {
            if (rows != null) {
                ctx.release(rows);
            }
        }
    }
}
