package io.tatara.kernels.conv;

import java.util.Arrays;

/** The inner loops without the vector module. */
final class PlainConvRows extends ConvRows {
    @Override
    void panel(
            int depth, int[] base, int bo, Runs runs, float[] x, float[] panel, int at, int width) {
        exactPanel(depth, base, bo, runs, x, panel, at, width);
    }

    @Override
    void sums(
            int rows,
            int n,
            int taps,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            int xs,
            float[] y,
            int yo,
            int ys) {
        for (int r = 0; r < rows; r++) {
            int to = yo + r * ys;
            Arrays.fill(y, to, to + n, bias);
            for (int t = 0; t < taps; t++) {
                axpy(n, w[wo + t], x, xo + off[t] + r * xs, y, to);
            }
        }
    }

    private static void axpy(int n, float s, float[] x, int xo, float[] y, int yo) {
        for (int j = 0; j < n; j++) {
            y[yo + j] = Math.fma(s, x[xo + j], y[yo + j]);
        }
    }

    @Override
    void dots(
            int rows,
            int n,
            int taps,
            int[] off,
            float[] x,
            int xo,
            int xs,
            float[] d,
            int dof,
            int ds,
            float[] out,
            int at) {
        for (int t = 0; t < taps; t++) {
            float sum = 0;
            for (int r = 0; r < rows; r++) {
                sum += dot(n, x, xo + off[t] + r * xs, d, dof + r * ds);
            }
            out[at + t] += sum;
        }
    }

    private static float dot(int n, float[] x, int xo, float[] y, int yo) {
        float s = 0;
        for (int j = 0; j < n; j++) {
            s = Math.fma(x[xo + j], y[yo + j], s);
        }
        return s;
    }
}
