package io.tatara.kernels.matmul;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;
import java.util.List;

/** JVM and GPU forms of {@link MatMulStrided} and {@link StridedScatter}. */
final class StridedKernels {
    private static final long LARGE = 1 << 22;

    private StridedKernels() {}

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }

    private static BatchAxes axes(MatMulStrided op) {
        return BatchAxes.of(ints(op.batch()), op.a().strides(), op.b().strides());
    }

    static void matmul(MatMulStrided op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        BatchAxes axes = axes(op);
        int count = axes.count();
        long work = (long) op.m() * op.n() * op.k();
        if (count == 1 || work >= LARGE) {
            products(op, axes, 0, count, in, out[0].f(), ctx);
        } else {
            int grain = (int) Math.max(1, Math.min(count, Blocking.SERIAL / Math.max(1, work)));
            ctx.workers()
                    .parallelFor(
                            count,
                            grain,
                            (from, to) -> products(op, axes, from, to, in, out[0].f(), ctx));
        }
    }

    private static void products(
            MatMulStrided op,
            BatchAxes axes,
            int from,
            int to,
            JvmArray[] in,
            float[] c,
            JvmContext ctx) {
        int m = op.m();
        int n = op.n();
        int k = op.k();
        float[] sa = regular(op.a(), m, k) ? null : ctx.acquire(m * k);
        float[] sb = regular(op.b(), k, n) ? null : ctx.acquire(k * n);
        try {
            for (int z = from; z < to; z++) {
                int ao = op.a().offset() + axes.offsetA(z);
                int bo = op.b().offset() + axes.offsetB(z);
                boolean ta = sa == null && transposed(op.a(), k);
                boolean tb = sb == null && transposed(op.b(), n);
                int lda = sa != null ? k : ta ? op.a().columnStride() : op.a().rowStride();
                int ldb = sb != null ? n : tb ? op.b().columnStride() : op.b().rowStride();
                float[] a = sa == null ? in[0].f() : copy(in[0].f(), ao, op.a(), m, k, sa);
                float[] b = sb == null ? in[1].f() : copy(in[1].f(), bo, op.b(), k, n, sb);
                Sgemm.run(
                        ta,
                        tb,
                        m,
                        n,
                        k,
                        a,
                        sa == null ? ao : 0,
                        lda,
                        b,
                        sb == null ? bo : 0,
                        ldb,
                        0,
                        c,
                        z * m * n,
                        n,
                        ctx);
            }
        } finally {
            if (sa != null) {
                ctx.release(sa);
            }
            if (sb != null) {
                ctx.release(sb);
            }
        }
    }

    /** Whether elements follow each other along rows or along columns. */
    private static boolean regular(MatrixLayout x, int rows, int columns) {
        return x.columnStride() == 1 || columns <= 1 || x.rowStride() == 1 || rows <= 1;
    }

    private static boolean transposed(MatrixLayout x, int columns) {
        return x.columnStride() != 1 && columns > 1;
    }

    private static float[] copy(
            float[] x, int xo, MatrixLayout layout, int rows, int columns, float[] to) {
        for (int i = 0; i < rows; i++) {
            int at = xo + i * layout.rowStride();
            for (int j = 0; j < columns; j++) {
                to[i * columns + j] = x[at + j * layout.columnStride()];
            }
        }
        return to;
    }

    private static BatchAxes axes(StridedScatter op) {
        return BatchAxes.of(ints(op.batch()), op.layout().strides(), op.layout().strides());
    }

    static void scatter(StridedScatter op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float[] y = out[0].f();
        float[] x = in[0].f();
        Arrays.fill(y, 0, out[0].size(), 0);
        if (in[0].size() == 0) {
            return;
        }
        BatchAxes axes = axes(op);
        int step = op.layout().columnStride();
        int grain = Math.max(1, (1 << 14) / op.columns());
        ctx.workers()
                .parallelFor(
                        axes.count() * op.rows(),
                        grain,
                        (from, to) -> {
                            for (int r = from; r < to; r++) {
                                int at =
                                        op.layout().offset()
                                                + axes.offsetA(r / op.rows())
                                                + r % op.rows() * op.layout().rowStride();
                                for (int j = 0; j < op.columns(); j++) {
                                    y[at + j * step] = x[r * op.columns() + j];
                                }
                            }
                        });
    }

    static GpuPlan scatterGpu(
            StridedScatter op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program = GpuProgram.resource(MatMul.class, "gradients.cl");
        GpuPlan.Builder plan = GpuPlan.builder();
        int n = out[0].size();
        plan.launch1d(program, "scatter_zero", n, 128, GpuPlan.out(0), n);
        BatchAxes axes = axes(op);
        int outer = Math.max(0, axes.extents().length - 4);
        BatchAxes inner = axes.from(outer);
        BatchAxes x = inner.padded(4);
        int items = inner.count() * op.rows() * op.columns();
        for (int r = 0; items > 0 && r < axes.count() / inner.count(); r++) {
            plan.launch1d(
                    program,
                    "scatter_strided",
                    items,
                    128,
                    GpuPlan.in(0),
                    r * items,
                    items,
                    GpuPlan.out(0),
                    op.layout().offset() + axes.offsetA(r * inner.count()),
                    op.rows(),
                    op.columns(),
                    op.layout().rowStride(),
                    op.layout().columnStride(),
                    x.extents()[1],
                    x.extents()[2],
                    x.extents()[3],
                    x.a()[0],
                    x.a()[1],
                    x.a()[2],
                    x.a()[3]);
        }
        return plan.build();
    }
}
