package io.tatara.kernels.matmul;

/**
 * The inner loops without the vector module: shaped so that C2 turns the innermost one into
 * vectors.
 */
final class PlainKernels extends MicroKernels {
    private static final int MR = 4;
    private static final int NR = 64;

    @Override
    int mr() {
        return MR;
    }

    @Override
    int nr() {
        return NR;
    }

    @Override
    int height(int rows) {
        return rows;
    }

    @Override
    void tile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t) {
        for (int i = 0; i < h; i++) {
            stream(NR, k, a, ao + i, h, b, bo, NR, t, i * NR, false);
        }
    }

    @Override
    void direct(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int ldc,
            boolean add) {
        for (int i = 0; i < m; i++) {
            stream(n, k, a, ao + i * ars, acs, b, bo, ldb, c, co + i * ldc, add);
        }
    }

    @Override
    void stream(
            int n,
            int k,
            float[] a,
            int ao,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            boolean add) {
        int p = 0;
        if (!add) {
            first(n, a[ao], b, bo, c, co);
            p = 1;
        }
        for (; p + 4 <= k; p += 4) {
            four(n, a, ao + p * acs, acs, b, bo + p * ldb, ldb, c, co);
        }
        for (; p < k; p++) {
            one(n, a[ao + p * acs], b, bo + p * ldb, c, co);
        }
    }

    private static void first(int n, float x, float[] b, int bo, float[] c, int co) {
        for (int j = 0; j < n; j++) {
            c[co + j] = x * b[bo + j];
        }
    }

    private static void one(int n, float x, float[] b, int bo, float[] c, int co) {
        for (int j = 0; j < n; j++) {
            c[co + j] += x * b[bo + j];
        }
    }

    private static void four(
            int n, float[] a, int ao, int acs, float[] b, int bo, int ldb, float[] c, int co) {
        float x0 = a[ao];
        float x1 = a[ao + acs];
        float x2 = a[ao + 2 * acs];
        float x3 = a[ao + 3 * acs];
        int b1 = bo + ldb;
        int b2 = b1 + ldb;
        int b3 = b2 + ldb;
        for (int j = 0; j < n; j++) {
            c[co + j] += x0 * b[bo + j] + x1 * b[b1 + j] + x2 * b[b2 + j] + x3 * b[b3 + j];
        }
    }

    @Override
    void dots(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int crs,
            int ccs,
            boolean add) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                float s = dot(k, a, ao + i * lda, b, bo + j * ldb);
                int at = co + i * crs + j * ccs;
                c[at] = add ? c[at] + s : s;
            }
        }
    }

    /**
     * Four partial sums: floats may not be reordered by the compiler, and one chain would wait on
     * itself.
     */
    private static float dot(int k, float[] a, int ao, float[] b, int bo) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int p = 0;
        for (; p + 4 <= k; p += 4) {
            s0 += a[ao + p] * b[bo + p];
            s1 += a[ao + p + 1] * b[bo + p + 1];
            s2 += a[ao + p + 2] * b[bo + p + 2];
            s3 += a[ao + p + 3] * b[bo + p + 3];
        }
        for (; p < k; p++) {
            s0 += a[ao + p] * b[bo + p];
        }
        return (s0 + s1) + (s2 + s3);
    }

    @Override
    void packTransposed(
            int rows, int k, float[] x, int xo, int ld, int width, float[] panel, int po) {
        Packing.transposed(0, rows, 0, k, x, xo, ld, width, panel, po);
        Packing.clear(rows, k, width, panel, po);
    }
}
