package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.JvmKernel;
import java.util.Arrays;

/** The ops that are strided copies, on the JVM and on GPUs: each only says which copy it is. */
final class MoveKernels {
    private MoveKernels() {}

    /** The copy that an op of one input is. */
    interface Geometry<O extends Op> {
        Strided of(O op, Shape x, Shape y);
    }

    static <O extends Op> JvmKernel<O> jvm(Geometry<O> g) {
        return (op, in, out, ctx) ->
                StridedJvm.run(
                        g.of(op, in[0].spec().shape(), out[0].spec().shape()),
                        in[0],
                        out[0],
                        ctx.workers());
    }

    static <O extends Op> GpuKernel<O> gpu(Geometry<O> g) {
        return (op, in, out, traits) -> {
            GpuPlan.Builder plan = GpuPlan.builder();
            Strided s = g.of(op, in[0].shape(), out[0].shape());
            StridedGpu.append(plan, s, GpuPlan.in(0), GpuPlan.out(0), in[0].dtype(), traits);
            return plan.build();
        };
    }

    static Strided transpose(Transpose op, Shape x, Shape y) {
        int[] from = x.strides();
        int[] xs = new int[from.length];
        for (int a = 0; a < xs.length; a++) {
            xs[a] = from[op.permutation().get(a)];
        }
        return Strided.of(y.toArray(), 0, xs, 0, y.strides());
    }

    static Strided slice(Slice op, Shape x, Shape y) {
        SliceRange r = op.range(x);
        return Strided.of(
                y.toArray(), r.offset(x.strides()), r.stepped(x.strides()), 0, y.strides());
    }

    static Strided reshape(Reshape op, Shape x, Shape y) {
        return flat(x.size());
    }

    /** A plain copy of n elements. */
    static Strided flat(int n) {
        return Strided.of(new int[] {n}, 0, new int[] {1}, 0, new int[] {1});
    }

    static Strided expand(Expand op, Shape x, Shape y) {
        return Strided.broadcast(x, y);
    }

    private static Strided scatter(SliceScatter op, Shape dy) {
        SliceRange r = op.range();
        int[] into = op.shape().strides();
        return Strided.of(dy.toArray(), 0, dy.strides(), r.offset(into), r.stepped(into));
    }

    static void scatterJvm(SliceScatter op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmArray dx = out[0];
        if (dx.size() > in[0].size()) {
            clear(dx, ctx);
        }
        StridedJvm.run(scatter(op, in[0].spec().shape()), in[0], dx, ctx.workers());
    }

    private static void clear(JvmArray a, JvmContext ctx) {
        ctx.workers()
                .parallelFor(
                        a.size(),
                        1 << 15,
                        (from, to) -> {
                            if (a.f() != null) {
                                Arrays.fill(a.f(), from, to, 0);
                            } else {
                                Arrays.fill(a.i(), from, to, 0);
                            }
                        });
    }

    static GpuPlan scatterGpu(
            SliceScatter op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        DType d = in[0].dtype();
        if (out[0].size() > in[0].size()) {
            GpuProgram program =
                    GpuProgram.resource(
                            MoveKernels.class, "strided.cl", "WORD", StridedGpu.word(d));
            int local = Math.min(128, traits.maxWorkGroup());
            plan.launch1d(
                    program, "clear_words", out[0].size(), local, GpuPlan.out(0), out[0].size());
        }
        StridedGpu.append(
                plan, scatter(op, in[0].shape()), GpuPlan.in(0), GpuPlan.out(0), d, traits);
        return plan.build();
    }

    /** Where a part of a concatenation goes. */
    private static Strided part(Shape x, Shape y, int axis, int start) {
        int outer = x.product(0, axis);
        int run = x.product(axis, x.rank());
        int pitch = y.product(axis, y.rank());
        int inner = y.product(axis + 1, y.rank());
        return Strided.of(
                new int[] {outer, run}, 0, new int[] {run, 1}, start * inner, new int[] {pitch, 1});
    }

    static void concatJvm(Concat op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Shape y = out[0].spec().shape();
        int axis = op.axis(y);
        int start = 0;
        for (JvmArray x : in) {
            Shape shape = x.spec().shape();
            if (shape.size() > 0) {
                StridedJvm.run(part(shape, y, axis, start), x, out[0], ctx.workers());
            }
            start += shape.dim(axis);
        }
    }

    static GpuPlan concatGpu(Concat op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        Shape y = out[0].shape();
        int axis = op.axis(y);
        int start = 0;
        for (int i = 0; i < in.length; i++) {
            Shape x = in[i].shape();
            if (x.size() > 0) {
                StridedGpu.append(
                        plan,
                        part(x, y, axis, start),
                        GpuPlan.in(i),
                        GpuPlan.out(0),
                        in[i].dtype(),
                        traits);
            }
            start += x.dim(axis);
        }
        return plan.build();
    }
}
