package io.tatara.kernels.pad;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/** Padding on OpenCL and CUDA; see pad.cl. */
final class PadGpu {
    private static final int AXES = 6;

    private PadGpu() {}

    static GpuPlan pad(Pad op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        int n = out[0].size();
        if (n == 0) {
            return plan.build();
        }
        boolean ints = in[0].dtype() == DType.INT32;
        List<Object> args = new ArrayList<>(List.of(GpuPlan.in(0), GpuPlan.out(0), n));
        args.add(ints ? (Object) (int) op.value() : (Object) (float) op.value());
        axes(args, in[0].shape(), op.before(), op.after());
        GpuProgram program = program(in[0].dtype(), op.mode(), in[0].shape().rank());
        int local = Math.min(128, traits.maxWorkGroup());
        return plan.launch1d(program, ints ? "pad_ints" : "pad", n, local, args.toArray()).build();
    }

    static GpuPlan gradient(PadGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        int n = out[0].size();
        if (n == 0) {
            return plan.build();
        }
        List<Object> args = new ArrayList<>(List.of(GpuPlan.in(0), GpuPlan.out(0), n));
        axes(args, op.shape(), op.before(), op.after());
        GpuProgram program = program(in[0].dtype(), op.mode(), op.shape().rank());
        int local = Math.min(128, traits.maxWorkGroup());
        return plan.launch1d(program, "pad_gradient", n, local, args.toArray()).build();
    }

    private static GpuProgram program(DType dtype, PadMode mode, int rank) {
        int storage = dtype == DType.INT32 ? 0 : GpuProgram.storage(dtype);
        return GpuProgram.resource(
                Pad.class, "pad.cl", "STORAGE", storage, "MODE", mode.ordinal(), "RANK", rank);
    }

    /** Extents of x, what is before and what is behind, innermost first. */
    private static void axes(
            List<Object> args, Shape x, List<Integer> before, List<Integer> after) {
        for (int i = 0; i < AXES; i++) {
            int a = x.rank() - 1 - i;
            args.add(a >= 0 ? x.dim(a) : 1);
            args.add(a >= 0 ? before.get(a) : 0);
            args.add(a >= 0 ? after.get(a) : 0);
        }
    }
}
