package io.tatara.kernels.sdpa;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;

/** The oracle: the formulas of the ops, written out. */
final class SdpaReference {
    private SdpaReference() {}

    private static double at(RefArray a, HeadLayout layout, int n, int h, int t, int d) {
        return a.data()[index(a, layout, n, h, t, d)];
    }

    private static int index(RefArray a, HeadLayout layout, int n, int h, int t, int d) {
        Shape s = a.shape();
        return layout == HeadLayout.HEADS_FIRST
                ? ((n * s.dim(1) + h) * s.dim(2) + t) * s.dim(3) + d
                : ((n * s.dim(1) + t) * s.dim(2) + h) * s.dim(3) + d;
    }

    private static double bias(RefArray b, int n, int h, int i, int j) {
        if (b == null) {
            return 0;
        }
        int[] e = b.shape().toArray();
        int[] x = {n, h, i, j};
        int at = 0;
        for (int k = 0; k < 4; k++) {
            at = at * e[k] + (e[k] == 1 ? 0 : x[k]);
        }
        return b.data()[at];
    }

    private static boolean sees(
            AttentionMask mask, RefArray lengths, int n, int tq, int tk, int i, int j) {
        int length = lengths == null ? tk : (int) Math.clamp(lengths.data()[n], 0, tk);
        return j < length
                && (mask != AttentionMask.CAUSAL || j <= i)
                && (mask != AttentionMask.CAUSAL_END || j <= i + length - tq);
    }

    /** The score of a pair behind scale and bias. */
    private static double score(
            float scale, HeadLayout layout, RefArray[] in, int n, int h, int group, int i, int j) {
        double s = 0;
        for (int d = 0; d < in[0].shape().dim(3); d++) {
            s += at(in[0], layout, n, h, i, d) * at(in[1], layout, n, h / group, j, d);
        }
        return scale * s + bias(in.length > 4 ? in[4] : null, n, h, i, j);
    }

    static void forward(ScaledDotProductAttention op, RefArray[] in, RefArray[] out) {
        int heads = out[1].shape().dim(1);
        int tq = out[1].shape().dim(2);
        for (int n = 0; n < out[1].shape().dim(0); n++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < tq; i++) {
                    row(op, in, out, n, h, i);
                }
            }
        }
    }

    private static void row(
            ScaledDotProductAttention op, RefArray[] in, RefArray[] out, int n, int h, int i) {
        HeadLayout layout = op.layout();
        boolean first = layout == HeadLayout.HEADS_FIRST;
        int heads = out[1].shape().dim(1);
        int tq = out[1].shape().dim(2);
        int tk = in[1].shape().dim(first ? 2 : 1);
        int group = heads / in[1].shape().dim(first ? 1 : 2);
        RefArray lengths = in.length > 3 ? in[3] : null;
        double[] score = new double[tk];
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < tk; j++) {
            if (sees(op.mask(), lengths, n, tq, tk, i, j)) {
                score[j] = score(op.scale(), layout, in, n, h, group, i, j);
                max = Math.max(max, score[j]);
            }
        }
        double sum = 0;
        for (int j = 0; j < tk; j++) {
            boolean sees = sees(op.mask(), lengths, n, tq, tk, i, j);
            score[j] = sees && max != Double.NEGATIVE_INFINITY ? Math.exp(score[j] - max) : 0;
            sum += score[j];
        }
        out[1].data()[(n * heads + h) * tq + i] = sum == 0 ? max : max + Math.log(sum);
        for (int d = 0; d < in[2].shape().dim(3); d++) {
            double y = 0;
            for (int j = 0; j < tk; j++) {
                if (sees(op.mask(), lengths, n, tq, tk, i, j)) {
                    y += score[j] * at(in[2], layout, n, h / group, j, d);
                }
            }
            out[0].data()[index(out[0], layout, n, h, i, d)] = sum == 0 ? 0 : y / sum;
        }
    }

    static void gradient(ScaledDotProductAttentionGradient op, RefArray[] in, RefArray[] out) {
        int heads = in[6].shape().dim(1);
        int tq = in[6].shape().dim(2);
        for (int n = 0; n < in[6].shape().dim(0); n++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < tq; i++) {
                    gradientRow(op, in, out, n, h, i);
                }
            }
        }
    }

    private static void gradientRow(
            ScaledDotProductAttentionGradient op,
            RefArray[] in,
            RefArray[] out,
            int n,
            int h,
            int i) {
        HeadLayout layout = op.layout();
        boolean first = layout == HeadLayout.HEADS_FIRST;
        int heads = in[6].shape().dim(1);
        int tq = in[6].shape().dim(2);
        int tk = in[1].shape().dim(first ? 2 : 1);
        int dv = in[2].shape().dim(3);
        int group = heads / in[1].shape().dim(first ? 1 : 2);
        int row = (n * heads + h) * tq + i;
        double logSumExp = in[6].data()[row];
        if (logSumExp == Double.NEGATIVE_INFINITY) {
            return;
        }
        double delta = in[8] == null ? 0 : -in[8].data()[row];
        for (int d = 0; in[7] != null && d < dv; d++) {
            delta += at(in[7], layout, n, h, i, d) * at(in[5], layout, n, h, i, d);
        }
        for (int j = 0; j < tk; j++) {
            if (!sees(op.mask(), in[3], n, tq, tk, i, j)) {
                continue;
            }
            double p = Math.exp(score(op.scale(), layout, in, n, h, group, i, j) - logSumExp);
            double dp = 0;
            for (int d = 0; in[7] != null && d < dv; d++) {
                dp += at(in[7], layout, n, h, i, d) * at(in[2], layout, n, h / group, j, d);
                out[2].data()[index(out[2], layout, n, h / group, j, d)] +=
                        p * at(in[7], layout, n, h, i, d);
            }
            double ds = p * (dp - delta);
            if (op.scores()) {
                out[3].data()[row * tk + j] = ds;
            }
            for (int d = 0; d < in[0].shape().dim(3); d++) {
                out[0].data()[index(out[0], layout, n, h, i, d)] +=
                        op.scale() * ds * at(in[1], layout, n, h / group, j, d);
                out[1].data()[index(out[1], layout, n, h / group, j, d)] +=
                        op.scale() * ds * at(in[0], layout, n, h, i, d);
            }
        }
    }

    static void append(CacheAppend op, RefArray[] in, RefArray[] out) {
        System.arraycopy(in[0].data(), 0, out[0].data(), 0, in[0].data().length);
        CacheAppend.Extents e = op.extents(in[0].spec(), in[1].spec());
        for (int n = 0; n < e.n(); n++) {
            for (int h = 0; h < e.h(); h++) {
                for (int t = 0; t < e.t(); t++) {
                    double place = in[2].data()[n] + t;
                    for (int d = 0; d < e.d() && place >= 0 && place < e.capacity(); d++) {
                        out[0].data()[index(out[0], op.layout(), n, h, (int) place, d)] =
                                at(in[1], op.layout(), n, h, t, d);
                    }
                }
            }
        }
    }
}
