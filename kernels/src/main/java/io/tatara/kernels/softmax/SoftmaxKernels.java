package io.tatara.kernels.softmax;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/** {@link Softmax} and its gradient on the JVM and on GPUs, a row at a time. */
final class SoftmaxKernels {
    private static final int GRAIN = 1 << 13;
    private static final int BLOCK = 1024;

    private SoftmaxKernels() {}

    static void softmaxJvm(Softmax op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int n = in[0].spec().shape().dim(-1);
        if (in[0].size() == 0) {
            return;
        }
        int[] lengths = in[1] == null ? null : in[1].i();
        float nothing = op.log() ? Float.NEGATIVE_INFINITY : 0;
        float[] y = out[0].f();
        ctx.workers()
                .parallelFor(
                        in[0].size() / n,
                        Math.max(1, GRAIN / n),
                        (from, to) -> {
                            for (int row = from; row < to; row++) {
                                int length = lengths == null ? n : Math.clamp(lengths[row], 0, n);
                                int ahead = row + 1 < to ? (row + 1) * n : row * n;
                                row(op.log(), in[0].f(), row * n, length, y, ahead, ctx.lanes());
                                Arrays.fill(y, row * n + length, (row + 1) * n, nothing);
                            }
                        });
    }

    private static void row(
            boolean log, float[] x, int at, int n, float[] y, int ahead, Lanes lanes) {
        float m = lanes.largest(x, at, n);
        if (m == Float.NEGATIVE_INFINITY) {
            m = lanes.max(x, at, n); // NaN, if there is one
        }
        if (m == Float.NEGATIVE_INFINITY) {
            Arrays.fill(y, at, at + n, log ? m : 0);
        } else if (log) {
            float s = (float) Math.log(lanes.sumExpShifted(x, at, m, n));
            // Not x - (m + s): for large m that sum would lose s.
            lanes.binaryScalar(BinaryOp.SUB, x, at, m, y, at, n);
            lanes.binaryScalar(BinaryOp.SUB, y, at, s, y, at, n);
        } else {
            float s = lanes.expFalling(x, at, m, y, at, n, ahead);
            lanes.binaryScalar(BinaryOp.MUL, y, at, 1 / s, y, at, n);
        }
    }

    static void gradientJvm(SoftmaxGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int n = in[0].spec().shape().dim(-1);
        if (in[0].size() == 0) {
            return;
        }
        ctx.workers()
                .parallelFor(
                        in[0].size() / n,
                        Math.max(1, GRAIN / n),
                        (from, to) -> {
                            for (int row = from; row < to; row++) {
                                if (op.log()) {
                                    logGradient(in[0].f(), in[1].f(), row * n, n, out[0].f(), ctx);
                                } else {
                                    gradient(
                                            in[0].f(),
                                            in[1].f(),
                                            row * n,
                                            n,
                                            out[0].f(),
                                            ctx.lanes());
                                }
                            }
                        });
    }

    private static void gradient(float[] y, float[] dy, int at, int n, float[] dx, Lanes lanes) {
        float s = lanes.dot(y, at, dy, at, n);
        for (int b = 0; b < n; b += BLOCK) {
            int len = Math.min(BLOCK, n - b);
            lanes.binaryScalar(BinaryOp.SUB, dy, at + b, s, dx, at + b, len);
            lanes.binary(BinaryOp.MUL, dx, at + b, y, at + b, dx, at + b, len);
        }
    }

    /**
     * Two sweeps in blocks that stay in cache: dx = dy without masked positions, then minus exp(y)
     * · Σ.
     */
    private static void logGradient(
            float[] y, float[] dy, int at, int n, float[] dx, JvmContext ctx) {
        Lanes lanes = ctx.lanes();
        float[] t = ctx.acquire(2 * BLOCK);
        try {
            double s = 0;
            // Usually nothing is masked, and then a finite sum says so.
            if (Float.isFinite(lanes.sum(y, at, n))) {
                s = lanes.sum(dy, at, n);
                System.arraycopy(dy, at, dx, at, n);
                minusExp(y, (float) s, at, n, dx, t, lanes);
                return;
            }
            Arrays.fill(t, BLOCK, 2 * BLOCK, 0);
            for (int b = 0; b < n; b += BLOCK) {
                int len = Math.min(BLOCK, n - b);
                lanes.binaryScalar(BinaryOp.EQUAL, y, at + b, Float.NEGATIVE_INFINITY, t, 0, len);
                lanes.select(t, 0, t, BLOCK, dy, at + b, dx, at + b, len);
                s += lanes.sum(dx, at + b, len);
            }
            minusExp(y, (float) s, at, n, dx, t, lanes);
        } finally {
            ctx.release(t);
        }
    }

    /** dx -= exp(y) · s. */
    private static void minusExp(
            float[] y, float s, int at, int n, float[] dx, float[] t, Lanes lanes) {
        for (int b = 0; b < n; b += BLOCK) {
            int len = Math.min(BLOCK, n - b);
            lanes.expShifted(y, at + b, 0, t, 0, len);
            lanes.axpy(-s, t, 0, dx, at + b, len);
        }
    }

    static int group(int n, GpuTraits traits) {
        return Integer.highestOneBit(
                Math.min(n <= 64 ? 32 : n <= 512 ? 64 : 256, traits.maxWorkGroup()));
    }

    static GpuPlan softmaxGpu(Softmax op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        if (in[0].size() == 0) {
            return GpuPlan.NOTHING;
        }
        int n = in[0].shape().dim(-1);
        int group = group(n, traits);
        boolean ragged = in[1] != null;
        GpuProgram program =
                GpuProgram.resource(
                        SoftmaxKernels.class,
                        "softmax.cl",
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "GROUP",
                        group,
                        "LOG",
                        op.log() ? 1 : 0,
                        "RAGGED",
                        ragged ? 1 : 0);
        return GpuPlan.builder()
                .launch(
                        program,
                        "softmax_rows",
                        new int[] {in[0].size() / n, 1, 1},
                        new int[] {group, 1, 1},
                        GpuPlan.in(0),
                        ragged ? GpuPlan.in(1) : null,
                        GpuPlan.out(0),
                        n)
                .build();
    }

    static GpuPlan gradientGpu(
            SoftmaxGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        if (in[0].size() == 0) {
            return GpuPlan.NOTHING;
        }
        int n = in[0].shape().dim(-1);
        int group = group(n, traits);
        GpuProgram program =
                GpuProgram.resource(
                        SoftmaxKernels.class,
                        "softmax.cl",
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "GROUP",
                        group,
                        "LOG",
                        op.log() ? 1 : 0);
        return GpuPlan.builder()
                .launch(
                        program,
                        "softmax_gradient",
                        new int[] {in[0].size() / n, 1, 1},
                        new int[] {group, 1, 1},
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.out(0),
                        n)
                .build();
    }
}
