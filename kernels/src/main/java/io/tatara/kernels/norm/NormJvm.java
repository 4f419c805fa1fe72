package io.tatara.kernels.norm;

import static io.tatara.kernels.norm.RowKernels.INVERSE;
import static io.tatara.kernels.norm.RowKernels.MEAN;
import static io.tatara.kernels.norm.RowKernels.MEAN_G;
import static io.tatara.kernels.norm.RowKernels.MEAN_GX;
import static io.tatara.kernels.norm.RowKernels.NUMBERS;
import static io.tatara.kernels.norm.RowKernels.PLUS;
import static io.tatara.kernels.norm.RowKernels.REST;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * The norms on the JVM: a row is read from memory once and written once; the sweeps between find it
 * in cache. The mean is corrected by the mean of what is left after its subtraction, which costs
 * one more accumulator and keeps the digits of rows far from 0.
 */
final class NormJvm {
    private static final int GRAIN = 1 << 13;

    /** Columns of all chunks of rows. */
    private static final int MOST_SUMS = 1 << 27;

    private NormJvm() {}

    static void layerNorm(LayerNorm op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        run(NormCall.of(op), in, out, ctx);
    }

    static void rmsNorm(RmsNorm op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        run(NormCall.of(op), in, out, ctx);
    }

    private static void run(NormCall c, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int d = NormCall.width(in[NormCall.X].spec());
        float[] scale = vector(in[NormCall.SCALE], d, 1, ctx);
        JvmArray given = c.centered() ? in[NormCall.shift()] : null;
        float[] shift = vector(given, d, 0, ctx);
        try {
            ctx.workers()
                    .parallelFor(
                            NormCall.rows(in[NormCall.X].spec()),
                            Math.max(1, GRAIN / Math.max(1, d)),
                            (from, to) -> rows(c, in, out, scale, shift, from, to, ctx));
        } finally {
            giveBack(in[NormCall.SCALE], scale, ctx);
            giveBack(given, shift, ctx);
        }
    }

    /** An optional vector's elements, or a constant. */
    private static float[] vector(JvmArray a, int d, float otherwise, JvmContext ctx) {
        if (a != null) {
            return a.f();
        }
        float[] f = ctx.acquire(Math.max(1, d));
        Arrays.fill(f, 0, d, otherwise);
        return f;
    }

    private static void giveBack(JvmArray a, float[] f, JvmContext ctx) {
        if (a == null) {
            ctx.release(f);
        }
    }

    private static void rows(
            NormCall c,
            JvmArray[] in,
            JvmArray[] out,
            float[] scale,
            float[] shift,
            int from,
            int to,
            JvmContext ctx) {
        RowKernels kernels = RowKernels.of(ctx);
        int d = NormCall.width(in[NormCall.X].spec());
        float[] x = in[NormCall.X].f();
        float[] y = out[NormCall.Y].f();
        boolean plain = in[NormCall.RESIDUAL] == null && c.dropout() == 0;
        // Where z is no output it is made in y's place and normalized there.
        float[] z = plain ? x : c.sum() ? out[NormCall.SUM].f() : y;
        RowMask mask = c.dropout() == 0 ? null : new RowMask(c.dropout(), in[c.seed()].i());
        float[] more = in[NormCall.RESIDUAL] == null ? x : in[NormCall.RESIDUAL].f();
        float[] row = new float[NUMBERS];
        for (int r = from; r < to; r++) {
            int at = r * d;
            if (!plain) {
                sum(mask, x, in[NormCall.RESIDUAL], z, at, d, ctx.lanes());
            }
            statistics(c, kernels, z, at, d, row);
            store(c, row, out[NormCall.STATISTICS].f(), r);
            int next = r + 1 < to ? at + d : at;
            kernels.normalize(z, at, d, row, scale, shift, y, x, more, next);
        }
    }

    /** z = dropout(x) + residual. */
    private static void sum(
            RowMask mask, float[] x, JvmArray residual, float[] z, int at, int d, Lanes lanes) {
        if (mask == null) {
            lanes.binary(BinaryOp.ADD, x, at, residual.f(), at, z, at, d);
            return;
        }
        mask.apply(x, z, at, d, lanes);
        if (residual != null) {
            lanes.binary(BinaryOp.ADD, z, at, residual.f(), at, z, at, d);
        }
    }

    private static void statistics(
            NormCall c, RowKernels kernels, float[] z, int at, int d, float[] row) {
        row[MEAN] = c.centered() ? kernels.sum(z, at, d) / d : 0;
        kernels.moments(z, at, d, row);
        double rest = c.centered() ? row[REST] / (double) d : 0;
        double square = row[INVERSE] / (double) d - rest * rest;
        row[REST] = (float) rest;
        row[INVERSE] = (float) (1 / Math.sqrt(Math.max(square, 0) + c.epsilon()));
    }

    private static void store(NormCall c, float[] row, float[] statistics, int r) {
        if (c.centered()) {
            // The rest of an infinite mean is NaN.
            statistics[2 * r] = Float.isInfinite(row[MEAN]) ? row[MEAN] : row[MEAN] + row[REST];
            statistics[2 * r + 1] = row[INVERSE];
        } else {
            statistics[r] = row[INVERSE];
        }
    }

    static void layerNormGradient(
            LayerNormGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        gradient(GradientCall.of(op), in, out, ctx);
    }

    static void rmsNormGradient(RmsNormGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        gradient(GradientCall.of(op), in, out, ctx);
    }

    private static void gradient(GradientCall c, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int d = NormCall.width(in[GradientCall.Z].spec());
        int rows = NormCall.rows(in[GradientCall.Z].spec());
        // Chunks depend on the shape alone: the sums over rows have the same order on any number of
        // threads.
        int most = Math.max(1, MOST_SUMS / Math.max(1, d));
        int chunk = Math.max(Math.clamp(up(rows, 64), 1, 1024), up(rows, most));
        int chunks = up(rows, chunk);
        int places = Math.max(1, Math.multiplyExact(2 * chunks, c.parameters() ? d : 0));
        float[] scale = vector(in[GradientCall.SCALE], d, 1, ctx);
        float[] sums = ctx.acquire(places);
        try {
            ctx.workers()
                    .parallelFor(
                            chunks,
                            Math.max(1, GRAIN / Math.max(1, chunk * Math.max(1, d))),
                            (from, to) -> {
                                for (int k = from; k < to; k++) {
                                    int end = Math.min(rows, (k + 1) * chunk);
                                    int so = c.parameters() ? 2 * k * d : -1;
                                    gradientRows(c, in, out, scale, k * chunk, end, sums, so, ctx);
                                }
                            });
            if (c.parameters()) {
                total(c, out, sums, chunks, d, ctx);
            }
        } finally {
            ctx.release(sums);
            giveBack(in[GradientCall.SCALE], scale, ctx);
        }
    }

    /** n / by, rounded up. */
    private static int up(int n, int by) {
        return (int) ((n + (long) by - 1) / by);
    }

    /** Rows [from, to); their sums for the parameters to {@code sums} from so on, unless so < 0. */
    private static void gradientRows(
            GradientCall c,
            JvmArray[] in,
            JvmArray[] out,
            float[] scale,
            int from,
            int to,
            float[] sums,
            int so,
            JvmContext ctx) {
        RowKernels kernels = RowKernels.of(ctx);
        int d = NormCall.width(in[GradientCall.Z].spec());
        float[] z = in[GradientCall.Z].f();
        float[] dy = in[GradientCall.DY].f();
        float[] dz = out[GradientCall.DZ].f();
        RowMask mask =
                c.dropout() == 0 ? null : new RowMask(c.dropout(), in[GradientCall.SEED].i());
        float[] row = new float[NUMBERS];
        if (so >= 0) {
            Arrays.fill(sums, so, so + 2 * d, 0);
        }
        for (int r = from; r < to; r++) {
            int at = r * d;
            load(c, in, r, row);
            kernels.gradientSums(z, dy, at, d, row, scale);
            finish(c, in[GradientCall.DSTATISTICS], r, d, row);
            kernels.gradient(z, dy, at, d, row, scale, dz);
            if (in[GradientCall.DSUM] != null) {
                ctx.lanes().binary(BinaryOp.ADD, dz, at, in[GradientCall.DSUM].f(), at, dz, at, d);
            }
            if (mask != null) {
                mask.apply(dz, out[c.dx()].f(), at, d, ctx.lanes());
            }
            if (so >= 0) {
                kernels.parameters(z, dy, at, d, row, sums, so);
            }
        }
    }

    private static void load(GradientCall c, JvmArray[] in, int r, float[] row) {
        float[] statistics = in[GradientCall.STATISTICS].f();
        row[MEAN] = c.centered() ? statistics[2 * r] : 0;
        row[INVERSE] = statistics[c.centered() ? 2 * r + 1 : r];
    }

    /** From a row's sums its means. */
    private static void finish(GradientCall c, JvmArray dStatistics, int r, int d, float[] row) {
        double inverse = row[INVERSE];
        double rest = c.centered() ? row[REST] / (double) d : 0;
        double meanGx = (row[MEAN_GX] - rest * row[MEAN_G]) / d * inverse;
        row[REST] = (float) rest;
        row[MEAN_G] = c.centered() ? (float) (row[MEAN_G] / (double) d) : 0;
        row[PLUS] = 0;
        if (dStatistics != null) {
            float[] ds = dStatistics.f();
            meanGx += ds[c.centered() ? 2 * r + 1 : r] * inverse / d;
            row[PLUS] = c.centered() ? (float) (ds[2 * r] / (double) d) : 0;
        }
        row[MEAN_GX] = (float) meanGx;
    }

    /** Adds the chunks' sums, in order. */
    private static void total(
            GradientCall c, JvmArray[] out, float[] sums, int chunks, int d, JvmContext ctx) {
        ctx.workers()
                .parallelFor(
                        d,
                        4096,
                        (from, to) -> {
                            if (c.scale()) {
                                total(out[c.dScale()].f(), sums, 0, chunks, d, from, to, ctx);
                            }
                            if (c.shift()) {
                                total(out[c.dShift()].f(), sums, d, chunks, d, from, to, ctx);
                            }
                        });
    }

    private static void total(
            float[] y,
            float[] sums,
            int first,
            int chunks,
            int d,
            int from,
            int to,
            JvmContext ctx) {
        Arrays.fill(y, from, to, 0);
        for (int k = 0; k < chunks; k++) {
            int at = first + 2 * k * d + from;
            ctx.lanes().binary(BinaryOp.ADD, y, from, sums, at, y, from, to - from);
        }
    }
}
