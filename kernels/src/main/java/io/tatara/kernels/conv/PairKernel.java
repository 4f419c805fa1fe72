package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PackedRight;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.ArrayList;
import java.util.List;

/**
 * A group's kernel for {@link PairTiles}: of each place the transformed taps [layers · channels of
 * the source, channels of the result] in pieces of {@link #PIECE} channels of the result.
 *
 * @param pieces of the first place, then of the next ones
 * @param pooled whether its floats are scratch
 */
record PairKernel(List<PackedRight> pieces, boolean pooled) {
    /** Channels of a piece. */
    static final int PIECE = 128;

    static PairKernel of(Sums s, int g, TileForm form, JvmContext ctx) {
        if (s.packs() == null) {
            return pack(s, g, form, true, ctx);
        }
        Axis y = s.ys().getFirst();
        Axis x = s.xs().getFirst();
        KernelKey key = KernelKey.of(form, s, g, y, x, ctx);
        return s.packs().get(key, () -> pack(s, g, form, false, ctx));
    }

    void release(JvmContext ctx) {
        if (pooled) {
            pieces.forEach(p -> ctx.release(p.data()));
        }
    }

    private static PairKernel pack(Sums s, int g, TileForm form, boolean pooled, JvmContext ctx) {
        int m = s.out();
        int k = s.in();
        float[] all = ctx.acquire(form.planes() * m * k);
        List<PackedRight> pieces = new ArrayList<>();
        try {
            ctx.workers()
                    .parallelFor(
                            m,
                            Math.max(1, (1 << 13) / (form.planes() * k)),
                            (from, to) -> rows(s, g, form, from, to, all, ctx));
            for (int p = 0; p < form.places() * form.places(); p++) {
                int depth = form.layers(p) * k;
                for (int first = 0; first < m; first += PIECE) {
                    int from = form.before(p) * m * k + first * k;
                    PanelProduct.Left columns =
                            (row, rows, begin, count, height, panel, at) ->
                                    panel(
                                            k, m * k, row, rows, begin, count, height, all, from,
                                            panel, at, ctx);
                    int n = Math.min(PIECE, m - first);
                    int size = PanelProduct.sizeRight(depth, n, ctx);
                    float[] data = pooled ? ctx.acquire(size) : new float[size];
                    pieces.add(PanelProduct.packRight(depth, n, columns, data, ctx));
                }
            }
        } finally {
            ctx.release(all);
        }
        return new PairKernel(List.copyOf(pieces), pooled);
    }

    /** Part of a panel, layer by layer. */
    private static void panel(
            int k,
            int plane,
            int row,
            int rows,
            int begin,
            int count,
            int height,
            float[] all,
            int from,
            float[] panel,
            int at,
            JvmContext ctx) {
        for (int p = 0; p < count; ) {
            int layer = (begin + p) / k;
            int channel = (begin + p) % k;
            int n = Math.min(count - p, k - channel);
            int x = from + layer * plane + row * k + channel;
            PanelProduct.packTransposed(rows, n, all, x, k, height, panel, at + p * height, ctx);
            p += n;
        }
    }

    /** The transformed taps of some channels of the result: [planes, m, k]. */
    private static void rows(
            Sums s, int g, TileForm form, int from, int to, float[] all, JvmContext ctx) {
        int k = s.in();
        int values = form.values();
        float[] taps = ctx.acquire((9 + 3 * values) * k);
        int half = 9 * k;
        try {
            for (int m = from; m < to; m++) {
                WinogradKernel.gather(s, g, m, taps, k);
                for (int y = 0; y < 3; y++) {
                    for (int v = 0; v < values; v++) {
                        int at = half + (3 * v + y) * k;
                        taps(form, v, k, taps, 3 * y * k, taps, at);
                    }
                }
                for (int along = 0; along < values; along++) {
                    for (int v = 0; v < values; v++) {
                        int plane = form.before(form.at(v, along)) + form.layer(v, along);
                        int at = (plane * s.out() + m) * k;
                        taps(form, v, k, taps, half + 3 * along * k, all, at);
                    }
                }
            }
        } finally {
            ctx.release(taps);
        }
    }

    /** One value of three taps, k floats apart, of k channels. */
    private static void taps(
            TileForm form, int value, int k, float[] x, int from, float[] y, int to) {
        if (form.stride() == 2) {
            switch (value) {
                case 0 -> System.arraycopy(x, from, y, to, k);
                case 2 -> sum(0, 1, k, x, from, y, to);
                case 3 -> System.arraycopy(x, from + 2 * k, y, to, k);
                default -> System.arraycopy(x, from + k, y, to, k);
            }
        } else {
            switch (value) {
                case 0 -> System.arraycopy(x, from, y, to, k);
                case 1 -> sum(0.5f, 0.5f, k, x, from, y, to);
                case 2 -> sum(-0.5f, 0.5f, k, x, from, y, to);
                default -> System.arraycopy(x, from + 2 * k, y, to, k);
            }
        }
    }

    /** The outer taps times one factor and the middle one times another. */
    private static void sum(
            float middle, float outer, int k, float[] x, int from, float[] y, int to) {
        for (int c = 0; c < k; c++) {
            float both = (x[from + c] + x[from + 2 * k + c]) * outer;
            y[to + c] = both + x[from + k + c] * middle;
        }
    }
}
