package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sums and maxima: what {@code sumto.cl}, {@code reduce.cl} and {@code reduce_gradient.cl} do. A
 * group a row with a tree in local memory, or an item a column; the order depends on the shape
 * alone.
 */
public final class Sums {
    private Sums() {}

    /** The larger of two numbers, NaN above all, or their sum. */
    static float combine(int maximum, float s, float v) {
        float r = s + v;
        if (maximum == 1) {
            r = v;
            if (s > v) {
                r = s;
            }
            if (s != s) {
                r = s;
            }
        }
        return r;
    }

    /**
     * What the items of a group, at most 256 and a power of two, have together, by a tree; all of
     * them get it. The local array is this method's own: passed to a method it would be indexed by
     * bytes. So trees of several arrays, whose methods had several results, are written out.
     */
    static float groupCombined(KernelContext c, int maximum, float v) {
        float[] part = c.allocateFloatLocalArray(256);
        int lid = c.localIdx;
        part[lid] = v;
        c.localBarrier();
        for (int step = c.localGroupSizeX / 2; step > 0; step = step / 2) {
            if (lid < step) {
                part[lid] = combine(maximum, part[lid], part[lid + step]);
            }
            c.localBarrier();
        }
        float whole = part[0];
        // In a loop the array is the same one each time.
        c.localBarrier();
        return whole;
    }

    static float groupSum(KernelContext c, float v) {
        return groupCombined(c, 0, v);
    }

    /** NaN where there is one. */
    static float groupLargest(KernelContext c, float v) {
        return groupCombined(c, 1, v);
    }

    /** The sum of v over each team of `lanes` neighbouring items, in the team's first one. */
    static float teamSum(KernelContext c, int lanes, float v) {
        float[] part = c.allocateFloatLocalArray(256);
        int lid = c.localIdx;
        part[lid] = v;
        c.localBarrier();
        float s = v;
        if (lid % lanes == 0) {
            for (int i = 1; i < lanes; i++) {
                s = s + part[lid + i];
            }
        }
        c.localBarrier();
        return s;
    }

    /** The sum of every 16th item's v, `lanes` of them, in the first 16 items. */
    static float columnSum(KernelContext c, int lanes, float v) {
        float[] part = c.allocateFloatLocalArray(256);
        int lid = c.localIdx;
        part[lid] = v;
        c.localBarrier();
        int rows = 0;
        if (lid < 16) {
            rows = lanes;
        }
        float s = 0.0f;
        for (int p = 0; p < rows; p++) {
            s = s + part[p * 16 + lid];
        }
        return s;
    }

    /** x, y, middle, chunk, chunks. */
    public static void sumRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int from = a.get(0);
        int middle = a.get(2);
        int chunk = a.get(3);
        int chunks = a.get(4);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int row = c.groupIdx / chunks;
        int first = (c.groupIdx - row * chunks) * chunk;
        int end = first + chunk;
        if (middle - first < chunk) {
            end = middle;
        }
        float s = 0.0f;
        for (int k = first + lid; k < end; k = k + group) {
            s = s + h.get(from + row * middle + k);
        }
        s = groupSum(c, s);
        if (lid == 0) {
            h.set(a.get(1) + c.groupIdx, s);
        }
    }

    /** x, y, n, middle, inner, chunk, chunks. */
    public static void sumColumns(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int from = a.get(0);
            int middle = a.get(3);
            int inner = a.get(4);
            int chunk = a.get(5);
            int chunks = a.get(6);
            int row = i / inner;
            int column = i - row * inner;
            int o = row / chunks;
            int first = (row - o * chunks) * chunk;
            int end = first + chunk;
            if (middle - first < chunk) {
                end = middle;
            }
            float s = 0.0f;
            for (int k = first; k < end; k++) {
                s = s + h.get(from + (o * middle + k) * inner + column);
            }
            h.set(a.get(1) + i, s);
        }
    }

    /** x, y, reduce, chunk, chunks, divisor, MAXIMUM. */
    public static void reduceRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int from = a.get(0);
        int reduce = a.get(2);
        int chunk = a.get(3);
        int chunks = a.get(4);
        float divisor = x.get(5);
        int maximum = a.get(6);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int o = c.groupIdx / chunks;
        int start = (c.groupIdx - o * chunks) * chunk;
        int end = start + chunk;
        if (reduce - start < chunk) {
            end = reduce;
        }
        float s = maximum == 1 ? Float.NEGATIVE_INFINITY : 0.0f;
        for (int r = start + lid; r < end; r = r + group) {
            float v = h.get(from + o * reduce + r);
            s = combine(maximum, s, v);
        }
        s = groupCombined(c, maximum, s);
        if (lid == 0) {
            h.set(a.get(1) + c.groupIdx, s / divisor);
        }
    }

    /** x, y, n, reduce, inner, chunk, chunks, divisor, MAXIMUM; sums of 16 are summed. */
    public static void reduceColumns(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int reduce = a.get(3);
            int inner = a.get(4);
            int chunk = a.get(5);
            int chunks = a.get(6);
            int maximum = a.get(8);
            int q = i / inner;
            int o = q / chunks;
            int start = (q - o * chunks) * chunk;
            int end = start + chunk;
            if (reduce - start < chunk) {
                end = reduce;
            }
            int at = a.get(0) + o * reduce * inner + i - q * inner;
            float s = maximum == 1 ? Float.NEGATIVE_INFINITY : 0.0f;
            for (int r = start; r < end; r = r + 16) {
                int stop = r + 16;
                if (end < stop) {
                    stop = end;
                }
                float t = maximum == 1 ? Float.NEGATIVE_INFINITY : 0.0f;
                for (int k = r; k < stop; k++) {
                    t = combine(maximum, t, h.get(at + k * inner));
                }
                s = combine(maximum, s, t);
            }
            h.set(a.get(1) + i, s / x.get(7));
        }
    }

    /** dy, g, n, count. */
    public static void divideByCount(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            h.set(a.get(1) + i, h.get(a.get(0) + i) / x.get(3));
        }
    }

    /** x, dx, n: 1 where x is the maximum that stands in dx, or NaN, else 0. */
    public static void markMaxima(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            float v = h.get(a.get(0) + i);
            float m = h.get(a.get(1) + i);
            h.set(a.get(1) + i, v == m || v != v ? 1.0f : 0.0f);
        }
    }

    /** dy, counts, g, n. */
    public static void divideByCounts(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            h.set(a.get(2) + i, h.get(a.get(0) + i) / h.get(a.get(1) + i));
        }
    }

    /** shares, dx, n. */
    public static void keepMarked(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            float v = 0.0f;
            if (h.get(a.get(1) + i) != 0.0f) {
                v = h.get(a.get(0) + i);
            }
            h.set(a.get(1) + i, v);
        }
    }
}
