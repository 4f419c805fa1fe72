package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.pointwise.Activation;

/**
 * {@link Sums} of few terms, such as the first layer's, a band of rows at a time: the band is laid
 * out with its padding and its columns parted by the stride, so that every tap of a row of pixels
 * is a run of floats, and stays in the first-level cache while tiles of channels × pixels read it
 * as it stands. {@link DenseConv} would copy every float once for each tap.
 */
final class ImageRows {
    /** Terms of a sum, at most: a tile's kernel and a band share the cache. */
    private static final int TERMS = 256;

    /** Channels of the result, at most: with more, packing pays. */
    private static final int CHANNELS = 128;

    /** Rows of a band, at most. */
    private static final int BAND = 8;

    /** Rows of all images, at least: bands are what threads share. */
    private static final int ROWS = 4 * BAND;

    private final Sums s;
    private final ConvShape shape;
    private final int g;
    private final JvmContext ctx;
    private final RowTiles tiles;
    private final ConvRows rows;
    private final int k;

    ImageRows(Sums s, int g, JvmContext ctx) {
        this.s = s;
        this.shape = s.shape();
        this.g = g;
        this.ctx = ctx;
        this.tiles = RowTiles.of(ctx);
        this.rows = ConvRows.of(ctx);
        this.k = s.in() * shape.taps();
    }

    /** Whether these sums have the form, and gain by it. */
    static boolean suits(Sums s, JvmContext ctx) {
        RowTiles tiles = RowTiles.of(ctx);
        if (tiles == null || !tiles.fit() || s.gradient() || s.outHeight() != s.shape().ho()) {
            return false;
        }
        int lanes = tiles.lanes();
        int w = s.outWidth();
        int height = RowTiles.HEIGHT;
        long most = (s.out() + height - 1L) / height * height * ((w + lanes - 1) / lanes * lanes);
        return s.shape().taps() > 1
                && s.in() * s.shape().taps() <= TERMS
                && s.out() <= CHANNELS
                && w >= RowTiles.VECTORS * lanes
                && (long) s.shape().n() * s.outHeight() >= ROWS
                && 10 * most <= 11L * w * s.out();
    }

    void run() {
        Axis y = s.ys().getFirst();
        Axis x = s.xs().getFirst();
        float[] kernel =
                s.packs() == null
                        ? pack(ctx.acquire(size()))
                        : s.packs()
                                .get(
                                        KernelKey.of(ImageRows.class, s, g, y, x, ctx),
                                        () -> pack(new float[size()]));
        try {
            int each = rows();
            int bands = (s.outHeight() + each - 1) / each;
            ctx.workers()
                    .parallelFor(
                            shape.n() * bands,
                            1,
                            (from, to) -> {
                                for (int i = from; i < to; i++) {
                                    int first = i % bands * each;
                                    int end = Math.min(s.outHeight(), first + each);
                                    band(i / bands, first, end, kernel);
                                }
                            });
        } finally {
            if (s.packs() == null) {
                ctx.release(kernel);
            }
        }
    }

    /**
     * Rows of a band, fewer where as many bands are shared evenly: threads take four parts each.
     */
    private int rows() {
        int parts = 4 * ctx.workers().threads();
        int bands = (s.outHeight() + BAND - 1) / BAND;
        int even = (bands + parts - 1) / parts * parts;
        int each = (s.outHeight() + even - 1) / even;
        return 2 * each >= BAND ? each : BAND;
    }

    private int panels() {
        return (s.out() + RowTiles.HEIGHT - 1) / RowTiles.HEIGHT;
    }

    private int size() {
        return panels() * RowTiles.HEIGHT * k;
    }

    /** Panels [k][channels of a tile], the last filled up with zeros. */
    private float[] pack(float[] to) {
        int height = RowTiles.HEIGHT;
        for (int m = 0; m < panels() * height; m++) {
            int from = (g * s.out() + m) * k;
            int at = m / height * height * k + m % height;
            for (int p = 0; p < k; p++) {
                to[at + p * height] = m < s.out() ? s.w()[from + p] : 0;
            }
        }
        return to;
    }

    /** Rows [first, end) of an image. */
    private void band(int n, int first, int end, float[] kernel) {
        Sums b = Sums.rows(shape, first, end, s.x(), s.w(), null, s.y(), s.finish());
        Axis ay = b.ys().getFirst();
        Axis ax = b.xs().getFirst();
        Plane plane = Plane.around(s.height(), s.width(), b.ys(), b.xs());
        float[] image = ctx.acquire(s.in() * plane.size() + ConvRows.SLACK);
        float[] t = ctx.acquire(RowTiles.HEIGHT * RowTiles.VECTORS * tiles.lanes());
        try {
            for (int c = 0; c < s.in(); c++) {
                int channel = (n * shape.groups() + g) * s.in() + c;
                int from = channel * s.height() * s.width();
                plane.fill(rows, s.x(), from, image, c * plane.size());
            }
            int[] base = b.bases(plane, ay, ax);
            for (int r = first; r < end; r++) {
                row(n, r, plane.row(ay, r - first), base, image, kernel, t);
            }
        } finally {
            ctx.release(image);
            ctx.release(t);
        }
    }

    /** Of a tile: one alone would wait for its own sums, so that four are two and two. */
    private static int vectors(int pixels, int lanes) {
        int left = (pixels + lanes - 1) / lanes;
        return left == 4 ? 2 : Math.min(left, RowTiles.VECTORS);
    }

    /** A row of pixels of all channels. */
    private void row(int n, int r, int at, int[] base, float[] image, float[] kernel, float[] t) {
        int height = RowTiles.HEIGHT;
        int lanes = tiles.lanes();
        int width = RowTiles.VECTORS * lanes;
        int w = s.outWidth();
        int pixels = s.outHeight() * w;
        Finish f = s.finish();
        Activation simple = f.simple() ? f.activation() : Activation.NONE;
        for (int m = 0; m < s.out(); m += height) {
            int some = Math.min(height, s.out() - m);
            int channel = g * s.out() + m;
            int to = (n * shape.groups() * s.out() + channel) * pixels + r * w;
            for (int j = 0; j < w; ) {
                int vectors = vectors(w - j, lanes);
                int count = Math.min(vectors * lanes, w - j);
                tiles.tile(vectors, k, kernel, m * k, image, base, at + j, t);
                rows.put(
                        some, count, t, 0, width, s.y(), to + j, pixels, false, f.bias(), channel,
                        simple);
                j += count;
            }
            for (int i = 0; i < some && !(f.simple() && f.residual() == null); i++) {
                if (f.simple()) {
                    f.afterActivation(s.y(), to + i * pixels, w, ctx);
                } else {
                    f.afterBias(s.y(), to + i * pixels, w, ctx);
                }
            }
        }
    }
}
