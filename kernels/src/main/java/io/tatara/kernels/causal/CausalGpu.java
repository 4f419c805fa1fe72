package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** The convolution and its gradients on OpenCL and CUDA from one text; see causal.cl. */
final class CausalGpu {
    private static final int LOCAL = 64;
    private static final int OUTPUTS = 8;
    private static final int TILE = 4;

    private CausalGpu() {}

    static int local(GpuTraits traits) {
        return Math.min(LOCAL, Integer.highestOneBit(traits.maxWorkGroup()));
    }

    static int up(int n, int by) {
        return (int) ((n + (long) by - 1) / by);
    }

    static int flag(TensorSpec[] in, int i) {
        return at(in, i) == null ? 0 : 1;
    }

    static Object arg(TensorSpec[] in, int i) {
        return i < 0 || at(in, i) == null ? null : GpuPlan.in(i);
    }

    private static GpuProgram program(TensorSpec x, int before, int bias, int carried, int local) {
        return GpuProgram.resource(
                CausalGpu.class,
                "causal.cl",
                "STORAGE",
                GpuProgram.storage(x.dtype()),
                "BEFORE",
                before,
                "BIAS",
                bias,
                "CARRIED",
                carried,
                "LOCAL",
                local);
    }

    static GpuPlan convolution(
            CausalConv1d op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        CausalShape s = op.shape(in);
        int local = local(traits);
        int before = flag(in, CausalConv1d.STATE);
        GpuProgram p = program(in[0], before, flag(in, CausalConv1d.BIAS), 0, local);
        GpuPlan.Builder plan = GpuPlan.builder();
        int blocks = up(s.t(), local);
        plan.launch(
                p,
                "shifted",
                groups(s.n(), up(s.m(), OUTPUTS), blocks),
                new int[] {local, 1, 1},
                GpuPlan.in(CausalConv1d.X),
                arg(in, CausalConv1d.STATE),
                GpuPlan.in(CausalConv1d.WEIGHT),
                arg(in, CausalConv1d.BIAS),
                null,
                GpuPlan.out(0),
                blocks,
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
        if (op.carry()) {
            carry(plan, s, in, CausalConv1d.STATE, 1, local);
        }
        return plan.build();
    }

    /** Copies the outgoing state to an output; x is input 0. */
    static void carry(
            GpuPlan.Builder plan, CausalShape s, TensorSpec[] in, int state, int out, int local) {
        int all = Math.multiplyExact(s.n() * s.c(), s.reach());
        plan.launch1d(
                program(in[0], flag(in, state), 0, 0, local),
                "carry",
                all,
                local,
                GpuPlan.in(0),
                arg(in, state),
                GpuPlan.out(out),
                all,
                s.t(),
                s.reach());
    }

    static int[] groups(int sequences, int tiles, int blocks) {
        return new int[] {Math.multiplyExact(sequences, Math.multiplyExact(tiles, blocks)), 1, 1};
    }

    static GpuPlan dataGradient(
            CausalConv1dDataGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        CausalShape s = op.shape(in);
        GpuPlan.Builder plan = GpuPlan.builder();
        // Place i of x is reached from i + reach − k · dilation of dy, place i of the state from i
        // − k · dilation; the outgoing state is the last places of both together.
        data(plan, s, in, 0, s.t(), s.reach(), 0, traits);
        if (op.state()) {
            data(plan, s, in, 1, s.reach(), 0, -s.reach(), traits);
        }
        return plan.build();
    }

    private static void data(
            GpuPlan.Builder plan,
            CausalShape s,
            TensorSpec[] in,
            int out,
            int columns,
            int first,
            int offset,
            GpuTraits traits) {
        int local = local(traits);
        int carried = flag(in, CausalConv1dDataGradient.CARRIED);
        int blocks = up(columns, local);
        plan.launch(
                program(in[0], 0, 0, carried, local),
                "shifted",
                groups(s.n(), up(s.c(), OUTPUTS), blocks),
                new int[] {local, 1, 1},
                GpuPlan.in(CausalConv1dDataGradient.DY),
                null,
                GpuPlan.in(CausalConv1dDataGradient.WEIGHT),
                null,
                arg(in, CausalConv1dDataGradient.CARRIED),
                GpuPlan.out(out),
                blocks,
                s.c(),
                s.m(),
                s.k(),
                s.t(),
                0,
                columns,
                first,
                -s.d(),
                s.k(),
                s.c() * s.k(),
                offset,
                s.t() - s.reach(),
                s.reach());
    }

    static GpuPlan weightGradient(
            CausalConv1dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        CausalShape s = op.shape(in);
        int local = local(traits);
        int state = CausalConv1dWeightGradient.STATE;
        return GpuPlan.builder()
                .launch(
                        program(in[0], flag(in, state), 0, 0, local),
                        "weight_gradient",
                        groups(up(s.m(), TILE), up(s.c(), TILE), s.k()),
                        new int[] {local, 1, 1},
                        GpuPlan.in(CausalConv1dWeightGradient.X),
                        arg(in, state),
                        GpuPlan.in(CausalConv1dWeightGradient.DY),
                        GpuPlan.out(0),
                        s.n(),
                        s.c(),
                        s.m(),
                        s.k(),
                        s.t(),
                        s.reach(),
                        s.d())
                .build();
    }
}
