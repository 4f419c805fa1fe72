package io.tatara.kernels.conv;

import java.util.Arrays;
import java.util.List;

/**
 * Puts the places within a stride, each computed by itself, in between each other: one channel of a
 * data gradient.
 *
 * @param ys places along the height
 * @param xs places along the width
 * @param step the stride along the width
 * @param width of the result
 */
record Interleave(ConvRows kernels, List<Axis> ys, List<Axis> xs, int step, int width) {
    static Interleave of(Sums s, ConvRows kernels) {
        int step = s.xs().getFirst().outStep();
        return new Interleave(kernels, s.ys(), s.xs(), step, s.outWidth());
    }

    /**
     * The rows of one place along the height.
     *
     * @param parts where the pixels of each place along the width begin, -1 where all are 0
     */
    void rows(Axis y, float[] x, int[] parts, float[] to, int at) {
        boolean gaps = Arrays.stream(parts).anyMatch(p -> p < 0);
        for (int i = 0; i < y.count(); i++) {
            int row = at + (y.outStart() + i * y.outStep()) * width;
            if (gaps) {
                Arrays.fill(to, row, row + width, 0);
            }
            if (step == 2 && parts.length == 2 && !gaps) {
                pair(i, x, parts, to, row);
            } else {
                for (int k = 0; k < parts.length; k++) {
                    Axis a = xs.get(k);
                    if (parts[k] >= 0) {
                        int from = parts[k] + i * a.count();
                        kernels.spread(x, from, a.count(), to, row + a.outStart(), step);
                    }
                }
            }
        }
    }

    private void pair(int i, float[] x, int[] parts, float[] to, int row) {
        int n = xs.get(1).count();
        int even = parts[0] + i * xs.get(0).count();
        kernels.zip(x, even, x, parts[1] + i * n, n, to, row);
        if (n < xs.get(0).count()) {
            to[row + 2 * n] = x[even + n];
        }
    }
}
