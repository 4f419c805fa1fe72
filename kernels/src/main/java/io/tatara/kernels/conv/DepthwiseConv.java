package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Sums} where a channel of the image meets a channel multiplier of the output's: bound by
 * memory. Each channel of the source is read once, into scratch that stays in the first caches and
 * has the padding around it, so that all pixels are alike; a row of the result is then summed in
 * registers, tap after tap.
 */
final class DepthwiseConv {
    /** Elements of a result that a task should have at least. */
    private static final int GRAIN = 1 << 13;

    /** Floats of the source that are laid out at a time. */
    private static final int BLOCK = 1 << 12;

    /** One pair of axes with the distances of its taps. */
    private record Part(Axis y, Axis x, int[] base) {}

    private final Sums s;

    /** Plane, counted over all images, whose result comes first. */
    private final int first;

    private final Plane plane;
    private final JvmContext ctx;
    private final ConvRows kernels;
    private final List<List<Part>> parts = new ArrayList<>();
    private final int most;
    private final Interleave interleave;

    private DepthwiseConv(Sums s, int first, JvmContext ctx) {
        this.s = s;
        this.first = first;
        this.plane = Plane.around(s.height(), s.width(), s.ys(), s.xs());
        this.ctx = ctx;
        this.kernels = ConvRows.of(ctx);
        this.interleave = Interleave.of(s, kernels);
        int taps = 0;
        for (Axis y : s.ys()) {
            List<Part> row = new ArrayList<>();
            for (Axis x : s.xs()) {
                int[] base = y.taps() == 0 || x.taps() == 0 ? new int[0] : s.bases(plane, y, x);
                taps = Math.max(taps, base.length);
                row.add(new Part(y, x, base));
            }
            parts.add(row);
        }
        this.most = taps;
    }

    static void run(Sums s, JvmContext ctx) {
        planes(s, 0, s.shape().n() * s.shape().groups(), ctx);
    }

    /** Planes [from, to), counted over all images, to the beginning of the result. */
    static void planes(Sums s, int from, int to, JvmContext ctx) {
        if (DepthwiseNine.run(s, from, to, ctx)) {
            return;
        }
        DepthwiseConv d = new DepthwiseConv(s, from, ctx);
        int work = Math.max(s.out() * s.outHeight() * s.outWidth(), s.in() * d.plane.size());
        ctx.workers()
                .parallelFor(
                        to - from,
                        Math.max(1, GRAIN / work),
                        (a, b) -> d.planes(from + a, from + b));
    }

    private void planes(int from, int to) {
        int size = s.in() * plane.size();
        int each = Math.clamp(BLOCK / Math.max(1, size), 1, to - from);
        float[] source = ctx.acquire(each * size + ConvRows.SLACK);
        float[] w = ctx.acquire(most + 1);
        int spread = s.xs().size() * s.ys().getFirst().count() * s.xs().getFirst().count();
        float[] places = s.apart() ? ctx.acquire(spread) : null;
        Arrays.fill(source, 0, each * size, 0); // the borders stay so
        try {
            for (int p = from; p < to; p += each) {
                block(p, Math.min(to, p + each), source, w, places);
            }
        } finally {
            if (places != null) {
                ctx.release(places);
            }
            ctx.release(w);
            ctx.release(source);
        }
    }

    /**
     * Some planes: all are laid out, then summed, then finished, since vectors that are read while
     * their parts are still on the way to the cache have to wait.
     */
    private void block(int from, int to, float[] source, float[] w, float[] places) {
        int size = s.in() * plane.size();
        for (int p = from; p < to; p++) {
            for (int c = 0; c < s.in(); c++) {
                int image = (p * s.in() + c) * s.height() * s.width();
                int at = (p - from) * size + c * plane.size();
                plane.inside(kernels, s.x(), image, source, at);
            }
        }
        for (int p = from; p < to; p++) {
            for (int q = 0; q < s.out(); q++) {
                result(p, q, source, (p - from) * size, w, places);
            }
        }
        int result = s.out() * s.outHeight() * s.outWidth();
        s.finish().afterBias(s.y(), (from - first) * result, (to - from) * result, ctx);
    }

    private void result(int p, int q, float[] source, int origin, float[] w, float[] places) {
        int g = p % s.shape().groups();
        int at = ((p - first) * s.out() + q) * s.outHeight() * s.outWidth();
        for (List<Part> row : parts) {
            if (places == null) {
                float bias = s.finish().bias(g * s.out() + q);
                sums(g, q, row.getFirst(), source, origin, w, bias, s.y(), at, s.outWidth());
            } else {
                apart(g, q, row, source, origin, w, places, at);
            }
        }
    }

    private void weights(int g, int q, Part part, float[] w) {
        int at = 0;
        for (int c = 0; c < s.in(); c++) {
            for (int ty = 0; ty < part.y().taps(); ty++) {
                for (int tx = 0; tx < part.x().taps(); tx++) {
                    w[at++] = s.w()[s.weight(g, q, c, part.y(), ty, part.x(), tx)];
                }
            }
        }
    }

    private void sums(
            int g,
            int q,
            Part part,
            float[] source,
            int origin,
            float[] w,
            float bias,
            float[] y,
            int at,
            int pitch) {
        int taps = part.base().length;
        boolean asStored = !s.gradient() && taps > 0;
        if (!asStored) {
            weights(g, q, part, w);
        }
        kernels.sums(
                part.y().count(),
                part.x().count(),
                taps,
                part.base(),
                asStored ? s.w() : w,
                asStored ? s.weight(g, q, 0, part.y(), 0, part.x(), 0) : 0,
                bias,
                source,
                origin,
                plane.row(part.y(), 1),
                y,
                at,
                pitch);
    }

    /** Sums for each place within the stride, then put in between each other. */
    private void apart(
            int g,
            int q,
            List<Part> row,
            float[] source,
            int origin,
            float[] w,
            float[] places,
            int at) {
        Axis y = row.getFirst().y();
        int width = row.getFirst().x().count();
        int size = y.count() * width;
        for (int k = 0; k < row.size(); k++) {
            Part part = row.get(k);
            sums(g, q, part, source, origin, w, 0, places, k * size, part.x().count());
        }
        int[] from = new int[row.size()];
        for (int k = 0; k < from.length; k++) {
            from[k] = k * size;
        }
        interleave.rows(y, places, from, s.y(), at);
    }
}
