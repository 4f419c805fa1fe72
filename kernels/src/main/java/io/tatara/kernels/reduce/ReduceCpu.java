package io.tatara.kernels.reduce;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/** Reductions for OpenCL on CPUs; see reduce_cpu.cl. */
public final class ReduceCpu {
    private static final int ROW_CHUNK = 1 << 14;
    private static final int COLUMN_CHUNK = 256;

    /** Columns of a strip, as in the source. */
    private static final int WIDTH = 512;

    /** Numbers that a work-item should have at least. */
    private static final long GRAIN = 1 << 14;

    private ReduceCpu() {}

    static final GpuKernel<Reduce> KERNEL =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cpu";
                }

                @Override
                public boolean supports(Reduce op, TensorSpec[] in, GpuTraits traits) {
                    return ReduceCpu.supports(in[0], traits);
                }

                @Override
                public GpuPlan plan(
                        Reduce op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                    Axes axes = op.axes(in[0].shape());
                    float divisor = op.kind() == ReduceKind.MEAN ? axes.count(in[0].shape()) : 1;
                    List<Pass> passes = Pass.of(in[0].shape(), axes);
                    return ReduceCpu.plan(op.kind(), passes, divisor, in[0].dtype(), traits);
                }
            };

    /** Whether this device's and tensor's sums are planned here: not those of nothing. */
    public static boolean supports(TensorSpec x, GpuTraits traits) {
        return traits.api() == GpuTraits.Api.OPENCL && traits.cpu() && x.size() > 0;
    }

    /**
     * A plan whose output is the sum of its input over axes.
     *
     * @param reduced by x's axes, whether to sum over it
     */
    public static GpuPlan sum(Shape x, boolean[] reduced, DType dtype, GpuTraits traits) {
        return plan(ReduceKind.SUM, Pass.of(x, new Axes(reduced)), 1, dtype, traits);
    }

    /** Chunks first, then the chunks' results, until one is left; float32 in between. */
    private static GpuPlan plan(
            ReduceKind kind, List<Pass> passes, float divisor, DType dtype, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg from = GpuPlan.in(0);
        boolean first = true;
        for (int i = 0; i < passes.size(); i++) {
            Pass p = passes.get(i);
            int chunks;
            do {
                int chunk = p.inner() == 1 ? ROW_CHUNK : COLUMN_CHUNK;
                chunks = (p.reduce() - 1) / chunk + 1;
                boolean last = chunks == 1 && i == passes.size() - 1;
                int results = Math.multiplyExact(p.results(), chunks);
                GpuPlan.Arg to = last ? GpuPlan.out(0) : plan.temporary(4L * results);
                GpuProgram program =
                        GpuProgram.vectors(
                                ReduceCpu.class,
                                "reduce_cpu.cl",
                                "STORAGE",
                                GpuProgram.storage(dtype),
                                "VEC",
                                traits.lanes(),
                                "MAXIMUM",
                                kind == ReduceKind.MAX ? 1 : 0,
                                "FROM_FLOAT",
                                first ? 0 : 1,
                                "TO_FLOAT",
                                last ? 0 : 1);
                launch(plan, program, p, chunk, chunks, last ? divisor : 1, from, to);
                from = to;
                first = false;
                p = new Pass(p.outer(), chunks, p.inner());
            } while (chunks > 1);
        }
        return plan.build();
    }

    private static void launch(
            GpuPlan.Builder plan,
            GpuProgram program,
            Pass p,
            int chunk,
            int chunks,
            float divisor,
            GpuPlan.Arg from,
            GpuPlan.Arg to) {
        int n = p.outer() * chunks;
        int length = Math.min(chunk, p.reduce());
        int[] local = {1, 1, 1};
        if (p.inner() == 1) {
            int each = (int) Math.max(1, GRAIN / length);
            int[] groups = {(n + each - 1) / each, 1, 1};
            plan.launch(
                    program,
                    "reduce_rows",
                    groups,
                    local,
                    from,
                    to,
                    n,
                    p.reduce(),
                    chunk,
                    chunks,
                    divisor,
                    each);
            return;
        }
        int strips = (p.inner() + WIDTH - 1) / WIDTH;
        long each = Math.max(1, GRAIN / ((long) length * Math.min(WIDTH, p.inner())));
        int[] groups = {strips, (int) Math.min(1 << 15, (n + each - 1) / each), 1};
        plan.launch(
                program,
                "reduce_columns",
                groups,
                local,
                from,
                to,
                n,
                p.reduce(),
                p.inner(),
                chunk,
                chunks,
                divisor);
    }
}
