package io.tatara.kernels.attention;

import io.tatara.kernels.RefArray;

/** The oracle of both attentions and their gradients: the formulas of the ops, written out. */
final class AttentionReference {
    private AttentionReference() {}

    static void additive(AdditiveAttention op, RefArray[] in, RefArray[] out) {
        double[] q = in[0].data();
        double[] k = in[1].data();
        double[] v = in[3].data();
        int a = v.length;
        attend(
                in[0],
                in[1],
                in[2],
                in[4],
                out,
                (qRow, kRow) -> {
                    double s = 0;
                    for (int i = 0; i < a; i++) {
                        s += v[i] * Math.tanh(q[qRow * a + i] + k[kRow * a + i]);
                    }
                    return s;
                });
    }

    static void multiplicative(MultiplicativeAttention op, RefArray[] in, RefArray[] out) {
        double[] q = in[0].data();
        double[] k = in[1].data();
        int a = in[0].shape().dim(2);
        attend(
                in[0],
                in[1],
                in[2],
                in[3],
                out,
                (qRow, kRow) -> {
                    double s = 0;
                    for (int i = 0; i < a; i++) {
                        s += q[qRow * a + i] * k[kRow * a + i];
                    }
                    return op.scale() * s;
                });
    }

    static void additiveGradient(AdditiveAttentionGradient op, RefArray[] in, RefArray[] out) {
        double[] q = in[0].data();
        double[] k = in[1].data();
        double[] v = in[3].data();
        int a = v.length;
        differentiate(
                in[0],
                in[1],
                in[2],
                in[4],
                in[5],
                in[6],
                in[7],
                out[2],
                (qRow, kRow, ds) -> {
                    for (int i = 0; i < a; i++) {
                        double t = Math.tanh(q[qRow * a + i] + k[kRow * a + i]);
                        out[0].data()[qRow * a + i] += ds * v[i] * (1 - t * t);
                        out[1].data()[kRow * a + i] += ds * v[i] * (1 - t * t);
                        out[3].data()[i] += ds * t;
                    }
                });
    }

    static void multiplicativeGradient(
            MultiplicativeAttentionGradient op, RefArray[] in, RefArray[] out) {
        double[] q = in[0].data();
        double[] k = in[1].data();
        int a = in[0].shape().dim(2);
        differentiate(
                in[0],
                in[1],
                in[2],
                in[3],
                in[4],
                in[5],
                in[6],
                out[2],
                (qRow, kRow, ds) -> {
                    for (int i = 0; i < a; i++) {
                        out[0].data()[qRow * a + i] += ds * op.scale() * k[kRow * a + i];
                        out[1].data()[kRow * a + i] += ds * op.scale() * q[qRow * a + i];
                    }
                });
    }

    private interface Score {
        double of(int queryRow, int keyRow);
    }

    private interface ScoreGradient {
        void add(int queryRow, int keyRow, double ds);
    }

    private static int length(RefArray lengths, int n, int tk) {
        return lengths == null ? tk : (int) Math.max(0, Math.min(tk, lengths.data()[n]));
    }

    private static void attend(
            RefArray queries,
            RefArray keys,
            RefArray values,
            RefArray lengths,
            RefArray[] out,
            Score score) {
        int tq = queries.shape().dim(1);
        int tk = keys.shape().dim(1);
        int c = values.shape().dim(2);
        double[] context = out[0].data();
        double[] weights = out[1].data();
        for (int n = 0; n < queries.shape().dim(0); n++) {
            int length = length(lengths, n, tk);
            for (int i = n * tq; i < (n + 1) * tq; i++) {
                double max = Double.NEGATIVE_INFINITY;
                for (int j = 0; j < length; j++) {
                    weights[i * tk + j] = score.of(i, n * tk + j);
                    max = Math.max(max, weights[i * tk + j]);
                }
                double sum = 0;
                for (int j = 0; j < length; j++) {
                    double e =
                            max == Double.NEGATIVE_INFINITY
                                    ? 0
                                    : Math.exp(weights[i * tk + j] - max);
                    weights[i * tk + j] = e;
                    sum += e;
                }
                for (int j = 0; j < length; j++) {
                    weights[i * tk + j] /= sum == 0 ? 1 : sum;
                    for (int p = 0; p < c; p++) {
                        context[i * c + p] +=
                                weights[i * tk + j] * values.data()[(n * tk + j) * c + p];
                    }
                }
            }
        }
    }

    private static void differentiate(
            RefArray queries,
            RefArray keys,
            RefArray values,
            RefArray lengths,
            RefArray weights,
            RefArray dcontext,
            RefArray dweights,
            RefArray dvalues,
            ScoreGradient score) {
        int tq = queries.shape().dim(1);
        int tk = keys.shape().dim(1);
        int c = values.shape().dim(2);
        double[] dw = new double[tk];
        for (int n = 0; n < queries.shape().dim(0); n++) {
            int length = length(lengths, n, tk);
            for (int i = n * tq; i < (n + 1) * tq; i++) {
                double mean = 0;
                for (int j = 0; j < length; j++) {
                    double w = weights.data()[i * tk + j];
                    dw[j] = dweights == null ? 0 : dweights.data()[i * tk + j];
                    for (int p = 0; dcontext != null && p < c; p++) {
                        dw[j] += dcontext.data()[i * c + p] * values.data()[(n * tk + j) * c + p];
                        dvalues.data()[(n * tk + j) * c + p] += w * dcontext.data()[i * c + p];
                    }
                    mean += w * dw[j];
                }
                for (int j = 0; j < length; j++) {
                    score.add(i, n * tk + j, weights.data()[i * tk + j] * (dw[j] - mean));
                }
            }
        }
    }
}
