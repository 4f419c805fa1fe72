package io.tatara.kernels.softmax;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** The ops of this room in 16-byte pieces and by warps; see softmax.cu and cross_entropy.cu. */
final class SoftmaxCuda {
    private SoftmaxCuda() {}

    /** Launches for shapes that are not empty. */
    @FunctionalInterface
    private interface Planner<O extends Op> {
        GpuPlan plan(O op, TensorSpec[] in);
    }

    private static <O extends Op> GpuKernel<O> of(Planner<O> planner) {
        return new GpuKernel<>() {
            @Override
            public String variant() {
                return "cuda";
            }

            @Override
            public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
                return traits.cuda(75);
            }

            @Override
            public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                return planner.plan(op, in);
            }
        };
    }

    static final GpuKernel<Softmax> SOFTMAX = of(SoftmaxCuda::softmax);
    static final GpuKernel<SoftmaxGradient> SOFTMAX_GRADIENT = of(SoftmaxCuda::softmaxGradient);
    static final GpuKernel<CrossEntropy> CROSS_ENTROPY = of(SoftmaxCuda::crossEntropy);
    static final GpuKernel<CrossEntropyGradient> CROSS_ENTROPY_GRADIENT =
            of(SoftmaxCuda::crossEntropyGradient);

    private static GpuPlan softmax(Softmax op, TensorSpec[] in) {
        if (in[0].size() == 0) {
            return GpuPlan.NOTHING;
        }
        int n = in[0].shape().dim(-1);
        int rows = in[0].size() / n;
        RowShape shape = RowShape.held(n, in[0].dtype(), 1);
        boolean ragged = in[1] != null;
        GpuProgram program =
                shape.program(
                        "softmax.cu",
                        in[0].dtype(),
                        "LOG",
                        op.log() ? 1 : 0,
                        "RAGGED",
                        ragged ? 1 : 0);
        return GpuPlan.builder()
                .launch(
                        program,
                        shape.isHeld() ? "softmax_held" : "softmax_long",
                        shape.groups(rows),
                        shape.local(),
                        GpuPlan.in(0),
                        ragged ? GpuPlan.in(1) : null,
                        GpuPlan.out(0),
                        rows,
                        n)
                .build();
    }

    private static GpuPlan softmaxGradient(SoftmaxGradient op, TensorSpec[] in) {
        if (in[0].size() == 0) {
            return GpuPlan.NOTHING;
        }
        int n = in[0].shape().dim(-1);
        int rows = in[0].size() / n;
        RowShape shape = RowShape.held(n, in[0].dtype(), 2);
        GpuProgram program =
                shape.program("softmax.cu", in[0].dtype(), "LOG", op.log() ? 1 : 0, "GRADIENT", 1);
        return GpuPlan.builder()
                .launch(
                        program,
                        shape.isHeld() ? "softmax_gradient_held" : "softmax_gradient_long",
                        shape.groups(rows),
                        shape.local(),
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.out(0),
                        rows,
                        n)
                .build();
    }

    private static GpuPlan crossEntropy(CrossEntropy op, TensorSpec[] in) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        RowShape shape = RowShape.streamed(c, in[0].dtype());
        GpuPlan.Builder plan = GpuPlan.builder();
        boolean each = op.reduction() == Reduction.NONE;
        GpuPlan.Arg losses = each ? GpuPlan.out(0) : plan.temporary(4L * n);
        plan.launch(
                shape.program(
                        "cross_entropy.cu", in[0].dtype(), "SMOOTH", op.smoothing() == 0 ? 0 : 1),
                "cross_entropy_rows",
                shape.groups(n),
                shape.local(),
                GpuPlan.in(0),
                GpuPlan.in(1),
                losses,
                GpuPlan.out(1),
                n,
                c,
                op.ignoreIndex(),
                op.smoothing());
        if (!each) {
            CrossEntropyGpu.total(plan, op, losses, n, 1024);
        }
        return plan.build();
    }

    private static GpuPlan crossEntropyGradient(CrossEntropyGradient op, TensorSpec[] in) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        if (n == 0 || c == 0) {
            return GpuPlan.NOTHING;
        }
        RowShape shape = RowShape.streamed(c, in[0].dtype());
        boolean more = in[4] != null;
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg share = CrossEntropyGpu.share(plan, op, n, 1024);
        return plan.launch(
                        shape.program(
                                "cross_entropy.cu",
                                in[0].dtype(),
                                "SMOOTH",
                                op.smoothing() == 0 ? 0 : 1,
                                "PER_ROW",
                                op.reduction() == Reduction.NONE ? 1 : 0,
                                "MORE",
                                more ? 1 : 0),
                        "cross_entropy_gradient",
                        shape.groups(n),
                        shape.local(),
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.in(2),
                        share,
                        more ? GpuPlan.in(4) : null,
                        GpuPlan.out(0),
                        n,
                        c,
                        op.ignoreIndex(),
                        op.smoothing())
                .build();
    }
}
