package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.Sgemm;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * Gradient of attention on Java arrays: a head of key and value belongs to one worker, which goes
 * through blocks of queries of the heads that read it; five matrix products a block. The weights
 * are computed anew from logSumExp.
 */
final class SdpaGradientJvm {
    /** Queries of a block: sums over them are long enough for the products to be fast. */
    private static final int BLOCK = 192;

    private SdpaGradientJvm() {}

    static void gradient(
            ScaledDotProductAttentionGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        SdpaHeads heads = new SdpaHeads(op.scale(), op.mask(), op.layout(), in);
        AttentionShape s = heads.s;
        for (int i = 0; i < out.length; i++) {
            Arrays.fill(out[i].f(), 0, out[i].size(), 0);
        }
        int owners = s.n() * s.hkv();
        if (owners < ctx.workers().threads()) {
            for (int t = 0; t < owners; t++) {
                new Head(heads, op.scores(), in, out, t / s.hkv(), t % s.hkv(), ctx).run();
            }
            return;
        }
        JvmContext serial = new SerialContext(ctx);
        ctx.workers()
                .parallelFor(
                        owners,
                        1,
                        (from, to) -> {
                            for (int t = from; t < to; t++) {
                                int n = t / s.hkv();
                                int own = t % s.hkv();
                                new Head(heads, op.scores(), in, out, n, own, serial).run();
                            }
                        });
    }

    /** One head of key and value with all heads of the query that read it. */
    private record Head(
            SdpaHeads heads,
            boolean scores,
            JvmArray[] in,
            JvmArray[] out,
            int n,
            int own,
            JvmContext ctx) {
        void run() {
            AttentionShape s = heads.s;
            float[] p = ctx.acquire(Math.max(1, BLOCK * s.tk()));
            float[] ds = ctx.acquire(Math.max(1, BLOCK * s.tk()));
            try {
                for (int g = 0; g < s.group(); g++) {
                    int h = own * s.group() + g;
                    for (int i = 0; i < s.tq(); i += BLOCK) {
                        block(h, i, Math.min(BLOCK, s.tq() - i), p, ds);
                    }
                }
            } finally {
                ctx.release(ds);
                ctx.release(p);
            }
        }

        private void block(int h, int first, int rows, float[] p, float[] ds) {
            AttentionShape s = heads.s;
            int keys = heads.visible(n, first + rows - 1);
            if (keys == 0) {
                return;
            }
            int d = s.d();
            int dv = s.dv();
            int qs = heads.queryStride(d);
            int os = heads.queryStride(dv);
            int q = heads.query(n, h, d) + first * qs;
            int o = heads.query(n, h, dv) + first * os;
            int k = heads.key(n, h, d);
            int v = heads.key(n, h, dv);
            int ks = heads.keyStride(d);
            int vs = heads.keyStride(dv);
            float[] dout = in[7] == null ? null : in[7].f();
            float[] key = in[1].f();
            product(true, rows, keys, d, in[0].f(), q, qs, key, k, ks, 0, p, 0, keys);
            if (dout != null) {
                product(true, rows, keys, dv, dout, o, os, in[2].f(), v, vs, 0, ds, 0, keys);
            } else {
                Arrays.fill(ds, 0, rows * keys, 0);
            }
            for (int i = 0; i < rows; i++) {
                row(h, first + i, keys, p, ds, i * keys, o + i * os);
            }
            if (dout != null) {
                transposed(keys, dv, rows, p, keys, dout, o, os, out[2].f(), v, vs);
            }
            for (int i = 0; i < rows && scores; i++) {
                int at = (heads.row(n, h) + first + i) * s.tk();
                System.arraycopy(ds, i * keys, out[3].f(), at, keys);
            }
            ctx.lanes().binaryScalar(BinaryOp.MUL, ds, 0, heads.scale, ds, 0, rows * keys);
            product(false, rows, d, keys, ds, 0, keys, key, k, ks, 0, out[0].f(), q, qs);
            transposed(keys, d, rows, ds, keys, in[0].f(), q, qs, out[1].f(), k, ks);
        }

        /** Scores to weights in p, gradients of weights to gradients of scores in ds. */
        private void row(int h, int i, int keys, float[] p, float[] ds, int at, int o) {
            Lanes lanes = ctx.lanes();
            int row = heads.row(n, h) + i;
            float lse = in[6].f()[row];
            int seen = lse == Float.NEGATIVE_INFINITY ? 0 : heads.visible(n, i);
            Arrays.fill(p, at + seen, at + keys, 0);
            Arrays.fill(ds, at + seen, at + keys, 0);
            if (seen == 0) {
                return;
            }
            heads.finish(lanes, p, at, n, h, i, 0, seen);
            lanes.expShifted(p, at, lse, p, at, seen);
            float rest = in[8] == null ? 0 : in[8].f()[row];
            if (in[7] != null) {
                rest -= lanes.dot(in[7].f(), o, in[5].f(), o, heads.s.dv());
            }
            lanes.binaryScalar(BinaryOp.ADD, ds, at, rest, ds, at, seen);
            lanes.binary(BinaryOp.MUL, ds, at, p, at, ds, at, seen);
        }

        private void product(
                boolean tb,
                int m,
                int n,
                int k,
                float[] a,
                int ao,
                int lda,
                float[] b,
                int bo,
                int ldb,
                float beta,
                float[] c,
                int co,
                int ldc) {
            Sgemm.run(false, tb, m, n, k, a, ao, lda, b, bo, ldb, beta, c, co, ldc, ctx);
        }

        /** c += aᵀ · b. */
        private void transposed(
                int m,
                int n,
                int k,
                float[] a,
                int lda,
                float[] b,
                int bo,
                int ldb,
                float[] c,
                int co,
                int ldc) {
            Sgemm.run(true, false, m, n, k, a, 0, lda, b, bo, ldb, 1, c, co, ldc, ctx);
        }
    }
}
