package io.tatara.kernels.causal;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Philox;

/** {@link WaveNetGenerate} in plain loops. */
final class GenerateReference {
    private final WaveNetGenerate op;
    private final RefArray[] in;
    private final RefArray[] out;
    private final WaveNetGenerate.Extents e;
    private final int n;
    private final int start;
    private final int[] history;

    private GenerateReference(WaveNetGenerate op, RefArray[] in, RefArray[] out, int n) {
        this.op = op;
        this.in = in;
        this.out = out;
        this.n = n;
        TensorSpec[] specs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i] == null ? null : in[i].spec();
        }
        e = op.extents(specs);
        start = (int) in[WaveNetGenerate.CLOCK].data()[0];
        history = new int[e.first()];
        for (int j = 0; j < history.length; j++) {
            history[j] = (int) in[WaveNetGenerate.HISTORY].data()[n * e.first() + j];
        }
    }

    static void generate(WaveNetGenerate op, RefArray[] in, RefArray[] out) {
        double[] queue = in[WaveNetGenerate.QUEUE].data();
        System.arraycopy(queue, 0, out[WaveNetGenerate.QUEUE_OUT].data(), 0, queue.length);
        int streams = in[WaveNetGenerate.HISTORY].shape().dim(0);
        for (int n = 0; n < streams; n++) {
            GenerateReference r = new GenerateReference(op, in, out, n);
            for (int t = 0; t < op.count(); t++) {
                r.sample(t);
            }
            for (int j = 0; j < r.history.length; j++) {
                out[WaveNetGenerate.HISTORY_OUT].data()[n * r.history.length + j] = r.history[j];
            }
        }
        out[WaveNetGenerate.CLOCK_OUT].data()[0] =
                (int) in[WaveNetGenerate.CLOCK].data()[0] + op.count();
    }

    private double given(int input, int i) {
        RefArray a = CausalShape.at(in, input);
        return a == null ? 0 : a.data()[i];
    }

    private void sample(int t) {
        double[] x = new double[e.c()];
        for (int c = 0; c < e.c(); c++) {
            x[c] = given(WaveNetGenerate.FIRST_BIAS, c);
            x[c] += given(WaveNetGenerate.ADDED, (n * op.count() + t) * e.c() + c);
            for (int j = 0; j < history.length; j++) {
                if (history[j] >= 0 && history[j] < e.a()) {
                    x[c] += given(WaveNetGenerate.TABLE, (j * e.a() + history[j]) * e.c() + c);
                }
            }
        }
        double[] skip = new double[e.s()];
        int ring = n * e.q();
        for (int l = 0; l < e.layers(); l++) {
            layer(l, ring, start + t, x, skip);
            ring += op.reach(l, e.k()) * e.c();
        }
        double[] hidden = dense(WaveNetGenerate.HIDDEN_WEIGHT, 0, relu(skip), new double[e.h()]);
        double[] logits = dense(WaveNetGenerate.LAST_WEIGHT, 0, relu(hidden), new double[e.a()]);
        System.arraycopy(logits, 0, out[WaveNetGenerate.LOGITS].data(), n * e.a(), e.a());
        int level = draw(logits, start + t);
        out[WaveNetGenerate.LEVELS].data()[n * op.count() + t] = level;
        System.arraycopy(history, 1, history, 0, history.length - 1);
        history[history.length - 1] = level;
    }

    private void layer(int l, int ring, int now, double[] x, double[] skip) {
        double[] queue = out[WaveNetGenerate.QUEUE_OUT].data();
        int reach = op.reach(l, e.k());
        int slot = reach == 0 ? 0 : Math.floorMod(now, reach);
        double[] a = new double[2 * e.d()];
        for (int r = 0; r < a.length; r++) {
            double v = given(WaveNetGenerate.BIAS, l * a.length + r);
            v += given(WaveNetGenerate.CONDITION, (n * e.layers() + l) * a.length + r);
            for (int c = 0; c < e.c(); c++) {
                for (int k = 0; k < e.k(); k++) {
                    double seen = x[c];
                    if (k < e.k() - 1) {
                        int at = (slot + k * op.dilations().get(l)) % reach;
                        seen = queue[ring + at * e.c() + c];
                    }
                    int w = ((l * a.length + r) * e.c() + c) * e.k() + k;
                    v += given(WaveNetGenerate.WEIGHT, w) * seen;
                }
            }
            a[r] = r < e.d() ? Math.tanh(v) : 1 / (1 + Math.exp(-v));
        }
        double[] z = new double[e.d()];
        for (int d = 0; d < z.length; d++) {
            z[d] = a[d] * a[e.d() + d];
        }
        for (int c = 0; reach > 0 && c < e.c(); c++) {
            queue[ring + slot * e.c() + c] = x[c];
        }
        dense(WaveNetGenerate.RESIDUAL_WEIGHT, l, z, x);
        dense(WaveNetGenerate.SKIP_WEIGHT, l, z, skip);
    }

    /** y += W z + bias of a layer; the bias stands behind its weight. */
    private double[] dense(int weight, int l, double[] z, double[] y) {
        for (int r = 0; r < y.length; r++) {
            double v = given(weight + 1, l * y.length + r);
            for (int i = 0; i < z.length; i++) {
                v += given(weight, (l * y.length + r) * z.length + i) * z[i];
            }
            y[r] += v;
        }
        return y;
    }

    private static double[] relu(double[] v) {
        for (int i = 0; i < v.length; i++) {
            v[i] = v[i] < 0 ? 0 : v[i];
        }
        return v;
    }

    private int draw(double[] logits, int sample) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        if (op.temperature() == 0) {
            return best;
        }
        double[] weights = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += Math.exp((logits[i] - logits[best]) / op.temperature());
            weights[i] = sum;
        }
        double[] seed = in[WaveNetGenerate.SEED].data();
        double place = Philox.uniform((int) seed[0], (int) seed[1], n, sample) * sum;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > place) {
                return i;
            }
        }
        return weights.length - 1;
    }
}
