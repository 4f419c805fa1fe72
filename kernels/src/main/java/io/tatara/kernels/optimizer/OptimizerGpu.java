package io.tatara.kernels.optimizer;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * Launches for the ops of this room: one a tensor. Pointers to aliased tensors are passed once, as
 * inputs.
 */
final class OptimizerGpu {
    /** Elements that a work-group of the norm's first stage sums. */
    private static final int CHUNK = 16384;

    private OptimizerGpu() {}

    private static int local(GpuTraits traits) {
        return Math.min(256, Integer.highestOneBit(traits.maxWorkGroup()));
    }

    private static GpuProgram program(GpuTraits traits) {
        return GpuProgram.resource(OptimizerGpu.class, "optimizer.cl", "GROUP", local(traits));
    }

    static GpuPlan sgd(Sgd op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program = program(traits);
        GpuPlan.Builder plan = GpuPlan.builder();
        int k = op.tensors();
        for (int j = 0; j < k; j++) {
            int n = in[1 + j].size();
            if (op.hasMomentum()) {
                plan.launch1d(
                        program,
                        "sgd_momentum",
                        n,
                        local(traits),
                        in(0),
                        in(1 + j),
                        in(1 + k + j),
                        in(1 + 2 * k + j),
                        n,
                        op.weightDecay(),
                        op.momentum(),
                        op.nesterov() ? 1 : 0);
            } else {
                plan.launch1d(
                        program,
                        "sgd",
                        n,
                        local(traits),
                        in(0),
                        in(1 + j),
                        in(1 + k + j),
                        n,
                        op.weightDecay());
            }
        }
        return plan.build();
    }

    static GpuPlan adam(Adam op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program = program(traits);
        GpuPlan.Builder plan = GpuPlan.builder();
        int k = op.tensors();
        for (int j = 0; j < k; j++) {
            int n = in[1 + j].size();
            plan.launch1d(
                    program,
                    "adam",
                    n,
                    local(traits),
                    in(0),
                    in(1 + j),
                    in(1 + k + j),
                    in(1 + 2 * k + j),
                    in(1 + 3 * k + j),
                    n,
                    op.beta1(),
                    op.beta2(),
                    op.epsilon(),
                    op.weightDecay());
        }
        return plan.build();
    }

    static GpuPlan globalNorm(GlobalNorm op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program = program(traits);
        GpuPlan.Builder plan = GpuPlan.builder();
        int[] groups = new int[op.tensors()];
        int total = 0;
        for (int j = 0; j < groups.length; j++) {
            groups[j] = (int) ((in[j].size() + (long) CHUNK - 1) / CHUNK);
            total += groups[j];
        }
        GpuPlan.Arg partial = plan.temporary(4L * total);
        int[] local = {local(traits), 1, 1};
        int first = 0;
        for (int j = 0; j < groups.length; j++) {
            plan.launch(
                    program,
                    "square_sums",
                    new int[] {groups[j], 1, 1},
                    local,
                    in(j),
                    partial,
                    in[j].size(),
                    CHUNK,
                    first);
            first += groups[j];
        }
        return plan.launch(
                        program, "norm_of_sums", new int[] {1, 1, 1}, local, partial, out(0), total)
                .build();
    }

    static GpuPlan clipScale(ClipScale op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return GpuPlan.builder()
                .launch1d(program(traits), "clip_scale", 1, 1, in(0), out(0), op.maxNorm())
                .build();
    }

    static GpuPlan scaleAll(ScaleAll op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program = program(traits);
        GpuPlan.Builder plan = GpuPlan.builder();
        for (int j = 0; j < op.tensors(); j++) {
            int n = in[1 + j].size();
            plan.launch1d(program, "scale_all", n, local(traits), in(0), in(1 + j), n);
        }
        return plan.build();
    }
}
