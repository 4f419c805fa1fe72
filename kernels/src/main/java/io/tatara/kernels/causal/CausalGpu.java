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

    /** What launches {@code shifted}: the portable text, or the one for CPUs. */
    interface Shifted {
        GpuProgram program(TensorSpec x, int depth, int before, int bias, int carried);

        /** Work-items of a group. */
        int local();

        /** Places of a group. */
        int places();

        /** Output channels of a group, 0 for all. */
        int outputs();

        default int[] groups(int sequences, int channels, int columns) {
            int tiles = outputs() == 0 ? Math.min(1, channels) : up(channels, outputs());
            return CausalGpu.groups(sequences, tiles, up(columns, places()));
        }
    }

    private record Portable(int local) implements Shifted {
        @Override
        public GpuProgram program(TensorSpec x, int depth, int before, int bias, int carried) {
            return CausalGpu.program(x, before, bias, carried, local);
        }

        @Override
        public int places() {
            return local;
        }

        @Override
        public int outputs() {
            return OUTPUTS;
        }
    }

    static GpuPlan convolution(
            CausalConv1d op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return convolution(op, in, new Portable(local(traits)), traits);
    }

    static GpuPlan convolution(
            CausalConv1d op, TensorSpec[] in, Shifted shifted, GpuTraits traits) {
        CausalShape s = op.shape(in);
        int before = flag(in, CausalConv1d.STATE);
        int bias = flag(in, CausalConv1d.BIAS);
        GpuPlan.Builder plan = GpuPlan.builder();
        plan.launch(
                shifted.program(in[0], s.c() * s.k(), before, bias, 0),
                "shifted",
                shifted.groups(s.n(), s.m(), s.t()),
                new int[] {shifted.local(), 1, 1},
                GpuPlan.in(CausalConv1d.X),
                arg(in, CausalConv1d.STATE),
                GpuPlan.in(CausalConv1d.WEIGHT),
                arg(in, CausalConv1d.BIAS),
                null,
                GpuPlan.out(0),
                up(s.t(), shifted.places()),
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
            carry(plan, s, in, CausalConv1d.STATE, 1, local(traits));
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
        return dataGradient(op, in, new Portable(local(traits)));
    }

    static GpuPlan dataGradient(CausalConv1dDataGradient op, TensorSpec[] in, Shifted shifted) {
        CausalShape s = op.shape(in);
        GpuPlan.Builder plan = GpuPlan.builder();
        // Place i of x is reached from i + reach − k · dilation of dy, place i of the state from i
        // − k · dilation; the outgoing state is the last places of both together.
        data(plan, s, in, 0, s.t(), s.reach(), 0, shifted);
        if (op.state()) {
            data(plan, s, in, 1, s.reach(), 0, -s.reach(), shifted);
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
            Shifted shifted) {
        int carried = flag(in, CausalConv1dDataGradient.CARRIED);
        plan.launch(
                shifted.program(in[0], s.m() * s.k(), 0, 0, carried),
                "shifted",
                shifted.groups(s.n(), s.c(), columns),
                new int[] {shifted.local(), 1, 1},
                GpuPlan.in(CausalConv1dDataGradient.DY),
                null,
                GpuPlan.in(CausalConv1dDataGradient.WEIGHT),
                null,
                arg(in, CausalConv1dDataGradient.CARRIED),
                GpuPlan.out(out),
                up(columns, shifted.places()),
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
        int local = local(traits);
        int state = flag(in, CausalConv1dWeightGradient.STATE);
        return weightGradient(op, in, program(in[0], state, 0, 0, local), local);
    }

    static GpuPlan weightGradient(
            CausalConv1dWeightGradient op, TensorSpec[] in, GpuProgram program, int local) {
        CausalShape s = op.shape(in);
        int state = CausalConv1dWeightGradient.STATE;
        return GpuPlan.builder()
                .launch(
                        program,
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
