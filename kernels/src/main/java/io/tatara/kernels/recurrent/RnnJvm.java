package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/** {@link RnnSequence}, {@link RnnCell} and their gradients on Java arrays. */
final class RnnJvm {
    private RnnJvm() {}

    static void sequence(RnnSequence op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), Jvm.ints(in[1]), 0, ctx);
        new Forward(r, op.activation(), in[4], Jvm.floats(in[5]), out[0].f(), out[1].f())
                .run(in[0].f(), Jvm.floats(in[2]), in[3]);
    }

    static void cell(RnnCell op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), null, 0, ctx);
        float[] state = ctx.acquire(in[1].size());
        try {
            new Forward(r, op.activation(), in[3], Jvm.floats(in[4]), out[0].f(), state)
                    .run(in[0].f(), in[1].f(), in[2]);
        } finally {
            ctx.release(state);
        }
    }

    static void sequenceGradient(
            RnnSequenceGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r =
                new JvmRecurrence(op.extents(Jvm.specs(in)), Jvm.ints(in[1]), op.truncation(), ctx);
        new Backward(r, op.activation(), in[4], in[5].f(), Jvm.floats(in[6]), out[1].f())
                .run(in[0].f(), Jvm.floats(in[2]), in[3].f(), Jvm.floats(in[7]), out);
    }

    static void cellGradient(RnnCellGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmRecurrence r = new JvmRecurrence(op.extents(Jvm.specs(in)), null, 0, ctx);
        new Backward(r, op.activation(), in[3], in[4].f(), null, out[1].f())
                .run(in[0].f(), in[1].f(), in[2].f(), Jvm.floats(in[5]), out);
    }

    /** The state runs in hN; sums before the activation stand in y. */
    private record Forward(
            JvmRecurrence r, Activation act, JvmArray wHh, float[] bias, float[] y, float[] hN) {
        void run(float[] x, float[] h0, JvmArray wIh) {
            r.start(h0, hN);
            StepWeight[] w = new StepWeight[r.e.directions()];
            for (int d = 0; d < w.length; d++) {
                r.inputProduct(x, wIh, 1, d, y, d * r.e.hidden(), r.outputStride());
                w[d] = StepWeight.of(r, wHh, true, 1, d, 0, r.e.hidden());
            }
            r.loop((d, n0, rows, ctx) -> loop(w[d], d, n0, rows, ctx));
        }

        private void loop(StepWeight w, int d, int n0, int rows, JvmContext ctx) {
            int h = r.e.hidden();
            for (int s = 0; s < r.e.steps(); s++) {
                int t = r.time(d, s);
                w.multiply(
                        rows,
                        hN,
                        r.state(d, n0),
                        h,
                        1,
                        y,
                        r.output(d, t, n0),
                        r.outputStride(),
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
            int h = r.e.hidden();
            int at = r.output(d, t, n);
            if (!r.active(t, n)) {
                Arrays.fill(y, at, at + h, 0);
                return;
            }
            r.add(bias, d * h, y, at, h);
            r.lanes.unary(function(act), y, at, y, at, h);
            System.arraycopy(y, at, hN, r.state(d, n), h);
        }
    }

    private static UnaryOp function(Activation act) {
        return switch (act) {
            case TANH -> UnaryOp.TANH;
            case SIGMOID -> UnaryOp.SIGMOID;
            default -> UnaryOp.RELU;
        };
    }

    /** What flows back runs in dh0. */
    private record Backward(
            JvmRecurrence r, Activation act, JvmArray wHh, float[] y, float[] dy, float[] dh) {
        void run(float[] x, float[] h0, float[] wIh, float[] dhN, JvmArray[] out) {
            int h = r.e.hidden();
            int size = r.e.rows() * h;
            r.start(dhN, dh);
            float[] delta = r.ctx.acquire(r.e.directions() * size);
            float[] before = r.ctx.acquire(size);
            try {
                StepWeight[] w = new StepWeight[r.e.directions()];
                for (int d = 0; d < w.length; d++) {
                    w[d] = StepWeight.of(r, wHh, false, 1, d, 0, h);
                }
                r.loop((d, n0, rows, ctx) -> loop(w[d], d, n0, rows, delta, ctx));
                for (int d = 0; d < w.length; d++) {
                    r.before(d, y, h0, before);
                    r.inputGradient(delta, d * size, h, 1, d, x, wIh, out[0].f(), out[2].f());
                    r.weightGradient(delta, d * size, h, h, before, 0, h, 1, d, 0, out[3].f());
                    r.columnSums(delta, d * size, h, h, out[4].f(), d * h);
                }
            } finally {
                r.ctx.release(before);
                r.ctx.release(delta);
            }
        }

        private void loop(StepWeight w, int d, int n0, int rows, float[] delta, JvmContext ctx) {
            int h = r.e.hidden();
            for (int s = r.e.steps() - 1; s >= 0; s--) {
                int t = r.time(d, s);
                r.rows(n0, rows, ctx, h, (n, tmp) -> row(d, t, n, delta, tmp));
                Jvm.flow(r, w, d, t, n0, rows, delta, r.saved(d, t, n0, 1), h, dh, ctx);
            }
        }

        private void row(int d, int t, int n, float[] delta, float[] tmp) {
            int h = r.e.hidden();
            int at = r.saved(d, t, n, 1);
            int run = r.state(d, n);
            if (!r.active(t, n)) {
                Arrays.fill(delta, at, at + h, 0);
                return;
            }
            int out = r.output(d, t, n);
            System.arraycopy(dh, run, delta, at, h);
            r.add(dy, out, delta, at, h);
            switch (act) {
                case TANH -> r.tanhBack(delta, at, y, out, h, tmp, 0);
                case SIGMOID -> r.sigmoidBack(delta, at, y, out, h, tmp, 0);
                default -> {
                    r.lanes.binaryScalar(BinaryOp.GREATER, y, out, 0, tmp, 0, h);
                    r.lanes.binary(BinaryOp.MUL, delta, at, tmp, 0, delta, at, h);
                }
            }
            Arrays.fill(dh, run, run + h, 0);
        }
    }
}
