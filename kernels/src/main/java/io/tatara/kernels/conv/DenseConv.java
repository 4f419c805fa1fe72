package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Sums} as an implicit product: the kernel [channels of the result, channels of the source ·
 * taps] times the patches [channels of the source · taps, pixels of all images], of which only the
 * panels that a task works on exist. Images are first given their padding, some at a time, so that
 * a row of a panel is a few runs of floats; images that need none are read as they stand.
 *
 * <p>Where such runs are short, as in the last layers of a network, or pixels are few, the product
 * is transposed: vectors then lie along the channels, of which there are many.
 */
final class DenseConv {
    /** Pixels of a chunk of images, at least, where there are as many. */
    private static final int CHUNK = 4096;

    /** Floats of the patches that a transposed product packs at a time. */
    private static final int PATCHES = 1 << 20;

    /** Pixels that fill vectors badly. */
    private static final int FEW = 128;

    /** Floats of a run of pixels that is not worth a vector of its own. */
    private static final int SHORT = 8;

    /** Channels of the result that are worth packing patches for, and terms of a sum. */
    private static final int CHANNELS = 256;

    private static final int TERMS = 64;

    private final Sums s;
    private final Plane plane;
    private final JvmContext ctx;
    private final ConvRows kernels;

    /** Image of the result that is the source's first. */
    private final int first;

    private DenseConv(Sums s, JvmContext ctx) {
        this(s, 0, ctx);
    }

    private DenseConv(Sums s, int first, JvmContext ctx) {
        this.s = s;
        this.first = first;
        this.plane = s.plane();
        this.ctx = ctx;
        this.kernels = ConvRows.of(ctx);
    }

    static void run(Sums s, JvmContext ctx) {
        int n = s.shape().n();
        if (n == 0) {
            return;
        }
        int groups = s.shape().groups();
        if (groups < ctx.workers().threads()) {
            for (int g = 0; g < groups; g++) {
                new DenseConv(s, ctx).group(g);
            }
            return;
        }
        JvmContext serial = new SerialContext(ctx);
        ctx.workers()
                .parallelFor(
                        groups,
                        1,
                        (from, to) -> {
                            for (int g = from; g < to; g++) {
                                new DenseConv(s, serial).group(g);
                            }
                        });
    }

    /** One-pixel kernels of one group: images from the first on are those of the result there. */
    static void pixels(Sums s, int first, JvmContext ctx) {
        new DenseConv(s, first, ctx).product(0);
    }

    /** One pair of axes with its kernel. */
    private record Part(Axis y, Axis x, DenseKernel kernel, int[] base) {
        int pixels() {
            return y.count() * x.count();
        }
    }

    private void group(int g) {
        if (Winograd.suits(s, ctx) && new Winograd(s, g, ctx).run()) {
            return;
        }
        if (PairTiles.suits(s, ctx) && new PairTiles(s, g, ctx).run()) {
            return;
        }
        if (ImageRows.suits(s, ctx)) {
            new ImageRows(s, g, ctx).run();
            return;
        }
        product(g);
    }

    private void product(int g) {
        List<Part> parts = new ArrayList<>();
        try {
            for (Axis y : s.ys()) {
                for (Axis x : s.xs()) {
                    if (y.taps() > 0 && x.taps() > 0) {
                        parts.add(part(g, y, x));
                    }
                }
            }
            images(g, parts);
        } finally {
            parts.forEach(p -> p.kernel().release(ctx));
        }
    }

    private Part part(int g, Axis y, Axis x) {
        int[] base = s.bases(plane, y, x);
        boolean channels = alongChannels(y, x, base.length);
        return new Part(y, x, DenseKernel.of(s, g, y, x, channels, ctx), base);
    }

    /** Whether vectors lie along the channels. */
    private boolean alongChannels(Axis y, Axis x, int k) {
        int pixels = y.count() * x.count();
        int run = plane.row(y, 1) == x.count() ? pixels : x.count();
        boolean worse = run <= SHORT || (long) s.shape().n() * pixels <= FEW;
        return worse && s.out() >= CHANNELS && k >= TERMS;
    }

    private void images(int g, List<Part> parts) {
        int n = s.shape().n();
        int channels = s.shape().groups() * s.in();
        boolean apart = s.apart();
        if (plane.as() && !apart) {
            int stride = channels * plane.size();
            int origin = g * s.in() * plane.size();
            product(parts.getFirst(), s.x(), origin, stride, n * stride, n, result(g, 0));
            return;
        }
        int stride = s.in() * plane.size();
        int size = s.out() * s.outHeight() * s.outWidth();
        int pixels = s.ys().getFirst().count() * s.xs().getFirst().count();
        int each = Math.clamp((CHUNK + pixels - 1) / pixels, 1, n);
        while (each > 1 && (long) each * Math.max(stride, size) > 1 << 24) {
            each--;
        }
        float[] copy = ctx.acquire(each * stride + ConvRows.SLACK);
        float[] places = apart ? ctx.acquire(each * size) : null;
        try {
            for (int first = 0; first < n; first += each) {
                int count = Math.min(each, n - first);
                layOut(g, first, count, copy);
                if (apart) {
                    apart(g, parts, copy, stride, first, count, places);
                } else {
                    Part p = parts.getFirst();
                    product(p, copy, 0, stride, copy.length, count, result(g, first));
                }
            }
        } finally {
            ctx.release(copy);
            if (apart) {
                ctx.release(places);
            }
        }
    }

    /** The result's pixels follow each other. */
    private DenseResult result(int g, int first) {
        int pixels = s.outHeight() * s.outWidth();
        int channel = g * s.out();
        int image = s.shape().groups() * s.out() * pixels;
        int origin = (this.first + first) * image + channel * pixels;
        return new DenseResult(kernels, s.y(), origin, image, pixels, channel, s.finish(), ctx);
    }

    /** Each place within the stride by itself, then all of them in between each other. */
    private void apart(
            int g,
            List<Part> parts,
            float[] copy,
            int stride,
            int first,
            int count,
            float[] places) {
        int at = 0;
        int[] origins = new int[parts.size()];
        for (int i = 0; i < origins.length; i++) {
            Part p = parts.get(i);
            origins[i] = at;
            int image = s.out() * p.pixels();
            DenseResult r =
                    new DenseResult(kernels, places, at, image, p.pixels(), 0, s.finish(), ctx);
            product(p, copy, 0, stride, copy.length, count, r);
            at += count * image;
        }
        Interleave interleave = Interleave.of(s, kernels);
        int size = s.outHeight() * s.outWidth();
        ctx.workers()
                .parallelFor(
                        count * s.out(),
                        Math.max(1, (1 << 13) / size),
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int image = (first + i / s.out()) * s.shape().groups();
                                int channel = (image + g) * s.out() + i % s.out();
                                channel(parts, origins, i, interleave, places, channel * size);
                            }
                        });
    }

    /** One channel of the result from its places, those without a tap being 0. */
    private void channel(
            List<Part> parts,
            int[] origins,
            int channel,
            Interleave interleave,
            float[] places,
            int at) {
        for (Axis y : s.ys()) {
            int[] from = new int[s.xs().size()];
            Arrays.fill(from, -1);
            for (int k = 0; k < origins.length; k++) {
                Part p = parts.get(k);
                if (p.y() == y) {
                    from[s.xs().indexOf(p.x())] = origins[k] + channel * p.pixels();
                }
            }
            interleave.rows(y, places, from, s.y(), at);
        }
    }

    private void layOut(int g, int first, int count, float[] copy) {
        int channels = s.shape().groups() * s.in();
        int size = s.height() * s.width();
        ctx.workers()
                .parallelFor(
                        count * s.in(),
                        Math.max(1, (1 << 13) / Math.max(1, plane.size())),
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int image = first + i / s.in();
                                int channel = g * s.in() + i % s.in();
                                int at = (image * channels + channel) * size;
                                plane.fill(kernels, s.x(), at, copy, i * plane.size());
                            }
                        });
    }

    /**
     * @param origin of the group's first channel in data
     * @param limit end of what may be read of data
     */
    private void product(
            Part p,
            float[] data,
            int origin,
            int stride,
            int limit,
            int count,
            DenseResult result) {
        int[] base = p.base();
        int[] from = base;
        if (origin != 0) {
            from = base.clone();
            for (int i = 0; i < from.length; i++) {
                from[i] += origin;
            }
        }
        int[] bases = from;
        int[] highest = bases.clone();
        for (int i = 1; i < highest.length; i++) {
            highest[i] = Math.max(highest[i], highest[i - 1]);
        }
        if (p.kernel().columns() != null) {
            alongChannels(p, data, bases, highest, stride, limit, count, result);
            return;
        }
        PanelProduct.Right patches =
                (row, depth, column, columnEnd, width, panels, at) -> {
                    Runs runs = new Runs(width);
                    for (int j = column; j < columnEnd; ) {
                        int to = at + (j - column) * depth;
                        int room = Math.min(columnEnd - j, Runs.room(plane, p.y(), p.x(), j));
                        if (room >= 2 * width) {
                            int whole = room / width;
                            runs.find(plane, p.y(), p.x(), stride, j, j + 1);
                            int offset = runs.offset(0);
                            kernels.panels(
                                    whole, depth, bases, row, offset, data, panels, to, width);
                            j += whole * width;
                            continue;
                        }
                        runs.find(plane, p.y(), p.x(), stride, j, Math.min(columnEnd, j + width));
                        int safe = readable(highest, row, depth, runs.end(), limit);
                        kernels.panel(safe, bases, row, runs, data, panels, to, width);
                        ConvRows.exactPanel(
                                depth - safe,
                                bases,
                                row + safe,
                                runs,
                                data,
                                panels,
                                to + safe * width,
                                width);
                        j += width;
                    }
                };
        PanelProduct.run(p.kernel().rows(), count * p.pixels(), patches, result, false, ctx);
    }

    /**
     * Rows of a panel from {@code from} on whose runs may be read as whole vectors.
     *
     * @param highest base of a row and those before it
     * @param end of the runs, from a base
     */
    private static int readable(int[] highest, int from, int depth, int end, int limit) {
        int rows = depth;
        while (rows > 0 && highest[from + rows - 1] + end + ConvRows.SLACK > limit) {
            rows--;
        }
        return rows;
    }

    /** The product whose rows are pixels. */
    private void alongChannels(
            Part p,
            float[] data,
            int[] base,
            int[] highest,
            int stride,
            int limit,
            int count,
            DenseResult result) {
        int pixels = p.pixels();
        int k = base.length;
        int each = Math.clamp((long) PATCHES / Math.max(1, (long) pixels * k), 1, count);
        int width = ChannelResult.width(s.out(), ctx);
        float[] patches = ctx.acquire(PanelProduct.size(each * pixels, k, ctx));
        float[] sums = ctx.acquire(each * pixels * width);
        try {
            for (int i = 0; i < count; i += each) {
                int first = i * pixels;
                int m = Math.min(each, count - i) * pixels;
                PanelProduct.Left left =
                        (row, rows, from, depth, height, panel, at) -> {
                            Runs runs = new Runs(height);
                            int begin = first + row;
                            runs.find(plane, p.y(), p.x(), stride, begin, begin + rows);
                            // What vectors write too much must not meet a neighbour's panel.
                            int exact = (ConvRows.SLACK + height - 1) / height + 1;
                            int safe = readable(highest, from, depth, runs.end(), limit);
                            int whole = Math.clamp(safe, 0, Math.max(0, depth - exact));
                            kernels.panel(whole, base, from, runs, data, panel, at, height);
                            ConvRows.exactPanel(
                                    depth - whole,
                                    base,
                                    from + whole,
                                    runs,
                                    data,
                                    panel,
                                    at + whole * height,
                                    height);
                        };
                PanelProduct.run(
                        PanelProduct.pack(m, k, left, patches, ctx),
                        p.kernel().columns(),
                        new ChannelResult(result, first, sums, width),
                        false,
                        ctx);
            }
        } finally {
            ctx.release(patches);
            ctx.release(sums);
        }
    }
}
