package io.tatara.kernels.causal;

import java.util.Arrays;

/** The inner loops without a vector unit. */
final class PlainTiles implements CausalTiles {
    static final PlainTiles INSTANCE = new PlainTiles();

    private static final int ROWS = 4;
    private static final int WIDTH = 48;
    private static final int UPPER = 0xffff0000;

    private PlainTiles() {}

    @Override
    public int rows() {
        return ROWS;
    }

    @Override
    public int step() {
        return 1;
    }

    @Override
    public int width() {
        return WIDTH;
    }

    @Override
    public void spread(int n, float[] x, int from, float[] panels, int at, int apart) {
        for (int j = 0; j < n; j += WIDTH) {
            int to = at + j / WIDTH * apart;
            System.arraycopy(x, from + j, panels, to, Math.min(WIDTH, n - j));
        }
    }

    @Override
    public void product(
            int panels,
            int depth,
            float[] a,
            int ao,
            float[] b,
            float[] after,
            float[] c,
            int co,
            int ldc,
            int cols) {
        for (int j = 0; j < cols; j += WIDTH) {
            int n = Math.min(WIDTH, cols - j);
            strip(panels, depth, a, ao, b, j / WIDTH * apart(depth), after, c, co + j, ldc, n);
        }
    }

    private static void strip(
            int panels,
            int depth,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] after,
            float[] c,
            int co,
            int ldc,
            int cols) {
        for (int m = 0; m < panels * ROWS; m++) {
            int from = ao + m / ROWS * depth * ROWS + m % ROWS;
            int to = co + m * ldc;
            Arrays.fill(c, to, to + cols, 0);
            for (int r = 0; r < depth; r++) {
                add(a[from + r * ROWS], b, bo + r * WIDTH, c, to, cols);
            }
            for (int j = 0; j < cols; j++) {
                c[to + j] += after[m];
            }
        }
    }

    @Override
    public void vector(int n, int depth, float[] v, float[] w, int wo, float[] y, int yo) {
        Arrays.fill(y, yo, yo + n, 0);
        for (int r = 0; r < depth; r++) {
            add(v[r], w, wo + r * n, y, yo, n);
        }
    }

    @Override
    public void vector(int n, int depth, float[] v, int[] w, int wo, float[] y, int yo) {
        Arrays.fill(y, yo, yo + n, 0);
        for (int r = 0; r < depth; r++) {
            int from = wo + r * (n / 2);
            for (int j = 0; j < n; j += 2) {
                int word = w[from + j / 2];
                y[yo + j] = Math.fma(v[r], Float.intBitsToFloat(word << 16), y[yo + j]);
                float upper = Float.intBitsToFloat(word & UPPER);
                y[yo + j + 1] = Math.fma(v[r], upper, y[yo + j + 1]);
            }
        }
    }

    private static void add(float s, float[] x, int xo, float[] y, int yo, int n) {
        for (int j = 0; j < n; j++) {
            y[yo + j] = Math.fma(s, x[xo + j], y[yo + j]);
        }
    }
}
