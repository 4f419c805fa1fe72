package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gradients of scaled dot-product attention with the arguments of {@code gradient.cl}; groups as in
 * {@link Sdpa}.
 */
public final class SdpaGradients {
    private static final float LOWEST = Float.NEGATIVE_INFINITY;

    private SdpaGradients() {}

    /** output, doutput, dlogsum, delta, heads, tq, dv, rows, flags: an eighth of a group a row. */
    public static void sdpaDelta(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int heads = a.get(4);
        int tq = a.get(5);
        int dv = a.get(6);
        int rows = a.get(7);
        int flags = a.get(8);
        int me = c.localIdx;
        int lane = me % 8;
        int row = c.groupIdx * (c.localGroupSizeX / 8) + me / 8;
        float sum = 0.0f;
        if (row < rows && (flags & 32) != 0) {
            int n = row / (heads * tq);
            int head = row / tq - n * heads;
            int at = Sdpa.rowOf(n, row % tq, tq, heads, head, row, flags) * dv;
            for (int f = lane; f < dv; f = f + 8) {
                sum = sum + h.get(a.get(0) + at + f) * h.get(a.get(1) + at + f);
            }
        }
        sum = Sums.teamSum(c, 8, sum);
        if (lane == 0 && row < rows) {
            if ((flags & 64) != 0) {
                sum = sum - h.get(a.get(2) + row);
            }
            h.set(a.get(3) + row, sum);
        }
    }

    /** The weight of a pair from its score; 0 in a row that sees nothing. */
    static float weightOf(float score, float logsum) {
        float w = 0.0f;
        if (logsum != LOWEST) {
            w = TornadoMath.exp(score - logsum);
        }
        return w;
    }

    /**
     * query, key, value, lengths, bias, doutput, logsum, delta, dquery, dscores, hkv, group, tq,
     * tk, d, dv, bn, bh, bq, bk, scale, flags, tiles. Groups: row, features.
     */
    public static void sdpaQueryGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] scores = c.allocateFloatLocalArray(64);
        int hkv = a.get(10);
        int group = a.get(11);
        int tq = a.get(12);
        int tk = a.get(13);
        int d = a.get(14);
        int dv = a.get(15);
        float scale = x.get(20);
        int flags = a.get(21);
        int lid = c.localIdx;
        int r = c.groupIdx;
        int z = r / (group * tq);
        int packed = r - z * group * tq;
        int n = z / hkv;
        int kv = z - n * hkv;
        int head = kv * group + packed / tq;
        int i = packed % tq;
        int row = Sdpa.rowOf(n, i, tq, hkv * group, head, r, flags);
        int keys = Sdpa.keysOf(g, a.get(3), n, tk, flags);
        int bias = a.get(4) + n * a.get(16) + head * a.get(17) + i * a.get(18);
        int first = c.groupIdy * 256 + lid;
        int seen = Sdpa.seenOf(i, tq, keys, flags);
        int end = seen;
        boolean stores = (flags & 128) != 0 && c.groupIdy == 0;
        if (stores) {
            end = tk;
        }
        float logsum = h.get(a.get(6) + r);
        float delta = h.get(a.get(7) + r);
        float s0 = 0.0f;
        float s1 = 0.0f;
        float s2 = 0.0f;
        float s3 = 0.0f;
        for (int j0 = 0; j0 < end; j0 = j0 + 64) {
            int j = j0 + lid;
            float ds = 0.0f;
            if (j < seen) {
                int at = Sdpa.rowOf(n, j, tk, hkv, kv, z * tk + j, flags);
                float v = scale * Sdpa.dotOf(h, a.get(0) + row * d, a.get(1) + at * d, d);
                if ((flags & 16) != 0) {
                    v = v + h.get(bias + j * a.get(19));
                }
                float q = 0.0f;
                if ((flags & 32) != 0) {
                    q = Sdpa.dotOf(h, a.get(5) + row * dv, a.get(2) + at * dv, dv);
                }
                ds = weightOf(v, logsum) * (q - delta);
            }
            if (stores && j < tk) {
                h.set(a.get(9) + r * tk + j, ds);
            }
            scores[lid] = ds;
            c.localBarrier();
            int count = seen - j0;
            if (count > 64) {
                count = 64;
            }
            for (int t = 0; t < count; t++) {
                float w = scores[t];
                int p =
                        a.get(1)
                                + Sdpa.rowOf(n, j0 + t, tk, hkv, kv, z * tk + j0 + t, flags) * d
                                + first;
                if (first < d) {
                    s0 = s0 + w * h.get(p);
                }
                if (first + 64 < d) {
                    s1 = s1 + w * h.get(p + 64);
                }
                if (first + 128 < d) {
                    s2 = s2 + w * h.get(p + 128);
                }
                if (first + 192 < d) {
                    s3 = s3 + w * h.get(p + 192);
                }
            }
            c.localBarrier();
        }
        int to = a.get(8) + row * d + first;
        if (first < d) {
            h.set(to, s0 * scale);
        }
        if (first + 64 < d) {
            h.set(to + 64, s1 * scale);
        }
        if (first + 128 < d) {
            h.set(to + 128, s2 * scale);
        }
        if (first + 192 < d) {
            h.set(to + 192, s3 * scale);
        }
    }

    /**
     * query, key, value, lengths, bias, doutput, logsum, delta, dkey, dvalue, and the rest as in
     * {@link #sdpaQueryGradient}. Groups: key of a key head, 64 features.
     */
    public static void sdpaKeyGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] scores = c.allocateFloatLocalArray(64);
        float[] weights = c.allocateFloatLocalArray(64);
        int hkv = a.get(10);
        int group = a.get(11);
        int tq = a.get(12);
        int tk = a.get(13);
        int d = a.get(14);
        int dv = a.get(15);
        float scale = x.get(20);
        int flags = a.get(21);
        int lid = c.localIdx;
        int z = c.groupIdx / tk;
        int j = c.groupIdx - z * tk;
        int n = z / hkv;
        int kv = z - n * hkv;
        int at = Sdpa.rowOf(n, j, tk, hkv, kv, c.groupIdx, flags);
        int keys = Sdpa.keysOf(g, a.get(3), n, tk, flags);
        int first = c.groupIdy * 64 + lid;
        int rows = group * tq;
        if (j > keys - 1) {
            rows = 0;
        }
        float dk = 0.0f;
        float dw = 0.0f;
        for (int r0 = 0; r0 < rows; r0 = r0 + 64) {
            int packed = r0 + lid;
            float w = 0.0f;
            float ds = 0.0f;
            if (packed < rows) {
                int q = packed / tq;
                int i = packed - q * tq;
                int head = kv * group + q;
                if (j < Sdpa.seenOf(i, tq, keys, flags)) {
                    int r = z * group * tq + packed;
                    int row = Sdpa.rowOf(n, i, tq, hkv * group, head, r, flags);
                    float v = scale * Sdpa.dotOf(h, a.get(0) + row * d, a.get(1) + at * d, d);
                    if ((flags & 16) != 0) {
                        int bias = a.get(4) + n * a.get(16) + head * a.get(17) + i * a.get(18);
                        v = v + h.get(bias + j * a.get(19));
                    }
                    float p = 0.0f;
                    if ((flags & 32) != 0) {
                        p = Sdpa.dotOf(h, a.get(5) + row * dv, a.get(2) + at * dv, dv);
                    }
                    w = weightOf(v, h.get(a.get(6) + r));
                    ds = w * (p - h.get(a.get(7) + r));
                }
            }
            weights[lid] = w;
            scores[lid] = ds;
            c.localBarrier();
            int count = rows - r0;
            if (count > 64) {
                count = 64;
            }
            for (int t = 0; t < count; t++) {
                int other = r0 + t;
                int q = other / tq;
                int i = other - q * tq;
                if (j < Sdpa.seenOf(i, tq, keys, flags)) {
                    int r = z * group * tq + other;
                    int row = Sdpa.rowOf(n, i, tq, hkv * group, kv * group + q, r, flags);
                    if (first < d) {
                        dk = dk + scores[t] * h.get(a.get(0) + row * d + first);
                    }
                    if (first < dv && (flags & 32) != 0) {
                        dw = dw + weights[t] * h.get(a.get(5) + row * dv + first);
                    }
                }
            }
            c.localBarrier();
        }
        if (first < d) {
            h.set(a.get(8) + at * d + first, dk * scale);
        }
        if (first < dv) {
            h.set(a.get(9) + at * dv + first, dw);
        }
    }
}
