package io.tatara.kernels.recurrent;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.recurrent.GpuRecurrence.Optional;
import java.util.Arrays;
import java.util.List;

/** GPU plans of {@link RnnSequence}, {@link RnnCell} and their gradients. */
final class RnnGpu {
    private RnnGpu() {}

    static GpuPlan sequence(RnnSequence op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.activation());
        Object lengths = g.optional(Optional.LENGTHS, in, 1);
        Object h0 = g.optional(Optional.H0, in, 2);
        Object bias = g.optional(Optional.BIAS, in, 5);
        g.finals();
        g.start(h0, out(1), lengths != null);
        return forward(g, in(0), in(3), Arrays.asList(out(0), out(1), h0, lengths, in(4), bias));
    }

    static GpuPlan cell(RnnCell op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.activation());
        Object h = g.optional(Optional.H0, in, 1);
        Object bias = g.optional(Optional.BIAS, in, 4);
        return forward(g, in(0), in(2), Arrays.asList(out(0), null, h, null, in(3), bias));
    }

    private static GpuRecurrence recurrence(
            Extents e, TensorSpec x, GpuTraits traits, Activation act) {
        return new GpuRecurrence(e, x.dtype(), traits, "rnn.cl", "ACTIVATION", act.ordinal());
    }

    /** Buffers in the order of rnn_step. */
    private static GpuPlan forward(GpuRecurrence g, Object x, Object wIh, List<Object> buffers) {
        int h = g.e.hidden();
        for (int d = 0; d < g.e.directions(); d++) {
            g.inputProduct(x, wIh, 1, d, g.dtype, buffers.getFirst(), d * h, g.e.directions() * h);
        }
        for (int s = 0; s < g.e.steps(); s++) {
            g.step("rnn_step", buffers, s);
        }
        return g.plan.build();
    }

    static GpuPlan sequenceGradient(
            RnnSequenceGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.activation());
        Object lengths = g.optional(Optional.LENGTHS, in, 1);
        Object h0 = g.optional(Optional.H0, in, 2);
        Object dy = g.optional(Optional.DY, in, 6);
        Object dhN = g.optional(Optional.DHN, in, 7);
        return backward(
                g, op.truncation(), h0, in(3), Arrays.asList(in(5), lengths, in(4), dy, dhN));
    }

    static GpuPlan cellGradient(
            RnnCellGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.activation());
        Object h = g.optional(Optional.H0, in, 1);
        Object dhN = g.optional(Optional.DHN, in, 5);
        return backward(g, 0, h, in(2), Arrays.asList(in(4), null, in(3), null, dhN));
    }

    /** Buffers: y, lengths, wHh, dy, dhN. */
    private static GpuPlan backward(
            GpuRecurrence g, int truncation, Object h0, Object wIh, List<Object> b) {
        Extents e = g.e;
        int h = e.hidden();
        int size = e.rows() * h;
        Object delta = g.temporary(e.directions() * size);
        Object dh = g.floats(e.directions() * e.batch() * h);
        Object before = g.temporary(size);
        List<Object> buffers =
                Arrays.asList(delta, dh, b.get(0), b.get(1), b.get(2), b.get(3), b.get(4), out(1));
        for (int s = e.steps() - 1; s >= -1; s--) {
            g.step("rnn_back", buffers, s, truncation);
        }
        for (int d = 0; d < e.directions(); d++) {
            g.inputGradient(delta, d * size, h, 1, d, in(0), wIh, out(0), out(2));
            g.before(b.get(0), h0, b.get(1), d, before);
            g.weightGradient(delta, d * size, h, h, before, 0, h, 1, d, 0, out(3));
            g.columnSums(delta, d * size, h, h, h, 0, out(4), d * h);
        }
        return g.plan.build();
    }
}
