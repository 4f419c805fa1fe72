package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.Sgemm;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * The convolution and its gradients on the JVM. Data both ways are products of packed weights with
 * blocks of shifted rows; the weight's gradient is a matrix product over time a tap, on the rows as
 * they stand.
 */
final class CausalJvm {
    private CausalJvm() {}

    /** Output channels over (input channel, tap), from weight [M, C, K]. */
    static ShiftedProduct forward(CausalTiles tiles, CausalShape s, JvmArray weight) {
        ShiftedProduct.Place place = (m, c, k) -> (m * s.c() + c) * s.k() + k;
        float[] w = ShiftedProduct.pack("conv", tiles, weight, s.m(), s.c(), s.k(), place);
        return new ShiftedProduct(tiles, s.m(), s.c(), s.k(), -s.reach(), s.d(), w);
    }

    static void convolution(CausalConv1d op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmArray x = in[CausalConv1d.X];
        JvmArray weight = in[CausalConv1d.WEIGHT];
        JvmArray bias = at(in, CausalConv1d.BIAS);
        CausalShape s = op.shape(x.spec(), weight.spec());
        Samples samples = samples(s, x, at(in, CausalConv1d.STATE));
        ShiftedProduct product = forward(CausalTiles.of(ctx), s, weight);
        int ld = ShiftedProduct.columns(product.depth());
        float[] after = product.after(bias);
        float[] y = out[0].f();
        ShiftedProduct.blocks(
                s.n(),
                s.t(),
                ld,
                ctx,
                (n, t, width) -> {
                    int to = n * s.m() * s.t() + t;
                    float[] matrix = ctx.acquire(product.size(ld));
                    try {
                        if (product.whole(width)) {
                            product.block(samples, n, t, width, matrix, after, y, to, s.t());
                            return;
                        }
                        float[] sums = ctx.acquire(ShiftedProduct.up(s.m(), 8) * ld);
                        try {
                            product.block(samples, n, t, width, matrix, after, sums, 0, ld);
                            for (int m = 0; m < s.m(); m++) {
                                System.arraycopy(sums, m * ld, y, to + m * s.t(), width);
                            }
                        } finally {
                            ctx.release(sums);
                        }
                    } finally {
                        ctx.release(matrix);
                    }
                });
        if (op.carry()) {
            carry(s, samples, out[1].f());
        }
    }

    static Samples samples(CausalShape s, JvmArray x, JvmArray state) {
        return new Samples(x.f(), s.t(), state == null ? null : state.f(), s.reach());
    }

    /** The last samples, for the next piece. */
    static void carry(CausalShape s, Samples samples, float[] out) {
        for (int row = 0; row < s.n() * s.c(); row++) {
            samples.read(row, s.t() - s.reach(), s.reach(), out, row * s.reach());
        }
    }

    static void dataGradient(
            CausalConv1dDataGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmArray dy = in[CausalConv1dDataGradient.DY];
        JvmArray weight = in[CausalConv1dDataGradient.WEIGHT];
        JvmArray carried = at(in, CausalConv1dDataGradient.CARRIED);
        CausalShape s = op.shape(dy.spec(), weight.spec());
        CausalTiles tiles = CausalTiles.of(ctx);
        ShiftedProduct.Place place = (c, m, k) -> (m * s.c() + c) * s.k() + k;
        float[] w = ShiftedProduct.pack("data", tiles, weight, s.c(), s.m(), s.k(), place);
        // Place i of x is reached from i + reach − k · dilation of dy.
        ShiftedProduct product =
                new ShiftedProduct(tiles, s.c(), s.m(), s.k(), s.reach(), -s.d(), w);
        Samples samples = new Samples(dy.f(), s.t(), null, 0);
        int ld = ShiftedProduct.columns(product.depth());
        int start = op.state() ? -s.reach() : 0;
        float[] after = product.after(null);
        ShiftedProduct.blocks(
                s.n(),
                s.t() - start,
                ld,
                ctx,
                (n, i, width) -> {
                    float[] matrix = ctx.acquire(product.size(ld));
                    float[] sums = ctx.acquire(ShiftedProduct.up(s.c(), 8) * ld);
                    try {
                        product.block(samples, n, start + i, width, matrix, after, sums, 0, ld);
                        for (int c = 0; c < s.c(); c++) {
                            int row = n * s.c() + c;
                            if (carried != null) {
                                add(s, carried.f(), row, start + i, width, sums, c * ld, ctx);
                            }
                            put(s, sums, c * ld, row, start + i, width, out);
                        }
                    } finally {
                        ctx.release(sums);
                        ctx.release(matrix);
                    }
                });
    }

    /** Adds what came to the outgoing state, the last places of state and x. */
    private static void add(
            CausalShape s,
            float[] carried,
            int row,
            int from,
            int n,
            float[] sums,
            int at,
            JvmContext ctx) {
        int first = s.t() - s.reach();
        int i = Math.max(from, first);
        int count = from + n - i;
        if (count > 0) {
            int there = at + i - from;
            int c = row * s.reach() + i - first;
            ctx.lanes().binary(BinaryOp.ADD, sums, there, carried, c, sums, there, count);
        }
    }

    /** Places [from, from + n) of a row to the gradients of the state, below 0, and of x. */
    private static void put(
            CausalShape s, float[] sums, int at, int row, int from, int n, JvmArray[] out) {
        int before = Math.clamp(-from, 0, n);
        if (before > 0) {
            int to = row * s.reach() + s.reach() + from;
            System.arraycopy(sums, at, out[1].f(), to, before);
        }
        if (before < n) {
            int to = row * s.t() + from + before;
            System.arraycopy(sums, at + before, out[0].f(), to, n - before);
        }
    }

    static void weightGradient(
            CausalConv1dWeightGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmArray x = in[CausalConv1dWeightGradient.X];
        JvmArray dy = in[CausalConv1dWeightGradient.DY];
        JvmArray state = at(in, CausalConv1dWeightGradient.STATE);
        CausalShape s = op.shape(x.spec(), dy.spec());
        int size = s.m() * s.c();
        float[] sums = ctx.acquire(Math.max(1, size));
        try {
            for (int k = 0; k < s.k(); k++) {
                Arrays.fill(sums, 0, size, 0);
                int back = Math.min(s.back(k), s.t());
                for (int n = 0; n < s.n(); n++) {
                    int yo = n * s.m() * s.t();
                    int xo = n * s.c() * s.t();
                    dots(s, s.t() - back, dy.f(), yo + back, x.f(), xo, s.t(), sums, ctx);
                    if (state != null) {
                        int so = n * s.c() * s.reach() + k * s.d();
                        dots(s, back, dy.f(), yo, state.f(), so, s.reach(), sums, ctx);
                    }
                }
                for (int i = 0; i < size; i++) {
                    out[0].f()[i * s.k() + k] = sums[i];
                }
            }
        } finally {
            ctx.release(sums);
        }
    }

    /** sums += dy · xᵀ over {@code length} samples. */
    private static void dots(
            CausalShape s,
            int length,
            float[] dy,
            int yo,
            float[] x,
            int xo,
            int ldx,
            float[] sums,
            JvmContext ctx) {
        if (length > 0) {
            Sgemm.run(
                    false, true, s.m(), s.c(), length, dy, yo, s.t(), x, xo, ldx, 1, sums, 0, s.c(),
                    ctx);
        }
    }
}
