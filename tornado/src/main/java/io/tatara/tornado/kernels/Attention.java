package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Sums.groupLargest;
import static io.tatara.tornado.kernels.Sums.groupSum;
import static io.tatara.tornado.kernels.Sums.teamSum;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention of recurrent decoders, multiplicative and additive, as {@code attention.cl} and {@code
 * additive.cl} have it: eight items share a dot product, sums over keys or queries take an item a
 * feature. Masked keys are not read.
 */
public final class Attention {
    private static final int LANES = 8;

    private Attention() {}

    /** Keys of sequence n that take part. */
    static int keysOf(IntArray g, int lengths, int n, int tk) {
        int count = tk;
        if (lengths >= 0) {
            count = g.get(lengths + n);
            if (count < 0) {
                count = 0;
            }
            if (count > tk) {
                count = tk;
            }
        }
        return count;
    }

    /** x, y, lengths, out, tq, tk, c, scale: out[row, j] = scale · x[row] · y[n, j]. */
    public static void attentionDots(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tk = a.get(5);
        int width = a.get(6);
        float scale = x.get(7);
        int row = c.groupIdx;
        int n = row / a.get(4);
        int count = keysOf(g, a.get(2), n, tk);
        int me = c.localIdx;
        int lane = me % LANES;
        int teams = c.localGroupSizeX / LANES;
        int stride = c.globalGroupSizeY * teams;
        int px = a.get(0) + row * width;
        for (int first = c.groupIdy * teams; first < count; first = first + stride) {
            int j = first + me / LANES;
            float sum = 0.0f;
            if (j < count) {
                int py = a.get(1) + (n * tk + j) * width;
                for (int i = lane; i < width; i = i + LANES) {
                    sum = sum + h.get(px + i) * h.get(py + i);
                }
            }
            sum = teamSum(c, LANES, sum);
            if (lane == 0 && j < count) {
                h.set(a.get(3) + row * tk + j, scale * sum);
            }
        }
    }

    /** scores, values, lengths, context, weights, tq, tk, c. */
    public static void attentionSoftmaxContext(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tk = a.get(6);
        int width = a.get(7);
        int row = c.groupIdx;
        int n = row / a.get(5);
        int count = keysOf(g, a.get(2), n, tk);
        int at = a.get(0) + row * tk;
        int me = c.localIdx;
        int group = c.localGroupSizeX;
        float max = Float.NEGATIVE_INFINITY;
        for (int j = me; j < count; j = j + group) {
            float s = h.get(at + j);
            if (s > max || s != s) {
                max = s;
            }
        }
        max = groupLargest(c, max);
        boolean nothing = max == Float.NEGATIVE_INFINITY;
        float sum = 0.0f;
        for (int j = me; j < count; j = j + group) {
            float e = 0.0f;
            if (!nothing) {
                e = TornadoMath.exp(h.get(at + j) - max);
            }
            h.set(at + j, e);
            sum = sum + e;
        }
        sum = groupSum(c, sum);
        float inverse = 0.0f;
        if (!nothing) {
            inverse = 1.0f / sum;
        }
        for (int j = me; j < tk; j = j + group) {
            float w = 0.0f;
            if (j < count) {
                w = h.get(at + j) * inverse;
                h.set(at + j, w);
            }
            h.set(a.get(4) + row * tk + j, w);
        }
        c.globalBarrier();
        int py = a.get(1) + n * tk * width;
        for (int i = me; i < width; i = i + group) {
            float s = 0.0f;
            for (int j = 0; j < count; j++) {
                s = s + h.get(at + j) * h.get(py + j * width + i);
            }
            h.set(a.get(3) + row * width + i, s);
        }
    }

    /** weights, dweights, lengths, ds, has_ds, has_dweights, tq, tk: in place, dw to ds. */
    public static void attentionSoftmaxGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tk = a.get(7);
        int row = c.groupIdx;
        int count = keysOf(g, a.get(2), row / a.get(6), tk);
        int me = c.localIdx;
        int group = c.localGroupSizeX;
        int weights = a.get(0) + row * tk;
        int ds = a.get(3) + row * tk;
        float mean = 0.0f;
        for (int j = me; j < count; j = j + group) {
            float dw = 0.0f;
            if (a.get(4) != 0) {
                dw = h.get(ds + j);
            }
            if (a.get(5) != 0) {
                dw = dw + h.get(a.get(1) + row * tk + j);
            }
            h.set(ds + j, dw);
            mean = mean + h.get(weights + j) * dw;
        }
        mean = groupSum(c, mean);
        for (int j = me; j < count; j = j + group) {
            h.set(ds + j, h.get(weights + j) * (h.get(ds + j) - mean));
        }
    }

    /**
     * m, y, lengths, out, tq, tk, c, scale: out[row] = scale · Σ over keys j of m[row, j] y[n, j].
     */
    public static void attentionRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tk = a.get(5);
        int width = a.get(6);
        int row = c.groupIdx;
        int n = row / a.get(4);
        int count = keysOf(g, a.get(2), n, tk);
        int m = a.get(0) + row * tk;
        int py = a.get(1) + n * tk * width;
        for (int i = c.localIdx; i < width; i = i + c.localGroupSizeX) {
            float s = 0.0f;
            for (int j = 0; j < count; j++) {
                s = s + h.get(m + j) * h.get(py + j * width + i);
            }
            h.set(a.get(3) + row * width + i, x.get(7) * s);
        }
    }

    /**
     * m, x, lengths, out, tq, tk, c, scale: out[n, j] = scale · Σ over queries q of m[n, q, j] x[n,
     * q].
     */
    public static void attentionColumns(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tq = a.get(4);
        int tk = a.get(5);
        int width = a.get(6);
        int key = c.groupIdx;
        int n = key / tk;
        int j = key - n * tk;
        int queries = 0;
        if (j < keysOf(g, a.get(2), n, tk)) {
            queries = tq;
        }
        for (int i = c.localIdx; i < width; i = i + c.localGroupSizeX) {
            float s = 0.0f;
            for (int q = n * tq; q < n * tq + queries; q++) {
                s = s + h.get(a.get(0) + q * tk + j) * h.get(a.get(1) + q * width + i);
            }
            h.set(a.get(3) + key * width + i, x.get(7) * s);
        }
    }

    /** queries, keys, v, lengths, scores, tq, tk, a: score = v · tanh(q + k). */
    public static void additiveScores(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tk = a.get(6);
        int width = a.get(7);
        int row = c.groupIdx;
        int n = row / a.get(5);
        int count = keysOf(g, a.get(3), n, tk);
        int me = c.localIdx;
        int lane = me % LANES;
        int teams = c.localGroupSizeX / LANES;
        int stride = c.globalGroupSizeY * teams;
        int query = a.get(0) + row * width;
        for (int first = c.groupIdy * teams; first < count; first = first + stride) {
            int j = first + me / LANES;
            float sum = 0.0f;
            if (j < count) {
                int key = a.get(1) + (n * tk + j) * width;
                for (int i = lane; i < width; i = i + LANES) {
                    float t = TornadoMath.tanh(h.get(query + i) + h.get(key + i));
                    sum = sum + h.get(a.get(2) + i) * t;
                }
            }
            sum = teamSum(c, LANES, sum);
            if (lane == 0 && j < count) {
                h.set(a.get(4) + row * tk + j, sum);
            }
        }
    }

    /** queries, keys, v, lengths, ds, dqueries, dvRows, tq, tk, a. */
    public static void additiveQueryGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tk = a.get(8);
        int width = a.get(9);
        int row = c.groupIdx;
        int n = row / a.get(7);
        int count = keysOf(g, a.get(3), n, tk);
        for (int i = c.localIdx; i < width; i = i + c.localGroupSizeX) {
            float q = h.get(a.get(0) + row * width + i);
            float slope = 0.0f;
            float sum = 0.0f;
            for (int j = 0; j < count; j++) {
                float t = TornadoMath.tanh(q + h.get(a.get(1) + (n * tk + j) * width + i));
                float d = h.get(a.get(4) + row * tk + j);
                slope = slope + d * (1.0f - t * t);
                sum = sum + d * t;
            }
            h.set(a.get(5) + row * width + i, h.get(a.get(2) + i) * slope);
            h.set(a.get(6) + row * width + i, sum);
        }
    }

    /** queries, keys, v, lengths, ds, dkeys, tq, tk, a. */
    public static void additiveKeyGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tq = a.get(6);
        int tk = a.get(7);
        int width = a.get(8);
        int key = c.groupIdx;
        int n = key / tk;
        int j = key - n * tk;
        int end = n * tq;
        if (j < keysOf(g, a.get(3), n, tk)) {
            end = end + tq;
        }
        for (int i = c.localIdx; i < width; i = i + c.localGroupSizeX) {
            float slope = 0.0f;
            float k = h.get(a.get(1) + key * width + i);
            for (int row = n * tq; row < end; row++) {
                float t = TornadoMath.tanh(h.get(a.get(0) + row * width + i) + k);
                slope = slope + h.get(a.get(4) + row * tk + j) * (1.0f - t * t);
            }
            if (end > n * tq) {
                slope = slope * h.get(a.get(2) + i);
            }
            h.set(a.get(5) + key * width + i, slope);
        }
    }

    /** dvRows, partial, tq, a: sums over a sequence's queries. */
    public static void additiveVectorSequence(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int tq = a.get(2);
        int width = a.get(3);
        int n = c.groupIdx;
        for (int i = c.localIdx; i < width; i = i + c.localGroupSizeX) {
            float s = 0.0f;
            for (int row = n * tq; row < (n + 1) * tq; row++) {
                s = s + h.get(a.get(0) + row * width + i);
            }
            h.set(a.get(1) + n * width + i, s);
        }
    }

    /** partial, dv, sequences, a. */
    public static void additiveVector(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        int width = a.get(3);
        if (i < width) {
            float s = 0.0f;
            for (int n = 0; n < a.get(2); n++) {
                s = s + h.get(a.get(0) + n * width + i);
            }
            h.set(a.get(1) + i, s);
        }
    }
}
