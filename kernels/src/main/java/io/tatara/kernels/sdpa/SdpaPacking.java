package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.Transposition;
import io.tatara.kernels.pointwise.BinaryOp;

/** Copies of queries, keys and values in the order in which tiles read them. */
final class SdpaPacking {
    private SdpaPacking() {}

    static int up(int x, int step) {
        return (x + step - 1) / step * step;
    }

    /**
     * Rows [0, rows) of x (at xo, ld apart, d wide) in panels of {@code width} rows, each panel
     * [d][width], zeros behind the last row; times {@code factor}.
     */
    static void transposed(
            int rows,
            int d,
            float factor,
            float[] x,
            int xo,
            int ld,
            int width,
            float[] to,
            int o,
            JvmContext ctx) {
        for (int r = 0; r < rows; r += width) {
            int here = Math.min(width, rows - r);
            Transposition.panel(here, d, x, xo + r * ld, ld, width, to, o + r * d, ctx);
        }
        if (factor != 1) {
            ctx.lanes().binaryScalar(BinaryOp.MUL, to, o, factor, to, o, up(rows, width) * d);
        }
    }

    /**
     * Panels of sums [columns][nr], {@code height} columns each, to rows of d columns, {@code step}
     * apart.
     */
    static void rowsOf(
            int rows,
            int d,
            float[] sums,
            int height,
            int nr,
            float[] y,
            int yo,
            int step,
            JvmContext ctx) {
        for (int r = 0; r < rows; r += nr) {
            int here = Math.min(nr, rows - r);
            if (step == d && d % 16 == 0) {
                Transposition.panel(d, here, sums, r * height, nr, d, y, yo + r * d, ctx);
                continue;
            }
            for (int q = 0; q < here; q++) {
                int to = yo + (r + q) * step;
                int from = r * height + q;
                for (int c = 0; c < d; c++) {
                    y[to + c] = sums[from + c * nr];
                }
            }
        }
    }

    /**
     * Rows as they stand, cut into tiles of columns: tile after tile [rows][h], h as {@link
     * PanelMath#height} gives them, zeros behind the last column.
     */
    static void tiles(
            PanelMath math, int rows, int d, float[] x, int xo, int ld, float[] to, int o) {
        int whole = up(d, 4);
        for (int c = 0; c < whole; ) {
            int h = math.height(whole - c);
            columns(rows, Math.min(h, d - c), x, xo + c, ld, h, to, o + c * rows);
            c += h;
        }
    }

    /** Panels of columns [rows][width], zeros behind the last column. */
    static void panels(int rows, int d, float[] x, int xo, int ld, int width, float[] to, int o) {
        for (int c = 0; c < d; c += width) {
            columns(rows, Math.min(width, d - c), x, xo + c, ld, width, to, o + c * rows);
        }
    }

    private static void columns(
            int rows, int count, float[] x, int xo, int ld, int width, float[] to, int o) {
        for (int r = 0; r < rows; r++) {
            int at = o + r * width;
            int from = xo + r * ld;
            for (int c = 0; c < count; c++) {
                to[at + c] = x[from + c];
            }
            for (int c = count; c < width; c++) {
                to[at + c] = 0;
            }
        }
    }
}
