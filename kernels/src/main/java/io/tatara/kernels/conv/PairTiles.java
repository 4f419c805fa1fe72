package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PanelProduct;
import io.tatara.kernels.pointwise.Activation;
import java.util.Arrays;
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

    /** Tiles that are worth transforming the kernel. */
    private static final int TILES = 64;

    /** The same where the transformed kernel is kept. */
    private static final int KEPT = 12;

    /** Floats between the steps, at most. */
    private static final int LARGEST = 1 << 23;

    /** Weights of a plane, at most. */
    private static final int MATRIX = 1 << 19;

    /** Floats of the pixels that are turned at a time, about. */
    private static final int PIXELS = 1 << 13;

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
        this.top = -s.ys().getFirst().low();
        this.left = -s.xs().getFirst().low();
    }

    private static int up(int n, int step) {
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
                && 10 * form.planes() * tiles <= 9 * 9 * pixels;
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
            int each = Math.max(1, many ? own : shared());
            int parts = (all + each - 1) / each;
            if (many) {
                JvmContext serial = new SerialContext(ctx);
                ctx.workers()
                        .parallelFor(
                                parts,
                                1,
                                (from, to) -> {
                                    for (int p = from; p < to; p++) {
                                        int end = Math.min(all, (p + 1) * each);
                                        part(kernel, p * each, end, serial);
                                    }
                                });
            } else {
                for (int p = 0; p < parts; p++) {
                    part(kernel, p * each, Math.min(all, (p + 1) * each), ctx);
                }
            }
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
        float[] result = at.acquire(places * place);
        PackedLeft[] packed = new PackedLeft[places];
        try {
            float[] source = at.acquire(begin(places, width) + ConvRows.SLACK);
            try {
                at.workers()
                        .parallelFor(
                                s.in(),
                                Math.max(1, s.in() / grain),
                                (a, b) -> sources(from, to, a, b, source, width, at));
                at.workers()
                        .parallelFor(
                                places,
                                1,
                                (a, b) -> {
                                    for (int p = a; p < b; p++) {
                                        packed[p] = pack(p, tiles, source, width, at);
                                    }
                                });
            } finally {
                at.release(source);
            }
            int[] order = order(places);
            int pieces = up(s.out(), PairKernel.PIECE) / PairKernel.PIECE;
            JvmContext serial = new SerialContext(at);
            at.workers()
                    .parallelFor(
                            places * pieces,
                            1,
                            (a, b) -> {
                                for (int i = a; i < b; i++) {
                                    int p = order[i / pieces];
                                    int piece = i % pieces;
                                    int to0 = p * place + piece * PairKernel.PIECE * tiles;
                                    PanelProduct.run(
                                            packed[p],
                                            kernel.pieces().get(p * pieces + piece),
                                            new Panels(rows, result, to0, tiles),
                                            false,
                                            serial);
                                }
                            });
            at.workers()
                    .parallelFor(
                            up(s.out(), panel) / panel,
                            1,
                            (a, b) -> results(from, to, a, b, result, place, at));
        } finally {
            at.release(result);
            for (PackedLeft p : packed) {
                if (p != null) {
                    at.release(p.data());
                }
            }
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

    /** A place's transformed tiles as left-hand operand. */
    private PackedLeft pack(int place, int tiles, float[] source, int width, JvmContext at) {
        int k = s.in() * form.layers(place);
        int from = begin(place, width);
        float[] data = at.acquire(PanelProduct.size(tiles, k, at) + ConvRows.SLACK);
        PanelProduct.Left left =
                (row, n, begin, depth, height, panel, p) -> {
                    int x = from + begin * width + row;
                    rows.copy(depth, height, source, x, width, panel, p, height);
                };
        return PanelProduct.pack(tiles, k, left, data, new SerialContext(at));
    }

    /** The pixels of some panels of channels. */
    private void results(
            int from, int to, int first, int last, float[] m, int place, JvmContext at) {
        int places = form.places() * form.places();
        int tiles = (to - from) * along;
        int[] at0 = new int[places];
        for (int p = 0; p < places; p++) {
            at0[p] = p * place;
        }
        int w = s.outWidth();
        int some = Math.max(1, PIXELS / (2 * w * panel));
        int most = 2 * Math.min(some, to - from) * w;
        float[] pixels = at.acquire((most + w + 2) * panel);
        float[] turned = at.acquire(up(most, lines.lanes()) * panel);
        try {
            for (int q = first; q < last; q++) {
                for (int row = from; row < to; ) {
                    int n = row / down;
                    int count = Math.min(some, Math.min(to, (n + 1) * down) - row);
                    for (int i = 0; i < count; i++) {
                        int x = (q * tiles + (row - from + i) * along) * panel;
                        lines.pixels(form, along, panel, m, x, at0, pixels, 2 * i * w * panel, w);
                    }
                    int top = 2 * (row % down);
                    int bottom = Math.min(s.outHeight(), top + 2 * count);
                    turn(n, q * panel, top, bottom, pixels, turned, at);
                    row += count;
                }
            }
        } finally {
            at.release(pixels);
            at.release(turned);
        }
    }

    /** Rows of a panel of channels to where they belong. */
    private void turn(
            int n, int first, int top, int bottom, float[] pixels, float[] turned, JvmContext at) {
        int count = (bottom - top) * s.outWidth();
        int width = up(count, lines.lanes());
        int some = Math.min(panel, s.out() - first);
        int size = s.outHeight() * s.outWidth();
        int channel = g * s.out() + first;
        int to = (n * s.shape().groups() * s.out() + channel) * size + top * s.outWidth();
        PanelProduct.packTransposed(count, panel, pixels, 0, panel, width, turned, 0, at);
        if (!Float.isFinite(at.lanes().sum(turned, 0, some * width))) {
            spoiled.set(true);
        }
        Finish f = s.finish();
        Activation simple = f.simple() ? f.activation() : Activation.NONE;
        rows.put(some, count, turned, 0, width, s.y(), to, size, false, f.bias(), channel, simple);
        if (f.simple() && f.residual() == null) {
            return;
        }
        for (int i = 0; i < some; i++) {
            if (f.simple()) {
                f.afterActivation(s.y(), to + i * size, count, at);
            } else {
                f.afterBias(s.y(), to + i * size, count, at);
            }
        }
    }
}
