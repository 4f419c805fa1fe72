package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PackedRight;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@link Sums} of 3 × 3 taps with stride 1 or 2 by tiles of 2 × 2 pixels, each filtered along both
 * axes as {@link TileForm} says: 16 or 25 products for 36. Where {@link Winograd} can be used its
 * larger tiles take fewer, but of kernels 4 times the size, which few pixels do not pay for.
 *
 * <p>Some rows of tiles at a time: vectors along the tiles transform them; at each place follows a
 * matrix product [tiles, channels of the source] · [.., channels of the result], whose vectors lie
 * along the channels, so that any number of tiles is as good and kernels that no cache holds are
 * read as vectors; pixels are made and transposed at last. A thread has rows of its own where there
 * are many, else threads share each step.
 *
 * <p>NaN and infinity are treated as there.
 */
final class PairTiles {
    /** Floats between the steps of a thread that has rows of its own, about. */
    private static final int OWN = 1 << 19;

    /** Threads that places alone are enough for. */
    private static final int FEW = 4;

    /** Tiles over which reading the larger kernel tells little. */
    private static final int MANY = 64;

    /** Tiles that are worth transforming the kernel. */
    private static final int TILES = 256;

    /** The same where the transformed kernel is kept. */
    private static final int KEPT = 12;

    /** Floats between the steps, at most. */
    private static final int LARGEST = 1 << 23;

    /** Weights of a plane, at most. */
    private static final int MATRIX = 1 << 19;

    /** Channels of source and result that are worth it. */
    private static final int CHANNELS = 64;

    /** Floats that keep planes of a power of two from sharing the cache's lines. */
    private static final int APART = 16;

    private final Sums s;
    private final TileForm form;
    private final int g;
    private final JvmContext ctx;
    private final PairLines lines;
    private final ConvRows rows;
    private final PairPixels pixels;
    private final int panel;
    private final int down;
    private final int along;
    private final int top;
    private final int left;
    private final AtomicBoolean spoiled = new AtomicBoolean();

    PairTiles(Sums s, int g, JvmContext ctx) {
        this.s = s;
        this.form = form(s);
        this.g = g;
        this.ctx = ctx;
        this.lines = PairLines.of(ctx);
        this.rows = ConvRows.of(ctx);
        this.panel = PanelProduct.width(ctx);
        this.down = (s.outHeight() + 1) / 2;
        this.along = (s.outWidth() + 1) / 2;
        this.pixels = new PairPixels(s, g, form, ctx);
        this.top = -s.ys().getFirst().low();
        this.left = -s.xs().getFirst().low();
    }

    static int up(int n, int step) {
        return (n + step - 1) / step * step;
    }

    private static TileForm form(Sums s) {
        return s.ys().getFirst().inStep() == 1 ? TileForm.ONE : TileForm.TWO;
    }

    /** Whether these sums have the form, and gain by it. */
    static boolean suits(Sums s, JvmContext ctx) {
        if (s.ys().size() != 1 || s.xs().size() != 1 || PairLines.of(ctx) == null) {
            return false;
        }
        Axis y = s.ys().getFirst();
        Axis x = s.xs().getFirst();
        if (!three(y) || !three(x) || y.inStep() != x.inStep()) {
            return false;
        }
        TileForm form = form(s);
        long n = s.shape().n();
        long tiles = n * ((s.outHeight() + 1) / 2) * ((s.outWidth() + 1) / 2);
        long pixels = n * s.outHeight() * s.outWidth();
        long floats = form.planes() * (s.outWidth() / 2 + 16L) * Math.max(s.in(), s.out());
        return tiles >= (s.packs() == null ? TILES : KEPT)
                && Math.min(s.in(), s.out()) >= CHANNELS
                && (long) s.in() * s.out() <= MATRIX
                && floats <= LARGEST
                && 100 * form.planes() * tiles <= worth(tiles, ctx) * 9 * pixels;
    }

    /**
     * Percent of the products that tiles may take, measured with vectors of 16 and of 8 floats:
     * with the latter the transforms weigh more.
     */
    private static int worth(long tiles, JvmContext ctx) {
        if (tiles < MANY) {
            return 90;
        }
        return PairLines.of(ctx).lanes() == 8 ? 85 : 92;
    }

    private static boolean three(Axis a) {
        return a.taps() == 3
                && a.inStep() <= 2
                && a.outStep() == 1
                && (a.tapIn() == 1 || a.tapIn() == -1 && a.inStep() == 1)
                && a.low() <= 0
                && a.low() >= -2;
    }

    /** Whether the result is there; else it is still to be computed. */
    boolean run() {
        PairKernel kernel = PairKernel.of(s, g, form, ctx);
        try {
            int all = s.shape().n() * down;
            int threads = ctx.workers().threads();
            int own = own();
            boolean many = all >= 3 * threads * own;
            int each = many ? own : shared();
            TileRows.run(all, each, many, ctx, (from, to, at) -> part(kernel, from, to, at));
        } finally {
            kernel.release(ctx);
        }
        return !spoiled.get();
    }

    /** Rows of tiles of a thread: as many as may be, less some where that fills panels better. */
    private int own() {
        int most = Math.max(1, OWN / (form.planes() * Math.max(s.in(), s.out()) * along));
        int best = most;
        for (int n = most; n > most / 2; n--) {
            if ((long) up(n * along, 4) * best < (long) up(best * along, 4) * n) {
                best = n;
            }
        }
        return best;
    }

    /** Rows of tiles that all threads work on at a time. */
    private int shared() {
        return Math.max(1, LARGEST / (form.planes() * Math.max(s.in(), s.out()) * along));
    }

    /** Rows [from, to) of the tiles of all images. */
    private void part(PairKernel kernel, int from, int to, JvmContext at) {
        int tiles = (to - from) * along;
        int width = up(tiles, lines.lanes());
        int places = form.places() * form.places();
        int place = up(s.out(), panel) * tiles + APART;
        int grain = 4 * at.workers().threads();
        int pieces = up(s.out(), PairKernel.PIECE) / PairKernel.PIECE;
        // Tiles are packed once for a place, and for each piece only where threads need the work.
        int split = at.workers().threads() > FEW ? pieces : 1;
        float[] source = at.acquire(begin(places, width) + ConvRows.SLACK);
        float[] result = at.acquire(places * place);
        try {
            at.workers()
                    .parallelFor(
                            s.in(),
                            Math.max(1, s.in() / grain),
                            (a, b) -> sources(from, to, a, b, source, width, at));
            int[] order = order(places);
            JvmContext serial = new SerialContext(at);
            at.workers()
                    .parallelFor(
                            places * split,
                            1,
                            (a, b) -> {
                                for (int i = a; i < b; i++) {
                                    int p = order[i / split];
                                    int first = p * pieces + i % split;
                                    int end = split > 1 ? first + 1 : first + pieces;
                                    List<PackedRight> some = kernel.pieces().subList(first, end);
                                    int to0 = p * place + i % split * PairKernel.PIECE * tiles;
                                    product(p, tiles, source, width, some, result, to0, serial);
                                }
                            });
            at.workers()
                    .parallelFor(
                            up(s.out(), panel) / panel,
                            1,
                            (a, b) -> {
                                if (!pixels.of(from, to, a, b, result, place, at)) {
                                    spoiled.set(true);
                                }
                            });
        } finally {
            at.release(source);
            at.release(result);
        }
    }

    /** Takes a product's tiles to panels [tiles][columns of a panel] that follow each other. */
    private record Panels(ConvRows rows, float[] y, int origin, int tiles)
            implements PanelProduct.Result {
        @Override
        public void put(
                int row,
                int count,
                int column,
                int columns,
                float[] t,
                int width,
                boolean add,
                boolean last) {
            rows.put(
                    count,
                    width,
                    t,
                    0,
                    width,
                    y,
                    origin + column * tiles + row * width,
                    width,
                    add);
        }

        @Override
        public void finished(int row, int rowEnd, int column, int columnEnd) {
            // The transform follows when all places are there.
        }
    }

    /** Places with most layers first: threads end together. */
    private int[] order(int places) {
        int[] order = new int[places];
        int n = 0;
        for (int layers = 4; layers > 0; layers--) {
            for (int p = 0; p < places; p++) {
                if (form.layers(p) == layers) {
                    order[n++] = p;
                }
            }
        }
        return order;
    }

    /** Where a place's transformed tiles [layers · channels, width] begin. */
    private int begin(int place, int width) {
        return form.before(place) * s.in() * width + place * APART;
    }

    /** The transformed tiles of some channels. */
    private void sources(
            int from, int to, int first, int end, float[] v, int width, JvmContext at) {
        int lanes = width + lines.lanes();
        int window = form.window();
        int values = form.values();
        int step = form.step();
        // A part of a row, and what its last vector has too much.
        int part = along + 2 + lines.lanes();
        int pitch = step * part;
        int strip = (step * Math.min(down, to - from) + window) * pitch;
        float[] t = at.acquire(values * window * lanes);
        float[] image = at.acquire(strip + lines.lanes());
        int[] elements = new int[window];
        int[] columns = new int[window];
        for (int i = 0; i < window; i++) {
            elements[i] = i % step * part + i / step;
            columns[i] = i * lanes;
        }
        int[] one = new int[values];
        int[] runs = new int[values];
        int[][] planes = new int[values][values];
        for (int x = 0; x < values; x++) {
            runs[x] = x * window * lanes;
            one[x] = lanes;
            for (int y = 0; y < values; y++) {
                int place = form.at(y, x);
                planes[x][y] = begin(place, width) + form.layer(y, x) * s.in() * width;
            }
        }
        try {
            // What fills the last panel up must not be slow to multiply.
            Arrays.fill(t, 0, values * window * lanes, 0);
            Arrays.fill(image, 0, strip + lines.lanes(), 0);
            for (int c = first; c < end; c++) {
                for (int row = from; row < to; ) {
                    int n = row / down;
                    int count = Math.min(to, (n + 1) * down) - row;
                    int high = step * (row % down) - top;
                    strip(n, c, high, step * (count - 1) + window, image, pitch, part);
                    for (int i = 0; i < count; i++) {
                        int lane = (row - from + i) * along;
                        int x = step * i * pitch;
                        lines.source(
                                form, window, along, image, x, pitch, elements, t, lane, one, runs);
                    }
                    row += count;
                }
                for (int i = 0; i < values; i++) {
                    lines.source(
                            form, 1, width, t, runs[i], 0, columns, v, c * width, one, planes[i]);
                }
            }
        } finally {
            at.release(t);
            at.release(image);
        }
    }

    /** Rows of a channel with their padding, in parts; the borders at the sides are 0. */
    private void strip(int n, int c, int first, int count, float[] to, int pitch, int part) {
        int begin = Math.clamp(-first, 0, count);
        int end = Math.clamp(s.height() - first, begin, count);
        Arrays.fill(to, 0, begin * pitch, 0);
        Arrays.fill(to, end * pitch, count * pitch, 0);
        int step = form.step();
        int[] places = new int[step];
        for (int q = 0; q < step; q++) {
            places[q] = (q + left) % step * part + (q + left) / step;
        }
        int w = s.width();
        int channel = (n * s.shape().groups() + g) * s.in() + c;
        int from = (channel * s.height() + first + begin) * w;
        if (step == 4) {
            WinogradLines four = WinogradLines.of(ctx);
            four.part(end - begin, w, s.x(), from, to, begin * pitch, pitch, places);
            return;
        }
        for (int q = 0; q < Math.min(step, w) && begin < end; q++) {
            int count2 = (w - q + 1) / 2;
            int at = begin * pitch + places[q];
            rows.gather(end - begin, 2, count2, s.x(), from + q, w, to, at, pitch);
        }
    }

    /** A place's transformed tiles times pieces of its kernel, whose sums follow each other. */
    private void product(
            int place,
            int tiles,
            float[] source,
            int width,
            List<PackedRight> pieces,
            float[] result,
            int origin,
            JvmContext at) {
        int k = s.in() * form.layers(place);
        int from = begin(place, width);
        float[] packed = at.acquire(PanelProduct.size(tiles, k, at) + ConvRows.SLACK);
        try {
            PanelProduct.Left left =
                    (row, n, begin, depth, height, p, to) -> {
                        int x = from + begin * width + row;
                        rows.copy(depth, height, source, x, width, p, to, height);
                    };
            PackedLeft a = PanelProduct.pack(tiles, k, left, packed, at);
            int to = origin;
            for (PackedRight b : pieces) {
                PanelProduct.run(a, b, new Panels(rows, result, to, tiles), false, at);
                to += PairKernel.PIECE * tiles;
            }
        } finally {
            at.release(packed);
        }
    }
}
