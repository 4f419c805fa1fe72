package io.tatara.kernels.softmax;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * {@link CrossEntropy} and its gradient on the JVM. A row is read from memory once, in blocks that
 * stay in the first cache, with the sum rescaled where a block has a larger maximum (Milakov and
 * Gimelshein, Online normalizer calculation for softmax, 2018).
 */
final class CrossEntropyJvm {
    private static final int GRAIN = 1 << 13;
    private static final int BLOCK = 2048;

    private CrossEntropyJvm() {}

    static void run(CrossEntropy op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
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

    /** The loss of a row; its logSumExp goes to lse[2 i] and lse[2 i + 1]. */
    private static float row(
            CrossEntropy op, float[] x, int at, int c, int label, float[] lse, int i, Lanes lanes) {
        if (label == op.ignoreIndex()) {
            lse[2 * i] = 0;
            lse[2 * i + 1] = 0;
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
        double whole = Math.floor(m);
        boolean finite = Math.abs(log) < Double.POSITIVE_INFINITY;
        lse[2 * i] = finite ? (float) whole : 0;
        lse[2 * i + 1] = (float) (finite ? m - whole + Math.log(s) : log);
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

    static void gradient(CrossEntropyGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
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
                                    float scale = dlse == null ? g : g + dlse[2 * i + 1];
                                    float rest = in[2].f()[2 * i + 1];
                                    probabilities(
                                            in[0].f(),
                                            i * c,
                                            c,
                                            in[2].f()[2 * i],
                                            scale * (float) Math.exp(-rest),
                                            -g * op.smoothing() / c,
                                            dx,
                                            ctx.lanes());
                                    dx[i * c + label] -= g * (1 - op.smoothing());
                                }
                            }
                        });
    }

    /** dx = exp(x - whole) * scale + shift, in blocks that stay in cache. */
    private static void probabilities(
            float[] x,
            int at,
            int c,
            float whole,
            float scale,
            float shift,
            float[] dx,
            Lanes lanes) {
        for (int b = at; b < at + c; b += BLOCK) {
            int len = Math.min(BLOCK, at + c - b);
            lanes.expShifted(x, b, whole, dx, b, len);
            lanes.binaryScalar(BinaryOp.MUL, dx, b, scale, dx, b, len);
            if (shift != 0) {
                lanes.binaryScalar(BinaryOp.ADD, dx, b, shift, dx, b, len);
            }
        }
    }
}
