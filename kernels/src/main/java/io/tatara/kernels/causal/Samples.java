package io.tatara.kernels.causal;

import java.util.Arrays;

/**
 * Rows of samples with what comes before them, as the JVM kernels read them.
 *
 * @param x rows of t samples
 * @param state rows of {@code reach} samples before them, null for zeros
 */
record Samples(float[] x, int t, float[] state, int reach) {
    /** Where in x samples [from, from + n) of a row stand, or -1 where not all of them do. */
    int place(int row, int from, int n) {
        return from < 0 || from + n > t ? -1 : row * t + from;
    }

    /** Samples [from, from + n) of a row; those in no array are 0. */
    void read(int row, int from, int n, float[] to, int at) {
        int end = from + n;
        int i = from;
        if (i < 0) {
            int before = Math.min(0, end);
            if (state == null || i < -reach) {
                int zeros = state == null ? before : Math.min(before, -reach);
                Arrays.fill(to, at, at + zeros - i, 0);
                i = zeros;
            }
            if (i < before) {
                System.arraycopy(state, row * reach + reach + i, to, at + i - from, before - i);
                i = before;
            }
        }
        int last = Math.min(end, t);
        if (i < last) {
            System.arraycopy(x, row * t + i, to, at + i - from, last - i);
            i = last;
        }
        if (i < end) {
            Arrays.fill(to, at + i - from, at + n, 0);
        }
    }
}
