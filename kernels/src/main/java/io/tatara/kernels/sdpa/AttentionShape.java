package io.tatara.kernels.sdpa;

import io.tatara.kernels.Checks;
import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * The extents of one attention: batch, heads of the query, heads of key and value, queries, keys,
 * features of a query or key, features of a value.
 */
record AttentionShape(int n, int h, int hkv, int tq, int tk, int d, int dv) {
    /** From specs that {@link #check} has passed. */
    static AttentionShape of(HeadLayout layout, TensorSpec[] in) {
        Shape q = in[0].shape();
        Shape k = in[1].shape();
        return new AttentionShape(
                q.dim(0),
                layout.heads(q),
                layout.heads(k),
                layout.positions(q),
                layout.positions(k),
                q.dim(3),
                in[2].shape().dim(3));
    }

    /** Checks the first five inputs of the op and of its gradient. */
    static AttentionShape check(Checks check, HeadLayout layout, TensorSpec[] in) {
        DType dtype = check.floating("query", in[0]).dtype();
        check.rank("query", in[0], 4);
        check.rank("key", check.dtype("key", in[1], dtype), 4);
        check.rank("value", check.dtype("value", in[2], dtype), 4);
        AttentionShape s = of(layout, in);
        Shape key = layout.shape(s.n, s.hkv, s.tk, s.d);
        check.same("key", in[1], new TensorSpec(dtype, key));
        Shape value = layout.shape(s.n, s.hkv, s.tk, s.dv);
        check.same("value", in[2], new TensorSpec(dtype, value));
        boolean grouped = s.hkv == 0 ? s.h == 0 : s.h % s.hkv == 0;
        check.that(grouped, "key", s.hkv + " heads", "a divisor of the query's " + s.h + " heads");
        check.that(s.d > 0 && s.dv > 0, "query", in[0] + ", value " + in[2], "at least 1 feature");
        if (in[3] != null) {
            check.shape("lengths", in[3], DType.INT32, s.n);
        }
        if (in[4] != null) {
            s.checkBias(check, check.rank("bias", check.dtype("bias", in[4], dtype), 4));
        }
        boolean fits = (double) s.n * s.h * s.tq * Math.max(s.d, s.dv) <= Shape.MAX_SIZE;
        check.that(fits, "query", in[0], "an output of at most " + Shape.MAX_SIZE + " elements");
        return s;
    }

    private void checkBias(Checks check, TensorSpec bias) {
        int[] full = {n, h, tq, tk};
        for (int i = 0; i < 4; i++) {
            int dim = bias.shape().dim(i);
            check.that(
                    dim == 1 || dim == full[i],
                    "bias",
                    bias,
                    "a shape that broadcasts to " + Shape.of(full));
        }
    }

    Shape output(HeadLayout layout) {
        return layout.shape(n, h, tq, dv);
    }

    TensorSpec logSumExp() {
        return TensorSpec.f32(n, h, tq);
    }

    /** Heads of the query that share a head of key and value. */
    int group() {
        return hkv == 0 ? 1 : h / hkv;
    }

    /** Pairs of query and key that are seen, where no lengths are given. */
    double pairs(AttentionMask mask) {
        double pairs = 0;
        for (int i = 0; i < tq; i++) {
            pairs += mask.visible(i, tq, tk);
        }
        return pairs * n * h;
    }

    /** Elements of the bias from one of n, h, tq, tk to the next; 0 where it is broadcast. */
    int[] biasStrides(TensorSpec bias) {
        int[] strides = bias.shape().strides();
        for (int i = 0; i < 4; i++) {
            if (bias.shape().dim(i) == 1) {
                strides[i] = 0;
            }
        }
        return strides;
    }
}
