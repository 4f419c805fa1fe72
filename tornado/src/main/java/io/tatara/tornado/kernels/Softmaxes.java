package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Sums.groupSum;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Softmax, cross-entropy and their gradients, a work-group a row: maximum and sum in one sweep
 * (Milakov and Gimelshein 2018), partial results meet in a tree in local memory.
 */
public final class Softmaxes {
    private static final float LOWEST = Float.NEGATIVE_INFINITY;

    private Softmaxes() {}

    /**
     * s scaled from maximum m to the larger one; equal ones leave it alone, also where both are
     * -inf.
     */
    static float rescaled(float s, float m, float larger) {
        float r = s;
        if (m != larger) {
            r = s * TornadoMath.exp(m - larger);
        }
        return r;
    }

    /** x, lengths, y, n, LOG, RAGGED. */
    public static void softmaxRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] maxima = c.allocateFloatLocalArray(256);
        float[] sums = c.allocateFloatLocalArray(256);
        int n = a.get(3);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int from = a.get(0) + c.groupIdx * n;
        int to = a.get(2) + c.groupIdx * n;
        int log = a.get(4);
        int length = n;
        if (a.get(5) == 1) {
            length = g.get(a.get(1) + c.groupIdx);
            if (length < 0) {
                length = 0;
            }
            if (length > n) {
                length = n;
            }
        }
        float m = LOWEST;
        float s = 0.0f;
        for (int i = lid; i < length; i = i + group) {
            float v = h.get(from + i);
            if (v > m) {
                s = s * TornadoMath.exp(m - v) + 1.0f;
                m = v;
            } else if (v != LOWEST) {
                s = s + TornadoMath.exp(v - m);
            }
        }
        maxima[lid] = m;
        sums[lid] = s;
        c.localBarrier();
        for (int step = group / 2; step > 0; step = step / 2) {
            if (lid < step) {
                float p = maxima[lid];
                float q = maxima[lid + step];
                float larger = p > q ? p : q;
                sums[lid] = rescaled(sums[lid], p, larger) + rescaled(sums[lid + step], q, larger);
                maxima[lid] = larger;
            }
            c.localBarrier();
        }
        m = maxima[0];
        s = sums[0];
        boolean nothing = m == LOWEST && s == 0.0f;
        if (m > 3.4028235e38f) {
            s = Fn.notANumber(s);
        }
        float empty = 0.0f;
        float factor = 1.0f / s;
        if (log == 1) {
            empty = LOWEST;
            factor = TornadoMath.log(s);
        }
        for (int i = lid; i < n; i = i + group) {
            float v = empty;
            if (i < length && !nothing) {
                v = h.get(from + i) - m;
                if (log == 1) {
                    v = v - factor;
                } else {
                    v = TornadoMath.exp(v) * factor;
                }
            }
            h.set(to + i, v);
        }
    }

    /** y, dy, dx, n, LOG. */
    public static void softmaxGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(3);
        int log = a.get(4);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int y = a.get(0) + c.groupIdx * n;
        int dy = a.get(1) + c.groupIdx * n;
        int dx = a.get(2) + c.groupIdx * n;
        float s = 0.0f;
        for (int i = lid; i < n; i = i + group) {
            float p = h.get(y + i);
            float d = h.get(dy + i);
            if (log == 0) {
                s = s + p * d;
            } else if (p != LOWEST) {
                s = s + d;
            }
        }
        s = groupSum(c, s);
        for (int i = lid; i < n; i = i + group) {
            float p = h.get(y + i);
            float d = h.get(dy + i);
            float v = p * (d - s);
            if (log == 1) {
                v = 0.0f;
                if (p != LOWEST) {
                    v = d - TornadoMath.exp(p) * s;
                }
            }
            h.set(dx + i, v);
        }
    }

    /** x, labels, losses, lse, c, ignore, smoothing, SMOOTH. */
    public static void crossEntropyRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] maxima = c.allocateFloatLocalArray(256);
        float[] sums = c.allocateFloatLocalArray(256);
        float[] part = c.allocateFloatLocalArray(256);
        int classes = a.get(4);
        int ignore = a.get(5);
        float smoothing = x.get(6);
        int smooth = a.get(7);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int r = c.groupIdx;
        int row = a.get(0) + r * classes;
        int label = g.get(a.get(1) + r);
        int end = classes;
        if (label == ignore) {
            end = 0;
        }
        float m = LOWEST;
        float s = 0.0f;
        float t = 0.0f;
        for (int i = lid; i < end; i = i + group) {
            float v = h.get(row + i);
            t = t + v;
            if (v > m) {
                s = s * TornadoMath.exp(m - v) + 1.0f;
                m = v;
            } else if (v != LOWEST) {
                s = s + TornadoMath.exp(v - m);
            }
        }
        maxima[lid] = m;
        sums[lid] = s;
        part[lid] = t;
        c.localBarrier();
        for (int step = group / 2; step > 0; step = step / 2) {
            if (lid < step) {
                float p = maxima[lid];
                float q = maxima[lid + step];
                float larger = p > q ? p : q;
                sums[lid] = rescaled(sums[lid], p, larger) + rescaled(sums[lid + step], q, larger);
                maxima[lid] = larger;
                part[lid] = part[lid] + part[lid + step];
            }
            c.localBarrier();
        }
        if (lid == 0) {
            float loss = 0.0f;
            float whole = 0.0f;
            float rest = 0.0f;
            if (label != ignore) {
                m = maxima[0];
                float logSum = TornadoMath.log(sums[0]);
                if (m > 3.4028235e38f) {
                    logSum = Fn.notANumber(logSum);
                }
                whole = TornadoMath.floor(m);
                rest = m - whole + logSum;
                boolean finite = TornadoMath.abs(rest) < Float.POSITIVE_INFINITY;
                if (!finite) {
                    rest = m + logSum;
                    whole = 0.0f;
                }
                loss = Fn.notANumber(s);
                if (label >= 0 && label < classes) {
                    // m - x first: exact to rounding where both are large.
                    loss = m - h.get(row + label) + logSum;
                    if (smooth == 1) {
                        float mean = m - part[0] / (float) classes + logSum;
                        if (smoothing == 1.0f) {
                            loss = mean;
                        } else {
                            loss = (1.0f - smoothing) * loss + smoothing * mean;
                        }
                    }
                }
            }
            h.set(a.get(2) + r, loss);
            h.set(a.get(3) + 2 * r, whole);
            h.set(a.get(3) + 2 * r + 1, rest);
        }
    }

    /** losses, labels, loss, n, ignore, mean: one group. */
    public static void crossEntropyTotal(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] sums = c.allocateFloatLocalArray(256);
        float[] counts = c.allocateFloatLocalArray(256);
        int n = a.get(3);
        int ignore = a.get(4);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        float s = 0.0f;
        float count = 0.0f;
        for (int i = lid; i < n; i = i + group) {
            s = s + h.get(a.get(0) + i);
            if (g.get(a.get(1) + i) != ignore) {
                count = count + 1.0f;
            }
        }
        sums[lid] = s;
        counts[lid] = count;
        c.localBarrier();
        for (int step = group / 2; step > 0; step = step / 2) {
            if (lid < step) {
                sums[lid] = sums[lid] + sums[lid + step];
                counts[lid] = counts[lid] + counts[lid + step];
            }
            c.localBarrier();
        }
        if (lid == 0) {
            float v = sums[0];
            if (a.get(5) != 0 && counts[0] > 0.0f) {
                v = v / counts[0];
            }
            h.set(a.get(2), v);
        }
    }

    /** dloss, labels, share, n, ignore: one group. */
    public static void crossEntropyShare(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(3);
        int ignore = a.get(4);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        float count = 0.0f;
        for (int i = lid; i < n; i = i + group) {
            if (g.get(a.get(1) + i) != ignore) {
                count = count + 1.0f;
            }
        }
        count = groupSum(c, count);
        if (lid == 0) {
            float v = 0.0f;
            if (count > 0.0f) {
                v = h.get(a.get(0)) / count;
            }
            h.set(a.get(2), v);
        }
    }

    /** x, labels, lse, dloss, dlse, dx, c, ignore, smoothing, PER_ROW, MORE. */
    public static void crossEntropyGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int classes = a.get(6);
        int ignore = a.get(7);
        float smoothing = x.get(8);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int r = c.groupIdx;
        int from = a.get(0) + r * classes;
        int to = a.get(5) + r * classes;
        int lse = a.get(2) + 2 * r;
        int label = g.get(a.get(1) + r);
        boolean known = label >= 0 && label < classes && label != ignore;
        if (known) {
            int at = a.get(3);
            if (a.get(9) == 1) {
                at = at + r;
            }
            float d = h.get(at);
            float scale = d;
            if (a.get(10) == 1) {
                scale = scale + h.get(a.get(4) + 2 * r + 1);
            }
            scale = scale * TornadoMath.exp(-h.get(lse + 1));
            float shift = -d * smoothing / (float) classes;
            float atLabel = d * (1.0f - smoothing);
            float whole = h.get(lse);
            for (int i = lid; i < classes; i = i + group) {
                float v = TornadoMath.exp(h.get(from + i) - whole) * scale + shift;
                if (i == label) {
                    v = v - atLabel;
                }
                h.set(to + i, v);
            }
        } else {
            float v = Fn.notANumber(smoothing);
            if (label == ignore) {
                v = 0.0f;
            }
            for (int i = lid; i < classes; i = i + group) {
                h.set(to + i, v);
            }
        }
    }
}
