package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalGpu.arg;
import static io.tatara.kernels.causal.CausalGpu.flag;
import static io.tatara.kernels.causal.CausalGpu.groups;
import static io.tatara.kernels.causal.CausalGpu.up;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * The gated layer and the step on OpenCL and CUDA from one text; see layer.cl, stack.cl and
 * step.cl.
 */
final class LayerGpu {
    private static final int PAIRS = 4;
    private static final int OUTPUTS = 8;
    private static final int STEP_LOCAL = 256;

    private LayerGpu() {}

    static GpuProgram program(
            TensorSpec[] in, int condition, int bias, int state, int keep, int base) {
        return GpuProgram.resource(
                LayerGpu.class,
                "layer.cl",
                "STORAGE",
                GpuProgram.storage(in[0].dtype()),
                "CONDITION",
                condition,
                "BIAS",
                bias,
                "BEFORE",
                state,
                "KEEP",
                keep,
                "BASE",
                base);
    }

    static GpuPlan layer(GatedCausalLayer op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        CausalShape s = op.shape(in);
        int local = CausalGpu.local(traits);
        int half = s.m() / 2;
        TensorSpec condition = in[GatedCausalLayer.CONDITION];
        int kind = condition == null ? 0 : condition.shape().rank() - 1;
        int state = flag(in, GatedCausalLayer.STATE);
        GpuPlan.Builder plan = GpuPlan.builder();
        Arg z = plan.temporary(4L * s.n() * half * s.t());
        int blocks = up(s.t(), local);
        plan.launch(
                program(in, kind, flag(in, GatedCausalLayer.BIAS), state, op.keep() ? 1 : 0, 0),
                "gates",
                groups(s.n(), up(half, PAIRS), blocks),
                new int[] {local, 1, 1},
                GpuPlan.in(GatedCausalLayer.X),
                arg(in, GatedCausalLayer.STATE),
                GpuPlan.in(GatedCausalLayer.WEIGHT),
                arg(in, GatedCausalLayer.BIAS),
                arg(in, GatedCausalLayer.CONDITION),
                z,
                op.keep() ? GpuPlan.out(2) : null,
                blocks,
                s.c(),
                half,
                s.k(),
                s.t(),
                s.d());
        outputs(plan, s, in, z, GatedCausalLayer.RESIDUAL_WEIGHT, GatedCausalLayer.X, 0, local);
        outputs(plan, s, in, z, GatedCausalLayer.SKIP_WEIGHT, GatedCausalLayer.SKIP, 1, local);
        if (op.carry()) {
            CausalGpu.carry(plan, s, in, GatedCausalLayer.STATE, op.carried(), local);
        }
        return plan.build();
    }

    /** The bias stands behind its weight. */
    private static void outputs(
            GpuPlan.Builder plan,
            CausalShape s,
            TensorSpec[] in,
            Arg z,
            int weight,
            int base,
            int out,
            int local) {
        int rows = in[weight].shape().dim(0);
        int blocks = up(s.t(), local);
        plan.launch(
                program(in, 0, flag(in, weight + 1), 0, 0, flag(in, base)),
                "outputs",
                groups(s.n(), up(rows, OUTPUTS), blocks),
                new int[] {local, 1, 1},
                z,
                GpuPlan.in(weight),
                arg(in, weight + 1),
                arg(in, base),
                GpuPlan.out(out),
                blocks,
                rows,
                s.m() / 2,
                s.t());
    }

    static GpuPlan activationGradient(
            GatedActivationGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int all = in[1].size();
        GpuProgram p =
                GpuProgram.resource(
                        LayerGpu.class,
                        "layer.cl",
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "MORE",
                        flag(in, 2));
        return GpuPlan.builder()
                .launch1d(
                        p,
                        "activation_gradient",
                        all,
                        CausalGpu.local(traits),
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        arg(in, 2),
                        GpuPlan.out(0),
                        GpuPlan.out(1),
                        all,
                        in[1].shape().product(1, 3))
                .build();
    }

    /** Text before a source that asks for a layer's dilation. */
    static String dilations(List<Integer> dilations) {
        StringBuilder text = new StringBuilder("#define DILATIONS 1\n");
        text.append("DEVICE int dilation_of(int layer) {\n  switch (layer) {\n");
        for (int l = 0; l < dilations.size(); l++) {
            text.append("    case ").append(l).append(": return ").append(dilations.get(l));
            text.append(";\n");
        }
        return text.append("  }\n  return 1;\n}\n").toString();
    }

    static GpuPlan step(WaveNetStep op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        StackShape e = WaveNetStep.extents(in);
        int local = Math.min(STEP_LOCAL, Integer.highestOneBit(traits.maxWorkGroup()));
        int numbers = e.c() * (1 + e.k()) + 2 * e.d() + e.s();
        boolean inMemory = 4L * (numbers + 4) > traits.localMemory();
        GpuProgram p =
                GpuProgram.of(
                        "causal/step.cl",
                        dilations(op.dilations())
                                + GpuSources.load(LayerGpu.class, "stack.cl")
                                + "#line 1 \"causal/step.cl\"\n"
                                + GpuSources.load(LayerGpu.class, "step.cl"),
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "CHANNELS",
                        e.c(),
                        "HALF_ROWS",
                        e.d(),
                        "SKIPS",
                        e.s(),
                        "TAPS",
                        e.k(),
                        "IN_MEMORY",
                        inMemory ? 1 : 0,
                        "BIAS",
                        flag(in, WaveNetStep.BIAS),
                        "CONDITION",
                        flag(in, WaveNetStep.CONDITION),
                        "RESIDUAL_BIAS",
                        flag(in, WaveNetStep.RESIDUAL_BIAS),
                        "SKIP_BIAS",
                        flag(in, WaveNetStep.SKIP_BIAS));
        GpuPlan.Builder plan = GpuPlan.builder();
        Arg scratch = inMemory ? plan.temporary(4L * e.n() * numbers) : null;
        return plan.launch(
                        p,
                        "one_sample",
                        new int[] {e.n(), 1, 1},
                        new int[] {local, 1, 1},
                        GpuPlan.in(WaveNetStep.X),
                        GpuPlan.out(2),
                        GpuPlan.out(3),
                        GpuPlan.in(WaveNetStep.WEIGHT),
                        arg(in, WaveNetStep.BIAS),
                        arg(in, WaveNetStep.CONDITION),
                        GpuPlan.in(WaveNetStep.RESIDUAL_WEIGHT),
                        arg(in, WaveNetStep.RESIDUAL_BIAS),
                        GpuPlan.in(WaveNetStep.SKIP_WEIGHT),
                        arg(in, WaveNetStep.SKIP_BIAS),
                        GpuPlan.out(WaveNetStep.SKIP),
                        GpuPlan.out(WaveNetStep.Y),
                        scratch,
                        e.layers(),
                        e.q())
                .launch1d(p, "advance", e.layers(), 32, GpuPlan.out(3), e.layers())
                .build();
    }
}
