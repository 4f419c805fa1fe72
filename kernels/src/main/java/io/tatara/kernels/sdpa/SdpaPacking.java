package io.tatara.kernels.sdpa;

/** Copies of queries, keys and values in the order in which tiles read them. */
final class SdpaPacking {
    private SdpaPacking() {}

    static int up(int x, int step) {
        return (x + step - 1) / step * step;
    }

    /**
     * Panels [width][d][count of rows beside each other]: rows [0, rows) of x (at xo, ld apart, d
     * wide), each panel [d][width], zeros behind the last row; times {@code factor}.
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
            int o) {
        for (int r = 0; r < rows; r += width) {
            panel(Math.min(width, rows - r), d, factor, x, xo + r * ld, ld, width, to, o + r * d);
        }
    }

    private static void panel(
            int rows,
            int d,
            float factor,
            float[] x,
            int xo,
            int ld,
            int width,
            float[] to,
            int o) {
        for (int i = 0; i < rows; i++) {
            int from = xo + i * ld;
            for (int p = 0; p < d; p++) {
                to[o + p * width + i] = factor * x[from + p];
            }
        }
        for (int p = 0; p < d && rows < width; p++) {
            java.util.Arrays.fill(to, o + p * width + rows, o + (p + 1) * width, 0);
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
