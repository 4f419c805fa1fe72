package io.tatara.kernels.optimizer;

import io.tatara.kernels.RefArray;

/** The oracles of this room. */
final class OptimizerReference {
    private OptimizerReference() {}

    /** Whether the scale is infinite; the outputs are then what they alias, gradients left out. */
    private static boolean skipped(double scale, RefArray[] in, RefArray[] out, int tensors) {
        if (scale != Double.POSITIVE_INFINITY) {
            return false;
        }
        for (int j = 0; j < out.length; j++) {
            double[] from = in[1 + (j < tensors ? j : j + tensors)].data();
            System.arraycopy(from, 0, out[j].data(), 0, from.length);
        }
        return true;
    }

    static void adagrad(Adagrad op, RefArray[] in, RefArray[] out) {
        double rate = in[0].data()[0];
        double scale = in[0].data()[1];
        int k = op.tensors();
        if (skipped(scale, in, out, k)) {
            return;
        }
        for (int j = 0; j < k; j++) {
            double[] p = in[1 + j].data();
            for (int i = 0; i < p.length; i++) {
                double g = scale * in[1 + k + j].data()[i] + op.weightDecay() * p[i];
                double s = in[1 + 2 * k + j].data()[i] + g * g;
                out[k + j].data()[i] = s;
                out[j].data()[i] = p[i] - rate * g / (Math.sqrt(s) + op.epsilon());
            }
        }
    }

    static void rmsProp(RmsProp op, RefArray[] in, RefArray[] out) {
        double rate = in[0].data()[0];
        double scale = in[0].data()[1];
        double alpha = op.alpha();
        int k = op.tensors();
        if (skipped(scale, in, out, k)) {
            return;
        }
        for (int j = 0; j < k; j++) {
            double[] p = in[1 + j].data();
            for (int i = 0; i < p.length; i++) {
                double g = scale * in[1 + k + j].data()[i] + op.weightDecay() * p[i];
                double v = alpha * in[1 + 2 * k + j].data()[i] + (1 - alpha) * g * g;
                out[k + j].data()[i] = v;
                double variance = v;
                if (op.centered()) {
                    double a = alpha * in[1 + 3 * k + j].data()[i] + (1 - alpha) * g;
                    out[2 * k + j].data()[i] = a;
                    variance = Math.max(0, v - a * a);
                }
                double d = g / (Math.sqrt(variance) + op.epsilon());
                if (op.momentum() > 0) {
                    d += op.momentum() * in[op.velocities() + j].data()[i];
                    out[op.moments() * k + j].data()[i] = d;
                }
                out[j].data()[i] = p[i] - rate * d;
            }
        }
    }

    static void lossScale(LossScale op, RefArray[] in, RefArray[] out) {
        double norm = in[0].data()[0];
        double scale = in[1].data()[0];
        double good = in[1].data()[1] + 1;
        double taken = in[1].data()[2];
        double skipped = in[1].data()[3];
        double gradientScale = Double.POSITIVE_INFINITY;
        if (Double.isFinite(norm)) {
            gradientScale = 1 / scale;
            if (op.maxNorm() > 0) {
                gradientScale *= Math.min(1, op.maxNorm() / (norm / scale + 1e-6));
            }
            taken++;
            if (good >= op.interval()) {
                good = 0;
                scale = Math.min(scale * op.growth(), Math.max(scale, LossScale.MOST));
            }
        } else {
            good = 0;
            skipped++;
            scale = Math.max(scale * op.backoff(), Math.min(scale, LossScale.LEAST));
        }
        double[] counts = {good, taken, skipped};
        out[0].data()[0] = scale;
        for (int i = 0; i < 3; i++) {
            out[0].data()[1 + i] = Math.min(counts[i], LossScale.MOST);
        }
        out[1].data()[0] = gradientScale;
    }

    static void sgd(Sgd op, RefArray[] in, RefArray[] out) {
        double rate = in[0].data()[0];
        double scale = in[0].data()[1];
        int k = op.tensors();
        if (skipped(scale, in, out, k)) {
            return;
        }
        for (int j = 0; j < k; j++) {
            double[] p = in[1 + j].data();
            double[] g = in[1 + k + j].data();
            for (int i = 0; i < p.length; i++) {
                double d = scale * g[i] + op.weightDecay() * p[i];
                if (op.momentum() > 0) {
                    double m = op.momentum() * in[1 + 2 * k + j].data()[i] + d;
                    out[k + j].data()[i] = m;
                    d = op.nesterov() ? d + op.momentum() * m : m;
                }
                out[j].data()[i] = p[i] - rate * d;
            }
        }
    }

    static void adam(Adam op, RefArray[] in, RefArray[] out) {
        double[] hyper = in[0].data();
        double beta1 = op.beta1();
        double beta2 = op.beta2();
        int k = op.tensors();
        if (skipped(hyper[1], in, out, k)) {
            return;
        }
        for (int j = 0; j < k; j++) {
            double[] p = in[1 + j].data();
            for (int i = 0; i < p.length; i++) {
                double g = hyper[1] * in[1 + k + j].data()[i] + op.penalty() * p[i];
                double m = beta1 * in[1 + 2 * k + j].data()[i] + (1 - beta1) * g;
                double v = beta2 * in[1 + 3 * k + j].data()[i] + (1 - beta2) * g * g;
                double step = m * hyper[2] / (Math.sqrt(v * hyper[3]) + op.epsilon());
                out[j].data()[i] = p[i] - hyper[0] * (step + op.decay() * p[i]);
                out[k + j].data()[i] = m;
                out[2 * k + j].data()[i] = v;
            }
        }
    }

    static void globalNorm(GlobalNorm op, RefArray[] in, RefArray[] out) {
        double s = 0;
        for (RefArray g : in) {
            for (double v : g.data()) {
                s += v * v;
            }
        }
        out[0].data()[0] = Math.sqrt(s);
    }

    static void clipScale(ClipScale op, RefArray[] in, RefArray[] out) {
        out[0].data()[0] = Math.min(1, op.maxNorm() / (in[0].data()[0] + 1e-6));
    }

    static void scaleAll(ScaleAll op, RefArray[] in, RefArray[] out) {
        for (int j = 0; j < op.tensors(); j++) {
            for (int i = 0; i < out[j].data().length; i++) {
                out[j].data()[i] = in[1 + j].data()[i] * in[0].data()[0];
            }
        }
    }
}
