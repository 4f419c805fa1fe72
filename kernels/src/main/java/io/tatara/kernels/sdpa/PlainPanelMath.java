package io.tatara.kernels.sdpa;

/**
 * The inner loops without the vector module: shaped so that C2 turns the innermost into vectors.
 */
final class PlainPanelMath extends PanelMath {
    private static final int MR = 4;
    private static final int NR = 32;

    @Override
    int mr() {
        return MR;
    }

    @Override
    int nr() {
        return NR;
    }

    @Override
    void tile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t, int to) {
        for (int i = 0; i < h; i++) {
            row(k, a, ao + i, h, b, bo, t, to + i * NR);
        }
    }

    @Override
    void cross(float[] a, int ao, float[] b, int bo, float[] t, int to) {
        for (int i = 0; i < MR; i++) {
            row(NR, a, ao + i * NR, 1, b, bo, t, to + i * NR);
        }
    }

    private static void row(
            int k, float[] a, int ao, int step, float[] b, int bo, float[] t, int to) {
        for (int j = 0; j < NR; j++) {
            t[to + j] = 0;
        }
        for (int p = 0; p < k; p++) {
            float x = a[ao + p * step];
            int from = bo + p * NR;
            for (int j = 0; j < NR; j++) {
                t[to + j] += x * b[from + j];
            }
        }
    }

    @Override
    void max(int rows, float[] s, int so, float[] m, int mo) {
        for (int r = 0; r < rows; r++) {
            int from = so + r * NR;
            for (int j = 0; j < NR; j++) {
                m[mo + j] = s[from + j] > m[mo + j] ? s[from + j] : m[mo + j];
            }
        }
    }

    @Override
    void exp(int rows, float[] s, int so, float[] m, int mo, float[] sum, int sumOffset) {
        for (int r = 0; r < rows; r++) {
            int at = so + r * NR;
            for (int j = 0; j < NR; j++) {
                float y = exp2(s[at + j] - m[mo + j]);
                s[at + j] = y;
                sum[sumOffset + j] += y;
            }
        }
    }

    private static float exp2(float x) {
        float t = x + ROUND;
        float r = x - (t - ROUND);
        float p = 1 + r * (C1 + r * (C2 + r * (C3 + r * (C4 + r * C5))));
        int bits = Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(t) << 23);
        return x < LEAST ? 0 : Float.intBitsToFloat(bits);
    }

    @Override
    void merge(int rows, float[] t, float[] y, int yo, float[] alpha, int ao) {
        for (int r = 0; r < rows; r++) {
            int at = yo + r * NR;
            for (int j = 0; j < NR; j++) {
                y[at + j] = y[at + j] * alpha[ao + j] + t[r * NR + j];
            }
        }
    }

    @Override
    void scoreGradient(
            int rows, float[] p, int po, float[] ds, int so, float[] delta, int deltaOffset) {
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < NR; j++) {
                int at = so + r * NR + j;
                ds[at] = p[po + r * NR + j] * (ds[at] - delta[deltaOffset + j]);
            }
        }
    }

    @Override
    void add(int n, float[] t, int to, float[] y, int yo) {
        for (int j = 0; j < n; j++) {
            y[yo + j] += t[to + j];
        }
    }
}
