package io.tatara.kernels.pool;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/** Pooling and up-sampling on OpenCL and CUDA from one text; see pool.cl and upsample.cl. */
final class PoolGpu {
    private static final int LOCAL = 128;

    private PoolGpu() {}

    static GpuPlan max(MaxPool op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        List<GpuPlan.Arg> tensors = List.of(GpuPlan.in(0), GpuPlan.out(0), GpuPlan.out(1));
        return pool("max_pool", op.window(), true, in[0], out[0], out[0], tensors, traits);
    }

    static GpuPlan maxGradient(
            MaxPoolGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        List<GpuPlan.Arg> tensors = List.of(GpuPlan.in(0), GpuPlan.in(1), GpuPlan.out(0));
        return pool("max_pool_gradient", op.window(), true, out[0], in[1], out[0], tensors, traits);
    }

    static GpuPlan average(AveragePool op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        List<GpuPlan.Arg> tensors = List.of(GpuPlan.in(0), GpuPlan.out(0));
        boolean pad = op.countIncludePad();
        return pool("average_pool", op.window(), pad, in[0], out[0], out[0], tensors, traits);
    }

    static GpuPlan averageGradient(
            AveragePoolGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        List<GpuPlan.Arg> tensors = List.of(GpuPlan.in(0), GpuPlan.out(0));
        boolean pad = op.countIncludePad();
        return pool(
                "average_pool_gradient", op.window(), pad, out[0], in[0], out[0], tensors, traits);
    }

    /**
     * One launch.
     *
     * @param x planes that the windows stand in
     * @param y an element a window
     * @param items an item an element
     */
    private static GpuPlan pool(
            String entry,
            PoolWindow p,
            boolean countPad,
            TensorSpec x,
            TensorSpec y,
            TensorSpec items,
            List<GpuPlan.Arg> tensors,
            GpuTraits traits) {
        GpuProgram program =
                GpuProgram.resource(
                        PoolGpu.class,
                        "pool.cl",
                        "STORAGE",
                        GpuProgram.storage(x.dtype()),
                        "COUNT_PAD",
                        countPad ? 1 : 0,
                        "KH",
                        p.kernelH(),
                        "KW",
                        p.kernelW(),
                        "SH",
                        p.strideH(),
                        "SW",
                        p.strideW(),
                        "DH",
                        p.dilationH(),
                        "DW",
                        p.dilationW());
        List<Object> args = new ArrayList<>(tensors);
        args.addAll(sizes(x, y, items));
        args.addAll(List.of(p.top(), p.left()));
        return launch(program, entry, items, args, traits);
    }

    private static List<Integer> sizes(TensorSpec x, TensorSpec y, TensorSpec items) {
        return List.of(
                items.size(),
                x.shape().dim(2),
                x.shape().dim(3),
                y.shape().dim(2),
                y.shape().dim(3));
    }

    private static GpuPlan launch(
            GpuProgram program, String entry, TensorSpec items, List<Object> args, GpuTraits t) {
        int local = Math.min(LOCAL, t.maxWorkGroup());
        return GpuPlan.builder()
                .launch1d(program, entry, items.size(), local, args.toArray())
                .build();
    }

    static GpuPlan upsample(Upsample op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return upsample("interpolate", op.mode(), in[0], out[0], out[0], traits);
    }

    static GpuPlan upsampleGradient(
            UpsampleGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return upsample("interpolate_gradient", op.mode(), out[0], in[0], out[0], traits);
    }

    private static GpuPlan upsample(
            String entry,
            UpsampleMode mode,
            TensorSpec x,
            TensorSpec y,
            TensorSpec items,
            GpuTraits traits) {
        GpuProgram program =
                GpuProgram.resource(
                        PoolGpu.class,
                        "upsample.cl",
                        "STORAGE",
                        GpuProgram.storage(x.dtype()),
                        "BLEND",
                        mode == UpsampleMode.NEAREST ? 0 : 1);
        List<Object> args = new ArrayList<>(List.of(GpuPlan.in(0), GpuPlan.out(0)));
        args.addAll(sizes(x, y, items));
        for (int a = 2; a < 4; a++) {
            UpsampleAxis axis = UpsampleAxis.of(mode, x.shape().dim(a), y.shape().dim(a));
            args.addAll(List.of(axis.step(), axis.start(), axis.den()));
        }
        return launch(program, entry, items, args, traits);
    }
}
