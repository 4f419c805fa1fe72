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

/** The GRU's loop in one launch on CUDA, where its recurrent weight fits the chip. */
final class GruGrid {
    static final String FILE = "gru_grid.cu";

    private GruGrid() {}

    /**
     * Of {@link GruSequence}.
     *
     * @param form of the product
     */
    record Forward(GridForm form) implements GpuKernel<GruSequence> {
        @Override
        public String variant() {
            return form.variant();
        }

        GridShape shape(GruSequence op, TensorSpec[] in, GpuTraits traits) {
            Extents e = op.extents(in);
            int h = e.hidden();
            List<GridShape.Need> needs =
                    op.resetAfter()
                            ? List.of(new GridShape.Need(3, h))
                            : List.of(new GridShape.Need(2, h), new GridShape.Need(1, h));
            return form.shape(e, in[0].dtype(), traits, needs, 1, 0);
        }

        @Override
        public boolean supports(GruSequence op, TensorSpec[] in, GpuTraits traits) {
            return shape(op, in, traits) != null;
        }

        @Override
        public GpuPlan plan(GruSequence op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            GridShape shape = shape(op, in, traits);
            DType dtype = in[0].dtype();
            GpuRecurrence g = GruGpu.recurrence(op.extents(in), in[0], traits, op.resetAfter());
            Object lengths = g.optional(Optional.LENGTHS, in, 1);
            Object h0 = g.optional(Optional.H0, in, 2);
            Object bIh = g.optional(Optional.BIAS, in, 5);
            Object bHh = g.optional(Optional.BIAS_HH, in, 6);
            int width = 4 * g.e.hidden();
            int size = g.e.rows() * width;
            // The sums keep float32 up to the gates.
            Object pre = dtype == DType.FLOAT32 ? out(2) : g.floats(g.e.directions() * size);
            for (int d = 0; d < g.e.directions(); d++) {
                g.inputProduct(in(0), in(3), 3, d, DType.FLOAT32, pre, d * size, width);
            }
            List<Object> buffers =
                    Arrays.asList(pre, out(2), out(0), out(1), h0, lengths, in(4), bIh, bHh);
            g.grid(shape, FILE, "gru_grid", buffers);
            return g.plan.build();
        }
    }

    /**
     * Of {@link GruSequenceGradient}.
     *
     * @param form of the product
     */
    record Backward(GridForm form) implements GpuKernel<GruSequenceGradient> {
        @Override
        public String variant() {
            return form.variant();
        }

        GridShape shape(GruSequenceGradient op, TensorSpec[] in, GpuTraits traits) {
            Extents e = op.extents(in);
            int h = e.hidden();
            List<GridShape.Need> needs =
                    op.resetAfter()
                            ? List.of(new GridShape.Need(1, 3 * h))
                            : List.of(new GridShape.Need(1, 2 * h), new GridShape.Need(1, h));
            return form.shape(e, in[0].dtype(), traits, needs, 1, 4);
        }

        @Override
        public boolean supports(GruSequenceGradient op, TensorSpec[] in, GpuTraits traits) {
            return shape(op, in, traits) != null;
        }

        @Override
        public GpuPlan plan(
                GruSequenceGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            return GruGpu.sequenceGradient(op, in, traits, shape(op, in, traits));
        }
    }
}
