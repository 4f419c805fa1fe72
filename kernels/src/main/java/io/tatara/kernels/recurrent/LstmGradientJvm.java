package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/**
 * {@link LstmSequenceGradient} and {@link LstmCellGradient} on Java arrays: the loop leaves δ [D,
 * T, N, 4H], then come the products over all steps.
 */
final class LstmGradientJvm {
    private final JvmRecurrence r;
    private final float[] c0;
    private final JvmArray wHh;
    private final float[] peep;
    private final float[] gates;
    private final float[] cells;
    private final float[] dy;
    private final float[] dGates;
    private final float[] dCells;

    /** What flows back runs in dh0 and dc0. */
    private final float[] dh;

    private final float[] dc;
    private float[] delta;

    /** Inputs and outputs in the order of {@link LstmSequenceGradient}. */
    private LstmGradientJvm(JvmRecurrence r, JvmArray[] in, JvmArray[] out) {
        this.r = r;
        c0 = Jvm.floats(in[3]);
        wHh = in[5];
        peep = Jvm.floats(in[6]);
        gates = in[8].f();
        cells = in[9].f();
        dy = Jvm.floats(in[10]);
        dGates = Jvm.floats(in[13]);
        dCells = Jvm.floats(in[14]);
        dh = out[1].f();
        dc = out[2].f();
    }

    static void sequence(LstmSequenceGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r =
                new JvmRecurrence(op.extents(Jvm.specs(in)), Jvm.ints(in[1]), op.truncation(), ctx);
        new LstmGradientJvm(r, in, out).run(in, out);
    }

    static void cell(LstmCellGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), null, 0, ctx);
        JvmArray[] a = {
            in[0], null, in[1], in[2], in[3], in[4], in[5], null, in[7], in[6], null, in[8], in[9],
            in[10], null
        };
        new LstmGradientJvm(r, a, out).run(a, out);
    }

    private void run(JvmArray[] in, JvmArray[] out) {
        int h = r.e.hidden();
        r.start(Jvm.floats(in[11]), dh);
        r.start(Jvm.floats(in[12]), dc);
        delta = r.ctx.acquire(r.e.directions() * r.e.rows() * 4 * h);
        float[] before = r.ctx.acquire(r.e.rows() * h);
        try {
            StepWeight[] w = new StepWeight[r.e.directions()];
            for (int d = 0; d < w.length; d++) {
                w[d] = StepWeight.of(r, wHh, false, 4, d, 0, 4 * h);
            }
            r.loop((d, n0, rows, ctx) -> walk(w[d], d, n0, rows, ctx));
            for (int d = 0; d < w.length; d++) {
                weights(d, in, out, before);
            }
        } finally {
            r.ctx.release(before);
            r.ctx.release(delta);
        }
    }

    private void weights(int d, JvmArray[] in, JvmArray[] out, float[] before) {
        int h = r.e.hidden();
        int at = r.saved(d, 0, 0, 4);
        r.inputGradient(delta, at, 4 * h, 4, d, in[0].f(), in[4].f(), out[0].f(), out[3].f());
        r.before(d, Jvm.floats(in[7]), Jvm.floats(in[2]), before);
        r.weightGradient(delta, at, 4 * h, 4 * h, before, 0, h, 4, d, 0, out[4].f());
        r.columnSums(delta, at, 4 * h, 4 * h, out[5].f(), d * 4 * h);
        if (peep != null) {
            float[] dp = out[6].f();
            r.sums(h, dp, d * 3 * h, (row, c, n, to) -> peepBefore(d, row, 0, c, n, to));
            r.sums(h, dp, (d * 3 + 1) * h, (row, c, n, to) -> peepBefore(d, row, h, c, n, to));
            r.sums(
                    h,
                    dp,
                    (d * 3 + 2) * h,
                    (row, c, n, to) ->
                            r.lanes.fma(
                                    delta,
                                    at + row * 4 * h + 3 * h + c,
                                    cells,
                                    at / 4 + row * h + c,
                                    to,
                                    0,
                                    to,
                                    0,
                                    n));
        }
    }

    /** to += δ∘c(t−1) for columns [c, c + n) of the gate that starts at {@code gate}. */
    private void peepBefore(int d, int row, int gate, int c, int n, float[] to) {
        int t = row / r.e.batch();
        int b = row % r.e.batch();
        float[] cBefore = cellsBefore(d, t, b);
        if (cBefore != null && r.active(t, b)) {
            int at = r.saved(d, t, b, 4) + gate + c;
            r.lanes.fma(delta, at, cBefore, before(d, t, b) + c, to, 0, to, 0, n);
        }
    }

    /** Where c(t−1) stands, null where it is zero. */
    private float[] cellsBefore(int d, int t, int n) {
        return r.first(d, t, n) ? c0 : cells;
    }

    private int before(int d, int t, int n) {
        return r.first(d, t, n) ? r.state(d, n) : r.saved(d, r.before(d, t), n, 1);
    }

    private void walk(StepWeight w, int d, int n0, int rows, JvmContext ctx) {
        int h = r.e.hidden();
        for (int s = r.e.steps() - 1; s >= 0; s--) {
            int t = r.time(d, s);
            r.rows(n0, rows, ctx, 3 * h, (n, tmp) -> row(d, t, n, tmp));
            Jvm.flow(r, w, d, t, n0, rows, delta, r.saved(d, t, n0, 4), 4 * h, dh, ctx);
        }
    }

    private void row(int d, int t, int n, float[] tmp) {
        int h = r.e.hidden();
        int run = r.state(d, n);
        int g = r.saved(d, t, n, 4);
        if (!r.active(t, n)) {
            Arrays.fill(delta, g, g + 4 * h, 0);
            return;
        }
        r.add(dy, r.output(d, t, n), dh, run, h);
        outputGate(d, g, run, g / 4, tmp, h);
        float[] cBefore = cellsBefore(d, t, n);
        inputGates(g, run, cBefore, cBefore == null ? 0 : before(d, t, n), tmp, h);
        cellBefore(d, g, run, h);
        Arrays.fill(dh, run, run + h, 0);
        if (r.cut(d, t, n)) {
            Arrays.fill(dc, run, run + h, 0);
        }
    }

    /** δo, and all that reaches c. */
    private void outputGate(int d, int g, int run, int k, float[] tmp, int h) {
        Lanes v = r.lanes;
        int o = g + 3 * h;
        v.unary(UnaryOp.TANH, cells, k, tmp, 0, h);
        v.binary(BinaryOp.MUL, dh, run, tmp, 0, delta, o, h);
        r.add(dGates, o, delta, o, h);
        r.sigmoidBack(delta, o, gates, o, h, tmp, h);
        v.binary(BinaryOp.MUL, dh, run, gates, o, tmp, h, h);
        r.tanhBack(tmp, h, tmp, 0, h, tmp, 2 * h);
        r.add(tmp, h, dc, run, h);
        r.add(dCells, k, dc, run, h);
        if (peep != null) {
            v.fma(peep, (d * 3 + 2) * h, delta, o, dc, run, dc, run, h);
        }
    }

    /** δi, δf and δg. */
    private void inputGates(int g, int run, float[] cBefore, int k, float[] tmp, int h) {
        Lanes v = r.lanes;
        v.binary(BinaryOp.MUL, dc, run, gates, g + 2 * h, delta, g, h);
        if (cBefore != null) {
            v.binary(BinaryOp.MUL, dc, run, cBefore, k, delta, g + h, h);
        } else {
            Arrays.fill(delta, g + h, g + 2 * h, 0);
        }
        v.binary(BinaryOp.MUL, dc, run, gates, g, delta, g + 2 * h, h);
        r.add(dGates, g, delta, g, 3 * h);
        r.sigmoidBack(delta, g, gates, g, 2 * h, tmp, 0);
        r.tanhBack(delta, g + 2 * h, gates, g + 2 * h, h, tmp, 0);
    }

    /** dc becomes that of the cell before. */
    private void cellBefore(int d, int g, int run, int h) {
        Lanes v = r.lanes;
        v.binary(BinaryOp.MUL, dc, run, gates, g + h, dc, run, h);
        if (peep != null) {
            v.fma(peep, d * 3 * h, delta, g, dc, run, dc, run, h);
            v.fma(peep, (d * 3 + 1) * h, delta, g + h, dc, run, dc, run, h);
        }
    }
}
