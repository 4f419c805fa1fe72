package io.tatara.kernels.causal;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;

/** The oracles of this room. */
final class CausalReference {
    private CausalReference() {}

    /** Sample i of a channel, of the state where i is negative, 0 before that. */
    private static double sample(RefArray x, RefArray state, CausalShape s, int n, int c, int i) {
        if (i >= 0) {
            return x.data()[(n * s.c() + c) * s.t() + i];
        }
        return state == null ? 0 : state.data()[(n * s.c() + c) * s.reach() + s.reach() + i];
    }

    /** The convolution without bias at one place. */
    private static double at(
            RefArray x, RefArray weight, RefArray state, CausalShape s, int n, int m, int t) {
        double sum = 0;
        for (int c = 0; c < s.c(); c++) {
            for (int k = 0; k < s.k(); k++) {
                double w = weight.data()[(m * s.c() + c) * s.k() + k];
                sum += w * sample(x, state, s, n, c, t - s.back(k));
            }
        }
        return sum;
    }

    private static void carry(RefArray x, RefArray state, CausalShape s, RefArray out) {
        for (int n = 0; n < s.n(); n++) {
            for (int c = 0; c < s.c(); c++) {
                for (int j = 0; j < s.reach(); j++) {
                    double v = sample(x, state, s, n, c, s.t() - s.reach() + j);
                    out.data()[(n * s.c() + c) * s.reach() + j] = v;
                }
            }
        }
    }

    static void convolution(CausalConv1d op, RefArray[] in, RefArray[] out) {
        RefArray x = in[CausalConv1d.X];
        RefArray weight = in[CausalConv1d.WEIGHT];
        RefArray bias = CausalShape.at(in, CausalConv1d.BIAS);
        RefArray state = CausalShape.at(in, CausalConv1d.STATE);
        CausalShape s = op.shape(x.spec(), weight.spec());
        for (int n = 0; n < s.n(); n++) {
            for (int m = 0; m < s.m(); m++) {
                for (int t = 0; t < s.t(); t++) {
                    double b = bias == null ? 0 : bias.data()[m];
                    out[0].data()[(n * s.m() + m) * s.t() + t] =
                            b + at(x, weight, state, s, n, m, t);
                }
            }
        }
        if (op.carry()) {
            carry(x, state, s, out[1]);
        }
    }

    static void dataGradient(CausalConv1dDataGradient op, RefArray[] in, RefArray[] out) {
        RefArray dy = in[CausalConv1dDataGradient.DY];
        RefArray weight = in[CausalConv1dDataGradient.WEIGHT];
        RefArray carried = CausalShape.at(in, CausalConv1dDataGradient.CARRIED);
        CausalShape s = op.shape(dy.spec(), weight.spec());
        for (int n = 0; n < s.n(); n++) {
            for (int c = 0; c < s.c(); c++) {
                for (int i = -s.reach(); i < s.t(); i++) {
                    int row = n * s.c() + c;
                    double sum = 0;
                    if (carried != null && i >= s.t() - s.reach()) {
                        sum = carried.data()[row * s.reach() + i - (s.t() - s.reach())];
                    }
                    for (int m = 0; m < s.m(); m++) {
                        for (int k = 0; k < s.k(); k++) {
                            int t = i + s.back(k);
                            if (t >= 0 && t < s.t()) {
                                sum +=
                                        weight.data()[(m * s.c() + c) * s.k() + k]
                                                * dy.data()[(n * s.m() + m) * s.t() + t];
                            }
                        }
                    }
                    if (i >= 0) {
                        out[0].data()[row * s.t() + i] = sum;
                    } else if (op.state()) {
                        out[1].data()[row * s.reach() + s.reach() + i] = sum;
                    }
                }
            }
        }
    }

    static void weightGradient(CausalConv1dWeightGradient op, RefArray[] in, RefArray[] out) {
        RefArray x = in[CausalConv1dWeightGradient.X];
        RefArray dy = in[CausalConv1dWeightGradient.DY];
        RefArray state = CausalShape.at(in, CausalConv1dWeightGradient.STATE);
        CausalShape s = op.shape(x.spec(), dy.spec());
        for (int m = 0; m < s.m(); m++) {
            for (int c = 0; c < s.c(); c++) {
                for (int k = 0; k < s.k(); k++) {
                    double sum = 0;
                    for (int n = 0; n < s.n(); n++) {
                        for (int t = 0; t < s.t(); t++) {
                            sum +=
                                    dy.data()[(n * s.m() + m) * s.t() + t]
                                            * sample(x, state, s, n, c, t - s.back(k));
                        }
                    }
                    out[0].data()[(m * s.c() + c) * s.k() + k] = sum;
                }
            }
        }
    }

    static void layer(GatedCausalLayer op, RefArray[] in, RefArray[] out) {
        RefArray x = in[GatedCausalLayer.X];
        RefArray weight = in[GatedCausalLayer.WEIGHT];
        RefArray state = CausalShape.at(in, GatedCausalLayer.STATE);
        CausalShape s = op.shape(x.spec(), weight.spec());
        double[] a = new double[s.m()];
        int half = s.m() / 2;
        for (int n = 0; n < s.n(); n++) {
            for (int t = 0; t < s.t(); t++) {
                for (int m = 0; m < s.m(); m++) {
                    double v = at(x, weight, state, s, n, m, t) + biased(in, s, n, m, t);
                    a[m] = m < half ? Math.tanh(v) : 1 / (1 + Math.exp(-v));
                    if (op.keep()) {
                        out[2].data()[(n * s.m() + m) * s.t() + t] = a[m];
                    }
                }
                double[] z = new double[half];
                for (int d = 0; d < half; d++) {
                    z[d] = a[d] * a[half + d];
                }
                dense(in, GatedCausalLayer.RESIDUAL_WEIGHT, x, z, out[0], n, t);
                RefArray skip = CausalShape.at(in, GatedCausalLayer.SKIP);
                dense(in, GatedCausalLayer.SKIP_WEIGHT, skip, z, out[1], n, t);
            }
        }
        if (op.carry()) {
            carry(x, state, s, out[op.carried()]);
        }
    }

    private static double biased(RefArray[] in, CausalShape s, int n, int m, int t) {
        RefArray bias = in[GatedCausalLayer.BIAS];
        RefArray condition = in[GatedCausalLayer.CONDITION];
        double v = bias == null ? 0 : bias.data()[m];
        if (condition != null) {
            int row = n * s.m() + m;
            v += condition.data()[condition.shape().rank() == 2 ? row : row * s.t() + t];
        }
        return v;
    }

    /** y = base + W z + bias for one sample; the bias stands behind its weight. */
    private static void dense(
            RefArray[] in, int weight, RefArray base, double[] z, RefArray y, int n, int t) {
        RefArray bias = CausalShape.at(in, weight + 1);
        int rows = y.shape().dim(1);
        for (int r = 0; r < rows; r++) {
            int to = (n * rows + r) * y.shape().dim(2) + t;
            double v = (base == null ? 0 : base.data()[to]) + (bias == null ? 0 : bias.data()[r]);
            for (int d = 0; d < z.length; d++) {
                v += in[weight].data()[r * z.length + d] * z[d];
            }
            y.data()[to] = v;
        }
    }

    static void activationGradient(GatedActivationGradient op, RefArray[] in, RefArray[] out) {
        RefArray gates = in[0];
        RefArray more = CausalShape.at(in, 2);
        int half = gates.shape().dim(1) / 2 * gates.shape().dim(2);
        for (int i = 0; i < in[1].data().length; i++) {
            int f = i / half * 2 * half + i % half;
            int g = f + half;
            double a = gates.data()[f];
            double b = gates.data()[g];
            double dz = in[1].data()[i];
            double da = dz * b + (more == null ? 0 : more.data()[f]);
            double db = dz * a + (more == null ? 0 : more.data()[g]);
            out[0].data()[f] = da * (1 - a * a);
            out[0].data()[g] = db * b * (1 - b);
            out[1].data()[i] = a * b;
        }
    }

    static void step(WaveNetStep op, RefArray[] in, RefArray[] out) {
        TensorSpec[] specs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i] == null ? null : in[i].spec();
        }
        StackShape e = WaveNetStep.extents(specs);
        System.arraycopy(in[WaveNetStep.QUEUE].data(), 0, out[2].data(), 0, e.n() * e.q());
        for (int n = 0; n < e.n(); n++) {
            double[] x = new double[e.c()];
            System.arraycopy(in[WaveNetStep.X].data(), n * e.c(), x, 0, e.c());
            int ring = n * e.q();
            for (int l = 0; l < e.layers(); l++) {
                int reach = op.reach(l, e.k());
                int slot =
                        reach == 0
                                ? 0
                                : Math.floorMod((int) in[WaveNetStep.SLOTS].data()[l], reach);
                layerStep(op.dilations().get(l), in, out, e, n, l, x, ring, slot, reach);
                ring += reach * e.c();
            }
            System.arraycopy(x, 0, out[WaveNetStep.Y].data(), n * e.c(), e.c());
        }
        for (int l = 0; l < e.layers(); l++) {
            int reach = op.reach(l, e.k());
            int slot = (int) in[WaveNetStep.SLOTS].data()[l];
            out[3].data()[l] = reach == 0 ? 0 : (Math.floorMod(slot, reach) + 1) % reach;
        }
    }

    private static void layerStep(
            int dilation,
            RefArray[] in,
            RefArray[] out,
            StackShape e,
            int n,
            int l,
            double[] x,
            int ring,
            int slot,
            int reach) {
        double[] queue = out[2].data();
        double[] a = new double[2 * e.d()];
        for (int r = 0; r < a.length; r++) {
            double v = element(in[WaveNetStep.BIAS], l * a.length + r);
            v += element(in[WaveNetStep.CONDITION], (n * e.layers() + l) * a.length + r);
            for (int c = 0; c < e.c(); c++) {
                for (int k = 0; k < e.k(); k++) {
                    int at = ring + (slot + k * dilation) % Math.max(1, reach) * e.c() + c;
                    double old = k == e.k() - 1 ? x[c] : queue[at];
                    int w = ((l * a.length + r) * e.c() + c) * e.k() + k;
                    v += in[WaveNetStep.WEIGHT].data()[w] * old;
                }
            }
            a[r] = r < e.d() ? Math.tanh(v) : 1 / (1 + Math.exp(-v));
        }
        for (int c = 0; reach > 0 && c < e.c(); c++) {
            queue[ring + slot * e.c() + c] = x[c];
        }
        for (int c = 0; c < e.c(); c++) {
            double[] w = in[WaveNetStep.RESIDUAL_WEIGHT].data();
            x[c] += element(in[WaveNetStep.RESIDUAL_BIAS], l * e.c() + c);
            x[c] += gated(w, (l * e.c() + c) * e.d(), a, e.d());
        }
        for (int s = 0; s < e.s(); s++) {
            double[] w = in[WaveNetStep.SKIP_WEIGHT].data();
            double bias = element(CausalShape.at(in, WaveNetStep.SKIP_BIAS), l * e.s() + s);
            out[WaveNetStep.SKIP].data()[n * e.s() + s] +=
                    bias + gated(w, (l * e.s() + s) * e.d(), a, e.d());
        }
    }

    private static double element(RefArray a, int i) {
        return a == null ? 0 : a.data()[i];
    }

    private static double gated(double[] w, int at, double[] a, int d) {
        double v = 0;
        for (int i = 0; i < d; i++) {
            v += w[at + i] * a[i] * a[d + i];
        }
        return v;
    }
}
