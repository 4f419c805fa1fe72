package io.tatara.kernels.recurrent;

import io.tatara.kernels.RefArray;

/** {@link LstmSequence}, {@link LstmCell} and their gradients in plain loops. */
final class LstmReference {
    private static final int I = 0;
    private static final int F = 1;
    private static final int G = 2;
    private static final int O = 3;

    private LstmReference() {}

    static void sequence(LstmSequence op, RefArray[] in, RefArray[] out) {
        forward(new ReferenceRun(op.extents(ReferenceRun.specs(in)), in[1], 0), in, out);
    }

    static void cell(LstmCell op, RefArray[] in, RefArray[] out) {
        RefArray[] a = ReferenceRun.lead(in[0], null, in[1], in[2], in[3], in[4], in[5], in[6]);
        RefArray unused = RefArray.zeros(out[0].spec());
        RefArray[] r = ReferenceRun.lead(unused, out[0], out[1], out[2], unused);
        forward(new ReferenceRun(op.extents(ReferenceRun.specs(in)), null, 0), a, r);
    }

    static void sequenceGradient(LstmSequenceGradient op, RefArray[] in, RefArray[] out) {
        ReferenceRun run =
                new ReferenceRun(op.extents(ReferenceRun.specs(in)), in[1], op.truncation());
        new Backward(run, in, out).walk();
    }

    static void cellGradient(LstmCellGradient op, RefArray[] in, RefArray[] out) {
        RefArray[] a =
                ReferenceRun.lead(
                        in[0], null, in[1], in[2], in[3], in[4], in[5], null, in[7], in[6], null,
                        in[8], in[9], in[10], null);
        ReferenceRun run = new ReferenceRun(op.extents(ReferenceRun.specs(in)), null, 0);
        new Backward(run, a, ReferenceRun.lead(out)).walk();
    }

    private static void forward(ReferenceRun run, RefArray[] in, RefArray[] out) {
        run.each(k -> {
            double[] h = run.state(k, in[2]);
            double[] c = run.state(k, in[3]);
            for (int s = 0; s < k.length(); s++) {
                step(run, k, s, in, out, h, c);
            }
            System.arraycopy(h, 0, out[1].data(), k.state(), h.length);
            System.arraycopy(c, 0, out[2].data(), k.state(), c.length);
        });
    }

    private static void step(
            ReferenceRun run,
            ReferenceRun.Walk k,
            int s,
            RefArray[] in,
            RefArray[] out,
            double[] h,
            double[] c) {
        int hidden = h.length;
        double[][] a = new double[4][];
        for (int g = 0; g < 4; g++) {
            a[g] =
                    run.product(
                            in[4],
                            4,
                            k.d(),
                            g * hidden,
                            run.e().inputs(),
                            in[0].data(),
                            k.input(s));
            double[] u = run.product(in[5], 4, k.d(), g * hidden, hidden, h, 0);
            ReferenceRun.add(a[g], in[6], (k.d() * 4 + g) * hidden);
            for (int j = 0; j < hidden; j++) {
                a[g][j] += u[j];
            }
        }
        for (int j = 0; j < hidden; j++) {
            double i = ReferenceRun.sigmoid(a[I][j] + peep(in[7], k.d(), 0, hidden, j) * c[j]);
            double f = ReferenceRun.sigmoid(a[F][j] + peep(in[7], k.d(), 1, hidden, j) * c[j]);
            double g = Math.tanh(a[G][j]);
            c[j] = f * c[j] + i * g;
            double o = ReferenceRun.sigmoid(a[O][j] + peep(in[7], k.d(), 2, hidden, j) * c[j]);
            h[j] = o * Math.tanh(c[j]);
            double[] gates = {i, f, g, o};
            for (int b = 0; b < 4; b++) {
                out[3].data()[k.saved(s, 4) + b * hidden + j] = gates[b];
            }
        }
        System.arraycopy(h, 0, out[0].data(), k.output(s), hidden);
        System.arraycopy(c, 0, out[4].data(), k.saved(s, 1), hidden);
    }

    private static double peep(RefArray p, int d, int which, int hidden, int j) {
        return p == null ? 0 : p.data()[(d * 3 + which) * hidden + j];
    }

    /** Inputs and outputs in the order of {@link LstmSequenceGradient}. */
    private record Backward(ReferenceRun run, RefArray[] in, RefArray[] out) {
        void walk() {
            run.each(k -> {
                double[][] d = {run.state(k, in[11]), run.state(k, in[12])};
                for (int s = k.length() - 1; s >= 0; s--) {
                    d = step(k, s, d[0], d[1]);
                    if (run.cut(s)) {
                        d = new double[2][run.e().hidden()];
                    }
                }
                System.arraycopy(d[0], 0, out[1].data(), k.state(), d[0].length);
                System.arraycopy(d[1], 0, out[2].data(), k.state(), d[1].length);
            });
        }

        /** Takes dh and dc behind step s and gives those before it. */
        private double[][] step(ReferenceRun.Walk k, int s, double[] dh, double[] dcBehind) {
            int hidden = dh.length;
            double[] cBefore = run.before(k, s, in[9], false, in[3]);
            double[] hBefore = run.before(k, s, in[7], true, in[2]);
            double[][] delta = new double[4][hidden];
            double[] dcBefore = new double[hidden];
            ReferenceRun.add(dh, in[10], k.output(s));
            for (int j = 0; j < hidden; j++) {
                double[] a = new double[4];
                double[] da = new double[4];
                for (int b = 0; b < 4; b++) {
                    int at = k.saved(s, 4) + b * hidden + j;
                    a[b] = in[8].data()[at];
                    da[b] = in[13] == null ? 0 : in[13].data()[at];
                }
                int cellAt = k.saved(s, 1) + j;
                double t = Math.tanh(in[9].data()[cellAt]);
                delta[O][j] = (da[O] + dh[j] * t) * a[O] * (1 - a[O]);
                double dc = dcBehind[j] + (in[14] == null ? 0 : in[14].data()[cellAt]);
                dc += dh[j] * a[O] * (1 - t * t) + delta[O][j] * peep(in[6], k.d(), 2, hidden, j);
                delta[I][j] = (da[I] + dc * a[G]) * a[I] * (1 - a[I]);
                delta[F][j] = (da[F] + dc * cBefore[j]) * a[F] * (1 - a[F]);
                delta[G][j] = (da[G] + dc * a[I]) * (1 - a[G] * a[G]);
                dcBefore[j] = dc * a[F] + delta[I][j] * peep(in[6], k.d(), 0, hidden, j);
                dcBefore[j] += delta[F][j] * peep(in[6], k.d(), 1, hidden, j);
                if (in[6] != null) {
                    int p = k.d() * 3 * hidden + j;
                    out[6].data()[p] += delta[I][j] * cBefore[j];
                    out[6].data()[p + hidden] += delta[F][j] * cBefore[j];
                    out[6].data()[p + 2 * hidden] += delta[O][j] * in[9].data()[cellAt];
                }
            }
            double[] dhBefore = new double[hidden];
            for (int b = 0; b < 4; b++) {
                int row = b * hidden;
                run.back(
                        in[4],
                        out[3],
                        4,
                        k.d(),
                        row,
                        run.e().inputs(),
                        delta[b],
                        in[0].data(),
                        k.input(s),
                        out[0].data(),
                        k.input(s));
                run.back(in[5], out[4], 4, k.d(), row, hidden, delta[b], hBefore, 0, dhBefore, 0);
                for (int j = 0; j < hidden; j++) {
                    out[5].data()[k.d() * 4 * hidden + row + j] += delta[b][j];
                }
            }
            return new double[][] {dhBefore, dcBefore};
        }
    }
}
