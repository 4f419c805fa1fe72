package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/** {@link LstmSequence} and {@link LstmCell} on Java arrays. */
final class LstmJvm {
    private LstmJvm() {}

    static void sequence(LstmSequence op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), Jvm.ints(in[1]), 0, ctx);
        r.start(Jvm.floats(in[2]), out[1].f());
        r.start(Jvm.floats(in[3]), out[2].f());
        Loop loop =
                new Loop(
                        r,
                        Jvm.floats(in[6]),
                        Jvm.floats(in[7]),
                        out[3].f(),
                        out[1].f(),
                        out[2].f(),
                        out[0].f(),
                        out[4].f());
        loop.run(in[0].f(), in[4], in[5]);
    }

    static void cell(LstmCell op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), null, 0, ctx);
        r.start(in[1].f(), out[0].f());
        r.start(in[2].f(), out[1].f());
        Loop loop =
                new Loop(
                        r,
                        Jvm.floats(in[5]),
                        Jvm.floats(in[6]),
                        out[2].f(),
                        out[0].f(),
                        out[1].f(),
                        null,
                        null);
        loop.run(in[0].f(), in[3], in[4]);
    }

    /**
     * Sums before activation stand in gates; the states run in h and c and are copied to y and
     * cells, which are absent for a cell.
     */
    private record Loop(
            JvmRecurrence r,
            float[] bias,
            float[] peep,
            float[] gates,
            float[] h,
            float[] c,
            float[] y,
            float[] cells) {
        void run(float[] x, JvmArray wIh, JvmArray wHh) {
            int width = 4 * r.e.hidden();
            StepWeight[] w = new StepWeight[r.e.directions()];
            for (int d = 0; d < w.length; d++) {
                r.inputProduct(x, wIh, 4, d, gates, d * r.e.rows() * width, width);
                w[d] = StepWeight.of(r, wHh, true, 4, d, 0, width);
            }
            r.loop((d, n0, rows, ctx) -> walk(w[d], d, n0, rows, ctx));
        }

        private void walk(StepWeight w, int d, int n0, int rows, JvmContext ctx) {
            int hidden = r.e.hidden();
            for (int s = 0; s < r.e.steps(); s++) {
                int t = r.time(d, s);
                w.multiply(
                        rows,
                        h,
                        r.state(d, n0),
                        hidden,
                        1,
                        gates,
                        r.saved(d, t, n0, 4),
                        4 * hidden,
                        ctx);
                r.rows(
                        n0,
                        rows,
                        ctx,
                        (from, to) -> {
                            for (int n = from; n < to; n++) {
                                row(d, t, n);
                            }
                        });
            }
        }

        private void row(int d, int t, int n) {
            int hidden = r.e.hidden();
            int g = r.saved(d, t, n, 4);
            if (r.active(t, n)) {
                step(d, g, r.state(d, n), hidden);
                keep(d, t, n, hidden);
                return;
            }
            Arrays.fill(gates, g, g + 4 * hidden, 0);
            if (y != null) {
                int o = r.output(d, t, n);
                int k = r.saved(d, t, n, 1);
                Arrays.fill(y, o, o + hidden, 0);
                Arrays.fill(cells, k, k + hidden, 0);
            }
        }

        private void step(int d, int g, int s, int m) {
            Lanes v = r.lanes;
            r.add(bias, d * 4 * m, gates, g, 4 * m);
            int p = d * 3 * m;
            if (peep != null) {
                v.fma(peep, p, c, s, gates, g, gates, g, m);
                v.fma(peep, p + m, c, s, gates, g + m, gates, g + m, m);
            }
            v.unary(UnaryOp.SIGMOID, gates, g, gates, g, 2 * m);
            v.unary(UnaryOp.TANH, gates, g + 2 * m, gates, g + 2 * m, m);
            v.binary(BinaryOp.MUL, gates, g + m, c, s, c, s, m);
            v.fma(gates, g, gates, g + 2 * m, c, s, c, s, m);
            int o = g + 3 * m;
            if (peep != null) {
                v.fma(peep, p + 2 * m, c, s, gates, o, gates, o, m);
            }
            v.unary(UnaryOp.SIGMOID, gates, o, gates, o, m);
            v.unary(UnaryOp.TANH, c, s, h, s, m);
            v.binary(BinaryOp.MUL, gates, o, h, s, h, s, m);
        }

        private void keep(int d, int t, int n, int hidden) {
            if (y != null) {
                System.arraycopy(h, r.state(d, n), y, r.output(d, t, n), hidden);
                System.arraycopy(c, r.state(d, n), cells, r.saved(d, t, n, 1), hidden);
            }
        }
    }
}
