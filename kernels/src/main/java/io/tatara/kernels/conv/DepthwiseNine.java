package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.pointwise.Activation;

/**
 * {@link DepthwiseConv} for {@link Nine}: straight from the image to the result, without a padded
 * copy, which takes longer than the sums where channels are small. Its inner loop reads and writes
 * whole vectors; the few channels of the image whose surroundings are not there are copied first,
 * and the last channels of the result of a task, behind which another task writes, are copied last.
 */
final class DepthwiseNine {
    /** Elements of a result that a task should have at least. */
    private static final int GRAIN = 1 << 13;

    /** Floats of the image that are met at a time, so that they and their sums stay in cache. */
    private static final int BLOCK = 1 << 12;

    /** Floats of a channel from which on its rows are summed in parts, for the same reason. */
    private static final int STRIP = 1 << 15;

    /** Rows of a part, at least: each begins anew with two more rows of the image. */
    private static final int LONG = 16;

    /** Floats before a copied channel. */
    private static final int BEFORE = 16;

    /** Vectors of a row from which on going down the columns hides the order in memory. */
    private static final int WIDE = 4;

    /** Floats of image and result from which on they come from memory. */
    private static final long FAR = 1 << 21;

    /** Floats of a cache line. */
    private static final int LINE = 16;

    private final Nine g;
    private final Sums s;
    private final Finish rest;

    /** Channel of the result, counted over all images, that comes first in y. */
    private final int first;

    private final Planes kernels;
    private final JvmContext ctx;
    private final int lanes;

    /** Channels of the image behind which there are enough floats. */
    private final int surrounded;

    /** Whether channels come from memory, and in another order than there. */
    private final boolean far;

    /** What {@link #walk} read, kept so that it has to. */
    private int seen;

    private DepthwiseNine(Nine g, Sums s, int first, Planes kernels, JvmContext ctx) {
        this.g = g;
        this.s = s;
        this.first = first * g.each();
        this.kernels = kernels;
        this.ctx = ctx;
        this.lanes = kernels.lanes();
        this.surrounded = Math.max(0, s.x().length - behind()) / g.size();
        Finish f = s.finish();
        this.rest = g.relu() ? new Finish(Activation.NONE, null, f.residual()) : f;
        long channels = (long) s.shape().n() * s.shape().groups();
        long floats = channels * (g.size() + g.each() * g.result());
        this.far = g.width() > WIDE * lanes && floats > FAR;
    }

    /**
     * The channels of the result that see channels [from, to) of the image, counted over all
     * images, to the beginning of the result.
     *
     * @return whether these sums are of this kind; nothing is done where they are not
     */
    static boolean run(Sums s, int from, int to, JvmContext ctx) {
        Planes kernels = Planes.of(ctx);
        Nine g = kernels == null ? null : Nine.of(s);
        if (g == null) {
            return false;
        }
        DepthwiseNine d = new DepthwiseNine(g, s, from, kernels, ctx);
        ctx.workers()
                .parallelFor(
                        to - from,
                        d.grain(to - from),
                        (a, b) -> d.task((from + a) * g.each(), (from + b) * g.each()));
        return true;
    }

    /** Channels of a task, so that few tasks are as many for each thread. */
    private int grain(int channels) {
        int work = Math.max(g.each() * g.result(), g.size());
        int tasks = Math.max(1, channels / Math.max(1, GRAIN / work));
        int threads = ctx.workers().threads();
        int even = tasks > threads ? tasks - tasks % threads : tasks;
        return (channels + even - 1) / even;
    }

    private void task(int from, int to) {
        int tail = Math.max(from, to - last());
        for (int p = from; p < to; ) {
            int channel = p / g.each();
            int end = p < tail ? tail : to;
            if (channel > 0 && channel < surrounded) {
                end = (int) Math.min(end, (long) surrounded * g.each());
                results(p, end, s.x(), channel * g.size(), p >= tail);
            } else {
                end = Math.min(end, (channel + 1) * g.each());
                copied(p, end, channel, p >= tail);
            }
            p = end;
        }
    }

    /** Channels of the result whose vectors may pass the end of the last one. */
    private int last() {
        int beyond = Math.max(0, lanes - g.columns());
        return (beyond + g.result() - 1) / g.result();
    }

    private void copied(int from, int to, int channel, boolean tail) {
        float[] x = ctx.acquire(BEFORE + g.size() + behind());
        try {
            System.arraycopy(s.x(), channel * g.size(), x, BEFORE, g.size());
            results(from, to, x, BEFORE, tail);
        } finally {
            ctx.release(x);
        }
    }

    private int behind() {
        return 2 * lanes + 2;
    }

    /** Channels [from, to) of the result, the first of which sees that of the image at x[xo]. */
    private void results(int from, int to, float[] x, int xo, boolean tail) {
        int most = Math.max(1, BLOCK / Math.max(1, g.seen() * g.width())) * g.each();
        int channel = from / g.each();
        for (int p = from; p < to; p += most) {
            int end = Math.min(to, p + most);
            int source = xo + (p / g.each() - channel) * g.size();
            int at = (p - first) * g.result();
            int n = (end - p) * g.result();
            if (tail) {
                apart(p, end, x, source, at, n);
            } else {
                block(p, end, x, source, s.y(), at);
            }
            rest.afterBias(s.y(), at, n, ctx);
        }
    }

    private void apart(int from, int to, float[] x, int xo, int at, int n) {
        float[] y = ctx.acquire(n + lanes);
        try {
            block(from, to, x, xo, y, 0);
            System.arraycopy(y, 0, s.y(), at, n);
        } finally {
            ctx.release(y);
        }
    }

    /**
     * Reads a float of each cache line of what is about to be used, in the order of memory, which
     * the processor sees and fetches ahead.
     */
    private void approach(int from, int to, float[] x, int xo, float[] y, int yo) {
        int low = Math.max(0, g.top());
        int bits = walk(y, yo, (to - from) * g.result());
        for (int c = 0; c <= (to - 1) / g.each() - from / g.each(); c++) {
            int at = xo + c * g.size() + low * g.width();
            bits ^= walk(x, at, g.seen() * g.width());
        }
        seen = bits;
    }

    private static int walk(float[] x, int at, int n) {
        int bits = 0;
        for (int i = 0; i < n; i += LINE) {
            bits ^= Float.floatToRawIntBits(x[at + i]);
        }
        return bits;
    }

    private void block(int from, int to, float[] x, int xo, float[] y, int yo) {
        int rows = Math.max(LONG, STRIP / (g.width() * g.stride()));
        int last = Math.max(0, g.columns() - lanes);
        if (far) {
            approach(from, to, x, xo, y, yo);
        }
        for (int r = 0; r < g.rows(); r += rows) {
            int end = Math.min(g.rows(), r + rows);
            for (int c = 0; c < g.columns(); c += lanes) {
                kernels.sums(g, from, to, r, end, Math.min(c, last), x, xo, y, yo);
            }
        }
    }
}
