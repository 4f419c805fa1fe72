package io.tatara.kernels.attention;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.Sgemm;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * Multiplicative attention on Java arrays: matrix products of one sequence at a time, softmax over
 * its rows between them. A sequence belongs to one worker where there are enough of them; else the
 * products themselves run in parallel.
 */
final class MultiplicativeJvm {
    /** Multiply-adds that make a piece of parallel work worth a hand-over. */
    private static final int GRAIN = 65536;

    private MultiplicativeJvm() {}

    private interface Body {
        void run(int n, JvmContext ctx);
    }

    static void forward(MultiplicativeAttention op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Extents e = Extents.of(in[0].spec(), in[1].spec(), in[2].spec());
        sequences(e, ctx, (n, c) -> forward(op.scale(), e, n, in, out, c));
    }

    private static void sequences(Extents e, JvmContext ctx, Body body) {
        if (e.n() < ctx.workers().threads()) {
            for (int n = 0; n < e.n(); n++) {
                body.run(n, ctx);
            }
            return;
        }
        JvmContext serial = new SerialContext(ctx);
        double work = (double) e.tq() * e.tk() * (e.a() + e.v());
        int grain = 1 + (int) (GRAIN / (1 + work));
        ctx.workers()
                .parallelFor(
                        e.n(),
                        grain,
                        (from, to) -> {
                            for (int n = from; n < to; n++) {
                                body.run(n, serial);
                            }
                        });
    }

    private static void forward(
            float scale, Extents e, int n, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int count = AttentionRows.length(in[3], n, e.tk());
        float[] context = out[0].f();
        float[] weights = out[1].f();
        int query = n * e.tq();
        int key = n * e.tk();
        if (count == 0) {
            Arrays.fill(context, query * e.v(), (query + e.tq()) * e.v(), 0);
            Arrays.fill(weights, query * e.tk(), (query + e.tq()) * e.tk(), 0);
            return;
        }
        Sgemm.run(
                false,
                true,
                e.tq(),
                count,
                e.a(),
                in[0].f(),
                query * e.a(),
                e.a(),
                in[1].f(),
                key * e.a(),
                e.a(),
                0,
                weights,
                query * e.tk(),
                e.tk(),
                ctx);
        Lanes lanes = ctx.lanes();
        for (int row = query; row < query + e.tq(); row++) {
            int at = row * e.tk();
            lanes.binaryScalar(BinaryOp.MUL, weights, at, scale, weights, at, count);
            AttentionRows.softmax(lanes, weights, at, count, e.tk());
        }
        Sgemm.run(
                false,
                false,
                e.tq(),
                e.v(),
                count,
                weights,
                query * e.tk(),
                e.tk(),
                in[2].f(),
                key * e.v(),
                e.v(),
                0,
                context,
                query * e.v(),
                e.v(),
                ctx);
    }

    static void gradient(
            MultiplicativeAttentionGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Extents e = Extents.of(in[0].spec(), in[1].spec(), in[2].spec());
        sequences(e, ctx, (n, c) -> gradient(op.scale(), e, n, in, out, c));
    }

    private static void gradient(
            float scale, Extents e, int n, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int count = e.tq() == 0 ? 0 : AttentionRows.length(in[3], n, e.tk());
        int query = n * e.tq();
        int key = n * e.tk();
        int a = e.a();
        // What no product below writes: keys past the length, and everything where no key takes
        // part.
        Arrays.fill(out[1].f(), (key + count) * a, (key + e.tk()) * a, 0);
        Arrays.fill(out[2].f(), (key + count) * e.v(), (key + e.tk()) * e.v(), 0);
        if (count == 0) {
            Arrays.fill(out[0].f(), query * a, (query + e.tq()) * a, 0);
            return;
        }
        values(e, query, key, count, in, out[2].f(), ctx);
        float[] ds = ctx.acquire(e.tq() * count);
        try {
            scores(scale, e, query, key, count, in, ds, ctx);
            Sgemm.run(
                    false,
                    false,
                    e.tq(),
                    a,
                    count,
                    ds,
                    0,
                    count,
                    in[1].f(),
                    key * a,
                    a,
                    0,
                    out[0].f(),
                    query * a,
                    a,
                    ctx);
            Sgemm.run(
                    true,
                    false,
                    count,
                    a,
                    e.tq(),
                    ds,
                    0,
                    count,
                    in[0].f(),
                    query * a,
                    a,
                    0,
                    out[1].f(),
                    key * a,
                    a,
                    ctx);
        } finally {
            ctx.release(ds);
        }
    }

    /** dvalues = weightsᵀ · dcontext. */
    private static void values(
            Extents e,
            int query,
            int key,
            int count,
            JvmArray[] in,
            float[] dvalues,
            JvmContext ctx) {
        if (in[5] == null) {
            Arrays.fill(dvalues, key * e.v(), (key + count) * e.v(), 0);
            return;
        }
        Sgemm.run(
                true,
                false,
                count,
                e.v(),
                e.tq(),
                in[4].f(),
                query * e.tk(),
                e.tk(),
                in[5].f(),
                query * e.v(),
                e.v(),
                0,
                dvalues,
                key * e.v(),
                e.v(),
                ctx);
    }

    /** Gradients of the scores before the scale, times the scale, [Tq, count]. */
    private static void scores(
            float scale,
            Extents e,
            int query,
            int key,
            int count,
            JvmArray[] in,
            float[] ds,
            JvmContext ctx) {
        if (in[5] != null) {
            Sgemm.run(
                    false,
                    true,
                    e.tq(),
                    count,
                    e.v(),
                    in[5].f(),
                    query * e.v(),
                    e.v(),
                    in[2].f(),
                    key * e.v(),
                    e.v(),
                    0,
                    ds,
                    0,
                    count,
                    ctx);
        } else {
            Arrays.fill(ds, 0, e.tq() * count, 0);
        }
        Lanes lanes = ctx.lanes();
        for (int i = 0; i < e.tq(); i++) {
            int row = (query + i) * e.tk();
            int at = i * count;
            if (in[6] != null) {
                lanes.binary(BinaryOp.ADD, in[6].f(), row, ds, at, ds, at, count);
            }
            AttentionRows.softmaxGradient(lanes, in[4].f(), row, ds, at, count);
            lanes.binaryScalar(BinaryOp.MUL, ds, at, scale, ds, at, count);
        }
    }
}
