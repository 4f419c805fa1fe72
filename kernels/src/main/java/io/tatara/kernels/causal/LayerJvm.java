package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;

/**
 * The gated layer on the JVM: block by block of time, so that what is between the convolution and
 * the outputs stays in the second-level cache.
 */
final class LayerJvm {
    private final GatedCausalLayer op;
    private final JvmArray[] in;
    private final JvmArray[] out;
    private final JvmContext ctx;
    private final CausalShape s;
    private final int half;
    private final int skips;
    private final Samples samples;
    private final ShiftedProduct convolution;
    private final ShiftedProduct residual;
    private final ShiftedProduct skip;
    private final float[] bias;
    private final float[] residualBias;
    private final float[] skipBias;
    private final int ld;

    private LayerJvm(GatedCausalLayer op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        this.op = op;
        this.in = in;
        this.out = out;
        this.ctx = ctx;
        s = op.shape(in[GatedCausalLayer.X].spec(), in[GatedCausalLayer.WEIGHT].spec());
        half = s.m() / 2;
        skips = out[1].spec().shape().dim(1);
        samples = CausalJvm.samples(s, in[GatedCausalLayer.X], at(in, GatedCausalLayer.STATE));
        CausalTiles tiles = CausalTiles.of(ctx);
        convolution = CausalJvm.forward(tiles, s, in[GatedCausalLayer.WEIGHT]);
        residual = dense(tiles, s.c(), in[GatedCausalLayer.RESIDUAL_WEIGHT]);
        skip = dense(tiles, skips, in[GatedCausalLayer.SKIP_WEIGHT]);
        bias = convolution.after(in[GatedCausalLayer.BIAS]);
        residualBias = residual.after(at(in, GatedCausalLayer.RESIDUAL_BIAS));
        skipBias = skip.after(at(in, GatedCausalLayer.SKIP_BIAS));
        ld = ShiftedProduct.columns(Math.max(convolution.depth(), Math.max(s.m(), skips)));
    }

    private ShiftedProduct dense(CausalTiles tiles, int rows, JvmArray weight) {
        ShiftedProduct.Place place = (m, c, k) -> m * half + c;
        float[] w = ShiftedProduct.pack("dense", tiles, weight, rows, half, 1, place);
        return new ShiftedProduct(tiles, rows, half, 1, 0, 0, w);
    }

    static void layer(GatedCausalLayer op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        LayerJvm layer = new LayerJvm(op, in, out, ctx);
        ShiftedProduct.blocks(layer.s.n(), layer.s.t(), layer.ld, ctx, layer::block);
        if (op.carry()) {
            CausalJvm.carry(layer.s, layer.samples, out[op.carried()].f());
        }
    }

    private void block(int n, int t, int width) {
        float[] matrix = ctx.acquire(Math.max(convolution.size(ld), residual.size(ld)));
        int rows = Math.max(s.m(), Math.max(s.c(), skips));
        float[] sums = ctx.acquire(ShiftedProduct.up(rows, 8) * ld);
        try {
            convolution.block(samples, n, t, width, matrix, bias, sums, 0, ld);
            // The gathered rows are done with: z takes their place.
            activate(n, t, width, sums, matrix);
            residual.multiply(width, matrix, residualBias, sums, ld);
            JvmArray x = in[GatedCausalLayer.X];
            store(x, out[0], s.c(), n, t, width, sums);
            skip.multiply(width, matrix, skipBias, sums, ld);
            JvmArray before = at(in, GatedCausalLayer.SKIP);
            store(before, out[1], skips, n, t, width, sums);
        } finally {
            ctx.release(sums);
            ctx.release(matrix);
        }
    }

    private void activate(int n, int t, int width, float[] sums, float[] z) {
        Lanes lanes = ctx.lanes();
        for (int d = 0; d < half; d++) {
            int f = d * ld;
            int g = (half + d) * ld;
            condition(n, d, t, width, sums, f);
            condition(n, half + d, t, width, sums, g);
            lanes.unary(UnaryOp.TANH, sums, f, sums, f, width);
            lanes.unary(UnaryOp.SIGMOID, sums, g, sums, g, width);
            if (op.keep()) {
                float[] gates = out[2].f();
                int to = (n * s.m() + d) * s.t() + t;
                System.arraycopy(sums, f, gates, to, width);
                System.arraycopy(sums, g, gates, to + half * s.t(), width);
            }
            lanes.binary(BinaryOp.MUL, sums, f, sums, g, sums, f, width);
            residual.put(d, width, sums, f, z);
        }
    }

    private void condition(int n, int m, int t, int width, float[] sums, int at) {
        JvmArray condition = in[GatedCausalLayer.CONDITION];
        if (condition == null) {
            return;
        }
        int row = n * s.m() + m;
        if (condition.spec().shape().rank() == 2) {
            float v = condition.f()[row];
            ctx.lanes().binaryScalar(BinaryOp.ADD, sums, at, v, sums, at, width);
        } else {
            int from = row * s.t() + t;
            ctx.lanes().binary(BinaryOp.ADD, sums, at, condition.f(), from, sums, at, width);
        }
    }

    /** y = base + sums. */
    private void store(JvmArray base, JvmArray y, int rows, int n, int t, int width, float[] sums) {
        Lanes lanes = ctx.lanes();
        for (int r = 0; r < rows; r++) {
            int to = (n * rows + r) * s.t() + t;
            if (base != null) {
                lanes.binary(BinaryOp.ADD, sums, r * ld, base.f(), to, y.f(), to, width);
            } else {
                System.arraycopy(sums, r * ld, y.f(), to, width);
            }
        }
    }

    static void activationGradient(
            GatedActivationGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int half = in[0].spec().shape().dim(1) / 2 * in[0].spec().shape().dim(2);
        int n = in[0].spec().shape().dim(0);
        int chunks = (half + CHUNK - 1) / CHUNK;
        ctx.workers()
                .parallelFor(
                        Math.multiplyExact(n, chunks),
                        8,
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int at = i % chunks * CHUNK;
                                int count = Math.min(CHUNK, half - at);
                                back(in, out, i / chunks, half, at, count, ctx);
                            }
                        });
    }

    private static final int CHUNK = 1024;

    private static void back(
            JvmArray[] in, JvmArray[] out, int n, int half, int at, int count, JvmContext ctx) {
        int f = 2 * n * half + at;
        int z = n * half + at;
        float[] more = in.length > 2 && in[2] != null ? in[2].f() : null;
        back(in[0].f(), f, f + half, in[1].f(), z, more, out[0].f(), out[1].f(), count);
    }

    /** Compiled to vector code as it stands. */
    private static void back(
            float[] gates,
            int f,
            int g,
            float[] dz,
            int z,
            float[] more,
            float[] da,
            float[] product,
            int n) {
        for (int i = 0; i < n; i++) {
            product[z + i] = gates[f + i] * gates[g + i];
        }
        for (int i = 0; i < n; i++) {
            float b = gates[g + i];
            da[f + i] = dz[z + i] * b;
            da[g + i] = dz[z + i] * gates[f + i];
        }
        for (int i = 0; more != null && i < n; i++) {
            da[f + i] += more[f + i];
            da[g + i] += more[g + i];
        }
        for (int i = 0; i < n; i++) {
            da[f + i] *= (1 - gates[f + i]) * (1 + gates[f + i]);
        }
        for (int i = 0; i < n; i++) {
            da[g + i] *= gates[g + i] * (1 - gates[g + i]);
        }
    }
}
