package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;

/**
 * {@link Conv2dWeightGradient} of 3 × 3 kernels between few channels, as in the first stages of a
 * network for small pictures: for each channel of the image and three of the output all 27 sums run
 * over the pixels of all images as vectors. The product of {@link WeightGradient} has too few rows
 * there to pay for turning the patches over.
 */
final class TapGradient {
    private static final int MOST_CHANNELS = 48;

    /** Channels of the image whose sums a task holds at a time, in the second cache. */
    private static final int EACH = 8;

    private final ConvShape c;
    private final float[] x;
    private final float[] dy;
    private final float[] dw;
    private final JvmContext ctx;
    private final ConvRows kernels;
    private final TapSums taps;
    private final int lanes;
    private final int pitch;
    private final Places rows;
    private final Places tails;

    private TapGradient(ConvShape c, float[] x, float[] dy, float[] dw, JvmContext ctx) {
        this.c = c;
        this.x = x;
        this.dy = dy;
        this.dw = dw;
        this.ctx = ctx;
        this.kernels = ConvRows.of(ctx);
        this.taps = TapSums.of(ctx);
        this.lanes = taps.lanes();
        this.pitch = c.wo() + 2;
        this.rows = new Places(c.ho(), c.wo() / lanes, 0);
        this.tails = new Places(c.ho(), c.wo() % lanes == 0 ? 0 : 1, c.wo() / lanes * lanes);
    }

    /** Where vectors stand in a padded plane and in one of the gradient. */
    private final class Places {
        final int[] xs;
        final int[] ds;

        Places(int height, int vectors, int first) {
            xs = new int[height * vectors];
            ds = new int[xs.length];
            for (int i = 0; i < xs.length; i++) {
                int column = first + i % vectors * lanes;
                xs[i] = i / vectors * pitch + column;
                ds[i] = i / vectors * c.wo() + column;
            }
        }
    }

    /** Whether this is the faster way. */
    static boolean fits(ConvShape c, JvmContext ctx) {
        TapSums taps = TapSums.of(ctx);
        ConvWindow v = c.window();
        boolean plain =
                v.strideY() == 1
                        && v.strideX() == 1
                        && v.dilationY() == 1
                        && v.dilationX() == 1
                        && c.kh() == 3
                        && c.kw() == 3;
        return taps != null
                && plain
                && c.groups() == 1
                && c.mg() >= TapSums.ROWS
                && c.mg() <= MOST_CHANNELS
                && filled(c.wo(), taps.lanes());
    }

    /** Whether three quarters of the vectors of a row are pixels. */
    private static boolean filled(int pixels, int lanes) {
        int vectors = (pixels + lanes - 1) / lanes;
        return 4 * pixels >= 3 * vectors * lanes;
    }

    static void run(ConvShape c, float[] x, float[] dy, float[] dw, JvmContext ctx) {
        TapGradient t = new TapGradient(c, x, dy, dw, ctx);
        ctx.workers().parallelFor(c.c(), 1, t::channels);
    }

    private void channels(int from, int to) {
        int threes = (c.m() + TapSums.ROWS - 1) / TapSums.ROWS;
        float[] source = ctx.acquire((c.ho() + 2) * pitch);
        float[] t = ctx.acquire(TapSums.COUNT * lanes);
        float[] sums = ctx.acquire(EACH * threes * TapSums.COUNT * lanes);
        Arrays.fill(source, 0, (c.ho() + 2) * pitch, 0); // the borders stay so
        try {
            for (int q = from; q < to; q += EACH) {
                some(q, Math.min(to, q + EACH), threes, source, t, sums);
            }
        } finally {
            ctx.release(sums);
            ctx.release(t);
            ctx.release(source);
        }
    }

    /** The kernels' taps at these channels of the image. */
    private void some(int from, int to, int threes, float[] source, float[] t, float[] sums) {
        int each = TapSums.COUNT * lanes;
        Arrays.fill(sums, 0, (to - from) * threes * each, 0);
        for (int n = 0; n < c.n(); n++) {
            for (int q = from; q < to; q++) {
                lay(n, q, source);
                for (int i = 0; i < threes; i++) {
                    sums(n, i, source, t, sums, ((q - from) * threes + i) * each);
                }
            }
        }
        for (int q = from; q < to; q++) {
            for (int m = 0; m < c.m(); m++) {
                int three = (q - from) * threes + m / TapSums.ROWS;
                int at = three * each + m % TapSums.ROWS * TapSums.TAPS * lanes;
                for (int k = 0; k < TapSums.TAPS; k++) {
                    dw[(m * c.c() + q) * TapSums.TAPS + k] = taps.total(sums, at + k * lanes);
                }
            }
        }
    }

    /** A channel with its padding; rows and columns that no tap of an output meets are left out. */
    private void lay(int n, int q, float[] source) {
        ConvWindow v = c.window();
        int top = Math.min(v.padTop(), c.ho() + 2);
        int left = Math.min(v.padLeft(), c.wo() + 2);
        int rows = Math.min(c.h(), c.ho() + 2 - top);
        int columns = Math.min(c.w(), c.wo() + 2 - left);
        if (rows > 0 && columns > 0) {
            int image = (n * c.c() + q) * c.h() * c.w();
            kernels.copy(rows, columns, x, image, c.w(), source, top * pitch + left, pitch);
        }
    }

    private void sums(int n, int three, float[] source, float[] t, float[] sums, int at) {
        sums(lanes, rows, n, three, source, t, sums, at);
        if (tails.xs.length > 0) {
            sums(c.wo() % lanes, tails, n, three, source, t, sums, at);
        }
    }

    private void sums(
            int part, Places p, int n, int three, float[] source, float[] t, float[] sums, int at) {
        int size = c.ho() * c.wo();
        int m = three * TapSums.ROWS;
        int last = c.m() - 1;
        int first = n * c.m();
        taps.add(
                part,
                p.xs.length,
                p.xs,
                p.ds,
                source,
                pitch,
                dy,
                (first + m) * size,
                (first + Math.min(m + 1, last)) * size,
                (first + Math.min(m + 2, last)) * size,
                t,
                sums,
                at);
    }
}
