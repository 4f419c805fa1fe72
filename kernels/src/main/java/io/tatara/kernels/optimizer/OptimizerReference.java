package io.tatara.kernels.optimizer;

import io.tatara.kernels.RefArray;

/** The oracles of this room. */
final class OptimizerReference {
    private OptimizerReference() {}

    static void sgd(Sgd op, RefArray[] in, RefArray[] out) {
        double rate = in[0].data()[0];
        double scale = in[0].data()[1];
        int k = op.tensors();
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
        for (int j = 0; j < k; j++) {
            double[] p = in[1 + j].data();
            for (int i = 0; i < p.length; i++) {
                double g = hyper[1] * in[1 + k + j].data()[i];
                double m = beta1 * in[1 + 2 * k + j].data()[i] + (1 - beta1) * g;
                double v = beta2 * in[1 + 3 * k + j].data()[i] + (1 - beta2) * g * g;
                double step = m * hyper[2] / (Math.sqrt(v * hyper[3]) + op.epsilon());
                out[j].data()[i] = p[i] - hyper[0] * (step + op.weightDecay() * p[i]);
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
