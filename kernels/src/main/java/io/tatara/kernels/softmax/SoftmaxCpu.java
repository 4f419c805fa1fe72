package io.tatara.kernels.softmax;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** The ops of this room for OpenCL on CPUs; see softmax_cpu.cl. */
final class SoftmaxCpu {
    static final GpuKernel<Softmax> SOFTMAX = new Cpu<>(SoftmaxCpu::softmax);
    static final GpuKernel<SoftmaxGradient> SOFTMAX_GRADIENT = new Cpu<>(SoftmaxCpu::gradient);
    static final GpuKernel<CrossEntropy> CROSS_ENTROPY = new Cpu<>(SoftmaxCpu::crossEntropy);
    static final GpuKernel<CrossEntropyGradient> CROSS_ENTROPY_GRADIENT =
            new Cpu<>(SoftmaxCpu::crossEntropyGradient);

    /** Numbers that a work-item should have at least. */
    private static final int GRAIN = 1 << 13;

    private SoftmaxCpu() {}

    private interface Plan<O extends Op> {
        GpuPlan of(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits);
    }

    private record Cpu<O extends Op>(Plan<O> plan) implements GpuKernel<O> {
        @Override
        public String variant() {
            return "cpu";
        }

        @Override
        public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
            return traits.api() == GpuTraits.Api.OPENCL && traits.cpu();
        }

        @Override
        public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            return plan.of(op, in, out, traits);
        }
    }

    private static GpuProgram program(DType dtype, GpuTraits traits, String flag, boolean set) {
        return program(dtype, traits, flag, set, "RAGGED", false);
    }

    private static GpuProgram program(
            DType dtype, GpuTraits traits, String flag, boolean set, String other, boolean also) {
        return GpuProgram.vectors(
                SoftmaxCpu.class,
                "softmax_cpu.cl",
                "STORAGE",
                GpuProgram.storage(dtype),
                "VEC",
                traits.lanes(),
                flag,
                set ? 1 : 0,
                other,
                also ? 1 : 0);
    }

    private static int each(int n) {
        return Math.max(1, GRAIN / Math.max(1, n));
    }

    /**
     * Adds a launch over rows; its last two arguments are their number and how many an item takes.
     */
    private static void launch(
            GpuPlan.Builder plan, GpuProgram p, String entry, int rows, int n, Object... args) {
        int each = each(n);
        Object[] all = java.util.Arrays.copyOf(args, args.length + 2);
        all[args.length] = rows;
        all[args.length + 1] = each;
        plan.launch(p, entry, new int[] {(rows + each - 1) / each, 1, 1}, new int[] {1, 1, 1}, all);
    }

    private static GpuPlan softmax(
            Softmax op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        if (in[0].size() > 0) {
            int n = in[0].shape().dim(-1);
            boolean ragged = in[1] != null;
            launch(
                    plan,
                    program(in[0].dtype(), traits, "LOG", op.log(), "RAGGED", ragged),
                    "softmax_rows",
                    in[0].size() / n,
                    n,
                    GpuPlan.in(0),
                    ragged ? GpuPlan.in(1) : null,
                    GpuPlan.out(0),
                    n);
        }
        return plan.build();
    }

    private static GpuPlan gradient(
            SoftmaxGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        if (in[0].size() > 0) {
            int n = in[0].shape().dim(-1);
            launch(
                    plan,
                    program(in[0].dtype(), traits, "LOG", op.log()),
                    "softmax_gradient",
                    in[0].size() / n,
                    n,
                    GpuPlan.in(0),
                    GpuPlan.in(1),
                    GpuPlan.out(0),
                    n);
        }
        return plan.build();
    }

    private static GpuPlan crossEntropy(
            CrossEntropy op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        boolean rows = op.reduction() == Reduction.NONE;
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg losses = rows ? GpuPlan.out(0) : plan.temporary(4L * n);
        launch(
                plan,
                program(in[0].dtype(), traits, "SMOOTH", op.smoothing() != 0),
                "cross_entropy_rows",
                n,
                c,
                GpuPlan.in(0),
                GpuPlan.in(1),
                losses,
                GpuPlan.out(1),
                c,
                op.ignoreIndex(),
                op.smoothing());
        if (!rows) {
            CrossEntropyGpu.total(plan, op, losses, n, SoftmaxKernels.group(n, traits));
        }
        return plan.build();
    }

    private static GpuPlan crossEntropyGradient(
            CrossEntropyGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        GpuPlan.Builder plan = GpuPlan.builder();
        if (n > 0 && c > 0) {
            boolean rows = op.reduction() == Reduction.NONE;
            boolean more = in[4] != null;
            GpuPlan.Arg share = CrossEntropyGpu.share(plan, op, n, SoftmaxKernels.group(n, traits));
            launch(
                    plan,
                    program(in[0].dtype(), traits, "PER_ROW", rows, "MORE", more),
                    "cross_entropy_gradient",
                    n,
                    c,
                    GpuPlan.in(0),
                    GpuPlan.in(1),
                    GpuPlan.in(2),
                    share,
                    more ? GpuPlan.in(4) : null,
                    GpuPlan.out(0),
                    c,
                    op.ignoreIndex(),
                    op.smoothing());
        }
        return plan.build();
    }
}
