package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.Sgemm;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * Attention on Java arrays: a block of queries of a head against all keys that it may see, by two
 * matrix products with a softmax over rows between them.
 */
final class SdpaJvm {
    /** Queries of a block. */
    private static final int BLOCK = 64;

    private SdpaJvm() {}

    static void forward(
            ScaledDotProductAttention op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        SdpaHeads heads = new SdpaHeads(op.scale(), op.mask(), op.layout(), in);
        AttentionShape s = heads.s;
        int blocks = (s.tq() + BLOCK - 1) / BLOCK;
        JvmContext serial = new SerialContext(ctx);
        ctx.workers()
                .parallelFor(
                        s.n() * s.h() * blocks,
                        1,
                        (from, to) -> {
                            for (int t = from; t < to; t++) {
                                int head = t / blocks;
                                int i = t % blocks * BLOCK;
                                block(heads, head / s.h(), head % s.h(), i, in, out, serial);
                            }
                        });
    }

    private static void block(
            SdpaHeads heads,
            int n,
            int h,
            int first,
            JvmArray[] in,
            JvmArray[] out,
            JvmContext ctx) {
        AttentionShape s = heads.s;
        int rows = Math.min(BLOCK, s.tq() - first);
        int keys = heads.visible(n, first + rows - 1);
        float[] scores = ctx.acquire(Math.max(1, rows * keys));
        try {
            int q = heads.query(n, h, s.d()) + first * heads.queryStride(s.d());
            int o = heads.query(n, h, s.dv()) + first * heads.queryStride(s.dv());
            Sgemm.run(
                    false,
                    true,
                    rows,
                    keys,
                    s.d(),
                    in[0].f(),
                    q,
                    heads.queryStride(s.d()),
                    in[1].f(),
                    heads.key(n, h, s.d()),
                    heads.keyStride(s.d()),
                    0,
                    scores,
                    0,
                    keys,
                    ctx);
            float[] lse = out[1].f();
            int row = heads.row(n, h) + first;
            for (int i = 0; i < rows; i++) {
                lse[row + i] = softmax(heads, ctx.lanes(), scores, i * keys, n, h, first + i, keys);
            }
            Sgemm.run(
                    false,
                    false,
                    rows,
                    s.dv(),
                    keys,
                    scores,
                    0,
                    keys,
                    in[2].f(),
                    heads.key(n, h, s.dv()),
                    heads.keyStride(s.dv()),
                    0,
                    out[0].f(),
                    o,
                    heads.queryStride(s.dv()),
                    ctx);
            for (int i = 0; i < rows; i++) {
                if (lse[row + i] == Float.NEGATIVE_INFINITY) {
                    int at = o + i * heads.queryStride(s.dv());
                    Arrays.fill(out[0].f(), at, at + s.dv(), 0);
                }
            }
        } finally {
            ctx.release(scores);
        }
    }

    /** Turns a row of products into weights, 0 behind what is seen; gives their logSumExp. */
    private static float softmax(
            SdpaHeads heads, Lanes lanes, float[] x, int at, int n, int h, int i, int keys) {
        int seen = heads.visible(n, i);
        heads.finish(lanes, x, at, n, h, i, 0, seen);
        Arrays.fill(x, at + seen, at + keys, 0);
        float most = lanes.max(x, at, seen);
        if (most == Float.NEGATIVE_INFINITY) {
            Arrays.fill(x, at, at + seen, 0);
            return most;
        }
        float sum = lanes.expFalling(x, at, most, x, at, seen, at);
        lanes.binaryScalar(BinaryOp.MUL, x, at, 1 / sum, x, at, seen);
        return (float) (most + Math.log(sum));
    }

    static void append(CacheAppend op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        HeadLayout layout = op.layout();
        int n = in[0].spec().shape().dim(0);
        int heads = layout.heads(in[0].spec().shape());
        int capacity = layout.positions(in[0].spec().shape());
        int steps = layout.positions(in[1].spec().shape());
        int d = in[0].spec().shape().dim(3);
        int[] positions = in[2].i();
        for (int b = 0; b < n; b++) {
            for (int h = 0; h < heads; h++) {
                int from = b * heads * steps * d + h * layout.headStride(steps, d);
                int to = b * heads * capacity * d + h * layout.headStride(capacity, d);
                for (int t = 0; t < steps; t++) {
                    long p = (long) positions[b] + t;
                    if (p >= 0 && p < capacity) {
                        int x = from + t * layout.positionStride(heads, d);
                        int y = to + (int) p * layout.positionStride(heads, d);
                        copy(in[1], x, out[0], y, d);
                    }
                }
            }
        }
    }

    private static void copy(JvmArray from, int x, JvmArray to, int y, int n) {
        if (from.f() != null) {
            System.arraycopy(from.f(), x, to.f(), y, n);
        } else {
            System.arraycopy(from.i(), x, to.i(), y, n);
        }
    }
}
