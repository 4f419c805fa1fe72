package io.tatara.kernels.attention;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import java.util.Arrays;

/**
 * Additive attention on Java arrays. The tanh of a block of keys against one query stays in a
 * scratch of a few thousand floats, inside the first-level cache; forward runs over (sequence,
 * query) in parallel, the gradient over sequences, so that each sum belongs to one worker and its
 * order is fixed.
 */
final class AdditiveJvm {
    /** Floats of tanh in flight. */
    private static final int BLOCK = 4096;

    /** Features of tanh that make a piece of parallel work worth a hand-over. */
    private static final int GRAIN = 16384;

    private AdditiveJvm() {}

    static void forward(AdditiveAttention op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Extents e = Extents.of(in[0].spec(), in[1].spec(), in[2].spec());
        int grain = (int) (1 + GRAIN / (1.0 + (double) e.tk() * e.a()));
        ctx.workers()
                .parallelFor(
                        e.queryRows(),
                        grain,
                        (from, to) -> {
                            float[] tanh = ctx.acquire(block(e) * e.a());
                            try {
                                for (int row = from; row < to; row++) {
                                    query(e, row, in, out, tanh, ctx.lanes());
                                }
                            } finally {
                                ctx.release(tanh);
                            }
                        });
    }

    /** Keys of a block. */
    private static int block(Extents e) {
        return Math.max(1, Math.min(e.tk(), BLOCK / Math.max(1, e.a())));
    }

    private static void query(
            Extents e, int row, JvmArray[] in, JvmArray[] out, float[] tanh, Lanes lanes) {
        int n = row / e.tq();
        int count = AttentionRows.length(in[4], n, e.tk());
        float[] weights = out[1].f();
        int at = row * e.tk();
        int a = e.a();
        for (int j = 0; j < count; j += block(e)) {
            int keys = Math.min(block(e), count - j);
            tanh(lanes, in[0].f(), row * a, in[1].f(), (n * e.tk() + j) * a, keys, a, tanh);
            for (int r = 0; r < keys; r++) {
                weights[at + j + r] = lanes.dot(in[3].f(), 0, tanh, r * a, a);
            }
        }
        AttentionRows.softmax(lanes, weights, at, count, e.tk());
        float[] context = out[0].f();
        Arrays.fill(context, row * e.v(), (row + 1) * e.v(), 0);
        for (int j = 0; j < count; j++) {
            lanes.axpy(
                    weights[at + j],
                    in[2].f(),
                    (n * e.tk() + j) * e.v(),
                    context,
                    row * e.v(),
                    e.v());
        }
    }

    /** tanh(q + k) of one query and several keys. */
    private static void tanh(
            Lanes lanes, float[] q, int qo, float[] k, int ko, int keys, int a, float[] t) {
        for (int r = 0; r < keys; r++) {
            lanes.binary(BinaryOp.ADD, q, qo, k, ko + r * a, t, r * a, a);
        }
        lanes.unary(UnaryOp.TANH, t, 0, t, 0, keys * a);
    }

    static void gradient(
            AdditiveAttentionGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Extents e = Extents.of(in[0].spec(), in[1].spec(), in[2].spec());
        int a = e.a();
        float[] dv = out[3].f();
        float[] partial = ctx.acquire(e.n() * a);
        try {
            ctx.workers()
                    .parallelFor(
                            e.n(),
                            1,
                            (from, to) -> {
                                for (int n = from; n < to; n++) {
                                    new Sequence(e, n, in, out, partial, ctx.lanes()).run(ctx);
                                }
                            });
            Arrays.fill(dv, 0, a, 0);
            for (int n = 0; n < e.n(); n++) {
                ctx.lanes().binary(BinaryOp.ADD, partial, n * a, dv, 0, dv, 0, a);
            }
        } finally {
            ctx.release(partial);
        }
    }

    /** The gradient of one sequence; dv goes to the sequence's own row of {@code partial}. */
    private record Sequence(
            Extents e, int n, JvmArray[] in, JvmArray[] out, float[] partial, Lanes lanes) {
        void run(JvmContext ctx) {
            int a = e.a();
            int firstKey = n * e.tk();
            Arrays.fill(out[1].f(), firstKey * a, (firstKey + e.tk()) * a, 0);
            Arrays.fill(out[2].f(), firstKey * e.v(), (firstKey + e.tk()) * e.v(), 0);
            Arrays.fill(partial, n * a, (n + 1) * a, 0);
            int count = AttentionRows.length(in[4], n, e.tk());
            float[] ds = ctx.acquire(count);
            float[] tanh = ctx.acquire(block(e) * a);
            float[] sum = ctx.acquire(a);
            try {
                for (int row = n * e.tq(); row < (n + 1) * e.tq(); row++) {
                    scores(row, count, ds);
                    query(row, count, ds, tanh, sum);
                }
            } finally {
                ctx.release(sum);
                ctx.release(tanh);
                ctx.release(ds);
            }
            for (int j = 0; j < count; j++) {
                int at = (firstKey + j) * a;
                lanes.binary(BinaryOp.MUL, out[1].f(), at, in[3].f(), 0, out[1].f(), at, a);
            }
        }

        /** Gradients of one query's scores; its share of dvalues. */
        private void scores(int row, int count, float[] ds) {
            float[] weights = in[5].f();
            float[] dcontext = AttentionRows.floats(in[6]);
            float[] dweights = AttentionRows.floats(in[7]);
            for (int j = 0; j < count; j++) {
                int value = (n * e.tk() + j) * e.v();
                float dw = dweights == null ? 0 : dweights[row * e.tk() + j];
                if (dcontext != null) {
                    dw += lanes.dot(dcontext, row * e.v(), in[2].f(), value, e.v());
                    lanes.axpy(
                            weights[row * e.tk() + j],
                            dcontext,
                            row * e.v(),
                            out[2].f(),
                            value,
                            e.v());
                }
                ds[j] = dw;
            }
            AttentionRows.softmaxGradient(lanes, weights, row * e.tk(), ds, 0, count);
        }

        /** dqueries of one query, its share of dv, and of dkeys without the factor v. */
        private void query(int row, int count, float[] ds, float[] tanh, float[] sum) {
            int a = e.a();
            float[] dq = out[0].f();
            float[] dk = out[1].f();
            Arrays.fill(dq, row * a, (row + 1) * a, 0);
            // Summed for a query first: long chains of float additions lose digits.
            Arrays.fill(sum, 0, a, 0);
            for (int j = 0; j < count; j += block(e)) {
                int keys = Math.min(block(e), count - j);
                int key = (n * e.tk() + j) * a;
                tanh(lanes, in[0].f(), row * a, in[1].f(), key, keys, a, tanh);
                for (int r = 0; r < keys; r++) {
                    lanes.axpy(ds[j + r], tanh, r * a, sum, 0, a);
                }
                lanes.unary(UnaryOp.SQUARE, tanh, 0, tanh, 0, keys * a);
                lanes.scalarBinary(BinaryOp.SUB, 1, tanh, 0, tanh, 0, keys * a);
                for (int r = 0; r < keys; r++) {
                    lanes.axpy(ds[j + r], tanh, r * a, dq, row * a, a);
                    lanes.axpy(ds[j + r], tanh, r * a, dk, key + r * a, a);
                }
            }
            lanes.binary(BinaryOp.MUL, dq, row * a, in[3].f(), 0, dq, row * a, a);
            lanes.binary(BinaryOp.ADD, sum, 0, partial, n * a, partial, n * a, a);
        }
    }
}
