package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;
import io.tatara.kernels.matmul.BlockedProduct.Operand;

/**
 * Matrix product on Java arrays, for this room and for other kernels (recurrent loops, attention).
 * It chooses by shape: streaming B where A has a few rows, products of rows where both run along k,
 * tiles on the operands as they stand where all is small, packed panels for the rest. Thread-safe;
 * the same call gives the same bits on any number of threads.
 */
public final class Sgemm {
    private Sgemm() {}

    /** What follows the product, called for each finished part of C while it is in cache. */
    interface Tail {
        /** C's rows [rowFrom, rowTo) and columns [columnFrom, columnTo) are final. */
        void apply(int rowFrom, int rowTo, int columnFrom, int columnTo);
    }

    /**
     * C = op(A) · op(B) + beta · C, with C [m, n], op(A) [m, k], op(B) [k, n], all row-major; m, n
     * and k may be 0. NaN and infinity pass on as the sums have it.
     *
     * @param ta whether A is stored transposed, [k, m] with row stride lda
     * @param tb whether B is stored transposed, [n, k] with row stride ldb
     * @param beta 0 (C is only written, NaN in it does not matter) or 1 (accumulate)
     */
    public static void run(
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            float beta,
            float[] c,
            int co,
            int ldc,
            JvmContext ctx) {
        run(ta, tb, m, n, k, a, ao, lda, b, bo, ldb, beta, c, co, ldc, null, ctx);
    }

    /** As above, with something to follow. */
    static void run(
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            float beta,
            float[] c,
            int co,
            int ldc,
            Tail tail,
            JvmContext ctx) {
        if (m == 0 || n == 0) {
            return;
        }
        boolean add = beta != 0;
        MicroKernels kernels = MicroKernels.of(ctx);
        if (k == 0) {
            clear(m, n, c, co, ldc, add);
        } else {
            Operand x = new Operand(a, ao, lda, ta);
            Operand y = new Operand(b, bo, ldb, tb);
            if (!new UnpackedProduct(kernels, ctx, m, n, k, x, y, c, co, ldc, add).run()) {
                blocked(kernels, m, n, k, x, y, c, co, ldc, add, tail, ctx);
                return;
            }
        }
        if (tail != null) {
            tail.apply(0, m, 0, n);
        }
    }

    private static void clear(int m, int n, float[] c, int co, int ldc, boolean add) {
        for (int i = 0; i < m && !add; i++) {
            java.util.Arrays.fill(c, co + i * ldc, co + i * ldc + n, 0);
        }
    }

    /** Parts that fit the scratch memory one allows oneself; nearly always one. */
    private static void blocked(
            MicroKernels kernels,
            int m,
            int n,
            int k,
            Operand a,
            Operand b,
            float[] c,
            int co,
            int ldc,
            boolean add,
            Tail tail,
            JvmContext ctx) {
        for (int j = 0; j < n; j += Blocking.MAX_N) {
            int columns = Math.min(Blocking.MAX_N, n - j);
            for (int p = 0; p < k; p += Blocking.MAX_K) {
                int depth = Math.min(Blocking.MAX_K, k - p);
                for (int i = 0; i < m; i += Blocking.MAX_M) {
                    Operand x = new Operand(a.data(), a.at(i, p), a.ld(), a.transposed());
                    Operand y = new Operand(b.data(), b.at(p, j), b.ld(), b.transposed());
                    Tail last = tail == null || p + depth < k ? null : shifted(tail, i, j);
                    new BlockedProduct(
                                    kernels,
                                    ctx,
                                    Math.min(Blocking.MAX_M, m - i),
                                    columns,
                                    depth,
                                    x,
                                    y,
                                    c,
                                    co + i * ldc + j,
                                    ldc,
                                    add || p > 0,
                                    last)
                            .run();
                }
            }
        }
    }

    private static Tail shifted(Tail tail, int i, int j) {
        return i == 0 && j == 0
                ? tail
                : (r0, r1, c0, c1) -> tail.apply(r0 + i, r1 + i, c0 + j, c1 + j);
    }

    /** A copy of op(B) [k, n] for {@link #runPacked}, worth its while from the second call on. */
    public static PackedMatrix packB(
            boolean tb, int n, int k, float[] b, int bo, int ldb, JvmContext ctx) {
        MicroKernels kernels = MicroKernels.of(ctx);
        int nr = kernels.nr();
        int width = Blocking.up(n, nr);
        float[] data = new float[Math.multiplyExact(width, k)];
        Operand y = new Operand(b, bo, ldb, tb);
        Workers workers = (long) n * k < Blocking.SERIAL / 4 ? Workers.SERIAL : ctx.workers();
        workers.parallelFor(
                width / nr,
                1,
                (from, to) -> {
                    int depth = Blocking.depth(k);
                    for (int p = 0; p < k; p += depth) {
                        int kc = Math.min(depth, k - p);
                        int at = p * width + from * nr * kc;
                        BlockedProduct.packB(
                                kernels, y, p, kc, from * nr, Math.min(n, to * nr), data, at);
                    }
                });
        return new PackedMatrix(k, n, data, kernels);
    }

    /**
     * C = op(A) · B + beta · C with B packed beforehand; otherwise as {@link #run}.
     *
     * @param m rows of C
     */
    public static void runPacked(
            boolean ta,
            int m,
            float[] a,
            int ao,
            int lda,
            PackedMatrix b,
            float beta,
            float[] c,
            int co,
            int ldc,
            JvmContext ctx) {
        runPacked(ta, m, a, ao, lda, b, beta, c, co, ldc, null, ctx);
    }

    /** As above, with something to follow. */
    static void runPacked(
            boolean ta,
            int m,
            float[] a,
            int ao,
            int lda,
            PackedMatrix b,
            float beta,
            float[] c,
            int co,
            int ldc,
            Tail tail,
            JvmContext ctx) {
        int n = b.n();
        int k = b.k();
        if (m == 0 || n == 0) {
            return;
        }
        boolean add = beta != 0;
        if (k == 0) {
            clear(m, n, c, co, ldc, add);
            if (tail != null) {
                tail.apply(0, m, 0, n);
            }
            return;
        }
        Operand whole = new Operand(a, ao, lda, ta);
        // The depth is not cut here, so rows are, to bound what is packed of A.
        int part = Math.max(Blocking.LEAST_ROWS, Math.min(m, Blocking.MAX_M * Blocking.MAX_K / k));
        for (int i = 0; i < m; i += part) {
            Operand x = new Operand(a, whole.at(i, 0), lda, ta);
            Tail shifted = tail == null ? null : shifted(tail, i, 0);
            new BlockedProduct(
                            b.kernels(),
                            ctx,
                            Math.min(part, m - i),
                            n,
                            k,
                            x,
                            null,
                            c,
                            co + i * ldc,
                            ldc,
                            add,
                            shifted)
                    .run(b.data(), 0, Blocking.up(n, b.kernels().nr()));
        }
    }

    /**
     * Calls every branch of every inner loop on tiny operands, so that a program's first products
     * meet compiled code: a branch met later throws its method back into the interpreter, where
     * vectors are objects, until it is compiled again. Some hundred rounds do; rounds get faster as
     * the code does.
     */
    public static void warmUp(JvmContext ctx, int rounds) {
        int[][] shapes = {
            // Panels of every height, whole and partial columns.
            {20, 72, 64}, {16, 72, 64}, {14, 96, 48}, {13, 96, 48}, {23, 72, 64},
            // Streams, products of rows, tiles on the operands as they stand.
            {1, 40, 24}, {3, 40, 24}, {9, 2, 40}, {9, 40, 24}, {5, 16, 16}
        };
        float[] a = new float[4096];
        float[] b = new float[8192];
        float[] c = new float[4096];
        MicroKernels kernels = MicroKernels.of(ctx);
        for (int r = 0; r < rounds; r++) {
            kernels.warmUp(a, b, c);
            kernels.tileAhead(64, a, 0, b, 0, c, 64); // only large products come to it
            for (int[] s : shapes) {
                for (int t = 0; t < 4; t++) {
                    boolean ta = (t & 1) != 0;
                    boolean tb = (t & 2) != 0;
                    int lda = ta ? s[0] : s[2];
                    int ldb = tb ? s[2] : s[1];
                    run(ta, tb, s[0], s[1], s[2], a, 0, lda, b, 0, ldb, r & 1, c, 0, s[1], ctx);
                }
            }
        }
    }
}
