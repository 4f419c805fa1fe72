package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/** {@link GruSequence} and {@link GruCell} on Java arrays. */
final class GruJvm {
    private GruJvm() {}

    static void sequence(GruSequence op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), Jvm.ints(in[1]), 0, ctx);
        r.start(Jvm.floats(in[2]), out[1].f());
        new Loop(
                        r,
                        op.resetAfter(),
                        Jvm.floats(in[5]),
                        Jvm.floats(in[6]),
                        out[2].f(),
                        out[1].f(),
                        out[0].f())
                .run(in[0].f(), in[3], in[4]);
    }

    static void cell(GruCell op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), null, 0, ctx);
        r.start(in[1].f(), out[0].f());
        new Loop(
                        r,
                        op.resetAfter(),
                        Jvm.floats(in[4]),
                        Jvm.floats(in[5]),
                        out[1].f(),
                        out[0].f(),
                        null)
                .run(in[0].f(), in[2], in[3]);
    }

    /**
     * Sums before activation stand in gates; the state runs in h and is copied to y, absent for a
     * cell.
     */
    private record Loop(
            JvmRecurrence r,
            boolean after,
            float[] bIh,
            float[] bHh,
            float[] gates,
            float[] h,
            float[] y) {
        void run(float[] x, JvmArray wIh, JvmArray wHh) {
            int m = r.e.hidden();
            StepWeight[] rz = new StepWeight[r.e.directions()];
            StepWeight[] n = new StepWeight[rz.length];
            for (int d = 0; d < rz.length; d++) {
                r.inputProduct(x, wIh, 3, d, gates, r.saved(d, 0, 0, 4), 4 * m);
                rz[d] = StepWeight.of(r, wHh, true, 3, d, 0, 2 * m);
                n[d] = StepWeight.of(r, wHh, true, 3, d, 2 * m, m);
            }
            r.loop((d, n0, rows, ctx) -> walk(rz[d], n[d], d, n0, rows, ctx));
        }

        private void walk(StepWeight rz, StepWeight w, int d, int n0, int rows, JvmContext ctx) {
            int m = r.e.hidden();
            for (int s = 0; s < r.e.steps(); s++) {
                int t = r.time(d, s);
                int g = r.saved(d, t, n0, 4);
                int run = r.state(d, n0);
                rz.multiply(rows, h, run, m, 1, gates, g, 4 * m, ctx);
                if (after) {
                    w.multiply(rows, h, run, m, 0, gates, g + 3 * m, 4 * m, ctx);
                } else {
                    r.rows(n0, rows, ctx, (from, to) -> reset(d, t, from, to));
                    w.multiply(rows, gates, g + 3 * m, 4 * m, 1, gates, g + 2 * m, 4 * m, ctx);
                }
                r.rows(n0, rows, ctx, (from, to) -> state(d, t, from, to));
            }
        }

        /** r, z and r∘h for the convention that resets before the product. */
        private void reset(int d, int t, int from, int to) {
            int m = r.e.hidden();
            for (int n = from; n < to; n++) {
                int g = r.saved(d, t, n, 4);
                if (r.active(t, n)) {
                    gate(d, g, m);
                    r.lanes.binary(BinaryOp.MUL, gates, g, h, r.state(d, n), gates, g + 3 * m, m);
                } else {
                    Arrays.fill(gates, g + 3 * m, g + 4 * m, 0);
                }
            }
        }

        private void gate(int d, int g, int m) {
            r.add(bIh, d * 3 * m, gates, g, 2 * m);
            r.add(bHh, d * 3 * m, gates, g, 2 * m);
            r.lanes.unary(UnaryOp.SIGMOID, gates, g, gates, g, 2 * m);
        }

        private void state(int d, int t, int from, int to) {
            int m = r.e.hidden();
            for (int n = from; n < to; n++) {
                int g = r.saved(d, t, n, 4);
                boolean active = r.active(t, n);
                if (active) {
                    candidate(d, g, m);
                    blend(g, r.state(d, n), m);
                } else {
                    Arrays.fill(gates, g, g + 4 * m, 0);
                }
                if (y != null) {
                    int o = r.output(d, t, n);
                    if (active) {
                        System.arraycopy(h, r.state(d, n), y, o, m);
                    } else {
                        Arrays.fill(y, o, o + m, 0);
                    }
                }
            }
        }

        private void candidate(int d, int g, int m) {
            int n = g + 2 * m;
            int bias = d * 3 * m + 2 * m;
            r.add(bIh, bias, gates, n, m);
            if (after) {
                gate(d, g, m);
                r.add(bHh, bias, gates, g + 3 * m, m);
                r.lanes.fma(gates, g, gates, g + 3 * m, gates, n, gates, n, m);
            } else {
                r.add(bHh, bias, gates, n, m);
            }
            r.lanes.unary(UnaryOp.TANH, gates, n, gates, n, m);
        }

        /** h = n + z∘(h − n). */
        private void blend(int g, int run, int m) {
            Lanes v = r.lanes;
            v.binary(BinaryOp.SUB, h, run, gates, g + 2 * m, h, run, m);
            v.fma(gates, g + m, h, run, gates, g + 2 * m, h, run, m);
        }
    }
}
