package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * {@link GruSequenceGradient} and {@link GruCellGradient} on Java arrays: the loop leaves δ [D, T,
 * N, 4H] with blocks r, z, n and the gradient of the gates' fourth block, then come the products
 * over all steps.
 */
final class GruGradientJvm {
    private final JvmRecurrence r;
    private final boolean after;
    private final JvmArray wHh;
    private final float[] h0;
    private final float[] y;
    private final float[] gates;
    private final float[] dy;
    private final float[] dGates;

    /** What flows back runs in dh0. */
    private final float[] dh;

    private float[] delta;

    /** Inputs and outputs in the order of {@link GruSequenceGradient}. */
    private GruGradientJvm(JvmRecurrence r, boolean after, JvmArray[] in, JvmArray[] out) {
        this.r = r;
        this.after = after;
        h0 = Jvm.floats(in[2]);
        wHh = in[4];
        y = Jvm.floats(in[5]);
        gates = in[6].f();
        dy = Jvm.floats(in[7]);
        dGates = Jvm.floats(in[9]);
        dh = out[1].f();
    }

    static void sequence(GruSequenceGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r =
                new JvmRecurrence(op.extents(Jvm.specs(in)), Jvm.ints(in[1]), op.truncation(), ctx);
        new GruGradientJvm(r, op.resetAfter(), in, out).run(in, out);
    }

    static void cell(GruCellGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), null, 0, ctx);
        JvmArray[] a = {in[0], null, in[1], in[2], in[3], null, in[4], null, in[5], in[6]};
        new GruGradientJvm(r, op.resetAfter(), a, out).run(a, out);
    }

    private void run(JvmArray[] in, JvmArray[] out) {
        int h = r.e.hidden();
        r.start(Jvm.floats(in[8]), dh);
        delta = r.ctx.acquire(r.e.directions() * r.e.rows() * 4 * h);
        float[] before = r.ctx.acquire(r.e.rows() * h);
        try {
            StepWeight[] rz = new StepWeight[r.e.directions()];
            StepWeight[] n = new StepWeight[rz.length];
            for (int d = 0; d < rz.length; d++) {
                rz[d] = StepWeight.of(r, wHh, false, 3, d, 0, 2 * h);
                n[d] = StepWeight.of(r, wHh, false, 3, d, 2 * h, h);
            }
            r.loop((d, n0, rows, ctx) -> walk(rz[d], n[d], d, n0, rows, ctx));
            for (int d = 0; d < rz.length; d++) {
                weights(d, in, out, before);
            }
        } finally {
            r.ctx.release(before);
            r.ctx.release(delta);
        }
    }

    private void weights(int d, JvmArray[] in, JvmArray[] out, float[] before) {
        int h = r.e.hidden();
        int ld = 4 * h;
        int at = r.saved(d, 0, 0, 4);
        float[] dw = out[3].f();
        r.inputGradient(delta, at, ld, 3, d, in[0].f(), in[3].f(), out[0].f(), out[2].f());
        r.before(d, y, h0, before);
        r.weightGradient(delta, at, ld, 2 * h, before, 0, h, 3, d, 0, dw);
        int recurrent = at + (after ? 3 : 2) * h;
        if (after) {
            r.weightGradient(delta, recurrent, ld, h, before, 0, h, 3, d, 2 * h, dw);
        } else {
            r.weightGradient(delta, recurrent, ld, h, gates, at + 3 * h, ld, 3, d, 2 * h, dw);
        }
        r.columnSums(delta, at, ld, 3 * h, out[4].f(), d * 3 * h);
        System.arraycopy(out[4].f(), d * 3 * h, out[5].f(), d * 3 * h, 2 * h);
        r.columnSums(delta, recurrent, ld, h, out[5].f(), d * 3 * h + 2 * h);
    }

    private void walk(StepWeight rz, StepWeight w, int d, int n0, int rows, JvmContext ctx) {
        int h = r.e.hidden();
        for (int s = r.e.steps() - 1; s >= 0; s--) {
            int t = r.time(d, s);
            int g = r.saved(d, t, n0, 4);
            r.rows(n0, rows, ctx, h, (n, tmp) -> update(d, t, n, tmp));
            if (!after) {
                w.multiply(rows, delta, g + 2 * h, 4 * h, 0, delta, g + 3 * h, 4 * h, ctx);
            }
            r.rows(n0, rows, ctx, h, (n, tmp) -> reset(d, t, n, tmp));
            if (after) {
                Jvm.flow(r, w, d, t, n0, rows, delta, g + 3 * h, 4 * h, dh, ctx);
            }
            Jvm.flow(r, rz, d, t, n0, rows, delta, g, 4 * h, dh, ctx);
        }
    }

    /** Where h(t−1) stands, null where it is zero. */
    private float[] stateBefore(int d, int t, int n) {
        return r.first(d, t, n) ? h0 : y;
    }

    private int before(int d, int t, int n) {
        return r.first(d, t, n) ? r.state(d, n) : r.output(d, r.before(d, t), n);
    }

    /** dh in full, δz and δn. */
    private void update(int d, int t, int n, float[] tmp) {
        int h = r.e.hidden();
        int g = r.saved(d, t, n, 4);
        if (!r.active(t, n)) {
            Arrays.fill(delta, g, g + 4 * h, 0);
            return;
        }
        Lanes v = r.lanes;
        int run = r.state(d, n);
        r.add(dy, r.output(d, t, n), dh, run, h);
        float[] before = stateBefore(d, t, n);
        if (before != null) {
            v.binary(BinaryOp.SUB, before, before(d, t, n), gates, g + 2 * h, tmp, 0, h);
        } else {
            v.scalarBinary(BinaryOp.SUB, 0, gates, g + 2 * h, tmp, 0, h);
        }
        v.binary(BinaryOp.MUL, dh, run, tmp, 0, delta, g + h, h);
        v.scalarBinary(BinaryOp.SUB, 1, gates, g + h, tmp, 0, h);
        v.binary(BinaryOp.MUL, dh, run, tmp, 0, delta, g + 2 * h, h);
        r.add(dGates, g + h, delta, g + h, 2 * h);
        r.sigmoidBack(delta, g + h, gates, g + h, h, tmp, 0);
        r.tanhBack(delta, g + 2 * h, gates, g + 2 * h, h, tmp, 0);
    }

    /** dq in full, δr, and what of dh does not go through the weights. */
    private void reset(int d, int t, int n, float[] tmp) {
        int h = r.e.hidden();
        int g = r.saved(d, t, n, 4);
        int q = g + 3 * h;
        if (!r.active(t, n)) {
            Arrays.fill(delta, q, q + h, 0);
            return;
        }
        Lanes v = r.lanes;
        int run = r.state(d, n);
        v.binary(BinaryOp.MUL, dh, run, gates, g + h, dh, run, h);
        if (after) {
            v.binary(BinaryOp.MUL, delta, g + 2 * h, gates, g, delta, q, h);
            v.binary(BinaryOp.MUL, delta, g + 2 * h, gates, q, delta, g, h);
            r.add(dGates, q, delta, q, h);
        } else {
            r.add(dGates, q, delta, q, h);
            float[] before = stateBefore(d, t, n);
            if (before != null) {
                v.binary(BinaryOp.MUL, delta, q, before, before(d, t, n), delta, g, h);
            } else {
                Arrays.fill(delta, g, g + h, 0);
            }
            v.fma(delta, q, gates, g, dh, run, dh, run, h);
        }
        r.add(dGates, g, delta, g, h);
        r.sigmoidBack(delta, g, gates, g, h, tmp, 0);
        if (r.cut(d, t, n)) {
            Arrays.fill(dh, run, run + h, 0);
        }
    }
}
