package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;

/** Matrix product on Java arrays for use by other kernels (recurrent loops, attention). */
public final class Sgemm {
    private Sgemm() {}

    /**
     * C = op(A) · op(B) + beta · C, with C [m, n], op(A) [m, k], op(B) [k, n], all row-major.
     *
     * @param ta whether A is stored transposed, [k, m] with row stride lda
     * @param tb whether B is stored transposed, [n, k] with row stride ldb
     * @param beta 0 (C is only written, NaN in it does not matter) or 1 (accumulate)
     */
    public static void run(
            boolean ta, boolean tb, int m, int n, int k,
            float[] a, int ao, int lda,
            float[] b, int bo, int ldb,
            float beta,
            float[] c, int co, int ldc,
            JvmContext ctx) {
        ctx.workers().parallelFor(m, 1 + 65536 / Math.max(1, n * k), (from, to) -> {
            for (int i = from; i < to; i++) {
                for (int j = 0; j < n; j++) {
                    float s = 0;
                    for (int p = 0; p < k; p++) {
                        float x = ta ? a[ao + p * lda + i] : a[ao + i * lda + p];
                        float y = tb ? b[bo + j * ldb + p] : b[bo + p * ldb + j];
                        s = Math.fma(x, y, s);
                    }
                    int at = co + i * ldc + j;
                    c[at] = beta == 0 ? s : beta * c[at] + s;
                }
            }
        });
    }
}
