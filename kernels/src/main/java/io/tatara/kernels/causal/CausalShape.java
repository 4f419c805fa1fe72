package io.tatara.kernels.causal;

import io.tatara.kernels.Checks;
import io.tatara.kernels.TensorSpec;

/**
 * The extents of a dilated causal convolution.
 *
 * @param n sequences
 * @param c input channels
 * @param m output channels
 * @param k taps
 * @param d dilation
 * @param t samples of the piece
 */
record CausalShape(int n, int c, int m, int k, int d, int t) {
    /** Samples before the piece that the first output still sees. */
    int reach() {
        return (k - 1) * d;
    }

    /** How many samples back tap {@code tap} looks: the last tap sees the present. */
    int back(int tap) {
        return (k - 1 - tap) * d;
    }

    /** Multiply-adds as two operations. */
    double flops() {
        return 2.0 * n * t * m * c * k;
    }

    /** From x [N, C, T] and weight [M, C, K], of one real type. */
    static CausalShape of(Checks check, TensorSpec x, TensorSpec weight, int dilation) {
        check.rank("x", check.floating("x", x), 3);
        check.rank("weight", check.dtype("weight", weight, x.dtype()), 3);
        int c = x.shape().dim(1);
        check.that(weight.shape().dim(1) == c, "weight", weight, "[M, " + c + ", K]");
        return checked(
                check,
                "weight",
                new CausalShape(
                        x.shape().dim(0),
                        c,
                        weight.shape().dim(0),
                        weight.shape().dim(2),
                        dilation,
                        x.shape().dim(2)));
    }

    /** The same if its kernel and reach are possible. */
    static CausalShape checked(Checks check, String argument, CausalShape s) {
        check.that(s.k >= 1, argument, s.k + " taps", "at least one tap");
        check.that(
                (s.k - 1L) * s.d + s.t <= Integer.MAX_VALUE / 4,
                argument,
                s.k + " taps, dilation " + s.d + ", " + s.t + " samples",
                "a reach (K - 1) * dilation and samples that fit together");
        return s;
    }

    static void dilation(Checks check, int dilation) {
        check.that(dilation >= 1, "dilation", dilation, "a number >= 1");
    }

    /** An optional input of this shape. */
    static void optional(Checks check, String name, TensorSpec given, TensorSpec want) {
        if (given != null) {
            check.same(name, given, want);
        }
    }

    /** Input i, null where it is absent or left out at the end. */
    static <T> T at(T[] in, int i) {
        return i < in.length ? in[i] : null;
    }
}
