package io.tatara.kernels.sdpa;

import io.tatara.kernels.RefArray;

/** The oracle: the formulas of the ops, score by score. */
final class SdpaReference {
    private SdpaReference() {}

    /** Where an element of a tensor of four axes [N, H, T, D] lies in its layout. */
    private static int at(HeadLayout layout, RefArray a, int n, int h, int t) {
        int heads = layout.heads(a.shape());
        int positions = layout.positions(a.shape());
        int row =
                layout == HeadLayout.HEADS_FIRST
                        ? (n * heads + h) * positions + t
                        : (n * positions + t) * heads + h;
        return row * a.shape().dim(3);
    }

    private static double dot(double[] x, int xo, double[] y, int yo, int n) {
        double s = 0;
        for (int i = 0; i < n; i++) {
            s += x[xo + i] * y[yo + i];
        }
        return s;
    }

    /** Keys that query i of sequence n sees. */
    private static int visible(
            AttentionMask mask, AttentionShape s, RefArray lengths, int n, int i) {
        int length =
                lengths == null ? s.tk() : Math.max(0, Math.min(s.tk(), (int) lengths.data()[n]));
        int last =
                switch (mask) {
                    case NONE -> length;
                    case CAUSAL -> i + 1;
                    case CAUSAL_END -> i + 1 + length - s.tq();
                };
        return Math.max(0, Math.min(length, last));
    }

    private static double bias(AttentionShape s, RefArray bias, int n, int h, int i, int j) {
        if (bias == null) {
            return 0;
        }
        int[] index = {n, h, i, j};
        int at = 0;
        for (int a = 0; a < 4; a++) {
            int dim = bias.shape().dim(a);
            at = at * dim + (dim == 1 ? 0 : index[a]);
        }
        return bias.data()[at];
    }

    private static double score(
            float scale,
            HeadLayout layout,
            AttentionShape s,
            RefArray[] in,
            int n,
            int h,
            int i,
            int j) {
        int q = at(layout, in[0], n, h, i);
        int k = at(layout, in[1], n, h / s.group(), j);
        return scale * dot(in[0].data(), q, in[1].data(), k, s.d()) + bias(s, in[4], n, h, i, j);
    }

    static void forward(ScaledDotProductAttention op, RefArray[] in, RefArray[] out) {
        AttentionShape s = AttentionShape.of(op.layout(), specs(in));
        for (int n = 0; n < s.n(); n++) {
            for (int h = 0; h < s.h(); h++) {
                for (int i = 0; i < s.tq(); i++) {
                    row(op, s, in, out, n, h, i);
                }
            }
        }
    }

    private static void row(
            ScaledDotProductAttention op,
            AttentionShape s,
            RefArray[] in,
            RefArray[] out,
            int n,
            int h,
            int i) {
        int count = visible(op.mask(), s, in[3], n, i);
        double[] scores = new double[count];
        double most = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < count; j++) {
            scores[j] = score(op.scale(), op.layout(), s, in, n, h, i, j);
            most = Math.max(most, scores[j]);
        }
        int row = (n * s.h() + h) * s.tq() + i;
        if (most == Double.NEGATIVE_INFINITY) {
            out[1].data()[row] = most;
            return;
        }
        double sum = 0;
        for (double x : scores) {
            sum += Math.exp(x - most);
        }
        out[1].data()[row] = most + Math.log(sum);
        int o = at(op.layout(), out[0], n, h, i);
        for (int j = 0; j < count; j++) {
            double p = Math.exp(scores[j] - most) / sum;
            int v = at(op.layout(), in[2], n, h / s.group(), j);
            for (int f = 0; f < s.dv(); f++) {
                // What has no weight does not count, be it infinite.
                out[0].data()[o + f] += p == 0 ? 0 : p * in[2].data()[v + f];
            }
        }
    }

    static void gradient(ScaledDotProductAttentionGradient op, RefArray[] in, RefArray[] out) {
        AttentionShape s = AttentionShape.of(op.layout(), specs(in));
        for (int n = 0; n < s.n(); n++) {
            for (int h = 0; h < s.h(); h++) {
                for (int i = 0; i < s.tq(); i++) {
                    rowGradient(op, s, in, out, n, h, i);
                }
            }
        }
    }

    private static void rowGradient(
            ScaledDotProductAttentionGradient op,
            AttentionShape s,
            RefArray[] in,
            RefArray[] out,
            int n,
            int h,
            int i) {
        int row = (n * s.h() + h) * s.tq() + i;
        double lse = in[6].data()[row];
        if (lse == Double.NEGATIVE_INFINITY) {
            return;
        }
        int q = at(op.layout(), in[0], n, h, i);
        int o = at(op.layout(), in[5], n, h, i);
        double rest = in[8] == null ? 0 : in[8].data()[row];
        if (in[7] != null) {
            rest -= dot(in[7].data(), o, in[5].data(), o, s.dv());
        }
        int count = visible(op.mask(), s, in[3], n, i);
        for (int j = 0; j < count; j++) {
            int k = at(op.layout(), in[1], n, h / s.group(), j);
            int v = at(op.layout(), in[2], n, h / s.group(), j);
            double p = Math.exp(score(op.scale(), op.layout(), s, in, n, h, i, j) - lse);
            if (p == 0) {
                continue;
            }
            double dp = in[7] == null ? 0 : dot(in[7].data(), o, in[2].data(), v, s.dv());
            double ds = p * (dp + rest);
            for (int f = 0; f < s.d(); f++) {
                out[0].data()[q + f] += op.scale() * ds * in[1].data()[k + f];
                out[1].data()[k + f] += op.scale() * ds * in[0].data()[q + f];
            }
            for (int f = 0; f < s.dv() && in[7] != null; f++) {
                out[2].data()[v + f] += p * in[7].data()[o + f];
            }
            if (op.scores()) {
                out[3].data()[row * s.tk() + j] = ds;
            }
        }
    }

    static void append(CacheAppend op, RefArray[] in, RefArray[] out) {
        double[] cache = out[0].data();
        System.arraycopy(in[0].data(), 0, cache, 0, cache.length);
        int heads = op.layout().heads(in[0].shape());
        int capacity = op.layout().positions(in[0].shape());
        int steps = op.layout().positions(in[1].shape());
        int d = in[0].shape().dim(3);
        for (int n = 0; n < in[0].shape().dim(0); n++) {
            for (int h = 0; h < heads; h++) {
                for (int t = 0; t < steps; t++) {
                    double to = in[2].data()[n] + t;
                    if (to >= 0 && to < capacity) {
                        System.arraycopy(
                                in[1].data(),
                                at(op.layout(), in[1], n, h, t),
                                cache,
                                at(op.layout(), in[0], n, h, (int) to),
                                d);
                    }
                }
            }
        }
    }

    private static io.tatara.kernels.TensorSpec[] specs(RefArray[] in) {
        return new io.tatara.kernels.TensorSpec[] {in[0].spec(), in[1].spec(), in[2].spec()};
    }
}
