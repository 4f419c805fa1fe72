package io.tatara.kernels.recurrent;

import io.tatara.kernels.RefArray;

/** {@link GruSequence}, {@link GruCell} and their gradients in plain loops. */
final class GruReference {
    private static final int R = 0;
    private static final int Z = 1;
    private static final int N = 2;
    private static final int Q = 3;

    private GruReference() {}

    static void sequence(GruSequence op, RefArray[] in, RefArray[] out) {
        ReferenceRun run = new ReferenceRun(op.extents(ReferenceRun.specs(in)), in[1], 0);
        forward(op.resetAfter(), run, in, out);
    }

    static void cell(GruCell op, RefArray[] in, RefArray[] out) {
        RefArray[] a = ReferenceRun.lead(in[0], null, in[1], in[2], in[3], in[4], in[5]);
        RefArray[] r = ReferenceRun.lead(RefArray.zeros(out[0].spec()), out[0], out[1]);
        forward(
                op.resetAfter(),
                new ReferenceRun(op.extents(ReferenceRun.specs(in)), null, 0),
                a,
                r);
    }

    static void sequenceGradient(GruSequenceGradient op, RefArray[] in, RefArray[] out) {
        ReferenceRun run =
                new ReferenceRun(op.extents(ReferenceRun.specs(in)), in[1], op.truncation());
        new Backward(op.resetAfter(), run, in, out).walk();
    }

    static void cellGradient(GruCellGradient op, RefArray[] in, RefArray[] out) {
        RefArray[] a =
                ReferenceRun.lead(
                        in[0], null, in[1], in[2], in[3], null, in[4], null, in[5], in[6]);
        ReferenceRun run = new ReferenceRun(op.extents(ReferenceRun.specs(in)), null, 0);
        new Backward(op.resetAfter(), run, a, ReferenceRun.lead(out)).walk();
    }

    private static void forward(boolean after, ReferenceRun run, RefArray[] in, RefArray[] out) {
        run.each(k -> {
            double[] h = run.state(k, in[2]);
            for (int s = 0; s < k.length(); s++) {
                step(after, run, k, s, in, out, h);
                System.arraycopy(h, 0, out[0].data(), k.output(s), h.length);
            }
            System.arraycopy(h, 0, out[1].data(), k.state(), h.length);
        });
    }

    private static void step(
            boolean after,
            ReferenceRun run,
            ReferenceRun.Walk k,
            int s,
            RefArray[] in,
            RefArray[] out,
            double[] h) {
        int hidden = h.length;
        double[][] a = new double[4][hidden];
        for (int g = 0; g < 3; g++) {
            a[g] =
                    run.product(
                            in[3],
                            3,
                            k.d(),
                            g * hidden,
                            run.e().inputs(),
                            in[0].data(),
                            k.input(s));
            ReferenceRun.add(a[g], in[5], (k.d() * 3 + g) * hidden);
        }
        for (int g = 0; g < 2; g++) {
            double[] u = run.product(in[4], 3, k.d(), g * hidden, hidden, h, 0);
            ReferenceRun.add(u, in[6], (k.d() * 3 + g) * hidden);
            for (int j = 0; j < hidden; j++) {
                a[g][j] = ReferenceRun.sigmoid(a[g][j] + u[j]);
            }
        }
        for (int j = 0; j < hidden; j++) {
            a[Q][j] = a[R][j] * h[j];
        }
        double[] u = run.product(in[4], 3, k.d(), N * hidden, hidden, after ? h : a[Q], 0);
        ReferenceRun.add(u, in[6], (k.d() * 3 + N) * hidden);
        for (int j = 0; j < hidden; j++) {
            if (after) {
                a[Q][j] = u[j];
            }
            a[N][j] = Math.tanh(a[N][j] + (after ? a[R][j] * u[j] : u[j]));
            h[j] = (1 - a[Z][j]) * a[N][j] + a[Z][j] * h[j];
        }
        for (int b = 0; b < 4; b++) {
            System.arraycopy(a[b], 0, out[2].data(), k.saved(s, 4) + b * hidden, hidden);
        }
    }

    /** Inputs and outputs in the order of {@link GruSequenceGradient}. */
    private record Backward(boolean after, ReferenceRun run, RefArray[] in, RefArray[] out) {
        void walk() {
            run.each(k -> {
                double[] dh = run.state(k, in[8]);
                for (int s = k.length() - 1; s >= 0; s--) {
                    ReferenceRun.add(dh, in[7], k.output(s));
                    dh = step(k, s, dh);
                    if (run.cut(s)) {
                        dh = new double[run.e().hidden()];
                    }
                }
                System.arraycopy(dh, 0, out[1].data(), k.state(), dh.length);
            });
        }

        /** Takes dh behind step s and gives that before it. */
        private double[] step(ReferenceRun.Walk k, int s, double[] dh) {
            int hidden = dh.length;
            int at = k.saved(s, 4);
            double[] before = run.before(k, s, in[5], true, in[2]);
            double[][] a = new double[4][hidden];
            double[][] da = new double[4][hidden];
            for (int b = 0; b < 4; b++) {
                ReferenceRun.add(a[b], in[6], at + b * hidden);
                ReferenceRun.add(da[b], in[9], at + b * hidden);
            }
            double[][] delta = new double[3][hidden];
            double[] dBefore = new double[hidden];
            for (int j = 0; j < hidden; j++) {
                delta[Z][j] = (da[Z][j] + dh[j] * (before[j] - a[N][j])) * a[Z][j] * (1 - a[Z][j]);
                delta[N][j] = (da[N][j] + dh[j] * (1 - a[Z][j])) * (1 - a[N][j] * a[N][j]);
                dBefore[j] = dh[j] * a[Z][j];
            }
            double[] dq = da[Q];
            double[] dr = da[R];
            int row = N * hidden;
            if (after) {
                for (int j = 0; j < hidden; j++) {
                    dq[j] += delta[N][j] * a[R][j];
                    dr[j] += delta[N][j] * a[Q][j];
                }
                run.back(in[4], out[3], 3, k.d(), row, hidden, dq, before, 0, dBefore, 0);
            } else {
                run.back(in[4], out[3], 3, k.d(), row, hidden, delta[N], a[Q], 0, dq, 0);
                for (int j = 0; j < hidden; j++) {
                    dr[j] += dq[j] * before[j];
                    dBefore[j] += dq[j] * a[R][j];
                }
            }
            for (int j = 0; j < hidden; j++) {
                delta[R][j] = dr[j] * a[R][j] * (1 - a[R][j]);
            }
            for (int b = 0; b < 3; b++) {
                run.back(
                        in[3],
                        out[2],
                        3,
                        k.d(),
                        b * hidden,
                        run.e().inputs(),
                        delta[b],
                        in[0].data(),
                        k.input(s),
                        out[0].data(),
                        k.input(s));
                if (b != N) {
                    run.back(
                            in[4],
                            out[3],
                            3,
                            k.d(),
                            b * hidden,
                            hidden,
                            delta[b],
                            before,
                            0,
                            dBefore,
                            0);
                }
                for (int j = 0; j < hidden; j++) {
                    out[4].data()[(k.d() * 3 + b) * hidden + j] += delta[b][j];
                    out[5].data()[(k.d() * 3 + b) * hidden + j] +=
                            after && b == N ? dq[j] : delta[b][j];
                }
            }
            return dBefore;
        }
    }
}
