package io.tatara.kernels.recurrent;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.recurrent.GpuRecurrence.Optional;
import java.util.Arrays;
import java.util.List;

/** The LSTM's loop in one launch on CUDA, where its recurrent weight fits the chip. */
final class LstmGrid {
    static final String FILE = "lstm_grid.cu";

    private LstmGrid() {}

    /**
     * Of {@link LstmSequence}.
     *
     * @param form of the product
     */
    record Forward(GridForm form) implements GpuKernel<LstmSequence> {
        @Override
        public String variant() {
            return form.variant();
        }

        GridShape shape(LstmSequence op, TensorSpec[] in, GpuTraits traits) {
            Extents e = op.extents(in);
            List<GridShape.Need> needs = List.of(new GridShape.Need(4, e.hidden()));
            return form.shape(e, in[0].dtype(), traits, needs, 1, 0);
        }

        @Override
        public boolean supports(LstmSequence op, TensorSpec[] in, GpuTraits traits) {
            return shape(op, in, traits) != null;
        }

        @Override
        public GpuPlan plan(LstmSequence op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            GridShape shape = shape(op, in, traits);
            DType dtype = in[0].dtype();
            GpuRecurrence g = new GpuRecurrence(op.extents(in), dtype, traits, FILE);
            Object lengths = g.optional(Optional.LENGTHS, in, 1);
            Object h0 = g.optional(Optional.H0, in, 2);
            Object c0 = g.optional(Optional.C0, in, 3);
            Object bias = g.optional(Optional.BIAS, in, 6);
            Object peep = g.optional(Optional.PEEPHOLE, in, 7);
            int width = 4 * g.e.hidden();
            int size = g.e.rows() * width;
            // The sums keep float32 up to the gates.
            Object pre = dtype == DType.FLOAT32 ? out(3) : g.floats(g.e.directions() * size);
            for (int d = 0; d < g.e.directions(); d++) {
                g.inputProduct(in(0), in(4), 4, d, DType.FLOAT32, pre, d * size, width);
            }
            List<Object> buffers =
                    Arrays.asList(
                            pre, out(3), out(4), out(0), out(1), out(2), h0, c0, lengths, in(5),
                            bias, peep);
            g.grid(shape, FILE, "lstm_grid", buffers);
            return g.plan.build();
        }
    }

    /**
     * Of {@link LstmSequenceGradient}.
     *
     * @param form of the product
     */
    record Backward(GridForm form) implements GpuKernel<LstmSequenceGradient> {
        @Override
        public String variant() {
            return form.variant();
        }

        GridShape shape(LstmSequenceGradient op, TensorSpec[] in, GpuTraits traits) {
            Extents e = op.extents(in);
            List<GridShape.Need> needs = List.of(new GridShape.Need(1, 4 * e.hidden()));
            int sums = in[6] == null ? 4 : 7;
            return form.shape(e, in[0].dtype(), traits, needs, 2, sums);
        }

        @Override
        public boolean supports(LstmSequenceGradient op, TensorSpec[] in, GpuTraits traits) {
            return shape(op, in, traits) != null;
        }

        @Override
        public GpuPlan plan(
                LstmSequenceGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            return LstmGpu.sequenceGradient(op, in, traits, shape(op, in, traits));
        }
    }
}
