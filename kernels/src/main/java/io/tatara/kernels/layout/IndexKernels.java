package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;

/**
 * {@link Gather}, its gradient, {@link SequenceMask}, {@link Reverse} and {@link Cast} on the JVM
 * and on GPUs.
 */
final class IndexKernels {
    private static final int GRAIN = 1 << 14;

    /** Elements that a work-item converts: EACH of convert.cl. */
    private static final int CAST_EACH = 4;

    private IndexKernels() {}

    static void gatherJvm(Gather op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Shape x = in[0].spec().shape();
        int a = op.axis(x);
        int outer = x.product(0, a);
        int inner = x.product(a + 1, x.rank());
        RowGather.jvm(
                in[0], in[1].i(), out[0], outer, x.dim(a), in[1].size(), inner, ctx.workers());
    }

    static GpuPlan gatherGpu(Gather op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Shape x = in[0].shape();
        int a = op.axis(x);
        int outer = x.product(0, a);
        int inner = x.product(a + 1, x.rank());
        return RowGather.gpu(
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.out(0),
                in[0].dtype(),
                outer,
                x.dim(a),
                in[1].size(),
                inner,
                traits);
    }

    static void gatherGradientJvm(
            GatherGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Shape dy = in[1].spec().shape();
        int a = op.axis(dy);
        int outer = dy.product(0, a);
        int inner = dy.product(a + 1, dy.rank());
        RowScatter.jvm(
                in[0].i(), in[0].size(), -1, in[1].f(), out[0].f(), outer, op.extent(), inner, ctx);
    }

    static GpuPlan gatherGradientGpu(
            GatherGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        TensorSpec dy = in[1];
        int a = op.axis(dy.shape());
        int outer = dy.shape().product(0, a);
        int inner = dy.shape().product(a + 1, dy.shape().rank());
        return RowScatter.gpu(
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.out(0),
                dy.dtype(),
                in[0].size(),
                -1,
                outer,
                op.extent(),
                inner,
                traits);
    }

    static void maskJvm(SequenceMask op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int length = op.length();
        int[] lengths = in[0].i();
        float[] mask = out[0].f();
        ctx.workers()
                .parallelFor(
                        in[0].size(),
                        Math.max(1, GRAIN / Math.max(1, length)),
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int ones = Math.clamp(lengths[i], 0, length);
                                Arrays.fill(mask, i * length, i * length + ones, 1);
                                Arrays.fill(mask, i * length + ones, (i + 1) * length, 0);
                            }
                        });
    }

    static GpuPlan maskGpu(SequenceMask op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = out[0].size();
        GpuProgram program = GpuProgram.resource(IndexKernels.class, "convert.cl");
        return GpuPlan.builder()
                .launch1d(
                        program,
                        "sequence_mask",
                        n,
                        Math.min(128, traits.maxWorkGroup()),
                        GpuPlan.in(0),
                        GpuPlan.out(0),
                        n,
                        op.length())
                .build();
    }

    static void castJvm(Cast op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        ctx.workers().parallelFor(in[0].size(), GRAIN, (from, to) -> cast(in[0], out[0], from, to));
    }

    private static void cast(JvmArray x, JvmArray y, int from, int to) {
        if (x.spec().dtype() == y.spec().dtype()) {
            Object source = x.f() != null ? x.f() : x.i();
            System.arraycopy(source, from, y.f() != null ? y.f() : y.i(), from, to - from);
        } else if (x.f() != null) {
            for (int i = from; i < to; i++) {
                y.i()[i] = (int) x.f()[i];
            }
        } else {
            for (int i = from; i < to; i++) {
                y.f()[i] = x.i()[i];
            }
        }
    }

    static GpuPlan castGpu(Cast op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        DType from = in[0].dtype();
        int n = in[0].size();
        if (from == op.to()) {
            GpuPlan.Builder plan = GpuPlan.builder();
            Strided all = MoveKernels.flat(n);
            StridedGpu.append(plan, all, GpuPlan.in(0), GpuPlan.out(0), from, traits);
            return plan.build();
        }
        String entry =
                op.to() == DType.INT32
                        ? "real_to_int"
                        : from == DType.INT32 ? "int_to_real" : "real_to_real";
        GpuProgram program =
                GpuProgram.resource(
                        IndexKernels.class,
                        "convert.cl",
                        "FROM",
                        from == DType.INT32 ? 0 : GpuProgram.storage(from),
                        "TO",
                        op.to() == DType.INT32 ? 0 : GpuProgram.storage(op.to()));
        int items = (int) ((n + CAST_EACH - 1L) / CAST_EACH);
        return GpuPlan.builder()
                .launch1d(
                        program,
                        entry,
                        items,
                        Math.min(128, traits.maxWorkGroup()),
                        GpuPlan.in(0),
                        GpuPlan.out(0),
                        n)
                .build();
    }

    /** Extents around the reversed axis; the batch index is o / outerEach + c / innerEach. */
    private record Ragged(int outer, int length, int inner, int outerEach, int innerEach) {
        static Ragged of(Reverse op, Shape x) {
            int a = op.axis(x);
            int outer = x.product(0, a);
            int inner = x.product(a + 1, x.rank());
            return a == 0
                    ? new Ragged(1, x.dim(0), inner, 1, x.product(2, x.rank()))
                    : new Ragged(outer, x.dim(a), inner, x.product(1, a), inner);
        }

        /** Reversal of everything: a strided copy with a negative stride. */
        Strided whole() {
            return Strided.of(
                    new int[] {outer, length, inner},
                    (length - 1) * inner,
                    new int[] {length * inner, -inner, 1},
                    0,
                    new int[] {length * inner, inner, 1});
        }
    }

    static void reverseJvm(Reverse op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        if (in[0].size() == 0) {
            return;
        }
        Ragged g = Ragged.of(op, in[0].spec().shape());
        if (in[1] == null) {
            StridedJvm.run(g.whole(), in[0], out[0], ctx.workers());
            return;
        }
        Object x = in[0].f() != null ? in[0].f() : in[0].i();
        Object y = out[0].f() != null ? out[0].f() : out[0].i();
        int run = g.innerEach;
        int runs = g.inner / run;
        int[] lengths = in[1].i();
        ctx.workers()
                .parallelFor(
                        g.outer * g.length * runs,
                        Math.max(1, GRAIN / run),
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int row = i / runs;
                                int o = row / g.length;
                                int t = row - o * g.length;
                                int end = Math.min(lengths[o / g.outerEach + i % runs], g.length);
                                int back = t < end ? end - 1 - t : t;
                                System.arraycopy(
                                        x,
                                        ((o * g.length + back) * runs + i % runs) * run,
                                        y,
                                        i * run,
                                        run);
                            }
                        });
    }

    static GpuPlan reverseGpu(Reverse op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        int n = in[0].size();
        if (n == 0) {
            return plan.build();
        }
        Ragged g = Ragged.of(op, in[0].shape());
        if (in[1] == null) {
            StridedGpu.append(
                    plan, g.whole(), GpuPlan.in(0), GpuPlan.out(0), in[0].dtype(), traits);
            return plan.build();
        }
        GpuProgram program =
                GpuProgram.resource(
                        IndexKernels.class, "gather.cl", "WORD", StridedGpu.word(in[0].dtype()));
        return plan.launch1d(
                        program,
                        "reverse_ragged",
                        n,
                        Math.min(128, traits.maxWorkGroup()),
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.out(0),
                        n,
                        g.length,
                        g.inner,
                        g.outerEach,
                        g.innerEach)
                .build();
    }
}
