package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/**
 * Attention one query at a time, for any sizes: products of rows, softmax over a row of scores, sum
 * of values. What few queries need, which read keys and values only once.
 */
final class SdpaRowsJvm {
    private SdpaRowsJvm() {}

    static void forward(
            ScaledDotProductAttention op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        SdpaInputs x = SdpaInputs.of(op.scale(), op.mask(), op.layout(), in);
        SdpaShape s = x.shape();
        int rows = s.n() * s.h() * s.tq();
        int grain = 1 + 65536 / (1 + s.tk() * (s.d() + s.dv()));
        ctx.workers()
                .parallelFor(
                        rows,
                        grain,
                        (from, to) -> {
                            float[] p = ctx.acquire(Math.max(1, s.tk()));
                            try {
                                for (int r = from; r < to; r++) {
                                    row(x, r, p, out[0].f(), out[1].f(), ctx.lanes());
                                }
                            } finally {
                                ctx.release(p);
                            }
                        });
    }

    private static void row(
            SdpaInputs x, int row, float[] p, float[] output, float[] logSumExp, Lanes lanes) {
        SdpaShape s = x.shape();
        int i = row % s.tq();
        int h = row / s.tq() % s.h();
        int n = row / s.tq() / s.h();
        int count = x.visible(n, i);
        int to = s.queryAt(n, h, s.dv()) + i * s.queryStep(s.dv());
        Arrays.fill(output, to, to + s.dv(), 0);
        scores(x, n, h, i, count, p, lanes);
        float max = lanes.max(p, 0, count);
        if (max == Float.NEGATIVE_INFINITY) {
            logSumExp[row] = max;
            return;
        }
        float sum = lanes.expShifted(p, 0, max, p, 0, count);
        logSumExp[row] = max + (float) Math.log(sum);
        int from = s.keyAt(n, h / s.group(), s.dv());
        int step = s.keyStep(s.dv());
        for (int j = 0; j < count; j++) {
            lanes.axpy(p[j], x.value(), from + j * step, output, to, s.dv());
        }
        lanes.binaryScalar(BinaryOp.MUL, output, to, 1 / sum, output, to, s.dv());
    }

    /** Scores of a query with the first {@code count} keys. */
    private static void scores(
            SdpaInputs x, int n, int h, int i, int count, float[] p, Lanes lanes) {
        SdpaShape s = x.shape();
        int d = s.d();
        int q = s.queryAt(n, h, d) + i * s.queryStep(d);
        int k = s.keyAt(n, h / s.group(), d);
        int step = s.keyStep(d);
        for (int j = 0; j < count; j++) {
            p[j] = x.scale() * lanes.dot(x.query(), q, x.key(), k + j * step, d);
        }
        if (x.bias() != null) {
            int at = x.biasAt(n, h, i);
            for (int j = 0; j < count; j++) {
                p[j] += x.bias()[at + j * x.biasStrides()[3]];
            }
        }
    }

    static void gradient(
            ScaledDotProductAttentionGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        SdpaInputs x = SdpaInputs.of(op.scale(), op.mask(), op.layout(), in);
        SdpaShape s = x.shape();
        Arrays.fill(out[0].f(), 0, out[0].size(), 0);
        Arrays.fill(out[1].f(), 0, out[1].size(), 0);
        Arrays.fill(out[2].f(), 0, out[2].size(), 0);
        if (op.scores()) {
            Arrays.fill(out[3].f(), 0, out[3].size(), 0);
        }
        ctx.workers()
                .parallelFor(
                        s.n() * s.hkv(),
                        1,
                        (from, to) -> {
                            float[] p = ctx.acquire(Math.max(1, s.tk()));
                            float[] dp = ctx.acquire(Math.max(1, s.tk()));
                            try {
                                for (int r = from * s.group() * s.tq();
                                        r < to * s.group() * s.tq();
                                        r++) {
                                    gradientRow(x, in, out, r, p, dp, ctx.lanes());
                                }
                            } finally {
                                ctx.release(p);
                                ctx.release(dp);
                            }
                        });
    }

    private static void gradientRow(
            SdpaInputs x,
            JvmArray[] in,
            JvmArray[] out,
            int row,
            float[] p,
            float[] dp,
            Lanes lanes) {
        SdpaShape s = x.shape();
        int i = row % s.tq();
        int h = row / s.tq() % s.h();
        int n = row / s.tq() / s.h();
        int count = x.visible(n, i);
        float logSumExp = in[6].f()[row];
        if (logSumExp == Float.NEGATIVE_INFINITY || count == 0) {
            return;
        }
        scores(x, n, h, i, count, p, lanes);
        lanes.binaryScalar(BinaryOp.SUB, p, 0, logSumExp, p, 0, count);
        lanes.unary(UnaryOp.EXP, p, 0, p, 0, count);
        float delta = in[8] == null ? 0 : -in[8].f()[row];
        Arrays.fill(dp, 0, count, 0);
        if (in[7] != null) {
            int at = s.queryAt(n, h, s.dv()) + i * s.queryStep(s.dv());
            delta += lanes.dot(in[7].f(), at, in[5].f(), at, s.dv());
            int value = s.keyAt(n, h / s.group(), s.dv());
            int step = s.keyStep(s.dv());
            for (int j = 0; j < count; j++) {
                dp[j] = lanes.dot(in[7].f(), at, x.value(), value + j * step, s.dv());
                lanes.axpy(p[j], in[7].f(), at, out[2].f(), value + j * step, s.dv());
            }
        }
        lanes.binaryScalar(BinaryOp.SUB, dp, 0, delta, dp, 0, count);
        lanes.binary(BinaryOp.MUL, dp, 0, p, 0, dp, 0, count);
        if (out.length > 3) {
            System.arraycopy(dp, 0, out[3].f(), row * s.tk(), count);
        }
        int q = s.queryAt(n, h, s.d()) + i * s.queryStep(s.d());
        int k = s.keyAt(n, h / s.group(), s.d());
        int step = s.keyStep(s.d());
        for (int j = 0; j < count; j++) {
            float ds = x.scale() * dp[j];
            lanes.axpy(ds, x.key(), k + j * step, out[0].f(), q, s.d());
            lanes.axpy(ds, x.query(), q, out[1].f(), k + j * step, s.d());
        }
    }
}
