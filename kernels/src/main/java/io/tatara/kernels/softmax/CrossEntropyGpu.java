package io.tatara.kernels.softmax;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** {@link CrossEntropy} and its gradient on OpenCL and CUDA; see cross_entropy.cl. */
final class CrossEntropyGpu {
    private CrossEntropyGpu() {}

    private static GpuProgram program(
            DType dtype, int group, float smoothing, boolean rows, boolean more) {
        return GpuProgram.resource(
                CrossEntropyGpu.class,
                "cross_entropy.cl",
                "STORAGE",
                GpuProgram.storage(dtype),
                "GROUP",
                group,
                "SMOOTH",
                smoothing == 0 ? 0 : 1,
                "PER_ROW",
                rows ? 1 : 0,
                "MORE",
                more ? 1 : 0);
    }

    /** The program whose kernels touch float32 and labels alone. */
    private static GpuProgram plain(int group) {
        return program(DType.FLOAT32, group, 0, false, false);
    }

    static GpuPlan run(CrossEntropy op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        int group = SoftmaxKernels.group(c, traits);
        boolean rows = op.reduction() == Reduction.NONE;
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg losses = rows ? GpuPlan.out(0) : plan.temporary(4L * n);
        plan.launch(
                program(in[0].dtype(), group, op.smoothing(), false, false),
                "cross_entropy_rows",
                new int[] {n, 1, 1},
                new int[] {group, 1, 1},
                GpuPlan.in(0),
                GpuPlan.in(1),
                losses,
                GpuPlan.out(1),
                c,
                op.ignoreIndex(),
                op.smoothing());
        if (!rows) {
            total(plan, op, losses, n, SoftmaxKernels.group(n, traits));
        }
        return plan.build();
    }

    /** Adds the sum or mean of the rows' losses. */
    static void total(GpuPlan.Builder plan, CrossEntropy op, GpuPlan.Arg losses, int n, int group) {
        plan.launch(
                plain(group),
                "cross_entropy_total",
                new int[] {1, 1, 1},
                new int[] {group, 1, 1},
                losses,
                GpuPlan.in(1),
                GpuPlan.out(0),
                n,
                op.ignoreIndex(),
                op.reduction() == Reduction.MEAN ? 1 : 0);
    }

    /** What a row's gradient is multiplied by: dloss, for a mean divided by the rows counted. */
    static GpuPlan.Arg share(GpuPlan.Builder plan, CrossEntropyGradient op, int n, int group) {
        if (op.reduction() != Reduction.MEAN) {
            return GpuPlan.in(3);
        }
        GpuPlan.Arg share = plan.temporary(4);
        plan.launch(
                plain(group),
                "cross_entropy_share",
                new int[] {1, 1, 1},
                new int[] {group, 1, 1},
                GpuPlan.in(3),
                GpuPlan.in(1),
                share,
                n,
                op.ignoreIndex());
        return share;
    }

    static GpuPlan gradient(
            CrossEntropyGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        if (n == 0 || c == 0) {
            return GpuPlan.NOTHING;
        }
        int group = SoftmaxKernels.group(c, traits);
        boolean rows = op.reduction() == Reduction.NONE;
        boolean more = in[4] != null;
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg share = share(plan, op, n, SoftmaxKernels.group(n, traits));
        plan.launch(
                program(in[0].dtype(), group, op.smoothing(), rows, more),
                "cross_entropy_gradient",
                new int[] {n, 1, 1},
                new int[] {group, 1, 1},
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.in(2),
                share,
                more ? GpuPlan.in(4) : null,
                GpuPlan.out(0),
                c,
                op.ignoreIndex(),
                op.smoothing());
        return plan.build();
    }
}
