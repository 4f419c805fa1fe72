package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalGpu.arg;
import static io.tatara.kernels.causal.CausalGpu.flag;
import static io.tatara.kernels.causal.CausalGpu.up;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * The gated layer on CPUs through OpenCL, float32: the convolution and both matrices as {@link
 * CausalCpu} runs them, the activation between them.
 */
final class LayerCpu implements GpuKernel<GatedCausalLayer> {
    @Override
    public String variant() {
        return "cpu";
    }

    @Override
    public boolean supports(GatedCausalLayer op, TensorSpec[] in, GpuTraits traits) {
        CausalShape s = op.shape(in);
        return in[0].dtype() == DType.FLOAT32
                && CausalCpu.takes(Math.max(s.c() * s.k(), s.m() / 2), traits);
    }

    @Override
    public GpuPlan plan(GatedCausalLayer op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        CausalShape s = op.shape(in);
        CausalCpu.Strips strips = new CausalCpu.Strips(traits.lanes());
        int half = s.m() / 2;
        int local = CausalGpu.local(traits);
        GpuPlan.Builder plan = GpuPlan.builder();
        Arg a = plan.temporary(4L * s.n() * s.m() * s.t());
        Arg z = plan.temporary(4L * s.n() * half * s.t());
        int state = GatedCausalLayer.STATE;
        plan.launch(
                strips.program(in[0], s.c() * s.k(), flag(in, state), 0, 0),
                "shifted",
                strips.groups(s.n(), s.m(), s.t()),
                new int[] {1, 1, 1},
                GpuPlan.in(GatedCausalLayer.X),
                arg(in, state),
                GpuPlan.in(GatedCausalLayer.WEIGHT),
                null,
                null,
                a,
                up(s.t(), strips.places()),
                s.m(),
                s.c(),
                s.k(),
                s.t(),
                s.reach(),
                s.t(),
                -s.reach(),
                s.d(),
                s.c() * s.k(),
                s.k(),
                0,
                0,
                0);
        TensorSpec condition = in[GatedCausalLayer.CONDITION];
        int kind = condition == null ? 0 : condition.shape().rank() - 1;
        int bias = flag(in, GatedCausalLayer.BIAS);
        int blocks = up(s.t(), local);
        plan.launch(
                LayerGpu.program(in, kind, bias, 0, op.keep() ? 1 : 0, 0),
                "activate",
                CausalGpu.groups(s.n(), half, blocks),
                new int[] {local, 1, 1},
                a,
                arg(in, GatedCausalLayer.BIAS),
                arg(in, GatedCausalLayer.CONDITION),
                z,
                op.keep() ? GpuPlan.out(2) : null,
                blocks,
                half,
                s.t());
        dense(plan, strips, s, in, z, GatedCausalLayer.RESIDUAL_WEIGHT, GatedCausalLayer.X, 0);
        dense(plan, strips, s, in, z, GatedCausalLayer.SKIP_WEIGHT, GatedCausalLayer.SKIP, 1);
        if (op.carry()) {
            CausalGpu.carry(plan, s, in, state, op.carried(), local);
        }
        return plan.build();
    }

    /** One tap; what the layer adds there goes where a carried gradient would. */
    private static void dense(
            GpuPlan.Builder plan,
            CausalCpu.Strips strips,
            CausalShape s,
            TensorSpec[] in,
            Arg z,
            int weight,
            int base,
            int out) {
        int rows = in[weight].shape().dim(0);
        int half = s.m() / 2;
        plan.launch(
                strips.program(in[0], half, 0, flag(in, weight + 1), flag(in, base)),
                "shifted",
                strips.groups(s.n(), rows, s.t()),
                new int[] {1, 1, 1},
                z,
                null,
                GpuPlan.in(weight),
                arg(in, weight + 1),
                arg(in, base),
                GpuPlan.out(out),
                up(s.t(), strips.places()),
                rows,
                half,
                1,
                s.t(),
                0,
                s.t(),
                0,
                1,
                half,
                1,
                0,
                0,
                s.t());
    }
}
