package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Sums.groupSum;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Layer norm and root-mean-square norm of rows after dropout and the residual, and their gradients:
 * a work-group a row, as {@code norm.cl} has it. The second mean keeps the digits of rows far from
 * 0.
 */
public final class Norms {
    private Norms() {}

    /** Element i of the sum that is normalized. */
    static float sumAt(IntArray a, FloatArray x, FloatArray h, IntArray g, int i) {
        int residual = a.get(1);
        int seed = a.get(4);
        float v = h.get(a.get(0) + i);
        if (a.get(13) == 1) {
            float u = Fn.uniform(g.get(seed), g.get(seed + 1), 0, i);
            v = u < x.get(10) ? 0.0f : v * x.get(11);
        }
        if (residual >= 0) {
            v = v + h.get(residual + i);
        }
        return v;
    }

    /**
     * x, residual, scale, shift, seed, y, statistics, z, n, epsilon, p, keep, CENTERED, DROPOUT,
     * SUM.
     */
    public static void normRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] sums = c.allocateFloatLocalArray(256);
        float[] squares = c.allocateFloatLocalArray(256);
        int scale = a.get(2);
        int shift = a.get(3);
        int n = a.get(8);
        int centered = a.get(12);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int r = c.groupIdx;
        int row = r * n;
        float mean = 0.0f;
        if (centered == 1) {
            float t = 0.0f;
            for (int i = lid; i < n; i = i + group) {
                t = t + sumAt(a, x, h, g, row + i);
            }
            mean = groupSum(c, t) / (float) n;
        }
        float s = 0.0f;
        float q = 0.0f;
        for (int i = lid; i < n; i = i + group) {
            float t = sumAt(a, x, h, g, row + i) - mean;
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
        float rest = 0.0f;
        if (centered == 1) {
            rest = sums[0] / (float) n;
        }
        float square = squares[0] / (float) n - rest * rest;
        if (square < 0.0f) {
            square = 0.0f;
        }
        float inverse = 1.0f / TornadoMath.sqrt(square + x.get(9));
        for (int i = lid; i < n; i = i + group) {
            float v = sumAt(a, x, h, g, row + i);
            float t = ((v - mean) - rest) * inverse;
            if (scale >= 0) {
                t = t * h.get(scale + i);
            }
            if (shift >= 0) {
                t = t + h.get(shift + i);
            }
            if (a.get(14) == 1) {
                h.set(a.get(7) + row + i, v);
            }
            h.set(a.get(5) + row + i, t);
        }
        if (lid == 0) {
            int statistics = a.get(6);
            if (centered == 1) {
                // The rest of an infinite mean is NaN.
                float whole = mean + rest;
                if (TornadoMath.abs(mean) > 3.4028235e38f) {
                    whole = mean;
                }
                h.set(statistics + 2 * r, whole);
                h.set(statistics + 2 * r + 1, inverse);
            } else {
                h.set(statistics + r, inverse);
            }
        }
    }

    /** dy, scaled where there is a scale. */
    static float gradientAt(FloatArray h, int dy, int scale, int row, int i) {
        float v = h.get(dy + row + i);
        if (scale >= 0) {
            v = v * h.get(scale + i);
        }
        return v;
    }

    /**
     * z, scale, seed, statistics, dy, dstatistics, dsum, dz, dx, rests, n, p, keep, CENTERED,
     * DROPOUT, DSTATISTICS, DSUM, REST.
     */
    public static void normGradientRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] sums = c.allocateFloatLocalArray(256);
        float[] gradients = c.allocateFloatLocalArray(256);
        float[] products = c.allocateFloatLocalArray(256);
        int z = a.get(0);
        int scale = a.get(1);
        int dy = a.get(4);
        int n = a.get(10);
        int centered = a.get(13);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int r = c.groupIdx;
        int row = r * n;
        float mean = 0.0f;
        int place = a.get(3) + r;
        if (centered == 1) {
            place = a.get(3) + 2 * r + 1;
            mean = h.get(a.get(3) + 2 * r);
        }
        float inverse = h.get(place);
        float s = 0.0f;
        float d = 0.0f;
        float dz = 0.0f;
        for (int i = lid; i < n; i = i + group) {
            float t = h.get(z + row + i) - mean;
            float u = gradientAt(h, dy, scale, row, i);
            s = s + t;
            d = d + u;
            dz = dz + u * t;
        }
        sums[lid] = s;
        gradients[lid] = d;
        products[lid] = dz;
        c.localBarrier();
        for (int step = group / 2; step > 0; step = step / 2) {
            if (lid < step) {
                sums[lid] = sums[lid] + sums[lid + step];
                gradients[lid] = gradients[lid] + gradients[lid + step];
                products[lid] = products[lid] + products[lid + step];
            }
            c.localBarrier();
        }
        float rest = 0.0f;
        float meanG = 0.0f;
        if (centered == 1) {
            rest = sums[0] / (float) n;
            meanG = gradients[0] / (float) n;
        }
        float meanGx = (products[0] - rest * gradients[0]) / (float) n * inverse;
        float plus = 0.0f;
        if (a.get(15) == 1) {
            int more = a.get(5) + r;
            if (centered == 1) {
                more = a.get(5) + 2 * r + 1;
                plus = h.get(a.get(5) + 2 * r) / (float) n;
            }
            meanGx = meanGx + h.get(more) * inverse / (float) n;
        }
        for (int i = lid; i < n; i = i + group) {
            float t = ((h.get(z + row + i) - mean) - rest) * inverse;
            float v = inverse * ((gradientAt(h, dy, scale, row, i) - meanG) - t * meanGx) + plus;
            if (a.get(16) == 1) {
                v = v + h.get(a.get(6) + row + i);
            }
            h.set(a.get(7) + row + i, v);
            if (a.get(14) == 1) {
                int seed = a.get(2);
                float u = Fn.uniform(g.get(seed), g.get(seed + 1), 0, row + i);
                h.set(a.get(8) + row + i, u < x.get(11) ? 0.0f : v * x.get(12));
            }
        }
        if (lid == 0 && a.get(17) == 1) {
            h.set(a.get(9) + r, rest);
        }
    }

    /** z, statistics, dy, rests, sums, rows, n, chunk, CENTERED, REST. */
    public static void normParameters(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        int n = a.get(6);
        if (i < n) {
            int z = a.get(0);
            int statistics = a.get(1);
            int dy = a.get(2);
            int rests = a.get(3);
            int rows = a.get(5);
            int chunk = a.get(7);
            int centered = a.get(8);
            int hasRest = a.get(9);
            int first = c.groupIdy * chunk;
            int end = first + chunk;
            if (rows - first < chunk) {
                end = rows;
            }
            float s = 0.0f;
            float b = 0.0f;
            for (int r = first; r < end; r++) {
                float d = h.get(dy + r * n + i);
                float t = h.get(z + r * n + i);
                int place = statistics + r;
                if (centered == 1) {
                    place = statistics + 2 * r + 1;
                    t = t - h.get(statistics + 2 * r);
                    if (hasRest == 1) {
                        t = t - h.get(rests + r);
                    }
                }
                t = t * h.get(place);
                s = s + d * t;
                b = b + d;
            }
            int to = a.get(4) + c.groupIdy * 2 * n + i;
            h.set(to, s);
            h.set(to + n, b);
        }
    }

    /** sums, dscale, dshift, chunks, n, DSCALE, DSHIFT. */
    public static void normTotal(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        int n = a.get(4);
        if (i < n) {
            int sums = a.get(0);
            int chunks = a.get(3);
            float s = 0.0f;
            float b = 0.0f;
            for (int k = 0; k < chunks; k++) {
                s = s + h.get(sums + k * 2 * n + i);
                b = b + h.get(sums + k * 2 * n + n + i);
            }
            if (a.get(5) == 1) {
                h.set(a.get(1) + i, s);
            }
            if (a.get(6) == 1) {
                h.set(a.get(2) + i, b);
            }
        }
    }
}
