package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PackCache;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PanelProduct;

/**
 * {@link SeparableConv2d} on Java arrays: for some rows of an image at a time the depthwise sums of
 * all channels are made in scratch that stays in the second-level cache, from which the product
 * packs its panels. Where an image is all there is, its channels are shared out, then its product.
 */
final class SeparableJvm {
    /** Pixels of a block, at least, where an image has as many. */
    private static final int PIXELS = 256;

    private final ConvShape s;
    private final Finish inside;
    private final Finish finish;
    private final JvmArray[] in;
    private final float[] y;
    private final int m;
    private final JvmContext ctx;
    private final ConvRows kernels;
    private PackedLeft pointwise;

    private SeparableJvm(SeparableConv2d op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        TensorSpec[] specs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i] == null ? null : in[i].spec();
        }
        this.s = op.shape(specs);
        this.m = op.m(specs);
        this.inside =
                new Finish(
                        op.inner().activation(),
                        Finish.array(in[SeparableConv2d.DEPTHWISE_BIAS]),
                        null);
        this.finish =
                new Finish(
                        op.outer().activation(),
                        Finish.array(Conv2d.optional(in, SeparableConv2d.BIAS)),
                        Finish.array(Conv2d.optional(in, SeparableConv2d.RESIDUAL)));
        this.in = in;
        this.y = out[0].f();
        this.ctx = ctx;
        this.kernels = ConvRows.of(ctx);
    }

    static void run(SeparableConv2d op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        new SeparableJvm(op, in, out, ctx).run();
    }

    private void run() {
        if (s.n() == 0) {
            return;
        }
        PackCache packs = in[SeparableConv2d.POINTWISE].packs();
        int size = PanelProduct.size(m, s.c(), ctx);
        if (packs != null) {
            String key = "separable, " + PanelProduct.layout(ctx);
            pointwise = packs.get(key, () -> pack(new float[size]));
            blocks();
            return;
        }
        float[] scratch = ctx.acquire(size);
        try {
            pointwise = pack(scratch);
            blocks();
        } finally {
            ctx.release(scratch);
        }
    }

    private PackedLeft pack(float[] data) {
        float[] w = in[SeparableConv2d.POINTWISE].f();
        int c = s.c();
        PanelProduct.Left rows =
                (row, count, from, depth, height, panel, at) ->
                        PanelProduct.packTransposed(
                                count, depth, w, row * c + from, c, height, panel, at, ctx);
        return PanelProduct.pack(m, c, rows, data, ctx);
    }

    private void blocks() {
        // Depthwise sums go four rows at a time.
        int rows = Math.clamp(4 * ((PIXELS - 1) / (4 * s.wo()) + 1), 1, s.ho());
        int each = (s.ho() + rows - 1) / rows;
        int count = s.n() * each;
        int threads = ctx.workers().threads();
        if (count < 2 * threads && threads > 1) {
            for (int n = 0; n < s.n(); n++) {
                block(n, 0, s.ho(), ctx);
            }
            return;
        }
        JvmContext serial = new SerialContext(ctx);
        ctx.workers()
                .parallelFor(
                        count,
                        1,
                        (from, to) -> {
                            for (int b = from; b < to; b++) {
                                int first = b % each * rows;
                                int end = Math.min(s.ho(), first + rows);
                                block(b / each, first, end, serial);
                            }
                        });
    }

    /** Rows [first, end) of image n. */
    private void block(int n, int first, int end, JvmContext c) {
        int pixels = (end - first) * s.wo();
        float[] z = c.acquire(s.c() * pixels);
        try {
            DepthwiseConv.planes(
                    Sums.rows(
                            s,
                            first,
                            end,
                            in[SeparableConv2d.X].f(),
                            in[SeparableConv2d.DEPTHWISE].f(),
                            null,
                            z,
                            inside),
                    n * s.c(),
                    (n + 1) * s.c(),
                    c);
            product(n, first, pixels, z, c);
        } finally {
            c.release(z);
        }
    }

    private void product(int n, int first, int pixels, float[] z, JvmContext c) {
        int image = s.ho() * s.wo();
        DenseResult result =
                new DenseResult(
                        kernels, y, n * m * image + first * s.wo(), m * image, image, 0, finish, c);
        PanelProduct.Right panels =
                (from, depth, column, columnEnd, width, to, at) -> {
                    for (int j = column; j < columnEnd; j += width) {
                        int count = Math.min(width, columnEnd - j);
                        int place = at + (j - column) * depth;
                        kernels.copy(depth, count, z, from * pixels + j, pixels, to, place, width);
                    }
                };
        PanelProduct.run(pointwise, pixels, panels, result, false, c);
    }
}
