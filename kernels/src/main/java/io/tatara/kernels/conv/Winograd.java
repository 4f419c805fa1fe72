package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@link Sums} of 3 × 3 taps with stride 1 by Winograd's minimal filtering F(4 × 4, 3 × 3) (Lavin
 * and Gray 2016): tiles of 6 × 6 pixels that overlap by two, all transformed by Bᵀ d B, so that a
 * quarter of the products is left: 36 matrix products [channels of the result, channels of the
 * source] · [channels of the source, tiles]; Aᵀ m A makes 4 × 4 pixels of each sum.
 *
 * <p>Vectors lie along the tiles of a row of tiles, rows following each other. Some rows at a time:
 * their transformed tiles, then all products, then the results. A thread has rows of its own where
 * there are many, else threads share each of the three steps.
 *
 * <p>A NaN or an infinity would spread over its tile: where one is among the results they are left
 * to {@link DenseConv}, which tells which pixels it belongs to.
 */
final class Winograd {
    /** Places of a transformed tile. */
    static final int PLACES = 36;

    /** Tiles of a thread's rows, about. */
    private static final int TILES = 128;

    /** Floats between the steps, at most. */
    private static final int LARGEST = 1 << 23;

    /** Weights of a place, at most: all places together are four times the kernel. */
    private static final int MATRIX = 1 << 20;

    /** Tiles that fill no panel: smaller ones are better, see {@link PairTiles}. */
    private static final int FEW = 16;

    /** The same where kernels have so many weights a place that reading all places takes long. */
    private static final int FEW_OF_LARGE = 64;

    private static final int LARGE = 1 << 16;

    /** Channels that are worth it. */
    private static final int CHANNELS = 24;

    /** Pixels that are worth transforming the kernel. */
    private static final int PIXELS = 256;

    /** The same where the transformed kernel is kept. */
    private static final int KEPT = 128;

    /** Pixels of the 16 of a tile that are wanted at least, those that fill panels up included. */
    private static final int FULL = 8;

    /** Floats that keep planes of a power of two from sharing the cache's lines. */
    private static final int APART = 16;

    private final Sums s;
    private final int g;
    private final JvmContext ctx;
    private final WinogradLines lines;
    private final int width;
    private final int down;
    private final int along;
    private final int top;
    private final int left;
    private final AtomicBoolean spoiled = new AtomicBoolean();

    Winograd(Sums s, int g, JvmContext ctx) {
        this.s = s;
        this.g = g;
        this.ctx = ctx;
        this.lines = WinogradLines.of(ctx);
        this.width = PanelProduct.width(ctx);
        this.down = (s.outHeight() + 3) / 4;
        this.along = (s.outWidth() + 3) / 4;
        this.top = -s.ys().getFirst().low();
        this.left = -s.xs().getFirst().low();
    }

    /** Whether these sums have the form, and gain by it. */
    static boolean suits(Sums s, JvmContext ctx) {
        if (s.ys().size() != 1 || s.xs().size() != 1 || WinogradLines.of(ctx) == null) {
            return false;
        }
        if (!three(s.ys().getFirst(), s.height()) || !three(s.xs().getFirst(), s.width())) {
            return false;
        }
        long images = s.shape().n();
        long tiles = images * ((s.outHeight() + 3L) / 4) * ((s.outWidth() + 3L) / 4);
        long pixels = images * s.outHeight() * s.outWidth();
        int width = PanelProduct.width(ctx);
        int half = Math.max(1, width / 2);
        int most = Math.max(s.in(), s.out());
        return Math.min(s.in(), s.out()) >= CHANNELS
                && (long) s.in() * s.out() <= MATRIX
                && (long) PLACES * (s.outWidth() / 4 + width) * most <= LARGEST
                && pixels >= (s.packs() == null ? PIXELS : KEPT)
                && FULL * ((tiles + half - 1) / half * half) <= pixels
                && !(few(s, tiles) && PairTiles.suits(s, ctx));
    }

    private static boolean few(Sums s, long tiles) {
        return tiles <= ((long) s.in() * s.out() < LARGE ? FEW : FEW_OF_LARGE);
    }

    private static boolean three(Axis a, int extent) {
        return a.taps() == 3
                && a.inStep() == 1
                && a.outStep() == 1
                && Math.abs(a.tapIn()) == 1
                && a.low() <= 0
                && a.low() >= -2
                && a.high() >= extent - 1;
    }

    /** Whether the result is there; else it is still to be computed. */
    boolean run() {
        WinogradKernel kernel = WinogradKernel.of(s, g, lines, ctx);
        try {
            int rows = s.shape().n() * down;
            int panels = (rows * along + width - 1) / width;
            int threads = ctx.workers().threads();
            boolean many = panels >= 4 * threads;
            int each = many ? own() : shared();
            TileRows.run(rows, each, many, ctx, (from, to, at) -> part(kernel, from, to, at));
        } finally {
            kernel.release(ctx);
        }
        return !spoiled.get();
    }

    /** Rows of tiles whose tiles fill panels best. */
    private int own() {
        int best = 1;
        double full = 0;
        for (int rows = 1; rows == 1 || rows * along <= TILES; rows++) {
            int tiles = rows * along;
            double part = (double) tiles / up(tiles);
            if (part > full + 0.02) {
                full = part;
                best = rows;
            }
        }
        return best;
    }

    /** Rows of tiles that all threads work on at a time. */
    private int shared() {
        int tiles = LARGEST / (PLACES * (s.in() + s.out()));
        return Math.max(1, tiles / along);
    }

    private int up(int tiles) {
        return (tiles + width - 1) / width * width;
    }

    /** Rows [from, to) of the tiles of all images. */
    private void part(WinogradKernel kernel, int from, int to, JvmContext at) {
        int panels = up((to - from) * along) / width;
        int sources = panels * width * s.in() + APART;
        int results = panels * width * s.out() + APART;
        float[] source = at.acquire(PLACES * sources);
        float[] result = at.acquire(PLACES * results);
        try {
            at.workers()
                    .parallelFor(
                            s.in(),
                            Math.max(1, s.in() / (4 * at.workers().threads())),
                            (a, b) -> sources(from, to, a, b, source, sources, at));
            List<PackedLeft> places = kernel.places();
            at.workers()
                    .parallelFor(
                            PLACES,
                            1,
                            (a, b) -> {
                                float[] tile = at.acquire(PanelProduct.tileSize(at));
                                try {
                                    for (int p = a; p < b; p++) {
                                        PanelProduct.panels(
                                                places.get(p),
                                                (to - from) * along,
                                                source,
                                                p * sources,
                                                result,
                                                p * results,
                                                tile);
                                    }
                                } finally {
                                    at.release(tile);
                                }
                            });
            at.workers()
                    .parallelFor(
                            s.out(),
                            Math.max(1, s.out() / (4 * at.workers().threads())),
                            (a, b) -> results(from, to, a, b, result, results, at));
        } finally {
            at.release(source);
            at.release(result);
        }
    }

    /** The transformed tiles of some channels. */
    private void sources(
            int from, int to, int first, int end, float[] v, int plane, JvmContext at) {
        int tiles = (to - from) * along;
        int panels = up(tiles) / width;
        int lanes = panels * width + lines.lanes();
        // A quarter of a row, and what its last vector has too much.
        int quarter = along + 2 + lines.lanes();
        int pitch = 4 * quarter;
        int strip = (4 * Math.min(down, to - from) + 2) * pitch;
        float[] t = at.acquire(PLACES * lanes);
        float[] image = at.acquire(strip + lines.lanes());
        int[] places = new int[6];
        int[] columns = new int[6];
        for (int x = 0; x < 6; x++) {
            places[x] = x % 4 * quarter + x / 4;
            columns[x] = x * lanes;
        }
        int[] runs = runs(panels, 6 * lanes, width);
        int[] panelsOf = runs(panels, 6 * plane, s.in() * width);
        try {
            // What fills the last panel up must not be slow to multiply.
            Arrays.fill(t, 0, PLACES * lanes, 0);
            Arrays.fill(image, 0, strip + lines.lanes(), 0);
            for (int c = first; c < end; c++) {
                for (int row = from; row < to; ) {
                    int n = row / down;
                    int rows = Math.min(to, (n + 1) * down) - row;
                    strip(n, c, 4 * (row % down) - top, 4 * rows + 2, image, pitch, quarter);
                    for (int i = 0; i < rows; i++) {
                        int lane = (row - from + i) * along;
                        lines.source(
                                places,
                                columns,
                                image,
                                4 * i * pitch,
                                pitch,
                                along,
                                t,
                                lane,
                                6 * lanes);
                    }
                    row += rows;
                }
                lines.source(runs, panelsOf, t, 0, lanes, width, v, c * width, plane);
            }
        } finally {
            at.release(t);
            at.release(image);
        }
    }

    /** Where the panels of each of the six rows of a transformed tile are. */
    private static int[] runs(int panels, int row, int panel) {
        int[] at = new int[6 * panels];
        for (int i = 0; i < at.length; i++) {
            at[i] = i / panels * row + i % panels * panel;
        }
        return at;
    }

    /** Rows of a channel with their padding, parted by four; the borders at the sides are 0. */
    private void strip(int n, int c, int first, int rows, float[] to, int pitch, int quarter) {
        int begin = Math.clamp(-first, 0, rows);
        int end = Math.clamp(s.height() - first, begin, rows);
        Arrays.fill(to, 0, begin * pitch, 0);
        Arrays.fill(to, end * pitch, rows * pitch, 0);
        int[] places = new int[4];
        for (int q = 0; q < 4; q++) {
            places[q] = (q + left) % 4 * quarter + (q + left) / 4;
        }
        int channel = (n * s.shape().groups() + g) * s.in() + c;
        int from = (channel * s.height() + first + begin) * s.width();
        lines.part(end - begin, s.width(), s.x(), from, to, begin * pitch, pitch, places);
    }

    /** The pixels of some channels. */
    private void results(
            int from, int to, int first, int last, float[] m, int plane, JvmContext at) {
        int tiles = (to - from) * along;
        int panels = up(tiles) / width;
        int lanes = panels * width + lines.lanes();
        int quarter = along + 2 * lines.lanes();
        float[] t = at.acquire(24 * lanes + 16 * quarter);
        int pixels = 24 * lanes;
        int[] columns = {0, lanes, 2 * lanes, 3 * lanes};
        int[] parts = {0, quarter, 2 * quarter, 3 * quarter};
        int[] panelsOf = runs(panels, 6 * plane, s.out() * width);
        int[] runs = runs(panels, 4 * lanes, width);
        try {
            for (int k = first; k < last; k++) {
                lines.result(panelsOf, runs, m, k * width, plane, width, t, 0, lanes);
                for (int row = from; row < to; ) {
                    int n = row / down;
                    int rows = Math.min(to, (n + 1) * down) - row;
                    int channel = g * s.out() + k;
                    int image = n * s.shape().groups() * s.out() + channel;
                    int top = 4 * (row % down);
                    int bottom = Math.min(s.outHeight(), top + 4 * rows);
                    int begin = (image * s.outHeight() + top) * s.outWidth();
                    int end = (image * s.outHeight() + bottom) * s.outWidth();
                    for (int i = 0; i < rows; i++) {
                        int lane = (row - from + i) * along;
                        lines.result(
                                columns, parts, t, lane, 4 * lanes, along, t, pixels, 4 * quarter);
                        lines.weave(
                                Math.min(4, bottom - top - 4 * i),
                                t,
                                pixels,
                                quarter,
                                s.outWidth(),
                                s.finish().bias(channel),
                                s.y(),
                                begin + 4 * i * s.outWidth(),
                                end);
                    }
                    finish(begin, end - begin, at);
                    row += rows;
                }
            }
        } finally {
            at.release(t);
        }
    }

    private void finish(int from, int count, JvmContext at) {
        if (!Float.isFinite(at.lanes().sum(s.y(), from, count))) {
            spoiled.set(true);
        }
        s.finish().afterBias(s.y(), from, count, at);
    }
}
