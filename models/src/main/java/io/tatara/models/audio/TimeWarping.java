package io.tatara.models.audio;

import java.util.Arrays;

/**
 * How two sequences of frames correspond where one is spoken faster here and slower there: dynamic
 * time warping (Sakoe and Chiba 1978), by the Euclidean distance of frames.
 */
public final class TimeWarping {
    private TimeWarping() {}

    /**
     * The sum of the distances of frames along the best common path, over the number of frames of
     * both.
     *
     * @param a [frames][numbers], at least one frame
     * @param b likewise, with as many numbers
     */
    public static double distance(float[][] a, float[][] b) {
        double[] row = new double[b.length];
        for (int i = 0; i < a.length; i++) {
            next(row, i, a, b);
        }
        return row[b.length - 1] / (a.length + b.length);
    }

    /**
     * The frames of b that correspond to each frame of a, as its first and its last, [a's
     * frames][2]; as {@link #distance}.
     */
    public static int[][] path(float[][] a, float[][] b) {
        double[][] sums = new double[a.length][];
        double[] row = new double[b.length];
        for (int i = 0; i < a.length; i++) {
            next(row, i, a, b);
            sums[i] = row.clone();
        }
        int[][] path = new int[a.length][2];
        int j = b.length - 1;
        for (int i = a.length - 1; i >= 0; i--) {
            path[i][1] = j;
            while (j > 0 && (i == 0 || sums[i][j - 1] < before(sums[i - 1], j))) {
                j--;
            }
            path[i][0] = j;
            j -= i > 0 && j > 0 && sums[i - 1][j - 1] <= sums[i - 1][j] ? 1 : 0;
        }
        return path;
    }

    private static double before(double[] row, int j) {
        return Math.min(row[j], row[j - 1]);
    }

    /** From the sums of the paths to the pairs of a's frame before, those of its next frame. */
    private static void next(double[] row, int i, float[][] a, float[][] b) {
        if (i == 0) {
            Arrays.fill(row, Double.POSITIVE_INFINITY);
        }
        double corner = i == 0 ? 0 : Double.POSITIVE_INFINITY;
        for (int j = 0; j < b.length; j++) {
            double above = row[j];
            double left = j == 0 ? Double.POSITIVE_INFINITY : row[j - 1];
            double least = Math.min(corner, Math.min(above, left));
            corner = above;
            row[j] = least + between(a[i], b[j]);
        }
    }

    private static double between(float[] a, float[] b) {
        float sum = 0;
        for (int c = 0; c < a.length; c++) {
            float d = a[c] - b[c];
            sum += d * d;
        }
        return Math.sqrt(sum);
    }
}
