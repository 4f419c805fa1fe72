package io.tatara.kernels.pointwise;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.reduce.ReduceCpu;
import io.tatara.kernels.reduce.ReduceCuda;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reference, JVM and GPU forms of {@link SumTo}. The kernels take it in steps, each of which sums
 * the middle axis of [outer, middle, inner]; a long middle axis is cut in chunks whose sums are
 * summed in a further step. Cuts depend on the shape alone, so the result does not depend on the
 * number of threads.
 */
final class SumToKernels {
    /** Terms that one accumulator takes. */
    private static final int CHUNK = 512;

    private static final int COLUMNS = 1024;

    private SumToKernels() {}

    /** Sums x [outer, middle, inner] over chunks of the middle axis to [outer, chunks, inner]. */
    private record Step(int outer, int middle, int inner, int chunk) {
        int chunks() {
            return (middle + chunk - 1) / chunk;
        }

        int results() {
            return outer * chunks() * inner;
        }
    }

    static void reference(SumTo op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < in[0].data().length; e++) {
            out[0].data()[PointwiseReference.place(op.target(), in[0].shape(), e)] +=
                    in[0].data()[e];
        }
    }

    /** The steps; empty where x has the target's elements as they are. */
    private static List<Step> steps(Shape x, Shape target) {
        Broadcast b = Broadcast.of(x, List.of(target));
        int[] extents = b.extents();
        int[] strides = b.strides()[0];
        List<Step> steps = new ArrayList<>();
        int inner = 1;
        for (int d = extents.length - 1; d >= 0; d--) {
            if (strides[d] != 0 || extents[d] == 1) {
                inner *= extents[d];
                continue;
            }
            int outer = 1;
            for (int k = 0; k < d; k++) {
                outer *= extents[k];
            }
            int middle = extents[d];
            do {
                Step s = new Step(outer, middle, inner, Math.min(middle, chunk(middle, inner)));
                steps.add(s);
                middle = s.chunks();
            } while (middle > 1);
        }
        return steps;
    }

    /** Whole rows of some thousand elements go to one vector sum; columns are cut finer. */
    private static int chunk(int middle, int inner) {
        return inner == 1 ? 16 * CHUNK : CHUNK;
    }

    static void jvm(SumTo op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float[] y = out[0].f();
        if (out[0].size() == 0 || in[0].size() == 0) {
            Arrays.fill(y, 0, out[0].size(), 0f);
            return;
        }
        List<Step> steps = steps(in[0].spec().shape(), op.target());
        if (steps.isEmpty()) {
            System.arraycopy(in[0].f(), 0, y, 0, out[0].size());
            return;
        }
        List<float[]> scratch = new ArrayList<>();
        try {
            float[] from = in[0].f();
            for (int k = 0; k < steps.size(); k++) {
                Step s = steps.get(k);
                float[] to = y;
                if (k < steps.size() - 1) {
                    to = ctx.acquire(s.results());
                    scratch.add(to);
                }
                run(s, from, to, ctx);
                from = to;
            }
        } finally {
            scratch.forEach(ctx::release);
        }
    }

    private static void run(Step s, float[] x, float[] y, JvmContext ctx) {
        int columns = (s.inner + COLUMNS - 1) / COLUMNS;
        int grain = Math.max(1, 32768 / (s.chunk * Math.min(s.inner, COLUMNS)));
        ctx.workers()
                .parallelFor(
                        s.outer * s.chunks() * columns,
                        grain,
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                piece(s, i / columns, i % columns, x, y, ctx.lanes());
                            }
                        });
    }

    /** One chunk of one outer index, some columns. */
    private static void piece(Step s, int row, int column, float[] x, float[] y, Lanes lanes) {
        int outer = row / s.chunks();
        int first = row % s.chunks() * s.chunk;
        int count = Math.min(s.chunk, s.middle - first);
        int at = (outer * s.middle + first) * s.inner;
        if (s.inner == 1) {
            y[row] = lanes.sum(x, at, count);
            return;
        }
        int start = column * COLUMNS;
        int n = Math.min(COLUMNS, s.inner - start);
        int to = row * s.inner + start;
        System.arraycopy(x, at + start, y, to, n);
        for (int k = 1; k < count; k++) {
            lanes.binary(BinaryOp.ADD, y, to, x, at + k * s.inner + start, y, to, n);
        }
    }

    /** In 16-byte pieces on CUDA, by {@link ReduceCuda}. */
    static final GpuKernel<SumTo> CUDA =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cuda";
                }

                @Override
                public boolean supports(SumTo op, TensorSpec[] in, GpuTraits traits) {
                    return ReduceCuda.supports(in[0], traits);
                }

                @Override
                public GpuPlan plan(SumTo op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                    Shape x = in[0].shape();
                    return ReduceCuda.sum(x, reduced(x, op.target()), in[0].dtype());
                }
            };

    /** In vectors on CPUs, by {@link ReduceCpu}. */
    static final GpuKernel<SumTo> CPU =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cpu";
                }

                @Override
                public boolean supports(SumTo op, TensorSpec[] in, GpuTraits traits) {
                    return ReduceCpu.supports(in[0], traits);
                }

                @Override
                public GpuPlan plan(SumTo op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                    Shape x = in[0].shape();
                    return ReduceCpu.sum(x, reduced(x, op.target()), in[0].dtype(), traits);
                }
            };

    /** Which axes of x are summed. */
    private static boolean[] reduced(Shape x, Shape target) {
        boolean[] reduced = new boolean[x.rank()];
        for (int d = 0; d < reduced.length; d++) {
            int a = d - (x.rank() - target.rank());
            reduced[d] = a < 0 || target.dim(a) != x.dim(d);
        }
        return reduced;
    }

    static GpuPlan gpu(SumTo op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int size = out[0].size();
        if (size == 0) {
            return GpuPlan.NOTHING;
        }
        int local = Math.min(256, Integer.highestOneBit(traits.maxWorkGroup()));
        DType dtype = in[0].dtype();
        GpuPlan.Builder plan = GpuPlan.builder();
        if (in[0].size() == 0) {
            GpuProgram program = program(local, dtype, dtype);
            return plan.launch1d(program, "sum_nothing", size, local, GpuPlan.out(0), size).build();
        }
        List<Step> steps = steps(in[0].shape(), op.target());
        if (steps.isEmpty()) {
            steps = List.of(new Step(1, 1, size, 1));
        }
        GpuPlan.Arg from = GpuPlan.in(0);
        for (int k = 0; k < steps.size(); k++) {
            Step s = steps.get(k);
            boolean last = k == steps.size() - 1;
            GpuPlan.Arg to = last ? GpuPlan.out(0) : plan.temporary(4L * s.results());
            // Between steps sums are float32's.
            GpuProgram program =
                    program(local, k == 0 ? dtype : DType.FLOAT32, last ? dtype : DType.FLOAT32);
            if (s.inner == 1) {
                int[] groups = {s.outer * s.chunks(), 1, 1};
                plan.launch(
                        program,
                        "sum_rows",
                        groups,
                        new int[] {local, 1, 1},
                        from,
                        to,
                        s.middle,
                        s.chunk,
                        s.chunks());
            } else {
                plan.launch1d(
                        program,
                        "sum_columns",
                        s.results(),
                        local,
                        from,
                        to,
                        s.results(),
                        s.middle,
                        s.inner,
                        s.chunk,
                        s.chunks());
            }
            from = to;
        }
        return plan.build();
    }

    private static GpuProgram program(int local, DType from, DType to) {
        return GpuProgram.resource(
                SumTo.class,
                "sumto.cl",
                "GROUP",
                local,
                "FROM",
                GpuProgram.storage(from),
                "TO",
                GpuProgram.storage(to));
    }
}
