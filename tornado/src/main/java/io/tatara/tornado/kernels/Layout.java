package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Moves: what {@code fill.cl}, {@code convert.cl}, {@code gather.cl}, {@code strided.cl} do. */
public final class Layout {
    private static final int TILE = 32;

    private Layout() {}

    /** y, n, value. */
    public static void fillFloats(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            h.set(a.get(0) + i, x.get(2));
        }
    }

    /** y, n, value. */
    public static void fillInts(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            g.set(a.get(0) + i, a.get(2));
        }
    }

    /** y, n: zeros. */
    public static void clearFloats(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            h.set(a.get(0) + i, 0.0f);
        }
    }

    /** y, n: zeros. */
    public static void zeroFloats(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            h.set(a.get(0) + i, 0.0f);
        }
    }

    /** y, n, INTS: zeros. */
    public static void clearWords(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            if (a.get(2) == 1) {
                g.set(a.get(0) + i, 0);
            } else {
                h.set(a.get(0) + i, 0.0f);
            }
        }
    }

    /** x, y, n; four elements an item, a group's width apart. */
    public static void realToReal(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(2);
        int width = c.localGroupSizeX;
        int first = c.groupIdx * width * 4 + c.localIdx;
        for (int turn = 0; turn < 4; turn++) {
            int i = first + turn * width;
            if (i < n) {
                h.set(a.get(1) + i, h.get(a.get(0) + i));
            }
        }
    }

    /** x, y, n; as Java casts. */
    public static void realToInt(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(2);
        int width = c.localGroupSizeX;
        int first = c.groupIdx * width * 4 + c.localIdx;
        for (int turn = 0; turn < 4; turn++) {
            int i = first + turn * width;
            if (i < n) {
                float v = h.get(a.get(0) + i);
                int r = 0;
                if (v > 2147483520.0f) {
                    r = 2147483647;
                } else if (v < -2147483648.0f) {
                    r = -2147483648;
                } else if (v == v) {
                    r = (int) v;
                }
                g.set(a.get(1) + i, r);
            }
        }
    }

    /** x, y, n. */
    public static void intToReal(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(2);
        int width = c.localGroupSizeX;
        int first = c.groupIdx * width * 4 + c.localIdx;
        for (int turn = 0; turn < 4; turn++) {
            int i = first + turn * width;
            if (i < n) {
                h.set(a.get(1) + i, (float) g.get(a.get(0) + i));
            }
        }
    }

    /** lengths, mask, n, length: mask = position < length ? 1 : 0. */
    public static void sequenceMask(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int row = i / a.get(3);
            int position = i - row * a.get(3);
            float v = 0.0f;
            if (position < g.get(a.get(0) + row)) {
                v = 1.0f;
            }
            h.set(a.get(1) + i, v);
        }
    }

    /** x, ids, y, n, rows, count, inner, missing, INTS. */
    public static void gatherRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            int rows = a.get(4);
            int count = a.get(5);
            int inner = a.get(6);
            int r = i / inner;
            int column = i - r * inner;
            int o = r / count;
            int id = g.get(a.get(1) + r - o * count);
            int from = a.get(0) + (o * rows + id) * inner + column;
            int to = a.get(2) + i;
            if (a.get(8) == 1) {
                int v = a.get(7);
                if (id >= 0 && id < rows) {
                    v = g.get(from);
                }
                g.set(to, v);
            } else {
                float v = x.get(7);
                if (id >= 0 && id < rows) {
                    v = h.get(from);
                }
                h.set(to, v);
            }
        }
    }

    /** x, lengths, y, n, length, inner, outerEach, innerEach, INTS. */
    public static void reverseRagged(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            int length = a.get(4);
            int inner = a.get(5);
            int r = i / inner;
            int column = i - r * inner;
            int o = r / length;
            int t = r - o * length;
            int end = g.get(a.get(1) + o / a.get(6) + column / a.get(7));
            if (end > length) {
                end = length;
            }
            int from = t;
            if (t < end) {
                from = end - 1 - t;
            }
            int source = a.get(0) + (o * length + from) * inner + column;
            if (a.get(8) == 1) {
                g.set(a.get(2) + i, g.get(source));
            } else {
                h.set(a.get(2) + i, h.get(source));
            }
        }
    }

    /** x, y, n, xo, yo, six extents (innermost first), six strides of x, of y, WORD, INTS. */
    public static void copyStrided(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int from = a.get(3);
            int to = a.get(4);
            int rest = i;
            for (int d = 0; d < 6; d++) {
                int extent = a.get(5 + d);
                int q = rest / extent;
                int at = rest - q * extent;
                from = from + at * a.get(11 + d);
                to = to + at * a.get(17 + d);
                rest = q;
            }
            int width = a.get(23);
            from = a.get(0) + from * width;
            to = a.get(1) + to * width;
            for (int w = 0; w < width; w++) {
                if (a.get(24) == 1) {
                    g.set(to + w, g.get(from + w));
                } else {
                    h.set(to + w, h.get(from + w));
                }
            }
        }
    }

    /**
     * x, y, rows, columns, down, across, xs, ys, xo, yo, four extents, four strides of x, of y,
     * INTS. Groups of 32 x 8 take tiles of 32 x 32 through local memory, so that both sides are
     * touched in runs.
     */
    public static void copyTiled(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] tile = c.allocateFloatLocalArray(1056);
        int[] intTile = c.allocateIntLocalArray(1056);
        int rows = a.get(2);
        int columns = a.get(3);
        int down = a.get(4);
        int across = a.get(5);
        int strip = c.groupIdx / across;
        int rest = strip / down;
        int column = (c.groupIdx - strip * across) * TILE;
        int row = (strip - rest * down) * TILE;
        int from = a.get(0) + a.get(8);
        int to = a.get(1) + a.get(9);
        for (int d = 0; d < 4; d++) {
            int extent = a.get(10 + d);
            int q = rest / extent;
            int at = rest - q * extent;
            from = from + at * a.get(14 + d);
            to = to + at * a.get(18 + d);
            rest = q;
        }
        int ints = a.get(22);
        int lx = c.localIdx;
        int ly = c.localIdy;
        for (int t = 0; t < 4; t++) {
            int k = ly + 8 * t;
            if (row + lx < rows && column + k < columns) {
                int source = from + row + lx + (column + k) * a.get(6);
                if (ints == 1) {
                    intTile[k * 33 + lx] = g.get(source);
                } else {
                    tile[k * 33 + lx] = h.get(source);
                }
            }
        }
        c.localBarrier();
        for (int t = 0; t < 4; t++) {
            int r = ly + 8 * t;
            if (row + r < rows && column + lx < columns) {
                int target = to + (row + r) * a.get(7) + column + lx;
                if (ints == 1) {
                    g.set(target, intTile[lx * 33 + r]);
                } else {
                    h.set(target, tile[lx * 33 + r]);
                }
            }
        }
    }
}
