package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Places of the largest elements, as {@code select.cl} has them: by value with NaN above all
 * numbers, then by lower index.
 */
public final class Selection {
    private Selection() {}

    /** 1 where (v, i) comes before (w, j), else 0; an index of -1 is nothing and comes last. */
    static int comesFirst(float v, int i, float w, int j) {
        int lower = 0;
        if (i < j) {
            lower = 1;
        }
        int r = 0;
        if (i >= 0) {
            if (j < 0) {
                r = 1;
            } else if (v != v) {
                r = lower;
                if (w == w) {
                    r = 1;
                }
            } else if (w == w) {
                if (v > w) {
                    r = 1;
                }
                if (v == w) {
                    r = lower;
                }
            }
        }
        return r;
    }

    /**
     * The place that comes first of those of a group's items, by a tree, for all of them; local
     * arrays as in {@link Sums#groupCombined}.
     */
    static int groupFirst(KernelContext c, float v, int i) {
        float[] values = c.allocateFloatLocalArray(256);
        int[] places = c.allocateIntLocalArray(256);
        int lid = c.localIdx;
        values[lid] = v;
        places[lid] = i;
        c.localBarrier();
        for (int step = c.localGroupSizeX / 2; step > 0; step = step / 2) {
            if (lid < step) {
                float w = values[lid + step];
                int j = places[lid + step];
                if (comesFirst(w, j, values[lid], places[lid]) == 1) {
                    values[lid] = w;
                    places[lid] = j;
                }
            }
            c.localBarrier();
        }
        int first = places[0];
        c.localBarrier();
        return first;
    }

    /** x, y, n: a group a row. */
    public static void argMaxRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(2);
        int row = a.get(0) + c.groupIdx * n;
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        float best = 0.0f;
        int at = -1;
        for (int i = lid; i < n; i = i + group) {
            float v = h.get(row + i);
            if (comesFirst(v, i, best, at) == 1) {
                best = v;
                at = i;
            }
        }
        at = groupFirst(c, best, at);
        if (lid == 0) {
            g.set(a.get(1) + c.groupIdx, at);
        }
    }

    /** x, y, results, n, inner: an item a result. */
    public static void argMaxColumns(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int e = c.globalIdx;
        if (e < a.get(2)) {
            int n = a.get(3);
            int inner = a.get(4);
            int o = e / inner;
            int start = a.get(0) + o * n * inner + e - o * inner;
            float best = h.get(start);
            int at = 0;
            for (int i = 1; i < n; i++) {
                float v = h.get(start + i * inner);
                if (comesFirst(v, i, best, at) == 1) {
                    best = v;
                    at = i;
                }
            }
            g.set(a.get(1) + e, at);
        }
    }

    /** x, y, indices, n, k: a group a row, each round finds the first behind the last one found. */
    public static void topK(KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(3);
        int k = a.get(4);
        int row = a.get(0) + c.groupIdx * n;
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        float last = 0.0f;
        int taken = -1;
        for (int j = 0; j < k; j++) {
            float best = 0.0f;
            int at = -1;
            for (int i = lid; i < n; i = i + group) {
                float v = h.get(row + i);
                int open = 1;
                if (taken >= 0) {
                    open = comesFirst(last, taken, v, i);
                }
                if (open + comesFirst(v, i, best, at) == 2) {
                    best = v;
                    at = i;
                }
            }
            taken = groupFirst(c, best, at);
            last = h.get(row + taken);
            if (lid == 0) {
                h.set(a.get(1) + c.groupIdx * k + j, last);
                g.set(a.get(2) + c.groupIdx * k + j, taken);
            }
        }
    }

    /** dx, n. */
    public static void topKClear(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            h.set(a.get(0) + i, 0.0f);
        }
    }

    /** indices, dvalues, dx, count, k, n. */
    public static void topKScatter(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int e = c.globalIdx;
        if (e < a.get(3)) {
            int n = a.get(5);
            int i = g.get(a.get(0) + e);
            if (i >= 0 && i < n) {
                h.set(a.get(2) + e / a.get(4) * n + i, h.get(a.get(1) + e));
            }
        }
    }
}
