package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sums of rows by id without atomics, in order of position: chains of positions with one id,
 * segment by segment; see {@code scatter.cl}.
 */
public final class Scatter {
    private static final int LINK = 256;

    private Scatter() {}

    /** heads, n. */
    public static void scatterClear(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            g.set(a.get(0) + i, -1);
        }
    }

    /** ids, heads, next, count, rows, skip, segment. */
    public static void scatterLink(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int[] tile = c.allocateIntLocalArray(LINK);
        int ids = a.get(0);
        int count = a.get(3);
        int rows = a.get(4);
        int skip = a.get(5);
        int segment = a.get(6);
        int lid = c.localIdx;
        int p = c.groupIdx * LINK + lid;
        int id = -1;
        if (p < count) {
            id = g.get(ids + p);
        }
        int number = c.groupIdx * LINK / segment;
        int start = number * segment;
        int end = start + segment;
        if (count - start < segment) {
            end = count;
        }
        int first = 1;
        int follower = -1;
        for (int base = start; base < end; base = base + LINK) {
            int v = -1;
            if (base + lid < end) {
                v = g.get(ids + base + lid);
            }
            tile[lid] = v;
            c.localBarrier();
            for (int j = 0; j < LINK; j++) {
                if (tile[j] == id) {
                    int q = base + j;
                    if (q < p) {
                        first = 0;
                    }
                    if (q > p && follower < 0) {
                        follower = q;
                    }
                }
            }
            c.localBarrier();
        }
        if (p < count) {
            g.set(a.get(2) + p, follower);
            if (first == 1 && id >= 0 && id < rows && id != skip) {
                g.set(a.get(1) + number * rows + id, p);
            }
        }
    }

    /** heads, next, dy, dx, n, count, rows, inner, segments. */
    public static void scatterSum(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(4)) {
            int heads = a.get(0);
            int next = a.get(1);
            int dy = a.get(2);
            int count = a.get(5);
            int rows = a.get(6);
            int inner = a.get(7);
            int segments = a.get(8);
            int r = i / inner;
            int column = i - r * inner;
            int o = r / rows;
            int id = r - o * rows;
            float s = 0.0f;
            for (int q = 0; q < segments; q++) {
                int p = g.get(heads + q * rows + id);
                while (p >= 0) {
                    s = s + h.get(dy + (o * count + p) * inner + column);
                    p = g.get(next + p);
                }
            }
            h.set(a.get(3) + i, s);
        }
    }
}
