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

/** GPU plans of {@link LstmSequence}, {@link LstmCell} and their gradients. */
final class LstmGpu {
    private static final String FILE = "lstm.cl";

    private LstmGpu() {}

    static GpuPlan sequence(LstmSequence op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = new GpuRecurrence(op.extents(in), in[0].dtype(), traits, FILE);
        Object lengths = g.optional(Optional.LENGTHS, in, 1);
        Object h0 = g.optional(Optional.H0, in, 2);
        Object c0 = g.optional(Optional.C0, in, 3);
        Object bias = g.optional(Optional.BIAS, in, 6);
        Object peep = g.optional(Optional.PEEPHOLE, in, 7);
        g.finals();
        g.start(h0, out(1), lengths != null);
        g.start(c0, out(2), lengths != null);
        List<Object> buffers =
                Arrays.asList(
                        out(3), out(4), out(0), out(1), out(2), h0, c0, lengths, in(5), bias, peep);
        return forward(g, in(0), in(4), buffers);
    }

    static GpuPlan cell(LstmCell op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = new GpuRecurrence(op.extents(in), in[0].dtype(), traits, FILE);
        Object h = g.optional(Optional.H0, in, 1);
        Object c = g.optional(Optional.C0, in, 2);
        Object bias = g.optional(Optional.BIAS, in, 5);
        Object peep = g.optional(Optional.PEEPHOLE, in, 6);
        List<Object> buffers =
                Arrays.asList(out(2), out(1), out(0), null, null, h, c, null, in(4), bias, peep);
        return forward(g, in(0), in(3), buffers);
    }

    /** Buffers in the order of lstm_step. */
    private static GpuPlan forward(GpuRecurrence g, Object x, Object wIh, List<Object> buffers) {
        int width = 4 * g.e.hidden();
        for (int d = 0; d < g.e.directions(); d++) {
            g.inputProduct(
                    x, wIh, 4, d, g.dtype, buffers.getFirst(), d * g.e.rows() * width, width);
        }
        for (int s = 0; s < g.e.steps(); s++) {
            g.step("lstm_step", buffers, s);
        }
        return g.plan.build();
    }

    static GpuPlan sequenceGradient(
            LstmSequenceGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return sequenceGradient(op, in, traits, null);
    }

    /**
     * @param shape how one launch takes the loop; null: a launch for each step
     */
    static GpuPlan sequenceGradient(
            LstmSequenceGradient op, TensorSpec[] in, GpuTraits traits, GridShape shape) {
        GpuRecurrence g = new GpuRecurrence(op.extents(in), in[0].dtype(), traits, FILE);
        Saved s =
                new Saved(
                        g.optional(Optional.LENGTHS, in, 1),
                        g.optional(Optional.H0, in, 2),
                        g.optional(Optional.C0, in, 3),
                        in(4),
                        in(5),
                        g.optional(Optional.PEEPHOLE, in, 6),
                        in(7),
                        in(8),
                        in(9));
        List<Object> arrived =
                Arrays.asList(
                        g.optional(Optional.DY, in, 10),
                        g.optional(Optional.DHN, in, 11),
                        g.optional(Optional.DCN, in, 12),
                        g.optional(Optional.DGATES, in, 13),
                        g.optional(Optional.DCELLS, in, 14));
        return backward(g, op.truncation(), s, arrived, shape);
    }

    static GpuPlan cellGradient(
            LstmCellGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuRecurrence g = new GpuRecurrence(op.extents(in), in[0].dtype(), traits, FILE);
        Object h = g.optional(Optional.H0, in, 1);
        Object c = g.optional(Optional.C0, in, 2);
        Object peep = g.optional(Optional.PEEPHOLE, in, 5);
        // The one step starts from h, so that the place of y is never read.
        Saved s = new Saved(null, h, c, in(3), in(4), peep, in(1), in(7), in(6));
        List<Object> arrived =
                Arrays.asList(
                        null,
                        g.optional(Optional.DHN, in, 8),
                        g.optional(Optional.DCN, in, 9),
                        g.optional(Optional.DGATES, in, 10),
                        null);
        return backward(g, 0, s, arrived, null);
    }

    /** What the forward op had and left. */
    private record Saved(
            Object lengths,
            Object h0,
            Object c0,
            Object wIh,
            Object wHh,
            Object peep,
            Object y,
            Object gates,
            Object cells) {}

    private static GpuPlan backward(
            GpuRecurrence g, int truncation, Saved a, List<Object> arrived, GridShape shape) {
        Extents e = g.e;
        int h = e.hidden();
        int size = e.rows() * 4 * h;
        Object delta = g.temporary(e.directions() * size);
        Object sums = null;
        if (shape != null) {
            List<Object> buffers =
                    new ArrayList<>(
                            Arrays.asList(delta, a.gates, a.cells, a.c0, a.lengths, a.wHh, a.peep));
            buffers.addAll(arrived);
            sums = g.floats(shape.rowGroups() * e.directions() * shape.sums() * h);
            buffers.addAll(List.of(out(1), out(2), sums));
            g.parts(shape, buffers);
            g.grid(shape, LstmGrid.FILE, "lstm_grid_back", buffers, truncation);
        } else {
            Object dh = g.floats(e.directions() * e.batch() * h);
            Object dc = g.floats(e.directions() * e.batch() * h);
            List<Object> buffers =
                    new ArrayList<>(
                            Arrays.asList(
                                    delta, dh, dc, a.gates, a.cells, a.c0, a.lengths, a.wHh,
                                    a.peep));
            buffers.addAll(arrived);
            buffers.addAll(List.of(out(1), out(2)));
            for (int s = e.steps() - 1; s >= -1; s--) {
                g.step("lstm_back", buffers, s, truncation);
            }
        }
        Object before = g.temporary(e.rows() * h);
        for (int d = 0; d < e.directions(); d++) {
            g.inputGradient(delta, d * size, 4 * h, 4, d, in(0), a.wIh, out(0), out(3));
            g.before(a.y, a.h0, a.lengths, d, before);
            g.weightGradient(delta, d * size, 4 * h, 4 * h, before, 0, h, 4, d, 0, out(4));
            if (shape == null) {
                g.columnSums(delta, d * size, 4 * h, 4 * h, 4 * h, 0, out(5), d * 4 * h);
                if (a.peep != null) {
                    g.peepholeSums(delta, a.cells, a.c0, a.lengths, d, out(6));
                }
            }
        }
        if (shape != null) {
            g.groupSums(shape, sums, 0, 4, 4, out(5));
            if (a.peep != null) {
                g.groupSums(shape, sums, 4, 3, 3, out(6));
            }
        }
        return g.plan.build();
    }
}
