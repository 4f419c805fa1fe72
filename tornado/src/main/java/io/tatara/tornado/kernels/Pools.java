package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Max and average pooling of planes and their gradients, an item an element of what is written, as
 * {@code pool.cl} has them. Behind the arguments: KH, KW, SH, SW, DH, DW, COUNT_PAD.
 */
public final class Pools {
    private Pools() {}

    /** x, y, index, count, h, w, oh, ow, top, left. */
    public static void maxPool(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            int height = a.get(4);
            int width = a.get(5);
            int oh = a.get(6);
            int ow = a.get(7);
            int row = i / ow % oh * a.get(12) - a.get(8);
            int column = i % ow * a.get(13) - a.get(9);
            int base = a.get(0) + i / (oh * ow) * (height * width);
            float best = Float.NEGATIVE_INFINITY;
            int place = -1;
            for (int k = 0; k < a.get(10); k++) {
                int r = row + k * a.get(14);
                for (int l = 0; l < a.get(11); l++) {
                    int s = column + l * a.get(15);
                    if (r >= 0 && r < height && s >= 0 && s < width) {
                        float v = h.get(base + r * width + s);
                        if (place < 0 || v > best || (v != v && best == best)) {
                            best = v;
                            place = r * width + s;
                        }
                    }
                }
            }
            h.set(a.get(1) + i, best);
            g.set(a.get(2) + i, place);
        }
    }

    /** index, dy, dx, count, h, w, oh, ow, top, left. */
    public static void maxPoolGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            int width = a.get(5);
            int oh = a.get(6);
            int ow = a.get(7);
            int sh = a.get(12);
            int sw = a.get(13);
            int plane = i / (a.get(4) * width);
            int place = i - plane * a.get(4) * width;
            int base = plane * oh * ow;
            float sum = 0.0f;
            for (int k = a.get(10) - 1; k >= 0; k--) {
                int r = place / width + a.get(8) - k * a.get(14);
                for (int l = a.get(11) - 1; l >= 0; l--) {
                    int s = place % width + a.get(9) - l * a.get(15);
                    if (r >= 0
                            && r % sh == 0
                            && r / sh < oh
                            && s >= 0
                            && s % sw == 0
                            && s / sw < ow) {
                        int o = base + r / sh * ow + s / sw;
                        if (g.get(a.get(0) + o) == place) {
                            sum = sum + h.get(a.get(1) + o);
                        }
                    }
                }
            }
            h.set(a.get(2) + i, sum);
        }
    }

    /** Taps of a window from start on that lie in [0, size). */
    static int inside(int start, int taps, int dilation, int size) {
        int first = 0;
        if (start < 0) {
            first = (dilation - 1 - start) / dilation;
        }
        int last = (size - 1 - start) / dilation;
        if (last > taps - 1) {
            last = taps - 1;
        }
        int n = last - first + 1;
        if (n < 0) {
            n = 0;
        }
        return n;
    }

    /** What the window's sum is divided by; definitions from index d on. */
    static float divisor(IntArray a, int d, int row, int column, int height, int width) {
        int n = a.get(d) * a.get(d + 1);
        if (a.get(d + 6) == 0) {
            n =
                    inside(row, a.get(d), a.get(d + 4), height)
                            * inside(column, a.get(d + 1), a.get(d + 5), width);
            if (n < 1) {
                n = 1;
            }
        }
        return (float) n;
    }

    /** x, y, count, h, w, oh, ow, top, left. */
    public static void averagePool(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int height = a.get(3);
            int width = a.get(4);
            int oh = a.get(5);
            int ow = a.get(6);
            int row = i / ow % oh * a.get(11) - a.get(7);
            int column = i % ow * a.get(12) - a.get(8);
            int base = a.get(0) + i / (oh * ow) * (height * width);
            float sum = 0.0f;
            for (int k = 0; k < a.get(9); k++) {
                int r = row + k * a.get(13);
                for (int l = 0; l < a.get(10); l++) {
                    int s = column + l * a.get(14);
                    if (r >= 0 && r < height && s >= 0 && s < width) {
                        sum = sum + h.get(base + r * width + s);
                    }
                }
            }
            h.set(a.get(1) + i, sum / divisor(a, 9, row, column, height, width));
        }
    }

    /** dy, dx, count, h, w, oh, ow, top, left. */
    public static void averagePoolGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int height = a.get(3);
            int width = a.get(4);
            int oh = a.get(5);
            int ow = a.get(6);
            int sh = a.get(11);
            int sw = a.get(12);
            int base = a.get(0) + i / (height * width) * (oh * ow);
            float sum = 0.0f;
            for (int k = a.get(9) - 1; k >= 0; k--) {
                int r = i / width % height + a.get(7) - k * a.get(13);
                for (int l = a.get(10) - 1; l >= 0; l--) {
                    int s = i % width + a.get(8) - l * a.get(14);
                    if (r >= 0
                            && r % sh == 0
                            && r / sh < oh
                            && s >= 0
                            && s % sw == 0
                            && s / sw < ow) {
                        float d = divisor(a, 9, r - a.get(7), s - a.get(8), height, width);
                        sum = sum + h.get(base + r / sh * ow + s / sw) / d;
                    }
                }
            }
            h.set(a.get(1) + i, sum);
        }
    }
}
