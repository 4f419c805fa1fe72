package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Nearest and bilinear interpolation of planes and its gradient, an item an element of what is
 * written, as {@code upsample.cl} has them: x, y, count, h, w, oh, ow, step_y, start_y, den_y,
 * step_x, start_x, den_x, BLEND.
 */
public final class Upsamples {
    private Upsamples() {}

    static int numerator(int o, int step, int start) {
        int n = o * step + start;
        if (n < 0) {
            n = 0;
        }
        return n;
    }

    /** Weight that output o gives to input element i of an axis. */
    static float weightOf(int o, int i, int step, int start, int den) {
        int n = numerator(o, step, start);
        int low = n / den;
        float f = (float) (n - low * den) / (float) den;
        float w = f;
        if (low == i) {
            w = 1.0f - f;
        }
        return w;
    }

    /** First output whose place is at or behind the numerator n. */
    static int firstFrom(int n, int step, int start, int out) {
        int o = 0;
        if (n - start > 0) {
            o = out;
            if (step != 0) {
                o = (n - start + step - 1) / step;
            }
        }
        if (o > out) {
            o = out;
        }
        return o;
    }

    public static void interpolatePlanes(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int height = a.get(3);
            int width = a.get(4);
            int oh = a.get(5);
            int ow = a.get(6);
            int denY = a.get(9);
            int denX = a.get(12);
            int ny = numerator(i / ow % oh, a.get(7), a.get(8));
            int nx = numerator(i % ow, a.get(10), a.get(11));
            int r = ny / denY;
            if (r > height - 1) {
                r = height - 1;
            }
            int s = nx / denX;
            if (s > width - 1) {
                s = width - 1;
            }
            int at = a.get(0) + (i / (oh * ow) * height + r) * width + s;
            float v = h.get(at);
            if (a.get(13) == 1) {
                float fy = 0.0f;
                float fx = 0.0f;
                if (r < height - 1) {
                    fy = (float) (ny % denY) / (float) denY;
                }
                if (s < width - 1) {
                    fx = (float) (nx % denX) / (float) denX;
                }
                int below = 0;
                if (fy > 0.0f) {
                    below = width;
                }
                float p = v;
                float q = h.get(at + below);
                if (fx > 0.0f) {
                    p = (1.0f - fx) * v + fx * h.get(at + 1);
                    q = (1.0f - fx) * q + fx * h.get(at + below + 1);
                }
                v = p;
                if (fy > 0.0f) {
                    v = (1.0f - fy) * p + fy * q;
                }
            }
            h.set(a.get(1) + i, v);
        }
    }

    /** dy, dx and the rest as above. */
    public static void interpolateGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int height = a.get(3);
            int width = a.get(4);
            int oh = a.get(5);
            int ow = a.get(6);
            int stepY = a.get(7);
            int startY = a.get(8);
            int denY = a.get(9);
            int stepX = a.get(10);
            int startX = a.get(11);
            int denX = a.get(12);
            int blend = a.get(13);
            int s = i % width;
            int r = i / width % height;
            int base = a.get(0) + i / (height * width) * (oh * ow);
            int y0 = 0;
            int x0 = 0;
            int y1 = oh;
            int x1 = ow;
            if (r > 0) {
                y0 = firstFrom((r - blend) * denY + blend, stepY, startY, oh);
            }
            if (s > 0) {
                x0 = firstFrom((s - blend) * denX + blend, stepX, startX, ow);
            }
            if (r < height - 1) {
                y1 = firstFrom((r + 1) * denY, stepY, startY, oh);
            }
            if (s < width - 1) {
                x1 = firstFrom((s + 1) * denX, stepX, startX, ow);
            }
            float sum = 0.0f;
            for (int o = y0; o < y1; o++) {
                float line = 0.0f;
                for (int p = x0; p < x1; p++) {
                    float w = 1.0f;
                    if (blend == 1) {
                        w = weightOf(p, s, stepX, startX, denX);
                        if (s == width - 1) {
                            if (numerator(p, stepX, startX) > s * denX - 1) {
                                w = 1.0f;
                            }
                        }
                    }
                    line = line + w * h.get(base + o * ow + p);
                }
                float w = 1.0f;
                if (blend == 1) {
                    w = weightOf(o, r, stepY, startY, denY);
                    if (r == height - 1) {
                        if (numerator(o, stepY, startY) > r * denY - 1) {
                            w = 1.0f;
                        }
                    }
                }
                sum = sum + w * line;
            }
            h.set(a.get(1) + i, sum);
        }
    }
}
