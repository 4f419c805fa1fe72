package io.tatara.kernels.softmax;

import io.tatara.kernels.RefArray;

/** The oracles of this room: the formulas, a row at a time. */
final class SoftmaxReference {
    private SoftmaxReference() {}

    /** log Σ exp(x) of elements [from, to); −∞ of nothing. */
    private static double logSumExp(double[] x, int from, int to) {
        double m = Double.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            m = Math.max(m, x[i]);
        }
        if (m == Double.NEGATIVE_INFINITY) {
            return m;
        }
        double s = 0;
        for (int i = from; i < to; i++) {
            s += Math.exp(x[i] - m);
        }
        return m + Math.log(s);
    }

    static void softmax(Softmax op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        double[] y = out[0].data();
        int n = in[0].shape().dim(-1);
        for (int row = 0; n > 0 && row < x.length / n; row++) {
            int length = in[1] == null ? n : (int) Math.max(0, Math.min(n, in[1].data()[row]));
            double total = logSumExp(x, row * n, row * n + length);
            for (int i = 0; i < n; i++) {
                double log = i < length ? x[row * n + i] - total : Double.NEGATIVE_INFINITY;
                if (total == Double.NEGATIVE_INFINITY) {
                    log = Double.NEGATIVE_INFINITY;
                }
                y[row * n + i] = op.log() ? log : Math.exp(log);
            }
        }
    }

    static void softmaxGradient(SoftmaxGradient op, RefArray[] in, RefArray[] out) {
        double[] y = in[0].data();
        double[] dy = in[1].data();
        int n = in[0].shape().dim(-1);
        for (int row = 0; n > 0 && row < y.length / n; row++) {
            double s = 0;
            for (int i = row * n; i < (row + 1) * n; i++) {
                if (!op.log()) {
                    s += y[i] * dy[i];
                } else if (y[i] != Double.NEGATIVE_INFINITY) {
                    s += dy[i];
                }
            }
            for (int i = row * n; i < (row + 1) * n; i++) {
                if (!op.log()) {
                    out[0].data()[i] = y[i] * (dy[i] - s);
                } else if (y[i] != Double.NEGATIVE_INFINITY) {
                    out[0].data()[i] = dy[i] - Math.exp(y[i]) * s;
                }
            }
        }
    }

    static void crossEntropy(CrossEntropy op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        int counted = 0;
        double sum = 0;
        for (int row = 0; row < n; row++) {
            int label = (int) in[1].data()[row];
            if (label == op.ignoreIndex()) {
                continue;
            }
            double total = logSumExp(x, row * c, (row + 1) * c);
            double loss = label < 0 || label >= c ? Double.NaN : 0;
            for (int i = 0; i < c; i++) {
                double target =
                        (i == label ? 1 - (double) op.smoothing() : 0)
                                + (double) op.smoothing() / c;
                if (target != 0) {
                    loss += target * (total - x[row * c + i]);
                }
            }
            double whole = Double.isFinite(total) ? Math.floor(max(x, row * c, c)) : 0;
            out[1].data()[2 * row] = whole;
            out[1].data()[2 * row + 1] = total - whole;
            counted++;
            sum += loss;
            if (op.reduction() == Reduction.NONE) {
                out[0].data()[row] = loss;
            }
        }
        if (op.reduction() == Reduction.SUM) {
            out[0].data()[0] = sum;
        } else if (op.reduction() == Reduction.MEAN) {
            out[0].data()[0] = counted == 0 ? 0 : sum / counted;
        }
    }

    private static double max(double[] x, int from, int n) {
        double m = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + n; i++) {
            m = Math.max(m, x[i]);
        }
        return m;
    }

    static void crossEntropyGradient(CrossEntropyGradient op, RefArray[] in, RefArray[] out) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        int counted = 0;
        for (double label : in[1].data()) {
            counted += label == op.ignoreIndex() ? 0 : 1;
        }
        for (int row = 0; row < n; row++) {
            int label = (int) in[1].data()[row];
            if (label == op.ignoreIndex()) {
                continue;
            }
            double g = in[3].data()[op.reduction() == Reduction.NONE ? row : 0];
            if (op.reduction() == Reduction.MEAN) {
                g /= counted;
            }
            double dTotal = in[4] == null ? 0 : in[4].data()[2 * row + 1];
            double total = in[2].data()[2 * row] + in[2].data()[2 * row + 1];
            for (int i = 0; i < c; i++) {
                double p = Math.exp(in[0].data()[row * c + i] - total);
                double target =
                        (i == label ? 1 - (double) op.smoothing() : 0)
                                + (double) op.smoothing() / c;
                boolean known = label >= 0 && label < c;
                out[0].data()[row * c + i] = known ? g * (p - target) + dTotal * p : Double.NaN;
            }
        }
    }
}
