package io.tatara.kernels.batchnorm;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;

/**
 * Batch norm on the JVM: channels in parallel, each in sweeps over its runs of space elements, in
 * pieces that stay in the first cache. The mean is corrected by the mean of what is left after its
 * subtraction, in double. Where runs are short, the channel is first copied into one run.
 */
final class BatchNormJvm {
    private static final int PIECE = 2048;
    private static final int GRAIN = 1 << 13;

    /** Runs shorter than this are copied together. */
    private static final int SHORT = 32;

    private BatchNormJvm() {}

    /** A channel's runs: {@code n} of them, {@code length} elements, {@code step} apart. */
    private record Runs(int first, int n, int length, int step) {}

    /** Does one piece: elements from {@code at} on. */
    private interface Piece {
        void run(int at, int n);
    }

    private static void pieces(Runs r, Piece body) {
        for (int k = 0; k < r.n; k++) {
            int at = r.first + k * r.step;
            for (int i = 0; i < r.length; i += PIECE) {
                body.run(at + i, Math.min(PIECE, r.length - i));
            }
        }
    }

    /** Does one channel. */
    private interface Channel {
        void run(int channel);
    }

    private static void channels(Channels c, JvmContext ctx, Channel body) {
        ctx.workers()
                .parallelFor(
                        c.channels(),
                        Math.max(1, GRAIN / Math.max(1, c.count())),
                        (from, to) -> {
                            for (int k = from; k < to; k++) {
                                body.run(k);
                            }
                        });
    }

    private static boolean isShort(Channels c) {
        return c.space() < SHORT && c.batch() > 1;
    }

    private static Runs runs(Channels c, int channel) {
        return isShort(c)
                ? new Runs(0, 1, c.count(), 0)
                : new Runs(channel * c.space(), c.batch(), c.space(), c.channels() * c.space());
    }

    /** A channel as one run: copied to scratch where {@code out} is false, else back. */
    private static void copy(Channels c, int channel, float[] x, float[] scratch, boolean out) {
        for (int n = 0; n < c.batch(); n++) {
            int at = (n * c.channels() + channel) * c.space();
            for (int i = 0; i < c.space(); i++) {
                if (out) {
                    x[at + i] = scratch[n * c.space() + i];
                } else {
                    scratch[n * c.space() + i] = x[at + i];
                }
            }
        }
    }

    private static float[] at(JvmArray[] in, int i) {
        return i < in.length && in[i] != null ? in[i].f() : null;
    }

    static void forward(BatchNorm op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Channels c = Channels.of(in[0].spec());
        channels(
                c,
                ctx,
                k -> {
                    float[] piece = ctx.acquire(PIECE);
                    float[] x = isShort(c) ? ctx.acquire(c.count()) : in[0].f();
                    float[] y = isShort(c) ? x : out[0].f();
                    try {
                        if (isShort(c)) {
                            copy(c, k, in[0].f(), x, false);
                        }
                        channel(op, c, k, x, y, piece, in, out, ctx.lanes());
                        if (isShort(c)) {
                            copy(c, k, out[0].f(), y, true);
                        }
                    } finally {
                        ctx.release(piece);
                        if (isShort(c)) {
                            ctx.release(x);
                        }
                    }
                });
    }

    private static void channel(
            BatchNorm op,
            Channels c,
            int k,
            float[] x,
            float[] y,
            float[] piece,
            JvmArray[] in,
            JvmArray[] out,
            Lanes lanes) {
        Runs runs = runs(c, k);
        float mean = mean(runs, x, c.count(), lanes);
        double[] sums = new double[2];
        pieces(
                runs,
                (at, n) -> {
                    lanes.binaryScalar(BinaryOp.SUB, x, at, mean, piece, 0, n);
                    sums[0] += lanes.sum(piece, 0, n);
                    sums[1] += lanes.dot(piece, 0, piece, 0, n);
                });
        double rest = sums[0] / c.count();
        // Math.max keeps a NaN.
        double variance = Math.max(sums[1] / c.count() - rest * rest, 0);
        double inverse = 1 / Math.sqrt(variance + op.epsilon());
        double whole = Float.isInfinite(mean) ? mean : mean + rest;
        out[1].f()[2 * k] = (float) whole;
        out[1].f()[2 * k + 1] = (float) inverse;
        if (at(in, 3) != null) {
            double share = c.count() == 0 ? 0 : op.momentum();
            out[2].f()[k] = running(at(in, 3)[k], whole, share);
            out[3].f()[k] = running(at(in, 4)[k], variance * c.unbiased(), share);
        }
        double scale = inverse * (at(in, 1) == null ? 1 : at(in, 1)[k]);
        double shift = (at(in, 2) == null ? 0 : at(in, 2)[k]) - rest * scale;
        pieces(
                runs,
                (at, n) -> {
                    lanes.binaryScalar(BinaryOp.SUB, x, at, mean, piece, 0, n);
                    lanes.binaryScalar(BinaryOp.MUL, piece, 0, (float) scale, piece, 0, n);
                    lanes.binaryScalar(BinaryOp.ADD, piece, 0, (float) shift, y, at, n);
                });
    }

    private static float mean(Runs runs, float[] x, int count, Lanes lanes) {
        double[] sum = new double[1];
        pieces(runs, (at, n) -> sum[0] += lanes.sum(x, at, n));
        return (float) (sum[0] / count);
    }

    /** The running statistic; a share of 0 leaves it whatever the batch is. */
    private static float running(float old, double batch, double share) {
        return share == 0 ? old : (float) ((1 - share) * old + share * batch);
    }

    static void gradient(BatchNormGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Channels c = Channels.of(in[0].spec());
        channels(
                c,
                ctx,
                k -> {
                    float[] piece = ctx.acquire(PIECE);
                    float[] x = isShort(c) ? ctx.acquire(c.count()) : in[0].f();
                    float[] dy = isShort(c) ? ctx.acquire(c.count()) : in[3].f();
                    try {
                        if (isShort(c)) {
                            copy(c, k, in[0].f(), x, false);
                            copy(c, k, in[3].f(), dy, false);
                        }
                        float[] dx = isShort(c) ? x : out[0].f();
                        gradient(op, c, k, x, dy, dx, piece, in, out, ctx.lanes());
                        if (isShort(c)) {
                            copy(c, k, out[0].f(), dx, true);
                        }
                    } finally {
                        ctx.release(piece);
                        if (isShort(c)) {
                            ctx.release(x);
                            ctx.release(dy);
                        }
                    }
                });
    }

    private static void gradient(
            BatchNormGradient op,
            Channels c,
            int k,
            float[] x,
            float[] dy,
            float[] dx,
            float[] piece,
            JvmArray[] in,
            JvmArray[] out,
            Lanes lanes) {
        Runs runs = runs(c, k);
        float mean = in[2].f()[2 * k];
        double r = in[2].f()[2 * k + 1];
        double[] sums = new double[3];
        pieces(
                runs,
                (at, n) -> {
                    lanes.binaryScalar(BinaryOp.SUB, x, at, mean, piece, 0, n);
                    sums[0] += lanes.sum(piece, 0, n);
                    sums[1] += lanes.sum(dy, at, n);
                    sums[2] += lanes.dot(piece, 0, dy, at, n);
                });
        int count = Math.max(1, c.count());
        double rest = sums[0] / count;
        double dot = (sums[2] - rest * sums[1]) * r;
        if (op.scale()) {
            out[1].f()[k] = c.count() == 0 ? 0 : (float) dot;
        }
        if (op.shift()) {
            out[op.shiftAt()].f()[k] = (float) sums[1];
        }
        double share = op.momentum();
        double dm = at(in, 4) == null ? 0 : at(in, 4)[2 * k];
        dm += at(in, 5) == null ? 0 : share * at(in, 5)[k];
        double dr = at(in, 4) == null ? 0 : at(in, 4)[2 * k + 1];
        double dv = at(in, 6) == null ? 0 : share * at(in, 6)[k];
        // dx = a dy + b (x − mean) + d
        double a = r * (at(in, 1) == null ? 1 : at(in, 1)[k]);
        double b = (2 * dv * c.unbiased() - (a * dot + dr * r * r) * r) / count;
        double d = (dm - a * sums[1]) / count - b * rest;
        pieces(
                runs,
                (at, n) -> {
                    lanes.binaryScalar(BinaryOp.SUB, x, at, mean, piece, 0, n);
                    lanes.binaryScalar(BinaryOp.MUL, piece, 0, (float) b, piece, 0, n);
                    lanes.axpy((float) a, dy, at, piece, 0, n);
                    lanes.binaryScalar(BinaryOp.ADD, piece, 0, (float) d, dx, at, n);
                });
    }
}
