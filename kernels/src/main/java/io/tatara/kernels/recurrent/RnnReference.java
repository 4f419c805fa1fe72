package io.tatara.kernels.recurrent;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.pointwise.Activation;

/** {@link RnnSequence}, {@link RnnCell} and their gradients in plain loops. */
final class RnnReference {
    private RnnReference() {}

    static void sequence(RnnSequence op, RefArray[] in, RefArray[] out) {
        forward(
                op.activation(),
                new ReferenceRun(op.extents(ReferenceRun.specs(in)), in[1], 0),
                in,
                out[0],
                out[1]);
    }

    static void cell(RnnCell op, RefArray[] in, RefArray[] out) {
        RefArray[] a = ReferenceRun.lead(in[0], null, in[1], in[2], in[3], in[4]);
        RefArray[] r = ReferenceRun.lead(RefArray.zeros(out[0].spec()), out[0]);
        forward(
                op.activation(),
                new ReferenceRun(op.extents(ReferenceRun.specs(in)), null, 0),
                a,
                r[0],
                r[1]);
    }

    static void sequenceGradient(RnnSequenceGradient op, RefArray[] in, RefArray[] out) {
        backward(
                op.activation(),
                new ReferenceRun(op.extents(ReferenceRun.specs(in)), in[1], op.truncation()),
                in,
                out);
    }

    static void cellGradient(RnnCellGradient op, RefArray[] in, RefArray[] out) {
        RefArray[] a = ReferenceRun.lead(in[0], null, in[1], in[2], in[3], in[4], null, in[5]);
        ReferenceRun run = new ReferenceRun(op.extents(ReferenceRun.specs(in)), null, 0);
        backward(op.activation(), run, a, ReferenceRun.lead(out));
    }

    private static void forward(
            Activation act, ReferenceRun run, RefArray[] in, RefArray y, RefArray hN) {
        int hidden = run.e().hidden();
        int inputs = run.e().inputs();
        run.each(k -> {
            double[] h = run.state(k, in[2]);
            for (int s = 0; s < k.length(); s++) {
                double[] a = run.product(in[3], 1, k.d(), 0, inputs, in[0].data(), k.input(s));
                double[] u = run.product(in[4], 1, k.d(), 0, hidden, h, 0);
                ReferenceRun.add(a, in[5], k.d() * hidden);
                for (int j = 0; j < hidden; j++) {
                    a[j] = value(act, a[j] + u[j]);
                }
                h = a;
                System.arraycopy(h, 0, y.data(), k.output(s), hidden);
            }
            System.arraycopy(h, 0, hN.data(), k.state(), hidden);
        });
    }

    private static double value(Activation act, double x) {
        return switch (act) {
            case TANH -> Math.tanh(x);
            case SIGMOID -> ReferenceRun.sigmoid(x);
            default -> Math.max(x, 0);
        };
    }

    private static double slope(Activation act, double y) {
        return switch (act) {
            case TANH -> 1 - y * y;
            case SIGMOID -> y * (1 - y);
            default -> y > 0 ? 1 : 0;
        };
    }

    private static void backward(Activation act, ReferenceRun run, RefArray[] in, RefArray[] out) {
        int hidden = run.e().hidden();
        int inputs = run.e().inputs();
        run.each(k -> {
            double[] dh = run.state(k, in[7]);
            for (int s = k.length() - 1; s >= 0; s--) {
                ReferenceRun.add(dh, in[6], k.output(s));
                double[] delta = new double[hidden];
                for (int j = 0; j < hidden; j++) {
                    delta[j] = dh[j] * slope(act, in[5].data()[k.output(s) + j]);
                    out[4].data()[k.d() * hidden + j] += delta[j];
                }
                double[] before = run.before(k, s, in[5], true, in[2]);
                dh = new double[hidden];
                run.back(
                        in[3],
                        out[2],
                        1,
                        k.d(),
                        0,
                        inputs,
                        delta,
                        in[0].data(),
                        k.input(s),
                        out[0].data(),
                        k.input(s));
                run.back(in[4], out[3], 1, k.d(), 0, hidden, delta, before, 0, dh, 0);
                if (run.cut(s)) {
                    dh = new double[hidden];
                }
            }
            System.arraycopy(dh, 0, out[1].data(), k.state(), hidden);
        });
    }
}
