package io.tatara.kernels.matmul;

/**
 * Copies parts of a matrix into panels [k][width], in which a tile's micro-kernel walks straight
 * on. Where the matrix ends inside a panel the rest is 0, which only reaches sums that nobody
 * keeps.
 */
final class Packing {
    private Packing() {}

    /** Element (p, i) of the panel is element (p, i) of x: rows are copied as they stand. */
    static void straight(
            int count, int k, float[] x, int xo, int ld, int width, float[] panel, int po) {
        if (count == width) {
            for (int p = 0; p < k; p++) {
                System.arraycopy(x, xo + p * ld, panel, po + p * width, width);
            }
        } else {
            for (int p = 0; p < k; p++) {
                System.arraycopy(x, xo + p * ld, panel, po + p * width, count);
            }
            clear(count, k, width, panel, po);
        }
    }

    /** Element (p, i) of the panel is element (i, p) of x, for these ranges of i and p. */
    static void transposed(
            int i0,
            int i1,
            int p0,
            int p1,
            float[] x,
            int xo,
            int ld,
            int width,
            float[] panel,
            int po) {
        for (int i = i0; i < i1; i++) {
            int from = xo + i * ld;
            int to = po + i;
            for (int p = p0; p < p1; p++) {
                panel[to + p * width] = x[from + p];
            }
        }
    }

    /** Zeros behind the first {@code count} elements of each row of a panel. */
    static void clear(int count, int k, int width, float[] panel, int po) {
        if (count < width) {
            for (int p = 0; p < k; p++) {
                java.util.Arrays.fill(panel, po + p * width + count, po + (p + 1) * width, 0);
            }
        }
    }
}
