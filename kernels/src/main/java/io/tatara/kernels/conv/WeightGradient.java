package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.Arrays;

/**
 * {@link Conv2dWeightGradient} on Java arrays: dy [channels, pixels] times the patches [pixels,
 * channels · taps], a chunk of images after the other; depthwise, a product of rows for each tap.
 */
final class WeightGradient {
    /** Pixels of a chunk of images, at least, where there are as many. */
    private static final int CHUNK = 2048;

    /** Pixels whose patches are turned over at a time, in the first cache. */
    private static final int BLOCK = 128;

    private final ConvShape c;
    private final Sums s;
    private final Axis ay;
    private final Axis ax;
    private final Plane plane;
    private final float[] dy;
    private final float[] dw;
    private final JvmContext ctx;
    private final ConvRows kernels;

    /**
     * @param dw result
     */
    private WeightGradient(ConvShape c, float[] x, float[] dy, float[] dw, JvmContext ctx) {
        this.c = c;
        this.s = Sums.forward(c, x, null, null, null, null);
        this.ay = s.ys().getFirst();
        this.ax = s.xs().getFirst();
        this.plane = s.plane();
        this.dy = dy;
        this.dw = dw;
        this.ctx = ctx;
        this.kernels = ConvRows.of(ctx);
    }

    static void run(ConvShape c, float[] x, float[] dy, float[] dw, JvmContext ctx) {
        Arrays.fill(dw, 0, c.kernels().size(), 0);
        int groups = c.groups();
        if (c.n() == 0) {
            return;
        }
        if (TapGradient.fits(c, ctx)) {
            TapGradient.run(c, x, dy, dw, ctx);
        } else if (c.depthwise()) {
            int work = c.n() * c.h() * c.w();
            WeightGradient all = new WeightGradient(c, x, dy, dw, ctx);
            ctx.workers().parallelFor(groups, Math.max(1, (1 << 13) / work), all::depthwise);
        } else if (groups < ctx.workers().threads()) {
            WeightGradient all = new WeightGradient(c, x, dy, dw, ctx);
            for (int g = 0; g < groups; g++) {
                all.group(g);
            }
        } else {
            WeightGradient one = new WeightGradient(c, x, dy, dw, new SerialContext(ctx));
            ctx.workers()
                    .parallelFor(
                            groups,
                            1,
                            (from, to) -> {
                                for (int g = from; g < to; g++) {
                                    one.group(g);
                                }
                            });
        }
    }

    private void depthwise(int from, int to) {
        int[] base = s.bases(plane, ay, ax);
        int size = plane.size();
        int each = Math.clamp((1 << 12) / size, 1, c.n());
        float[] source = ctx.acquire(each * size + ConvRows.SLACK);
        Arrays.fill(source, 0, each * size, 0); // the borders stay so
        try {
            for (int g = from; g < to; g++) {
                for (int first = 0; first < c.n(); first += each) {
                    int end = Math.min(c.n(), first + each);
                    for (int n = first; n < end; n++) {
                        int image = (n * c.c() + g) * c.h() * c.w();
                        plane.inside(kernels, s.x(), image, source, (n - first) * size);
                    }
                    for (int n = first; n < end; n++) {
                        depthwise(g, n, base, source, (n - first) * size);
                    }
                }
            }
        } finally {
            ctx.release(source);
        }
    }

    private void depthwise(int g, int n, int[] base, float[] source, int origin) {
        int step = plane.row(ay, 1);
        for (int q = 0; q < c.mg(); q++) {
            int m = g * c.mg() + q;
            int d = (n * c.m() + m) * c.ho() * c.wo();
            kernels.dots(
                    c.ho(),
                    c.wo(),
                    c.taps(),
                    base,
                    source,
                    origin,
                    step,
                    dy,
                    d,
                    c.wo(),
                    dw,
                    m * c.taps());
        }
    }

    private void group(int g) {
        int pixels = c.ho() * c.wo();
        int stride = c.cg() * plane.size();
        int each = Math.clamp((CHUNK + pixels - 1) / pixels, 1, c.n());
        while (each > 1 && (long) each * stride > 1 << 24) {
            each--;
        }
        float[] copy = plane.as() ? null : ctx.acquire(each * stride + ConvRows.SLACK);
        float[] left = ctx.acquire(PanelProduct.size(c.mg(), each * pixels, ctx));
        int[] base = s.bases(plane, ay, ax);
        try {
            for (int first = 0; first < c.n(); first += each) {
                int count = Math.min(each, c.n() - first);
                if (copy != null) {
                    layOut(g, first, count, copy);
                    product(g, first, count, copy, stride, base, copy.length, left);
                } else {
                    int image = c.c() * plane.size();
                    int[] from = base.clone();
                    for (int i = 0; i < from.length; i++) {
                        from[i] += first * image + g * stride;
                    }
                    product(g, first, count, s.x(), image, from, c.n() * image, left);
                }
            }
        } finally {
            if (copy != null) {
                ctx.release(copy);
            }
            ctx.release(left);
        }
    }

    private void layOut(int g, int first, int count, float[] copy) {
        int size = c.h() * c.w();
        ctx.workers()
                .parallelFor(
                        count * c.cg(),
                        Math.max(1, (1 << 13) / plane.size()),
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int channel = g * c.cg() + i % c.cg();
                                int at = ((first + i / c.cg()) * c.c() + channel) * size;
                                plane.fill(kernels, s.x(), at, copy, i * plane.size());
                            }
                        });
    }

    private void product(
            int g,
            int first,
            int count,
            float[] data,
            int stride,
            int[] base,
            int limit,
            float[] left) {
        int k = base.length;
        int pixels = count * c.ho() * c.wo();
        PackedLeft a =
                PanelProduct.pack(
                        c.mg(),
                        pixels,
                        (row, rows, from, depth, height, panel, at) ->
                                gradients(g, first, row, rows, from, depth, height, panel, at),
                        left,
                        ctx);
        int highest = Arrays.stream(base).max().orElse(0);
        PanelProduct.Right patches =
                (from, depth, column, columnEnd, width, panels, at) -> {
                    float[] t = ctx.acquire(width * BLOCK + PanelProduct.SLACK);
                    Runs runs = new Runs(BLOCK);
                    try {
                        for (int p = from; p < from + depth; p += BLOCK) {
                            int n = Math.min(BLOCK, from + depth - p);
                            runs.find(plane, ay, ax, stride, p, p + n);
                            boolean room = highest + runs.end() + ConvRows.SLACK <= limit;
                            for (int j = column; j < columnEnd; j += width) {
                                int columns = Math.min(width, columnEnd - j);
                                if (room) {
                                    kernels.panel(columns, base, j, runs, data, t, 0, n);
                                } else {
                                    ConvRows.exactPanel(columns, base, j, runs, data, t, 0, n);
                                }
                                int to = at + (j - column) * depth + (p - from) * width;
                                PanelProduct.packTransposed(
                                        columns, n, t, 0, n, width, panels, to, ctx);
                            }
                        }
                    } finally {
                        ctx.release(t);
                    }
                };
        PanelProduct.Result result =
                new PanelProduct.Result() {
                    @Override
                    public void put(
                            int row,
                            int rows,
                            int column,
                            int columns,
                            float[] t,
                            int width,
                            boolean add,
                            boolean last) {
                        int at = (g * c.mg() + row) * k + column;
                        kernels.put(rows, columns, t, 0, width, dw, at, k, add);
                    }

                    @Override
                    public void finished(int row, int rowEnd, int column, int columnEnd) {
                        // Nothing follows.
                    }
                };
        PanelProduct.run(a, k, patches, result, first > 0, ctx);
    }

    /** A panel of dy, whose pixels follow each other within an image. */
    private void gradients(
            int g,
            int first,
            int row,
            int rows,
            int from,
            int depth,
            int height,
            float[] panel,
            int at) {
        int pixels = c.ho() * c.wo();
        for (int p = from; p < from + depth; ) {
            int n = Math.min(from + depth - p, pixels - p % pixels);
            int image = first + p / pixels;
            int x = (image * c.m() + g * c.mg() + row) * pixels + p % pixels;
            int to = at + (p - from) * height;
            PanelProduct.packTransposed(rows, n, dy, x, pixels, height, panel, to, ctx);
            p += n;
        }
    }
}
