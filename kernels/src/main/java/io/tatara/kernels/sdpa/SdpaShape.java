package io.tatara.kernels.sdpa;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * The extents of one attention.
 *
 * @param n sequences
 * @param h heads of the queries
 * @param hkv heads of keys and values
 * @param tq queries of a sequence
 * @param tk keys of a sequence
 * @param d features of a query and key
 * @param dv features of a value
 */
record SdpaShape(int n, int h, int hkv, int tq, int tk, int d, int dv, HeadLayout layout) {
    /** From specs that {@link #check} has passed. */
    static SdpaShape of(HeadLayout layout, TensorSpec query, TensorSpec key, TensorSpec value) {
        Shape q = query.shape();
        Shape k = key.shape();
        boolean first = layout == HeadLayout.HEADS_FIRST;
        int head = first ? 1 : 2;
        int time = first ? 2 : 1;
        return new SdpaShape(
                q.dim(0),
                q.dim(head),
                k.dim(head),
                q.dim(time),
                k.dim(time),
                q.dim(3),
                value.shape().dim(3),
                layout);
    }

    /** Checks what forward op and gradient share; lengths and bias may be absent. */
    static SdpaShape check(
            Checks check,
            HeadLayout layout,
            TensorSpec query,
            TensorSpec key,
            TensorSpec value,
            TensorSpec lengths,
            TensorSpec bias) {
        DType type = check.floating("query", query).dtype();
        check.rank("query", query, 4);
        check.rank("key", check.dtype("key", key, type), 4);
        check.rank("value", check.dtype("value", value, type), 4);
        SdpaShape s = of(layout, query, key, value);
        check.that(s.d >= 1, "query", query, "at least one feature");
        check.that(s.dv >= 1, "value", value, "at least one feature");
        check.same("key", key, s.keys(type, s.d));
        check.same("value", value, s.keys(type, s.dv));
        boolean groups = s.hkv == 0 ? s.h == 0 : s.h % s.hkv == 0;
        check.that(
                groups,
                "key",
                s.hkv + " heads of keys for " + s.h + " heads of queries",
                "a number of heads that divides the queries'");
        if (lengths != null) {
            check.shape("lengths", lengths, DType.INT32, s.n);
        }
        if (bias != null) {
            s.checkBias(check, type, bias);
        }
        // Rows are counted in ints, also where an extent of 0 makes the tensors themselves empty.
        boolean rows = fits(s.n, s.h, s.tq) && fits(s.n, s.hkv, s.tk) && fits(s.h, s.tq, 1);
        boolean wide = fits(s.h, s.d, 1) && fits(s.h, s.dv, 1) && fits(s.h, s.tk, 1);
        boolean out = fits((double) s.n * s.h, s.tq, Math.max(s.d, s.dv));
        check.that(
                rows && wide && out,
                "query",
                query + " with keys " + key + " and values " + value,
                "an output of at most " + Shape.MAX_SIZE + " elements");
        return s;
    }

    private void checkBias(Checks check, DType type, TensorSpec bias) {
        check.rank("bias", check.dtype("bias", bias, type), 4);
        int[] most = {n, h, tq, tk};
        for (int i = 0; i < 4; i++) {
            int extent = bias.shape().dim(i);
            check.that(
                    extent == most[i] || extent == 1,
                    "bias",
                    bias,
                    "[" + n + ", " + h + ", " + tq + ", " + tk + "] or 1 in place of an extent");
        }
    }

    private static boolean fits(double x, double y, double z) {
        return x * y * z <= Shape.MAX_SIZE;
    }

    /** Query heads that share a head of keys and values. */
    int group() {
        return hkv == 0 ? 1 : h / hkv;
    }

    /** As queries, with another number of features. */
    TensorSpec queries(DType type, int features) {
        return layout == HeadLayout.HEADS_FIRST
                ? TensorSpec.of(type, n, h, tq, features)
                : TensorSpec.of(type, n, tq, h, features);
    }

    TensorSpec keys(DType type, int features) {
        return layout == HeadLayout.HEADS_FIRST
                ? TensorSpec.of(type, n, hkv, tk, features)
                : TensorSpec.of(type, n, tk, hkv, features);
    }

    TensorSpec logSumExp() {
        return TensorSpec.f32(n, h, tq);
    }

    /**
     * @throws io.tatara.kernels.OpException if there are more pairs than a tensor may have elements
     */
    TensorSpec scores(Checks check, DType type) {
        check.that(
                fits((double) n * h, tq, tk),
                "scores",
                "[" + n + ", " + h + ", " + tq + ", " + tk + "]",
                "at most " + Shape.MAX_SIZE + " elements where their gradient is wanted");
        return TensorSpec.of(type, n, h, tq, tk);
    }

    /** First element of head {@code head} of sequence {@code i} among queries of this width. */
    int queryAt(int i, int head, int features) {
        return layout == HeadLayout.HEADS_FIRST
                ? (i * h + head) * tq * features
                : (i * tq * h + head) * features;
    }

    /** Elements from a query to the next of its head. */
    int queryStep(int features) {
        return layout == HeadLayout.HEADS_FIRST ? features : h * features;
    }

    /** As {@link #queryAt}, among keys or values, for a head of theirs. */
    int keyAt(int i, int head, int features) {
        return layout == HeadLayout.HEADS_FIRST
                ? (i * hkv + head) * tk * features
                : (i * tk * hkv + head) * features;
    }

    int keyStep(int features) {
        return layout == HeadLayout.HEADS_FIRST ? features : hkv * features;
    }

    /** Keys that query i sees, always the first ones, where {@code length} keys take part. */
    int visible(AttentionMask mask, int length, int i) {
        return switch (mask) {
            case NONE -> length;
            case CAUSAL -> Math.min(length, i + 1);
            case CAUSAL_END -> Math.clamp((long) i + 1 + length - tq, 0, length);
        };
    }

    /** Pairs of query and key that meet, each length being Tk. */
    double pairs(AttentionMask mask) {
        double heads = (double) n * h;
        double most = Math.min(tq, tk);
        return switch (mask) {
            case NONE -> heads * tq * tk;
            case CAUSAL -> heads * (most * (most + 1) / 2 + (tq - most) * tk);
            case CAUSAL_END -> heads * (most * (most + 1) / 2 + most * (tk - most));
        };
    }

    /** Cost at this many operations for a pair of query and key. */
    Cost cost(AttentionMask mask, double perPair, TensorSpec[] in, TensorSpec[] out) {
        return Cost.of(perPair * pairs(mask), in, out);
    }
}
