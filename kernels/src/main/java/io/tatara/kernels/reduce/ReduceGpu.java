package io.tatara.kernels.reduce;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.layout.Strided;
import io.tatara.kernels.layout.StridedGpu;
import java.util.List;

/** {@link Reduce} and its gradient on OpenCL and CUDA; see reduce.cl. */
final class ReduceGpu {
    private static final int ROW_CHUNK = 1 << 14;
    private static final int COLUMN_CHUNK = 256;

    private ReduceGpu() {}

    static GpuPlan reduce(Reduce op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        if (out[0].size() > 0) {
            Axes axes = op.axes(in[0].shape());
            float divisor = op.kind() == ReduceKind.MEAN ? axes.count(in[0].shape()) : 1;
            passes(
                    plan,
                    op.kind(),
                    Pass.of(in[0].shape(), axes),
                    divisor,
                    GpuPlan.in(0),
                    GpuPlan.out(0),
                    in[0].dtype(),
                    false,
                    traits);
        }
        return plan.build();
    }

    /**
     * All passes; between them, and at the end where {@code toFloat}, results are float32 whatever
     * the storage.
     */
    private static void passes(
            GpuPlan.Builder plan,
            ReduceKind kind,
            List<Pass> passes,
            float divisor,
            GpuPlan.Arg x,
            GpuPlan.Arg y,
            DType dtype,
            boolean toFloat,
            GpuTraits traits) {
        GpuPlan.Arg from = x;
        for (int i = 0; i < passes.size(); i++) {
            Pass p = passes.get(i);
            while (true) {
                int chunk = byRows(p) ? ROW_CHUNK : COLUMN_CHUNK;
                int chunks = p.reduce() == 0 ? 1 : (p.reduce() - 1) / chunk + 1;
                boolean last = chunks == 1 && i == passes.size() - 1;
                int results = Math.multiplyExact(p.results(), chunks);
                GpuPlan.Arg to = last ? y : plan.temporary(4L * results);
                GpuProgram program = program(kind, p, dtype, from != x, !last || toFloat, traits);
                launch(
                        plan,
                        program,
                        p,
                        chunk,
                        chunks,
                        results,
                        last ? divisor : 1,
                        from,
                        to,
                        traits);
                from = to;
                if (chunks == 1) {
                    break;
                }
                p = new Pass(p.outer(), chunks, p.inner());
            }
        }
    }

    private static boolean byRows(Pass p) {
        return p.inner() == 1 && p.reduce() > 32;
    }

    private static int group(Pass p, GpuTraits traits) {
        return Integer.highestOneBit(Math.min(p.reduce() <= 512 ? 64 : 256, traits.maxWorkGroup()));
    }

    private static GpuProgram program(
            ReduceKind kind,
            Pass p,
            DType dtype,
            boolean fromFloat,
            boolean toFloat,
            GpuTraits traits) {
        return GpuProgram.resource(
                ReduceGpu.class,
                "reduce.cl",
                "STORAGE",
                GpuProgram.storage(dtype),
                "MAXIMUM",
                kind == ReduceKind.MAX ? 1 : 0,
                "FROM_FLOAT",
                fromFloat ? 1 : 0,
                "TO_FLOAT",
                toFloat ? 1 : 0,
                "GROUP",
                byRows(p) ? group(p, traits) : 64);
    }

    private static void launch(
            GpuPlan.Builder plan,
            GpuProgram program,
            Pass p,
            int chunk,
            int chunks,
            int results,
            float divisor,
            GpuPlan.Arg from,
            GpuPlan.Arg to,
            GpuTraits traits) {
        if (byRows(p)) {
            int[] groups = {results, 1, 1};
            int[] local = {group(p, traits), 1, 1};
            plan.launch(
                    program,
                    "reduce_rows",
                    groups,
                    local,
                    from,
                    to,
                    p.reduce(),
                    chunk,
                    chunks,
                    divisor);
        } else {
            plan.launch1d(
                    program,
                    "reduce_columns",
                    results,
                    Math.min(128, traits.maxWorkGroup()),
                    from,
                    to,
                    results,
                    p.reduce(),
                    p.inner(),
                    chunk,
                    chunks,
                    divisor);
        }
    }

    static GpuPlan gradient(
            ReduceGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        int n = out[0].size();
        if (n == 0) {
            return plan.build();
        }
        Axes axes = op.resolved();
        Strided expand = Strided.broadcast(axes.result(op.shape(), true), op.shape());
        GpuPlan.Arg dy = GpuPlan.in(2);
        GpuPlan.Arg dx = GpuPlan.out(0);
        if (op.kind() == ReduceKind.SUM) {
            StridedGpu.append(plan, expand, dy, dx, in[2].dtype(), traits);
            return plan.build();
        }
        int m = in[2].size();
        int local = Math.min(128, traits.maxWorkGroup());
        DType dtype = in[2].dtype();
        GpuProgram program =
                GpuProgram.resource(
                        ReduceGpu.class,
                        "reduce_gradient.cl",
                        "STORAGE",
                        GpuProgram.storage(dtype));
        GpuPlan.Arg g = plan.temporary(in[2].bytes());
        if (op.kind() == ReduceKind.MEAN) {
            plan.launch1d(
                    program, "divide_by_count", m, local, dy, g, m, (float) axes.count(op.shape()));
            StridedGpu.append(plan, expand, g, dx, in[2].dtype(), traits);
            return plan.build();
        }
        GpuPlan.Arg counts = plan.temporary(4L * m);
        GpuPlan.Arg shares = plan.temporary(out[0].bytes());
        StridedGpu.append(plan, expand, GpuPlan.in(1), dx, in[2].dtype(), traits);
        plan.launch1d(program, "mark_maxima", n, local, GpuPlan.in(0), dx, n);
        passes(plan, ReduceKind.SUM, Pass.of(op.shape(), axes), 1, dx, counts, dtype, true, traits);
        plan.launch1d(program, "divide_by_counts", m, local, dy, counts, g, m);
        StridedGpu.append(plan, expand, g, shares, in[2].dtype(), traits);
        plan.launch1d(program, "keep_marked", n, local, shares, dx, n);
        return plan.build();
    }
}
