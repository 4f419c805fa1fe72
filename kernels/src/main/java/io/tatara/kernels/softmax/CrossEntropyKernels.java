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

/**
 * {@link CrossEntropy} and its gradient on the JVM and on GPUs. On the JVM a row is read from
 * memory once, in blocks that stay in the first cache, with the sum rescaled where a block has a
 * larger maximum (Milakov and Gimelshein, Online normalizer calculation for softmax, 2018).
 */
final class CrossEntropyKernels {
    private static final int GRAIN = 1 << 13;
    private static final int BLOCK = 2048;

    private CrossEntropyKernels() {}

    static void jvm(CrossEntropy op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int n = in[0].spec().shape().dim(0);
        int c = in[0].spec().shape().dim(1);
        int[] labels = in[1].i();
        boolean rows = op.reduction() == Reduction.NONE;
        float[] losses = rows ? out[0].f() : ctx.acquire(Math.max(1, n));
        try {
            ctx.workers()
                    .parallelFor(
                            n,
                            Math.max(1, GRAIN / Math.max(1, c)),
                            (from, to) -> {
                                for (int i = from; i < to; i++) {
                                    losses[i] =
                                            row(
                                                    op,
                                                    in[0].f(),
                                                    i * c,
                                                    c,
                                                    labels[i],
                                                    out[1].f(),
                                                    i,
                                                    ctx.lanes());
                                }
                            });
            if (!rows) {
                out[0].f()[0] = total(op, losses, labels, n);
            }
        } finally {
            if (!rows) {
                ctx.release(losses);
            }
        }
    }

    /** The loss of a row; its logSumExp goes to lse[i]. */
    private static float row(
            CrossEntropy op, float[] x, int at, int c, int label, float[] lse, int i, Lanes lanes) {
        if (label == op.ignoreIndex()) {
            lse[i] = 0;
            return 0;
        }
        float m = Float.NEGATIVE_INFINITY;
        double s = 0;
        double sum = 0;
        for (int b = 0; b < c; b += BLOCK) {
            int len = Math.min(BLOCK, c - b);
            float mb = lanes.max(x, at + b, len);
            if (op.smoothing() != 0) {
                sum += lanes.sum(x, at + b, len);
            }
            if (mb == Float.NEGATIVE_INFINITY) {
                continue;
            }
            if (!(mb <= m)) {
                s *= Math.exp(m - mb);
                m = mb;
            }
            s += lanes.sumExpShifted(x, at + b, m, len);
        }
        double log = m + Math.log(s);
        lse[i] = (float) log;
        if (label < 0 || label >= c) {
            return Float.NaN;
        }
        double loss = log - x[at + label];
        if (op.smoothing() == 0) {
            return (float) loss;
        }
        double mean = log - sum / c;
        return (float)
                (op.smoothing() == 1
                        ? mean
                        : (1 - (double) op.smoothing()) * loss + op.smoothing() * mean);
    }

    private static float total(CrossEntropy op, float[] losses, int[] labels, int n) {
        double s = 0;
        for (int i = 0; i < n; i++) {
            s += losses[i];
        }
        return (float)
                (op.reduction() == Reduction.SUM
                        ? s
                        : s / Math.max(1, counted(labels, n, op.ignoreIndex())));
    }

    private static int counted(int[] labels, int n, int ignoreIndex) {
        int k = 0;
        for (int i = 0; i < n; i++) {
            k += labels[i] == ignoreIndex ? 0 : 1;
        }
        return k;
    }

    static void gradientJvm(
            CrossEntropyGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int n = in[0].spec().shape().dim(0);
        int c = in[0].spec().shape().dim(1);
        int[] labels = in[1].i();
        float share =
                op.reduction() == Reduction.MEAN
                        ? Math.max(1, counted(labels, n, op.ignoreIndex()))
                        : 1;
        boolean rows = op.reduction() == Reduction.NONE;
        float[] dloss = in[3].f();
        float[] dlse = in[4] == null ? null : in[4].f();
        float[] dx = out[0].f();
        ctx.workers()
                .parallelFor(
                        n,
                        Math.max(1, GRAIN / Math.max(1, c)),
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int label = labels[i];
                                if (label == op.ignoreIndex()) {
                                    Arrays.fill(dx, i * c, (i + 1) * c, 0);
                                } else if (label < 0 || label >= c) {
                                    Arrays.fill(dx, i * c, (i + 1) * c, Float.NaN);
                                } else {
                                    float g = dloss[rows ? i : 0] / share;
                                    float scale = dlse == null ? g : g + dlse[i];
                                    probabilities(
                                            in[0].f(),
                                            i * c,
                                            c,
                                            in[2].f()[i],
                                            scale,
                                            -g * op.smoothing() / c,
                                            dx,
                                            ctx.lanes());
                                    dx[i * c + label] -= g * (1 - op.smoothing());
                                }
                            }
                        });
    }

    /** dx = exp(x - lse) * scale + shift, in blocks that stay in cache. */
    private static void probabilities(
            float[] x,
            int at,
            int c,
            float lse,
            float scale,
            float shift,
            float[] dx,
            Lanes lanes) {
        for (int b = at; b < at + c; b += BLOCK) {
            int len = Math.min(BLOCK, at + c - b);
            lanes.expShifted(x, b, lse, dx, b, len);
            lanes.binaryScalar(BinaryOp.MUL, dx, b, scale, dx, b, len);
            if (shift != 0) {
                lanes.binaryScalar(BinaryOp.ADD, dx, b, shift, dx, b, len);
            }
        }
    }

    private static GpuProgram program(int group, float smoothing, boolean rows, boolean more) {
        return GpuProgram.resource(
                CrossEntropyKernels.class,
                "cross_entropy.cl",
                "GROUP",
                group,
                "SMOOTH",
                smoothing == 0 ? 0 : 1,
                "PER_ROW",
                rows ? 1 : 0,
                "MORE",
                more ? 1 : 0);
    }

    static GpuPlan gpu(CrossEntropy op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        int group = SoftmaxKernels.group(c, traits);
        boolean rows = op.reduction() == Reduction.NONE;
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg losses = rows ? GpuPlan.out(0) : plan.temporary(4L * n);
        plan.launch(
                program(group, op.smoothing(), false, false),
                "cross_entropy_rows",
                new int[] {n, 1, 1},
                new int[] {group, 1, 1},
                GpuPlan.in(0),
                GpuPlan.in(1),
                losses,
                GpuPlan.out(1),
                c,
                op.ignoreIndex(),
                op.smoothing());
        if (!rows) {
            int all = SoftmaxKernels.group(n, traits);
            plan.launch(
                    program(all, 0, false, false),
                    "cross_entropy_total",
                    new int[] {1, 1, 1},
                    new int[] {all, 1, 1},
                    losses,
                    GpuPlan.in(1),
                    GpuPlan.out(0),
                    n,
                    op.ignoreIndex(),
                    op.reduction() == Reduction.MEAN ? 1 : 0);
        }
        return plan.build();
    }

    static GpuPlan gradientGpu(
            CrossEntropyGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].shape().dim(0);
        int c = in[0].shape().dim(1);
        if (n == 0 || c == 0) {
            return GpuPlan.NOTHING;
        }
        int group = SoftmaxKernels.group(c, traits);
        boolean rows = op.reduction() == Reduction.NONE;
        boolean more = in[4] != null;
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg share = GpuPlan.in(3);
        if (op.reduction() == Reduction.MEAN) {
            share = plan.temporary(4);
            int all = SoftmaxKernels.group(n, traits);
            plan.launch(
                    program(all, 0, false, false),
                    "cross_entropy_share",
                    new int[] {1, 1, 1},
                    new int[] {all, 1, 1},
                    GpuPlan.in(3),
                    GpuPlan.in(1),
                    share,
                    n,
                    op.ignoreIndex());
        }
        plan.launch(
                program(group, op.smoothing(), rows, more),
                "cross_entropy_gradient",
                new int[] {n, 1, 1},
                new int[] {group, 1, 1},
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.in(2),
                share,
                more ? GpuPlan.in(4) : null,
                GpuPlan.out(0),
                c,
                op.ignoreIndex(),
                op.smoothing());
        return plan.build();
    }
}
