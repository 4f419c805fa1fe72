package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Padding, as {@code pad.cl} has it: an axis is its extent in x, elements before and behind,
 * innermost first, six of them. Modes: 0 a constant, 1 mirrored, 2 the edge.
 */
public final class Pads {
    private static final int AXES = 6;

    private Pads() {}

    /** Which element of an axis stands at this place; -1: none. */
    static int source(int mode, int at, int n) {
        int from = at;
        if (at < 0) {
            from = mode == 0 ? -1 : mode == 1 ? -at : 0;
        }
        if (at >= n) {
            from = mode == 0 ? -1 : mode == 1 ? 2 * (n - 1) - at : n - 1;
        }
        return from;
    }

    /** x, y, count, value, axes; MODE, INTS: an element of y an item. */
    public static void padElements(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int to = c.globalIdx;
        if (to < a.get(2)) {
            int i = to;
            int from = 0;
            int pitch = 1;
            int inside = 1;
            for (int axis = 0; axis < AXES; axis++) {
                int n = a.get(4 + 3 * axis);
                int b = a.get(5 + 3 * axis);
                int rest = i / (b + n + a.get(6 + 3 * axis));
                int at = source(a.get(22), i - rest * (b + n + a.get(6 + 3 * axis)) - b, n);
                i = rest;
                if (at < 0) {
                    inside = 0;
                }
                from = from + at * pitch;
                pitch = pitch * n;
            }
            if (a.get(23) == 1) {
                int v = a.get(3);
                if (inside == 1) {
                    v = g.get(a.get(0) + from);
                }
                g.set(a.get(1) + to, v);
            } else {
                float v = x.get(3);
                if (inside == 1) {
                    v = h.get(a.get(0) + from);
                }
                h.set(a.get(1) + to, v);
            }
        }
    }

    /** 1 where an element has a copy before the axis. */
    static int before(int at, int b) {
        int one = 0;
        if (at >= 1) {
            one = at <= b ? 1 : 0;
        }
        return one;
    }

    /** How many copies an element of an axis has. */
    static int copies(int mode, int at, int n, int b, int behind) {
        int count = 1 + before(at, b) + before(n - 1 - at, behind);
        if (mode == 2) {
            count = 1;
            if (at == 0) {
                count = count + b;
            }
            if (at == n - 1) {
                count = count + behind;
            }
        }
        return count;
    }

    /** Where its copy number k stands in the padded axis. */
    static int copy(int mode, int k, int at, int n, int b) {
        int first = before(at, b);
        int place = b + 2 * (n - 1) - at;
        if (k == first) {
            place = at + b;
        }
        if (k < first) {
            place = b - at;
        }
        if (mode == 2) {
            place = k + (at == 0 ? 0 : at + b);
        }
        return place;
    }

    /** dy, dx, count, axes; MODE: an element of dx an item adds up its copies in their order. */
    public static void padGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int to = c.globalIdx;
        if (to < a.get(2)) {
            int mode = a.get(21);
            int all = 1;
            int i = to;
            for (int axis = 0; axis < AXES; axis++) {
                int n = a.get(3 + 3 * axis);
                int rest = i / n;
                int at = i - rest * n;
                i = rest;
                all = all * copies(mode, at, n, a.get(4 + 3 * axis), a.get(5 + 3 * axis));
            }
            float sum = 0.0f;
            for (int k = 0; k < all; k++) {
                int left = k;
                int from = 0;
                int pitch = 1;
                i = to;
                for (int axis = 0; axis < AXES; axis++) {
                    int n = a.get(3 + 3 * axis);
                    int b = a.get(4 + 3 * axis);
                    int behind = a.get(5 + 3 * axis);
                    int rest = i / n;
                    int at = i - rest * n;
                    i = rest;
                    int count = copies(mode, at, n, b, behind);
                    int next = left / count;
                    from = from + copy(mode, left - next * count, at, n, b) * pitch;
                    left = next;
                    pitch = pitch * (b + n + behind);
                }
                sum = sum + h.get(a.get(0) + from);
            }
            h.set(a.get(1) + to, sum);
        }
    }
}
