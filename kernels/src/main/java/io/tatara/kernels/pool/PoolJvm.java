package io.tatara.kernels.pool;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * Pooling on the JVM: planes in parallel; a tap of the window is a run along a row of the output.
 * Averages are separable: rows are summed by the vector unit, columns of that sum then.
 */
final class PoolJvm {
    private static final int GRAIN = 1 << 13;

    private PoolJvm() {}

    /** Does one plane. */
    private interface Plane {
        void run(int plane);
    }

    private static void planes(JvmArray x, JvmArray y, JvmContext ctx, Plane body) {
        int size = Math.max(1, Math.max(Planes.size(x.spec()), Planes.size(y.spec())));
        ctx.workers()
                .parallelFor(
                        Planes.count(x.spec()),
                        Math.max(1, GRAIN / size),
                        (from, to) -> {
                            for (int p = from; p < to; p++) {
                                body.run(p);
                            }
                        });
    }

    /** First output column whose tap k lies inside the plane. */
    private static int first(PoolWindow p, int k) {
        int before = p.left() - k * p.dilationW();
        return before <= 0 ? 0 : (before + p.strideW() - 1) / p.strideW();
    }

    /** End of the output columns whose tap k lies inside the plane. */
    private static int end(PoolWindow p, int k, int w, int ow) {
        int last = w - 1 + p.left() - k * p.dilationW();
        return last < 0 ? 0 : Math.min(ow, last / p.strideW() + 1);
    }

    /** Taps of a window from {@code start} on that lie inside [0, size). */
    private static int inside(int start, int kernel, int dilation, int size) {
        int count = 0;
        for (int k = 0; k < kernel; k++) {
            int at = start + k * dilation;
            count += at >= 0 && at < size ? 1 : 0;
        }
        return count;
    }

    static void max(MaxPool op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int h = in[0].spec().shape().dim(2);
        int oh = out[0].spec().shape().dim(2);
        planes(
                in[0],
                out[0],
                ctx,
                plane -> {
                    for (int o = 0; o < oh; o++) {
                        maxRow(op.window(), in[0], out, plane, o, h);
                    }
                });
    }

    private static void maxRow(PoolWindow p, JvmArray in, JvmArray[] out, int plane, int o, int h) {
        int w = in.spec().shape().dim(3);
        int ow = out[0].spec().shape().dim(3);
        int at = (plane * out[0].spec().shape().dim(2) + o) * ow;
        Arrays.fill(out[0].f(), at, at + ow, Float.NEGATIVE_INFINITY);
        Arrays.fill(out[1].i(), at, at + ow, -1);
        for (int t = 0; t < p.taps(); t++) {
            int k = t % p.kernelW();
            int row = p.row(o) + t / p.kernelW() * p.dilationH();
            if (row >= 0 && row < h) {
                int place = row * w + k * p.dilationW() - p.left();
                int base = plane * h * w;
                int first = first(p, k);
                int end = end(p, k, w, ow);
                maxTap(in.f(), base, place, p.strideW(), out[0].f(), out[1].i(), at, first, end);
            }
        }
    }

    /**
     * Takes the element at place + o · stride of the plane where it is larger, or the first NaN.
     */
    private static void maxTap(
            float[] x,
            int base,
            int place,
            int stride,
            float[] y,
            int[] index,
            int at,
            int first,
            int end) {
        for (int o = first; o < end; o++) {
            int i = place + o * stride;
            float v = x[base + i];
            float b = y[at + o];
            int had = index[at + o];
            boolean take = (!(v <= b) & b == b) | had < 0;
            y[at + o] = take ? v : b;
            index[at + o] = take ? i : had;
        }
    }

    static void maxGradient(MaxPoolGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int size = op.height() * op.width();
        int pooled = Planes.size(in[1].spec());
        float[] dy = in[1].f();
        float[] dx = out[0].f();
        int[] index = in[0].i();
        planes(
                in[1],
                out[0],
                ctx,
                plane -> {
                    int base = plane * size;
                    Arrays.fill(dx, base, base + size, 0);
                    int end = (plane + 1) * pooled;
                    for (int o = plane * pooled; o < end; o++) {
                        int i = index[o];
                        if (i >= 0 && i < size) {
                            dx[base + i] += dy[o];
                        }
                    }
                });
    }

    static void average(AveragePool op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        PoolWindow p = op.window();
        int h = in[0].spec().shape().dim(2);
        int w = in[0].spec().shape().dim(3);
        int oh = out[0].spec().shape().dim(2);
        int ow = out[0].spec().shape().dim(3);
        float[] x = in[0].f();
        float[] y = out[0].f();
        int[] columns = columns(p, w, ow);
        planes(
                in[0],
                out[0],
                ctx,
                plane -> {
                    float[] sum = ctx.acquire(w);
                    try {
                        for (int o = 0; o < oh; o++) {
                            int at = (plane * oh + o) * ow;
                            int rows = sumRows(p, x, plane * h, h, w, o, sum, ctx.lanes());
                            sumColumns(p, sum, w, y, at, ow);
                            divide(y, at, y, at, ow, rows, columns, divisor(op));
                        }
                    } finally {
                        ctx.release(sum);
                    }
                });
    }

    private static int divisor(AveragePool op) {
        return op.countIncludePad() ? op.window().taps() : 0;
    }

    private static int[] columns(PoolWindow p, int w, int ow) {
        int[] c = new int[ow];
        Arrays.setAll(c, o -> inside(p.column(o), p.kernelW(), p.dilationW(), w));
        return c;
    }

    /** Sum of the rows of output row o's window; gives their number. */
    private static int sumRows(
            PoolWindow p, float[] x, int firstRow, int h, int w, int o, float[] sum, Lanes lanes) {
        int rows = 0;
        for (int k = 0; k < p.kernelH(); k++) {
            int row = p.row(o) + k * p.dilationH();
            if (row < 0 || row >= h) {
                continue;
            }
            int from = (firstRow + row) * w;
            if (rows++ == 0) {
                System.arraycopy(x, from, sum, 0, w);
            } else {
                lanes.binary(BinaryOp.ADD, sum, 0, x, from, sum, 0, w);
            }
        }
        if (rows == 0) {
            Arrays.fill(sum, 0, w, 0);
        }
        return rows;
    }

    private static void sumColumns(PoolWindow p, float[] sum, int w, float[] y, int at, int ow) {
        Arrays.fill(y, at, at + ow, 0);
        for (int k = 0; k < p.kernelW(); k++) {
            int place = k * p.dilationW() - p.left();
            int end = end(p, k, w, ow);
            for (int o = first(p, k); o < end; o++) {
                y[at + o] += sum[place + o * p.strideW()];
            }
        }
    }

    /** y = x / divisor, or by rows · columns where the divisor is 0. */
    private static void divide(
            float[] x, int xo, float[] y, int yo, int n, int rows, int[] columns, int divisor) {
        for (int o = 0; o < n; o++) {
            y[yo + o] = x[xo + o] / (divisor > 0 ? divisor : Math.max(1, rows * columns[o]));
        }
    }

    static void averageGradient(
            AveragePoolGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        PoolWindow p = op.window();
        int h = op.height();
        int w = op.width();
        int oh = in[0].spec().shape().dim(2);
        int ow = in[0].spec().shape().dim(3);
        int divisor = op.countIncludePad() ? p.taps() : 0;
        int[] columns = columns(p, w, ow);
        planes(
                in[0],
                out[0],
                ctx,
                plane -> {
                    float[] scratch = ctx.acquire(w + ow);
                    try {
                        Arrays.fill(out[0].f(), plane * h * w, (plane + 1) * h * w, 0);
                        for (int o = 0; o < oh; o++) {
                            int rows = inside(p.row(o), p.kernelH(), p.dilationH(), h);
                            int at = (plane * oh + o) * ow;
                            divide(in[0].f(), at, scratch, w, ow, rows, columns, divisor);
                            spreadColumns(p, scratch, w, ow);
                            spreadRows(p, scratch, out[0].f(), plane * h, h, w, o, ctx.lanes());
                        }
                    } finally {
                        ctx.release(scratch);
                    }
                });
    }

    /** From the shares behind w floats to the row of w floats before them. */
    private static void spreadColumns(PoolWindow p, float[] scratch, int w, int ow) {
        Arrays.fill(scratch, 0, w, 0);
        for (int k = 0; k < p.kernelW(); k++) {
            int place = k * p.dilationW() - p.left();
            int end = end(p, k, w, ow);
            for (int o = first(p, k); o < end; o++) {
                scratch[place + o * p.strideW()] += scratch[w + o];
            }
        }
    }

    private static void spreadRows(
            PoolWindow p, float[] row, float[] dx, int firstRow, int h, int w, int o, Lanes lanes) {
        for (int k = 0; k < p.kernelH(); k++) {
            int r = p.row(o) + k * p.dilationH();
            if (r >= 0 && r < h) {
                int at = (firstRow + r) * w;
                lanes.binary(BinaryOp.ADD, dx, at, row, 0, dx, at, w);
            }
        }
    }
}
