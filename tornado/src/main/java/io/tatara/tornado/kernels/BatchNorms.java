package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Batch norm in training and its gradient, three launches each, as {@code batchnorm.cl} has them.
 */
public final class BatchNorms {
    private BatchNorms() {}

    /** Element m of channel k. */
    static int place(int m, int space, int channels, int k) {
        int n = m / space;
        return (n * channels + k) * space + m - n * space;
    }

    /** x, parts, channels, space, count, chunk: parts [channels, chunks, 3]. */
    public static void batchNormSums(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] sums = c.allocateFloatLocalArray(256);
        float[] squares = c.allocateFloatLocalArray(256);
        int channels = a.get(2);
        int space = a.get(3);
        int count = a.get(4);
        int chunk = a.get(5);
        int k = c.groupIdy;
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int from = c.groupIdx * chunk;
        int to = from + chunk;
        if (count - from < chunk) {
            to = count;
        }
        float n = (float) (to - from);
        float s = 0.0f;
        for (int m = from + lid; m < to; m = m + group) {
            s = s + h.get(a.get(0) + place(m, space, channels, k));
        }
        sums[lid] = s;
        c.localBarrier();
        for (int step = group / 2; step > 0; step = step / 2) {
            if (lid < step) {
                sums[lid] = sums[lid] + sums[lid + step];
            }
            c.localBarrier();
        }
        float mean = sums[0] / n;
        c.localBarrier();
        s = 0.0f;
        float q = 0.0f;
        for (int m = from + lid; m < to; m = m + group) {
            float t = h.get(a.get(0) + place(m, space, channels, k)) - mean;
            s = s + t;
            q = q + t * t;
        }
        sums[lid] = s;
        squares[lid] = q;
        c.localBarrier();
        for (int step = group / 2; step > 0; step = step / 2) {
            if (lid < step) {
                sums[lid] = sums[lid] + sums[lid + step];
                squares[lid] = squares[lid] + squares[lid + step];
            }
            c.localBarrier();
        }
        if (lid == 0) {
            int chunks = c.globalGroupSizeX / group;
            int at = a.get(1) + 3 * (k * chunks + c.groupIdx);
            h.set(at, mean);
            h.set(at + 1, sums[0] / n);
            h.set(at + 2, squares[0] - sums[0] * (sums[0] / n));
        }
    }

    /** Elements of a chunk. */
    static float sizeOf(int k, int chunk, int count) {
        int n = count - k * chunk;
        if (n > chunk) {
            n = chunk;
        }
        return (float) n;
    }

    /**
     * parts, scale, shift, running mean, running variance, statistics, new mean, new variance,
     * coefficients, channels, count, chunk, chunks, epsilon, momentum, SCALE, SHIFT, RUNNING.
     */
    public static void batchNormFinish(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int k = c.globalIdx;
        if (k < a.get(9)) {
            int count = a.get(10);
            int chunk = a.get(11);
            int chunks = a.get(12);
            float momentum = x.get(14);
            int at = a.get(0) + 3 * k * chunks;
            float n = (float) count;
            float mean = 0.0f / n;
            if (count > 0) {
                mean = h.get(at);
            }
            float rest = 0.0f;
            float square = 0.0f;
            for (int i = 0; i < chunks; i++) {
                float share = sizeOf(i, chunk, count) / n;
                rest = rest + share * ((h.get(at + 3 * i) - mean) + h.get(at + 3 * i + 1));
            }
            for (int i = 0; i < chunks; i++) {
                float d = ((h.get(at + 3 * i) - mean) - rest) + h.get(at + 3 * i + 1);
                square = square + h.get(at + 3 * i + 2) + sizeOf(i, chunk, count) * d * d;
            }
            float variance = square / n;
            if (variance < 0.0f) {
                variance = 0.0f;
            }
            float inverse = 1.0f / TornadoMath.sqrt(variance + x.get(13));
            // The rest of an infinite mean is NaN.
            float whole = mean + rest;
            if (TornadoMath.abs(mean) > 3.4028235e38f) {
                whole = mean;
            }
            h.set(a.get(5) + 2 * k, whole);
            h.set(a.get(5) + 2 * k + 1, inverse);
            if (a.get(17) == 1) {
                float oldMean = h.get(a.get(3) + k);
                float oldVariance = h.get(a.get(4) + k);
                if (count > 0 && momentum != 0.0f) {
                    float more = 1.0f;
                    if (count > 1) {
                        more = n / (n - 1.0f);
                    }
                    oldMean = (1.0f - momentum) * oldMean + momentum * whole;
                    oldVariance = (1.0f - momentum) * oldVariance + momentum * variance * more;
                }
                h.set(a.get(6) + k, oldMean);
                h.set(a.get(7) + k, oldVariance);
            }
            float factor = inverse;
            float offset = 0.0f;
            if (a.get(15) == 1) {
                factor = factor * h.get(a.get(1) + k);
            }
            if (a.get(16) == 1) {
                offset = h.get(a.get(2) + k);
            }
            int to = a.get(8) + 4 * k;
            h.set(to, mean);
            h.set(to + 1, rest);
            h.set(to + 2, factor);
            h.set(to + 3, offset);
        }
    }

    /** x, coefficients, y, size, channels, space. */
    public static void batchNormApply(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            int k = a.get(1) + 4 * (i / a.get(5) % a.get(4));
            float t = (h.get(a.get(0) + i) - h.get(k)) - h.get(k + 1);
            h.set(a.get(2) + i, t * h.get(k + 2) + h.get(k + 3));
        }
    }

    /** x, dy, statistics, parts, channels, space, count, chunk. */
    public static void batchNormGradientSums(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] sums = c.allocateFloatLocalArray(256);
        float[] gradients = c.allocateFloatLocalArray(256);
        float[] products = c.allocateFloatLocalArray(256);
        int channels = a.get(4);
        int space = a.get(5);
        int count = a.get(6);
        int chunk = a.get(7);
        int k = c.groupIdy;
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int from = c.groupIdx * chunk;
        int to = from + chunk;
        if (count - from < chunk) {
            to = count;
        }
        float mean = h.get(a.get(2) + 2 * k);
        float s = 0.0f;
        float e = 0.0f;
        float p = 0.0f;
        for (int m = from + lid; m < to; m = m + group) {
            int at = place(m, space, channels, k);
            float t = h.get(a.get(0) + at) - mean;
            float d = h.get(a.get(1) + at);
            s = s + t;
            e = e + d;
            p = p + t * d;
        }
        sums[lid] = s;
        gradients[lid] = e;
        products[lid] = p;
        c.localBarrier();
        for (int step = group / 2; step > 0; step = step / 2) {
            if (lid < step) {
                sums[lid] = sums[lid] + sums[lid + step];
                gradients[lid] = gradients[lid] + gradients[lid + step];
                products[lid] = products[lid] + products[lid + step];
            }
            c.localBarrier();
        }
        if (lid == 0) {
            int chunks = c.globalGroupSizeX / group;
            int at = a.get(3) + 3 * (k * chunks + c.groupIdx);
            h.set(at, sums[0]);
            h.set(at + 1, gradients[0]);
            h.set(at + 2, products[0]);
        }
    }

    /**
     * parts, scale, statistics, dstatistics, dmean, dvariance, dscale, dshift, coefficients,
     * channels, count, chunks, momentum, SCALE, DSTATISTICS, DMEAN, DVARIANCE, DSCALE, DSHIFT.
     */
    public static void batchNormGradientFinish(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int k = c.globalIdx;
        if (k < a.get(9)) {
            int count = a.get(10);
            int chunks = a.get(11);
            float momentum = x.get(12);
            float s = 0.0f;
            float e = 0.0f;
            float p = 0.0f;
            for (int i = 0; i < chunks; i++) {
                int at = a.get(0) + 3 * (k * chunks + i);
                s = s + h.get(at);
                e = e + h.get(at + 1);
                p = p + h.get(at + 2);
            }
            float n = 1.0f;
            if (count > 0) {
                n = (float) count;
            }
            float r = h.get(a.get(2) + 2 * k + 1);
            float rest = s / n;
            float product = 0.0f;
            if (count > 0) {
                product = (p - rest * e) * r;
            }
            if (a.get(17) == 1) {
                h.set(a.get(6) + k, product);
            }
            if (a.get(18) == 1) {
                h.set(a.get(7) + k, e);
            }
            float dm = 0.0f;
            float dr = 0.0f;
            float dv = 0.0f;
            if (a.get(14) == 1) {
                dm = h.get(a.get(3) + 2 * k);
                dr = h.get(a.get(3) + 2 * k + 1);
            }
            if (a.get(15) == 1) {
                dm = dm + momentum * h.get(a.get(4) + k);
            }
            if (a.get(16) == 1) {
                float more = 1.0f;
                if (count > 1) {
                    more = n / (n - 1.0f);
                }
                dv = 2.0f * momentum * h.get(a.get(5) + k) * more;
            }
            float factor = r;
            if (a.get(13) == 1) {
                factor = factor * h.get(a.get(1) + k);
            }
            float b = (dv - (factor * product + dr * r * r) * r) / n;
            int to = a.get(8) + 4 * k;
            h.set(to, h.get(a.get(2) + 2 * k));
            h.set(to + 1, factor);
            h.set(to + 2, b);
            h.set(to + 3, (dm - factor * e) / n - b * rest);
        }
    }

    /** x, dy, coefficients, dx, size, channels, space. */
    public static void batchNormGradientApply(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(4)) {
            int k = a.get(2) + 4 * (i / a.get(6) % a.get(5));
            float t = h.get(a.get(0) + i) - h.get(k);
            float v = h.get(k + 1) * h.get(a.get(1) + i);
            h.set(a.get(3) + i, v + (h.get(k + 2) * t + h.get(k + 3)));
        }
    }
}
