package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Sums.groupSum;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Steps of optimizers in place and the norm of all gradients, as {@code optimizer.cl} has them: a
 * group takes elements of one tensor, a launch a list of tensors. A gradient scale of infinity
 * leaves everything as it is.
 *
 * <p>Behind a kernel's own arguments stand the tensors: pointers, size and, but for the first
 * tensor, the first group. From {@link #DEFINES} on: PER, the number of arguments before (ARGS),
 * definitions.
 */
public final class Optimizers {
    /** Index of the definitions, behind the longest list of tensors. */
    public static final int DEFINES = 1000;

    private static final float LARGEST = 3.4028235e38f;

    private Optimizers() {}

    /** Where the arguments of this group's tensor begin. */
    static int tensor(KernelContext c, IntArray a, int own, int pointers) {
        int end = a.get(DEFINES + 1);
        int at = own;
        int next = own + pointers + 1;
        while (next < end) {
            if (c.groupIdx > a.get(next + pointers + 1) - 1) {
                at = next;
            }
            next = next + pointers + 2;
        }
        return at;
    }

    /** Elements of a group. */
    static int each(KernelContext c, IntArray a) {
        return 4 * c.localGroupSizeX * a.get(DEFINES);
    }

    /** The group's first element in its tensor. */
    static int start(KernelContext c, IntArray a, int at, int own, int pointers) {
        int first = 0;
        if (at > own) {
            first = a.get(at + pointers + 1);
        }
        return (c.groupIdx - first) * each(c, a);
    }

    /**
     * The element behind the group's last one of n; where the gradients' scale is infinite, the
     * first one: nothing is done.
     */
    static int behind(KernelContext c, IntArray a, int from, int n, float scale) {
        int end = n;
        if (n - from > each(c, a)) {
            end = from + each(c, a);
        }
        if (scale > LARGEST) {
            end = from;
        }
        return end;
    }

    /** hyper, decay, momentum, nesterov, then p, g, n of the tensors. */
    public static void sgdPlain(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int at = tensor(c, a, 4, 2);
        int from = start(c, a, at, 4, 2);
        int p = a.get(at);
        int d = a.get(at + 1);
        float rate = h.get(a.get(0));
        float scale = h.get(a.get(0) + 1);
        float decay = x.get(1);
        int end = behind(c, a, from, a.get(at + 2), scale);
        for (int i = from + c.localIdx; i < end; i = i + c.localGroupSizeX) {
            float w = h.get(p + i);
            h.set(p + i, w - rate * (scale * h.get(d + i) + decay * w));
        }
    }

    /** hyper, decay, momentum, nesterov, then p, g, m, n of the tensors. */
    public static void sgdMomentum(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int at = tensor(c, a, 4, 3);
        int from = start(c, a, at, 4, 3);
        int p = a.get(at);
        int d = a.get(at + 1);
        int m = a.get(at + 2);
        float rate = h.get(a.get(0));
        float scale = h.get(a.get(0) + 1);
        float decay = x.get(1);
        float momentum = x.get(2);
        int nesterov = a.get(3);
        int end = behind(c, a, from, a.get(at + 3), scale);
        for (int i = from + c.localIdx; i < end; i = i + c.localGroupSizeX) {
            float w = h.get(p + i);
            float s = scale * h.get(d + i) + decay * w;
            float v = momentum * h.get(m + i) + s;
            h.set(m + i, v);
            if (nesterov == 1) {
                v = s + momentum * v;
            }
            h.set(p + i, w - rate * v);
        }
    }

    /** hyper, beta1, beta2, epsilon, decay, penalty, then p, g, m, v, n of the tensors. */
    public static void adamStep(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int at = tensor(c, a, 6, 4);
        int from = start(c, a, at, 6, 4);
        int p = a.get(at);
        int d = a.get(at + 1);
        int m = a.get(at + 2);
        int v = a.get(at + 3);
        int hyper = a.get(0);
        float rate = h.get(hyper);
        float scale = h.get(hyper + 1);
        float c1 = h.get(hyper + 2);
        float c2 = h.get(hyper + 3);
        float beta1 = x.get(1);
        float beta2 = x.get(2);
        float epsilon = x.get(3);
        float decay = x.get(4);
        float penalty = x.get(5);
        int end = behind(c, a, from, a.get(at + 4), scale);
        for (int i = from + c.localIdx; i < end; i = i + c.localGroupSizeX) {
            float w = h.get(p + i);
            float s = scale * h.get(d + i) + penalty * w;
            float first = beta1 * h.get(m + i) + (1.0f - beta1) * s;
            float second = beta2 * h.get(v + i) + (1.0f - beta2) * s * s;
            float step = first * c1 / (TornadoMath.sqrt(second * c2) + epsilon) + decay * w;
            h.set(m + i, first);
            h.set(v + i, second);
            h.set(p + i, w - rate * step);
        }
    }

    /** hyper, epsilon, decay, then p, g, v, n of the tensors. */
    public static void adagradStep(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int at = tensor(c, a, 3, 3);
        int from = start(c, a, at, 3, 3);
        int p = a.get(at);
        int d = a.get(at + 1);
        int v = a.get(at + 2);
        float rate = h.get(a.get(0));
        float scale = h.get(a.get(0) + 1);
        float epsilon = x.get(1);
        float decay = x.get(2);
        int end = behind(c, a, from, a.get(at + 3), scale);
        for (int i = from + c.localIdx; i < end; i = i + c.localGroupSizeX) {
            float w = h.get(p + i);
            float s = scale * h.get(d + i) + decay * w;
            float square = h.get(v + i) + s * s;
            h.set(v + i, square);
            h.set(p + i, w - rate * (s / (TornadoMath.sqrt(square) + epsilon)));
        }
    }

    /**
     * hyper, alpha, epsilon, momentum, decay, then p, g, v, (a where CENTERED), (m where MOMENTUM),
     * n of the tensors.
     */
    public static void rmsPropStep(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int centered = a.get(DEFINES + 2);
        int moments = a.get(DEFINES + 3);
        int pointers = 3 + centered + moments;
        int at = tensor(c, a, 5, pointers);
        int from = start(c, a, at, 5, pointers);
        int p = a.get(at);
        int d = a.get(at + 1);
        int v = a.get(at + 2);
        int mean = a.get(at + 3);
        int m = a.get(at + 3 + centered);
        float rate = h.get(a.get(0));
        float scale = h.get(a.get(0) + 1);
        float alpha = x.get(1);
        float epsilon = x.get(2);
        float momentum = x.get(3);
        float decay = x.get(4);
        int end = behind(c, a, from, a.get(at + pointers), scale);
        for (int i = from + c.localIdx; i < end; i = i + c.localGroupSizeX) {
            float w = h.get(p + i);
            float s = scale * h.get(d + i) + decay * w;
            float square = alpha * h.get(v + i) + (1.0f - alpha) * (s * s);
            h.set(v + i, square);
            if (centered == 1) {
                float b = alpha * h.get(mean + i) + (1.0f - alpha) * s;
                h.set(mean + i, b);
                square = square - b * b;
                if (square < 0.0f) {
                    square = 0.0f;
                }
            }
            s = s / (TornadoMath.sqrt(square) + epsilon);
            if (moments == 1) {
                s = momentum * h.get(m + i) + s;
                h.set(m + i, s);
            }
            h.set(p + i, w - rate * s);
        }
    }

    /** scale, then g, n of the tensors. */
    public static void scaleTensors(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int at = tensor(c, a, 1, 1);
        int from = start(c, a, at, 1, 1);
        int end = behind(c, a, from, a.get(at + 1), 1.0f);
        int d = a.get(at);
        float scale = h.get(a.get(0));
        for (int i = from + c.localIdx; i < end; i = i + c.localGroupSizeX) {
            h.set(d + i, h.get(d + i) * scale);
        }
    }

    /** sums, base, then g, n of the tensors: the group's sum of squares to sums[base + group]. */
    public static void squareSums(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int at = tensor(c, a, 2, 1);
        int from = start(c, a, at, 2, 1);
        int end = behind(c, a, from, a.get(at + 1), 1.0f);
        int d = a.get(at);
        int lid = c.localIdx;
        float s = 0.0f;
        for (int i = from + lid; i < end; i = i + c.localGroupSizeX) {
            float v = h.get(d + i);
            s = s + v * v;
        }
        s = groupSum(c, s);
        if (lid == 0) {
            h.set(a.get(0) + a.get(1) + c.groupIdx, s);
        }
    }

    /** sums, norm, n: one group. */
    public static void normOfSums(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(2);
        int lid = c.localIdx;
        float s = 0.0f;
        for (int i = lid; i < n; i = i + c.localGroupSizeX) {
            s = s + h.get(a.get(0) + i);
        }
        s = groupSum(c, s);
        if (lid == 0) {
            h.set(a.get(1), TornadoMath.sqrt(s));
        }
    }

    /** norm, scale, most. */
    public static void clipScale(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        if (c.globalIdx == 0) {
            float s = x.get(2) / (h.get(a.get(0)) + 1.0e-6f);
            h.set(a.get(1), s > 1.0f ? 1.0f : s);
        }
    }

    /** norm, state, step, growth, backoff, interval, most. */
    public static void lossScale(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        if (c.globalIdx == 0) {
            int state = a.get(1);
            float norm = h.get(a.get(0));
            float scale = h.get(state);
            float good = h.get(state + 1) + 1.0f;
            float taken = h.get(state + 2);
            float skipped = h.get(state + 3);
            float step = Float.POSITIVE_INFINITY;
            if (TornadoMath.abs(norm) < Float.POSITIVE_INFINITY) {
                step = 1.0f / scale;
                float most = x.get(6);
                if (most > 0.0f) {
                    step = step * TornadoMath.min(1.0f, most / (norm / scale + 1.0e-6f));
                }
                if (good > x.get(5) - 0.5f) {
                    good = 0.0f;
                    float ceiling = TornadoMath.max(scale, 16777216.0f);
                    scale = TornadoMath.min(scale * x.get(3), ceiling);
                }
                taken = taken + 1.0f;
            } else {
                good = 0.0f;
                float floor = TornadoMath.min(scale, 5.9604644775390625e-8f);
                scale = TornadoMath.max(scale * x.get(4), floor);
                skipped = skipped + 1.0f;
            }
            h.set(state, scale);
            h.set(state + 1, TornadoMath.min(good, 16777216.0f));
            h.set(state + 2, TornadoMath.min(taken, 16777216.0f));
            h.set(state + 3, TornadoMath.min(skipped, 16777216.0f));
            h.set(a.get(2), step);
        }
    }
}
