package io.tatara.kernels.recurrent;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.recurrent.GpuRecurrence.Optional;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** GPU plans of {@link GruSequence}, {@link GruCell} and their gradients. */
final class GruGpu {
    private GruGpu() {}

    static GpuRecurrence recurrence(Extents e, TensorSpec x, GpuTraits traits, boolean after) {
        return new GpuRecurrence(e, x.dtype(), traits, "gru.cl", "RESET_AFTER", after ? 1 : 0);
    }

    static GpuPlan sequence(GruSequence op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.resetAfter());
        Object lengths = g.optional(Optional.LENGTHS, in, 1);
        Object h0 = g.optional(Optional.H0, in, 2);
        Object bIh = g.optional(Optional.BIAS, in, 5);
        Object bHh = g.optional(Optional.BIAS_HH, in, 6);
        g.finals();
        g.start(h0, out(1), lengths != null);
        List<Object> buffers = Arrays.asList(out(2), out(0), out(1), h0, lengths, in(4), bIh, bHh);
        return forward(g, op.resetAfter(), in(0), in(3), buffers);
    }

    static GpuPlan cell(GruCell op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.resetAfter());
        Object h = g.optional(Optional.H0, in, 1);
        Object bIh = g.optional(Optional.BIAS, in, 4);
        Object bHh = g.optional(Optional.BIAS_HH, in, 5);
        List<Object> buffers = Arrays.asList(out(1), out(0), null, h, null, in(3), bIh, bHh);
        return forward(g, op.resetAfter(), in(0), in(2), buffers);
    }

    /** Buffers in the order of gru_step. */
    private static GpuPlan forward(
            GpuRecurrence g, boolean after, Object x, Object wIh, List<Object> buffers) {
        int width = 4 * g.e.hidden();
        for (int d = 0; d < g.e.directions(); d++) {
            g.inputProduct(
                    x, wIh, 3, d, g.dtype, buffers.getFirst(), d * g.e.rows() * width, width);
        }
        for (int s = 0; s < g.e.steps(); s++) {
            g.step("gru_step", buffers, s);
            if (!after) {
                g.step("gru_candidate", buffers, s);
            }
        }
        return g.plan.build();
    }

    static GpuPlan sequenceGradient(
            GruSequenceGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return sequenceGradient(op, in, traits, null);
    }

    /**
     * @param shape how one launch takes the loop; null: a launch for each step
     */
    static GpuPlan sequenceGradient(
            GruSequenceGradient op, TensorSpec[] in, GpuTraits traits, GridShape shape) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.resetAfter());
        Saved s =
                new Saved(
                        g.optional(Optional.LENGTHS, in, 1),
                        g.optional(Optional.H0, in, 2),
                        in(3),
                        in(4),
                        in(5),
                        in(6));
        Object dy = g.optional(Optional.DY, in, 7);
        Object dhN = g.optional(Optional.DHN, in, 8);
        Object dGates = g.optional(Optional.DGATES, in, 9);
        List<Object> arrived = Arrays.asList(dy, dhN, dGates);
        return backward(g, op.resetAfter(), op.truncation(), s, arrived, shape);
    }

    static GpuPlan cellGradient(
            GruCellGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = recurrence(op.extents(in), in[0], traits, op.resetAfter());
        // The one step starts from h, so that the place of y is never read.
        Saved s = new Saved(null, g.optional(Optional.H0, in, 1), in(2), in(3), in(1), in(4));
        Object dhN = g.optional(Optional.DHN, in, 5);
        List<Object> arrived = Arrays.asList(null, dhN, g.optional(Optional.DGATES, in, 6));
        return backward(g, op.resetAfter(), 0, s, arrived, null);
    }

    /** What the forward op had and left. */
    private record Saved(
            Object lengths, Object h0, Object wIh, Object wHh, Object y, Object gates) {}

    private static GpuPlan backward(
            GpuRecurrence g,
            boolean after,
            int truncation,
            Saved a,
            List<Object> arrived,
            GridShape shape) {
        Extents e = g.e;
        int h = e.hidden();
        Object delta = g.temporary(e.directions() * e.rows() * 4 * h);
        Object before = g.temporary(e.rows() * h);
        if (shape != null) {
            List<Object> buffers =
                    new ArrayList<>(Arrays.asList(delta, a.y, a.gates, a.h0, a.lengths, a.wHh));
            buffers.addAll(arrived);
            Object sums = g.floats(shape.rowGroups() * e.directions() * shape.sums() * h);
            buffers.addAll(List.of(out(1), sums));
            g.parts(shape, buffers);
            g.grid(shape, GruGrid.FILE, "gru_grid_back", buffers, truncation);
            g.groupSums(shape, sums, 0, 3, 3, out(4));
            g.groupSums(shape, sums, 0, after ? 2 : 3, 3, out(5));
        } else {
            steps(g, after, truncation, a, delta, arrived);
        }
        for (int d = 0; d < e.directions(); d++) {
            weights(g, after, d, a, delta, before);
            if (shape == null) {
                biases(g, after, d, delta);
            }
        }
        return g.plan.build();
    }

    private static void steps(
            GpuRecurrence g,
            boolean after,
            int truncation,
            Saved a,
            Object delta,
            List<Object> arrived) {
        Object dh = g.floats(g.e.directions() * g.e.batch() * g.e.hidden());
        List<Object> back =
                new ArrayList<>(Arrays.asList(delta, dh, a.y, a.gates, a.h0, a.lengths, a.wHh));
        List<Object> reset = new ArrayList<>(back);
        back.addAll(arrived);
        back.add(out(1));
        reset.add(arrived.getLast());
        for (int s = g.e.steps() - 1; s >= -1; s--) {
            g.step("gru_back", back, s, truncation);
            if (!after && s >= 0) {
                g.step("gru_back_reset", reset, s, truncation);
            }
        }
    }

    private static void weights(
            GpuRecurrence g, boolean after, int d, Saved a, Object delta, Object before) {
        int h = g.e.hidden();
        int ld = 4 * h;
        int at = d * g.e.rows() * ld;
        g.inputGradient(delta, at, ld, 3, d, in(0), a.wIh, out(0), out(2));
        g.before(a.y, a.h0, a.lengths, d, before);
        g.weightGradient(delta, at, ld, 2 * h, before, 0, h, 3, d, 0, out(3));
        if (after) {
            g.weightGradient(delta, at + 3 * h, ld, h, before, 0, h, 3, d, 2 * h, out(3));
        } else {
            g.weightGradient(
                    delta, at + 2 * h, ld, h, a.gates, at + 3 * h, ld, 3, d, 2 * h, out(3));
        }
    }

    private static void biases(GpuRecurrence g, boolean after, int d, Object delta) {
        int h = g.e.hidden();
        int at = d * g.e.rows() * 4 * h;
        int bias = d * 3 * h;
        g.columnSums(delta, at, 4 * h, 3 * h, 3 * h, 0, out(4), bias);
        g.columnSums(delta, at, 4 * h, 3 * h, 2 * h, after ? h : 0, out(5), bias);
    }
}
