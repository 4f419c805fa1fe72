package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PanelProduct;
import io.tatara.kernels.pointwise.Activation;

/** The last step of {@link PairTiles}: pixels of the sums of all places, turned and finished. */
final class PairPixels {
    /** Floats of the pixels that are turned at a time, about. */
    private static final int PIXELS = 1 << 13;

    private final Sums s;
    private final int g;
    private final TileForm form;
    private final PairLines lines;
    private final ConvRows rows;
    private final int panel;
    private final int down;
    private final int along;

    PairPixels(Sums s, int g, TileForm form, JvmContext ctx) {
        this.s = s;
        this.g = g;
        this.form = form;
        this.lines = PairLines.of(ctx);
        this.rows = ConvRows.of(ctx);
        this.panel = PanelProduct.width(ctx);
        this.down = (s.outHeight() + 1) / 2;
        this.along = (s.outWidth() + 1) / 2;
    }

    /**
     * Rows [from, to) of tiles, panels [first, last) of channels.
     *
     * @param m sums of all places: panels [tiles][channels of a panel] of each
     * @param place floats from a place to the next
     * @return whether all sums are finite
     */
    boolean of(int from, int to, int first, int last, float[] m, int place, JvmContext at) {
        int places = form.places() * form.places();
        int tiles = (to - from) * along;
        boolean finite = true;
        int[] at0 = new int[places];
        for (int p = 0; p < places; p++) {
            at0[p] = p * place;
        }
        int w = s.outWidth();
        int some = Math.max(1, PIXELS / (2 * w * panel));
        int most = 2 * Math.min(some, to - from) * w;
        float[] pixels = at.acquire((most + w + 2) * panel);
        float[] turned = at.acquire(PairTiles.up(most, lines.lanes()) * panel);
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
                    finite &= turn(n, q * panel, top, bottom, pixels, turned, at);
                    row += count;
                }
            }
        } finally {
            at.release(pixels);
            at.release(turned);
        }
        return finite;
    }

    /** Rows of a panel of channels to where they belong; whether all sums are finite. */
    private boolean turn(
            int n, int first, int top, int bottom, float[] pixels, float[] turned, JvmContext at) {
        int count = (bottom - top) * s.outWidth();
        int width = PairTiles.up(count, lines.lanes());
        int some = Math.min(panel, s.out() - first);
        int size = s.outHeight() * s.outWidth();
        int channel = g * s.out() + first;
        int to = (n * s.shape().groups() * s.out() + channel) * size + top * s.outWidth();
        PanelProduct.packTransposed(count, panel, pixels, 0, panel, width, turned, 0, at);
        boolean finite = Float.isFinite(at.lanes().sum(turned, 0, some * width));
        Finish f = s.finish();
        Activation simple = f.simple() ? f.activation() : Activation.NONE;
        rows.put(some, count, turned, 0, width, s.y(), to, size, false, f.bias(), channel, simple);
        if (f.simple() && f.residual() == null) {
            return finite;
        }
        for (int i = 0; i < some; i++) {
            if (f.simple()) {
                f.afterActivation(s.y(), to + i * size, count, at);
            } else {
                f.afterBias(s.y(), to + i * size, count, at);
            }
        }
        return finite;
    }
}
