package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.Arrays;

/**
 * {@link SeparableConv2d} on Java arrays: for some rows of an image at a time the depthwise sums of
 * all channels are made in scratch that stays in the second-level cache, from which the product
 * packs its panels. Where an image is all there is, its channels are shared out, then its product.
 * Images of few pixels would fill the last panel of each badly, so that some are one product.
 */
final class SeparableJvm {
    /** Pixels of a block, at least, where an image has as many. */
    private static final int PIXELS = 256;

    /** Pixels of an image up to which several are one product. */
    private static final int FEW = 512;

    /** Depthwise sums between the two: of a block of rows, and of some images. */
    private static final int BLOCK = 1 << 18;

    private static final int IMAGES = 1 << 20;

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
        if (s.ho() * s.wo() <= FEW) {
            images();
            return;
        }
        Sums p = pixels(1, null);
        DenseKernel kernel = DenseKernel.of(p, 0, p.ys().getFirst(), p.xs().getFirst(), false, ctx);
        try {
            pointwise = kernel.rows();
            blocks();
        } finally {
            kernel.release(ctx);
        }
    }

    private void images() {
        int image = s.c() * s.ho() * s.wo();
        int each = Math.clamp(IMAGES / image, 1, s.n());
        float[] z = ctx.acquire(each * image);
        try {
            for (int n = 0; n < s.n(); n += each) {
                int count = Math.min(each, s.n() - n);
                depthwise(n, n + count, 0, s.ho(), z, ctx);
                DenseConv.pixels(pixels(count, z), n, ctx);
            }
        } finally {
            ctx.release(z);
        }
    }

    /** The product as a convolution of so many images of depthwise sums. */
    private Sums pixels(int count, float[] z) {
        ConvWindow v = ConvWindow.UNIT;
        ConvShape t = new ConvShape(v, 1, count, s.c(), s.ho(), s.wo(), m, 1, 1, s.ho(), s.wo());
        JvmArray w = in[SeparableConv2d.POINTWISE];
        return Sums.forward(t, z, w.f(), w.packs(), y, finish);
    }

    private void blocks() {
        int threads = ctx.workers().threads();
        int rows = rows(threads);
        int each = (s.ho() + rows - 1) / rows;
        int count = s.n() * each;
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

    /** Rows of a block: few enough for the cache and for all threads to have some. */
    private int rows(int threads) {
        int image = s.ho() * s.wo();
        long parts = ((long) image * s.c() + BLOCK - 1) / BLOCK;
        parts = Math.max(parts, (2L * threads + s.n() - 1) / s.n());
        parts = Math.clamp(parts, 1, Math.max(1, image / PIXELS));
        int rows = (int) ((s.ho() + parts - 1) / parts);
        // Depthwise sums go four rows at a time.
        return Math.min(s.ho(), (rows + 3) / 4 * 4);
    }

    /** Depthwise sums of rows [first, end) of images [from, to) to the beginning of z. */
    private void depthwise(int from, int to, int first, int end, float[] z, JvmContext c) {
        float[] w = in[SeparableConv2d.DEPTHWISE].f();
        Sums sums = Sums.rows(s, first, end, in[SeparableConv2d.X].f(), w, null, z, inside);
        DepthwiseConv.planes(sums, from * s.c(), to * s.c(), c);
    }

    /** Rows [first, end) of image n. */
    private void block(int n, int first, int end, JvmContext c) {
        int pixels = (end - first) * s.wo();
        float[] z = c.acquire(s.c() * pixels);
        try {
            depthwise(n, n + 1, first, end, z, c);
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
        int[] base = new int[s.c()];
        Arrays.setAll(base, i -> i * pixels);
        PanelProduct.Right panels =
                (from, depth, column, columnEnd, width, to, at) -> {
                    int whole = (columnEnd - column) / width;
                    kernels.panels(whole, depth, base, from, column, z, to, at, width);
                    int j = column + whole * width;
                    if (j < columnEnd) {
                        int place = at + whole * width * depth;
                        int start = from * pixels + j;
                        kernels.copy(depth, columnEnd - j, z, start, pixels, to, place, width);
                    }
                };
        PanelProduct.run(pointwise, pixels, panels, result, false, c);
    }
}
