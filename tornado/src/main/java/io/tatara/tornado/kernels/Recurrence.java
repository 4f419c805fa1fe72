package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What the recurrent cells share: where the steps of a sequence and what they read stand, as {@code
 * steps.cl} and {@code recurrent.cl} have it, and sums over steps. {@code optional} has a bit for
 * each optional argument that is there.
 */
public final class Recurrence {
    static final int LENGTHS = 1;
    static final int H0 = 2;
    static final int C0 = 4;
    static final int BIAS = 8;
    static final int BIAS_HH = 16;
    static final int PEEPHOLE = 32;
    static final int FINAL = 64;
    static final int DY = 128;
    static final int DHN = 256;
    static final int DCN = 512;
    static final int DGATES = 1024;
    static final int DCELLS = 2048;

    private Recurrence() {}

    /** Whether an optional argument is there. */
    static boolean has(int optional, int bit) {
        return (optional & bit) != 0;
    }

    /** Whether direction d walks backwards. */
    static boolean backwards(int reverse, int d) {
        return reverse + d > 0;
    }

    static int stepTime(int reverse, int d, int s, int steps) {
        int t = s;
        if (backwards(reverse, d)) {
            t = steps - 1 - s;
        }
        return t;
    }

    static int rowLength(IntArray g, int lengths, int optional, int n, int steps) {
        int l = steps;
        if (has(optional, LENGTHS)) {
            l = g.get(lengths + n);
            if (l < 0) {
                l = 0;
            }
            if (l > steps) {
                l = steps;
            }
        }
        return l;
    }

    static boolean firstStep(int reverse, int d, int t, int length) {
        int first = 0;
        if (backwards(reverse, d)) {
            first = length - 1;
        }
        return t == first;
    }

    static boolean lastStep(int reverse, int d, int t, int length) {
        int last = length - 1;
        if (backwards(reverse, d)) {
            last = 0;
        }
        return t == last;
    }

    static boolean cut(int reverse, int d, int t, int length, int truncation) {
        int s = t;
        if (backwards(reverse, d)) {
            s = length - 1 - t;
        }
        boolean r = false;
        if (truncation > 0 && s > 0) {
            r = s % truncation == 0;
        }
        return r;
    }

    /** The step walked before t. */
    static int before(int reverse, int d, int t) {
        int r = t - 1;
        if (backwards(reverse, d)) {
            r = t + 1;
        }
        return r;
    }

    /** Where the state before step t of row n starts: in y, as -2 - index in h0, or -1 for zero. */
    static int stateBefore(
            IntArray g,
            int lengths,
            int optional,
            int reverse,
            int directions,
            int d,
            int t,
            int n,
            int steps,
            int rows,
            int width) {
        int r = -1;
        if (n < rows) {
            int length = rowLength(g, lengths, optional, n, steps);
            if (t < length) {
                if (!firstStep(reverse, d, t, length)) {
                    r = ((before(reverse, d, t) * rows + n) * directions + d) * width;
                } else if (has(optional, H0)) {
                    r = -2 - (d * rows + n) * width;
                }
            }
        }
        return r;
    }

    /**
     * Where row n of delta [D, T, N, width] starts at slot s; -1 where nothing of it flows back.
     */
    static int deltaRow(
            IntArray g,
            int lengths,
            int optional,
            int reverse,
            int d,
            int s,
            int n,
            int steps,
            int rows,
            int width,
            int truncation) {
        int r = -1;
        if (n < rows && s < steps) {
            int t = stepTime(reverse, d, s, steps);
            int length = rowLength(g, lengths, optional, n, steps);
            if (t < length && !cut(reverse, d, t, length, truncation)) {
                r = ((d * steps + t) * rows + n) * width;
            }
        }
        return r;
    }

    /** Element k of a state that starts at `at`: see {@link #stateBefore}. */
    static float element(FloatArray h, int states, int first, int at, int k) {
        float v = 0.0f;
        if (at >= 0) {
            v = h.get(states + at + k);
        } else if (at < -1) {
            v = h.get(first - 2 - at + k);
        }
        return v;
    }

    /** The same, and 0 beyond the cell's width. */
    static float elementWithin(FloatArray h, int states, int first, int at, int k, int width) {
        float v = 0.0f;
        if (k < width) {
            v = element(h, states, first, at, k);
        }
        return v;
    }

    /** A unit's weight for element k of the state, 0 beyond the cell's width. */
    static float weight(FloatArray h, int weights, int gate, int unit, int k, int width) {
        float v = 0.0f;
        if (k < width && unit < width) {
            v = h.get(weights + (gate * width + unit) * width + k);
        }
        return v;
    }

    /**
     * The product of the states before a step with one gate's weights, for the item's row and unit:
     * a group has tileRows rows of the batch and 16 units, and `split` items share a sum. Its local
     * arrays are its own: passed from the kernel they would be indexed by bytes.
     *
     * @param state where the state of row {@code groupIdy * tileRows + localIdx} starts, of the
     *     first tileRows items: see {@link #stateBefore}
     * @return the sum, in the first 16 * tileRows items
     */
    static float stepProduct(
            KernelContext c,
            FloatArray h,
            int states,
            int first,
            int state,
            int weights,
            int width,
            int tileRows,
            int split) {
        int[] at = c.allocateIntLocalArray(16);
        float[] xs = c.allocateFloatLocalArray(528);
        float[] ws = c.allocateFloatLocalArray(528);
        int lid = c.localIdx;
        int r = lid / 16 % tileRows;
        int u = lid % 16;
        if (lid < tileRows) {
            at[lid] = state;
        }
        c.localBarrier();
        float sum = 0.0f;
        for (int k0 = 0; k0 < width; k0 = k0 + 32) {
            for (int i = lid; i < tileRows * 32; i = i + 256) {
                xs[i / 32 * 33 + i % 32] =
                        elementWithin(h, states, first, at[i / 32], k0 + i % 32, width);
            }
            for (int i = lid; i < 512; i = i + 256) {
                int unit = c.groupIdx * 16 + i / 32;
                ws[i / 32 * 33 + i % 32] = weight(h, weights, 0, unit, k0 + i % 32, width);
            }
            c.localBarrier();
            for (int k = lid / (16 * tileRows); k < 32; k = k + split) {
                sum = sum + xs[r * 33 + k] * ws[u * 33 + k];
            }
            c.localBarrier();
        }
        ws[lid] = sum;
        c.localBarrier();
        int joined = 0;
        if (lid < 16 * tileRows) {
            joined = split;
        }
        sum = 0.0f;
        for (int p = 0; p < joined; p++) {
            sum = sum + ws[p * 16 * tileRows + lid];
        }
        return sum;
    }

    /**
     * The product of delta with the weights, transposed, for the item's row and unit; tiles as in
     * {@link #stepProduct}.
     *
     * @param row where delta of row {@code groupIdy * tileRows + localIdx} starts, of the first
     *     tileRows items; below 0 nothing flows back
     * @param depth gates times units that are summed over
     * @param gap from this on, delta's elements are one gate further than the weights
     * @return the sum, in the first 16 * tileRows items
     */
    static float backProduct(
            KernelContext c,
            FloatArray h,
            int delta,
            int row,
            int weights,
            int depth,
            int gap,
            int width,
            int tileRows,
            int split) {
        int[] at = c.allocateIntLocalArray(16);
        float[] xs = c.allocateFloatLocalArray(528);
        float[] ws = c.allocateFloatLocalArray(512);
        int lid = c.localIdx;
        int r = lid / 16 % tileRows;
        int u = lid % 16;
        if (lid < tileRows) {
            at[lid] = row;
        }
        c.localBarrier();
        float sum = 0.0f;
        for (int k0 = 0; k0 < depth; k0 = k0 + 32) {
            for (int i = lid; i < tileRows * 32; i = i + 256) {
                int k = k0 + i % 32;
                float v = 0.0f;
                if (k < depth && at[i / 32] >= 0) {
                    int column = k;
                    if (k >= gap) {
                        column = k + width;
                    }
                    v = h.get(delta + at[i / 32] + column);
                }
                xs[i / 32 * 33 + i % 32] = v;
            }
            for (int i = lid; i < 512; i = i + 256) {
                int k = k0 + i / 16;
                int unit = c.groupIdx * 16 + i % 16;
                float v = 0.0f;
                if (k < depth && unit < width) {
                    v = h.get(weights + k * width + unit);
                }
                ws[i] = v;
            }
            c.localBarrier();
            for (int k = lid / (16 * tileRows); k < 32; k = k + split) {
                sum = sum + xs[r * 33 + k] * ws[k * 16 + u];
            }
            c.localBarrier();
        }
        ws[lid] = sum;
        c.localBarrier();
        int joined = 0;
        if (lid < 16 * tileRows && at[r] >= 0) {
            joined = split;
        }
        sum = 0.0f;
        for (int p = 0; p < joined; p++) {
            sum = sum + ws[p * 16 * tileRows + lid];
        }
        return sum;
    }

    /** Where c before step t of row n stands: in cells, as -2 - index in c0, or -1 for zero. */
    static int cellBefore(
            int optional,
            int reverse,
            int d,
            int t,
            int n,
            int length,
            int steps,
            int rows,
            int width) {
        int r = -1;
        if (!firstStep(reverse, d, t, length)) {
            r = ((d * steps + before(reverse, d, t)) * rows + n) * width;
        } else if (has(optional, C0)) {
            r = -2 - (d * rows + n) * width;
        }
        return r;
    }

    /** from, to, n. */
    public static void recurrentCopy(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            h.set(a.get(1) + i, h.get(a.get(0) + i));
        }
    }

    /** to, n. */
    public static void recurrentZero(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            h.set(a.get(0) + i, 0.0f);
        }
    }

    /** y, h0, lengths, d, before, T, N, H, OPTIONAL, REVERSE, DIRECTIONS. */
    public static void statesBefore(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        int steps = a.get(5);
        int rows = a.get(6);
        int width = a.get(7);
        if (i < steps * rows * width) {
            int r = i / width;
            int t = r / rows;
            int at =
                    stateBefore(
                            g,
                            a.get(2),
                            a.get(8),
                            a.get(9),
                            a.get(10),
                            a.get(3),
                            t,
                            r - t * rows,
                            steps,
                            rows,
                            width);
            h.set(a.get(4) + i, element(h, a.get(0), a.get(1), at, i - r * width));
        }
    }

    /** delta, at, ld, rows, n, from, skip, out, oo, SUM_LANES. */
    public static void columnSums(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int lanes = a.get(9);
        int n = a.get(4);
        int lid = c.localIdx;
        int column = c.groupIdx * 16 + lid % 16;
        int from = a.get(0) + a.get(1) + column;
        if (column >= a.get(5)) {
            from = from + a.get(6);
        }
        float s = 0.0f;
        if (column < n) {
            int rows = a.get(3);
            int ld = a.get(2);
            for (int row = lid / 16; row < rows; row = row + lanes) {
                s = s + h.get(from + row * ld);
            }
        }
        s = Sums.columnSum(c, lanes, s);
        if (lid < 16 && column < n) {
            h.set(a.get(7) + a.get(8) + column, s);
        }
    }
}
