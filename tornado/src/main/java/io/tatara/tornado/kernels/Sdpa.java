package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Scaled dot-product attention and its gradients with the arguments of {@code sdpa.cl} and {@code
 * gradient.cl}. A group of {@link #GROUP} items has one row (of queries, or of keys for their
 * gradients) and {@link #FEATURES} features of the result; the other side streams past, one row an
 * item: scores, running maximum and sum (online softmax), weights in local memory, times the values
 * into registers. Scores never leave the group.
 */
public final class Sdpa {
    /** Items of a group. */
    public static final int GROUP = 64;

    /** Features of the result that a group has. */
    public static final int FEATURES = 4 * GROUP;

    private static final float LOWEST = Float.NEGATIVE_INFINITY;

    private Sdpa() {}

    /** Keys that query i sees: those before this one. */
    static int seenOf(int i, int tq, int keys, int flags) {
        int mask = flags & 3;
        int seen = keys;
        if (mask == 1) {
            seen = i + 1;
        } else if (mask == 2) {
            seen = i + 1 + keys - tq;
        }
        if (seen < 0) {
            seen = 0;
        }
        if (seen > keys) {
            seen = keys;
        }
        return seen;
    }

    /** Keys of sequence n that take part. */
    static int keysOf(IntArray g, int lengths, int n, int tk, int flags) {
        int keys = tk;
        if ((flags & 8) != 0) {
            keys = g.get(lengths + n);
        }
        if (keys < 0) {
            keys = 0;
        }
        if (keys > tk) {
            keys = tk;
        }
        return keys;
    }

    /**
     * The tensor's row of position i of head `head` of sequence n; r: the same counted heads first.
     */
    static int rowOf(int n, int i, int positions, int heads, int head, int r, int flags) {
        int row = r;
        if ((flags & 4) != 0) {
            row = (n * positions + i) * heads + head;
        }
        return row;
    }

    /** The product of two rows of d features. */
    static float dotOf(FloatArray h, int p, int q, int d) {
        float s = 0.0f;
        for (int f = 0; f < d; f++) {
            s = s + h.get(p + f) * h.get(q + f);
        }
        return s;
    }

    /**
     * query, key, value, lengths, bias, output, logsum, sums, maxima, parts, hkv, group, tq, tk, d,
     * dv, bn, bh, bq, bk, scale, flags, tiles, per, rows, SPLIT. Groups: row, features, split.
     */
    public static void sdpaForward(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] weights = c.allocateFloatLocalArray(64);
        float[] red = c.allocateFloatLocalArray(64);
        int hkv = a.get(10);
        int group = a.get(11);
        int tq = a.get(12);
        int tk = a.get(13);
        int d = a.get(14);
        int dv = a.get(15);
        float scale = x.get(20);
        int flags = a.get(21);
        int per = a.get(23);
        int lid = c.localIdx;
        int r = c.groupIdx;
        int z = r / (group * tq);
        int packed = r - z * group * tq;
        int n = z / hkv;
        int kv = z - n * hkv;
        int head = kv * group + packed / tq;
        int i = packed % tq;
        int row = rowOf(n, i, tq, hkv * group, head, r, flags);
        int keys = keysOf(g, a.get(3), n, tk, flags);
        int query = a.get(0) + row * d;
        int bias = a.get(4) + n * a.get(16) + head * a.get(17) + i * a.get(18);
        int first = c.groupIdy * 256 + lid;
        int begin = c.groupIdz * per;
        int last = seenOf(i, tq, keys, flags);
        if (last > begin + per) {
            last = begin + per;
        }
        float m = LOWEST;
        float l = 0.0f;
        float s0 = 0.0f;
        float s1 = 0.0f;
        float s2 = 0.0f;
        float s3 = 0.0f;
        for (int j0 = begin; j0 < last; j0 = j0 + 64) {
            int j = j0 + lid;
            float v = LOWEST;
            if (j < last) {
                int at = rowOf(n, j, tk, hkv, kv, z * tk + j, flags);
                v = scale * dotOf(h, query, a.get(1) + at * d, d);
                if ((flags & 16) != 0) {
                    v = v + h.get(bias + j * a.get(19));
                }
            }
            red[lid] = v;
            c.localBarrier();
            float top = m;
            for (int t = 0; t < 64; t++) {
                float other = red[t];
                if (other > top) {
                    top = other;
                }
            }
            // Nothing seen yet: any finite number makes all weights 0. NaN is never the maximum.
            float base = top;
            if (top == LOWEST) {
                base = 0.0f;
            }
            float shrink = TornadoMath.exp(m - base);
            m = top;
            weights[lid] = TornadoMath.exp(v - base);
            c.localBarrier();
            l = l * shrink;
            s0 = s0 * shrink;
            s1 = s1 * shrink;
            s2 = s2 * shrink;
            s3 = s3 * shrink;
            int count = last - j0;
            if (count > 64) {
                count = 64;
            }
            for (int t = 0; t < count; t++) {
                float w = weights[t];
                l = l + w;
                int p =
                        a.get(2)
                                + rowOf(n, j0 + t, tk, hkv, kv, z * tk + j0 + t, flags) * dv
                                + first;
                if (first < dv) {
                    s0 = s0 + w * h.get(p);
                }
                if (first + 64 < dv) {
                    s1 = s1 + w * h.get(p + 64);
                }
                if (first + 128 < dv) {
                    s2 = s2 + w * h.get(p + 128);
                }
                if (first + 192 < dv) {
                    s3 = s3 + w * h.get(p + 192);
                }
            }
            c.localBarrier();
        }
        int to = a.get(5) + row * dv + first;
        float factor = 0.0f;
        if (l != 0.0f) {
            factor = 1.0f / l;
        }
        if (a.get(25) == 1) {
            int part = c.groupIdz * a.get(24) + r;
            to = a.get(9) + part * dv + first;
            factor = 1.0f;
            if (lid == 0 && c.groupIdy == 0) {
                h.set(a.get(7) + part, l);
                h.set(a.get(8) + part, m);
            }
        } else if (lid == 0 && c.groupIdy == 0) {
            float v = LOWEST;
            if (l != 0.0f) {
                v = m + TornadoMath.log(l);
            }
            h.set(a.get(6) + r, v);
        }
        if (first < dv) {
            h.set(to, s0 * factor);
        }
        if (first + 64 < dv) {
            h.set(to + 64, s1 * factor);
        }
        if (first + 128 < dv) {
            h.set(to + 128, s2 * factor);
        }
        if (first + 192 < dv) {
            h.set(to + 192, s3 * factor);
        }
    }

    /** sums, maxima, parts, output, logsum, heads, tq, dv, splits, rows, flags. Groups: row. */
    public static void sdpaCombine(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int heads = a.get(5);
        int tq = a.get(6);
        int dv = a.get(7);
        int splits = a.get(8);
        int rows = a.get(9);
        int row = c.groupIdx;
        int sums = a.get(0) + row;
        int maxima = a.get(1) + row;
        float top = LOWEST;
        for (int s = 0; s < splits; s++) {
            float v = h.get(maxima + s * rows);
            if (v > top) {
                top = v;
            }
        }
        float base = top;
        if (top == LOWEST) {
            base = 0.0f;
        }
        float sum = 0.0f;
        for (int s = 0; s < splits; s++) {
            float w = TornadoMath.exp(h.get(maxima + s * rows) - base);
            sum = sum + w * h.get(sums + s * rows);
        }
        float inverse = 0.0f;
        if (sum != 0.0f) {
            inverse = 1.0f / sum;
        }
        int n = row / (heads * tq);
        int head = row / tq - n * heads;
        int to = a.get(3) + rowOf(n, row % tq, tq, heads, head, row, a.get(10)) * dv;
        for (int f = c.localIdx; f < dv; f = f + c.localGroupSizeX) {
            float v = 0.0f;
            for (int s = 0; s < splits; s++) {
                float w = TornadoMath.exp(h.get(maxima + s * rows) - base);
                v = v + w * h.get(a.get(2) + (s * rows + row) * dv + f);
            }
            h.set(to + f, v * inverse);
        }
        if (c.localIdx == 0) {
            float v = LOWEST;
            if (sum != 0.0f) {
                v = top + TornadoMath.log(sum);
            }
            h.set(a.get(4) + row, v);
        }
    }

    /** update, positions, cache, heads, t, capacity, d, count, SEQUENCE_FIRST. */
    public static void cacheAppend(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int e = c.globalIdx;
        if (e < a.get(7)) {
            int heads = a.get(3);
            int steps = a.get(4);
            int capacity = a.get(5);
            int d = a.get(6);
            int row = e / d;
            int n = row / (heads * steps);
            int head = row / steps % heads;
            int i = row % steps;
            if (a.get(8) == 1) {
                head = row % heads;
                i = row / heads % steps;
            }
            int p = g.get(a.get(1) + n);
            // p + i without overflow.
            if (p >= -i && p < capacity - i) {
                int to = (n * heads + head) * capacity + p + i;
                if (a.get(8) == 1) {
                    to = (n * capacity + p + i) * heads + head;
                }
                h.set(a.get(2) + to * d + e % d, h.get(a.get(0) + e));
            }
        }
    }
}
