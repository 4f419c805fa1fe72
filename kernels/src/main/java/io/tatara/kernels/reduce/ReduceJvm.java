package io.tatara.kernels.reduce;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.layout.Strided;
import io.tatara.kernels.layout.StridedJvm;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Reduce} and its gradient on Java arrays. A pass is cut into pieces by the shape alone,
 * never by the number of threads, so that the result is the same on every run.
 */
final class ReduceJvm {
    private static final int PIECE = 1 << 15;
    private static final int BLOCK = 2048;
    private static final int COLUMNS = 512;
    private static final int NARROW = 16;
    private static final int PAIRWISE = 32;

    private ReduceJvm() {}

    static void reduce(Reduce op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmArray x = in[0];
        JvmArray y = out[0];
        if (y.size() == 0) {
            return;
        }
        Axes axes = op.axes(x.spec().shape());
        passes(op.kind(), Pass.of(x.spec().shape(), axes), x.f(), y.f(), ctx);
        if (op.kind() == ReduceKind.MEAN) {
            float count = axes.count(x.spec().shape());
            ctx.lanes().binaryScalar(BinaryOp.DIV, y.f(), 0, count, y.f(), 0, y.size());
        }
    }

    private static void passes(
            ReduceKind kind, List<Pass> passes, float[] x, float[] y, JvmContext ctx) {
        Pass first = passes.getFirst();
        if (passes.size() == 1) {
            pass(kind, first, x, y, ctx);
            return;
        }
        float[] t = ctx.acquire(Math.max(1, first.results()));
        try {
            pass(kind, first, x, t, ctx);
            passes(kind, passes.subList(1, passes.size()), t, y, ctx);
        } finally {
            ctx.release(t);
        }
    }

    private static void pass(ReduceKind kind, Pass p, float[] x, float[] y, JvmContext ctx) {
        if (p.reduce() == 0) {
            Arrays.fill(y, 0, p.results(), kind == ReduceKind.MAX ? Float.NEGATIVE_INFINITY : 0);
            return;
        }
        int height = p.reduce();
        // Long reductions into few results are cut, for the other threads.
        if (p.outer() * ((p.inner() + COLUMNS - 1) / COLUMNS) < 64) {
            height = Math.max(64, PIECE / p.inner());
        }
        int chunks = (p.reduce() - 1) / height + 1;
        if (chunks == 1) {
            pieces(kind, p, p.reduce(), 1, x, y, ctx);
            return;
        }
        float[] t = ctx.acquire(p.results() * chunks);
        try {
            pieces(kind, p, height, chunks, x, t, ctx);
            pass(kind, new Pass(p.outer(), chunks, p.inner()), t, y, ctx);
        } finally {
            ctx.release(t);
        }
    }

    /** [outer, reduce, inner] to [outer, chunks, inner], a chunk of {@code height} rows at most. */
    private static void pieces(
            ReduceKind kind, Pass p, int height, int chunks, float[] x, float[] y, JvmContext ctx) {
        int blocks = p.inner() < NARROW ? 1 : (p.inner() + COLUMNS - 1) / COLUMNS;
        int work = Math.max(1, height * Math.min(p.inner(), COLUMNS));
        ctx.workers()
                .parallelFor(
                        p.outer() * chunks * blocks,
                        Math.max(1, PIECE / work),
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int column = i % blocks * COLUMNS;
                                int chunk = i / blocks;
                                int row = chunk % chunks * height;
                                int rows = Math.min(height, p.reduce() - row);
                                int at = (chunk / chunks * p.reduce() + row) * p.inner() + column;
                                piece(
                                        kind,
                                        p,
                                        x,
                                        at,
                                        rows,
                                        column,
                                        y,
                                        chunk * p.inner() + column,
                                        ctx);
                            }
                        });
    }

    private static void piece(
            ReduceKind kind,
            Pass p,
            float[] x,
            int at,
            int rows,
            int column,
            float[] y,
            int yo,
            JvmContext ctx) {
        if (p.inner() == 1) {
            y[yo] =
                    kind == ReduceKind.MAX
                            ? ctx.lanes().max(x, at, rows)
                            : sum(x, at, rows, ctx.lanes());
        } else if (p.inner() < NARROW) {
            narrow(kind, x, at, rows, p.inner(), y, yo);
        } else {
            int width = Math.min(COLUMNS, p.inner() - column);
            BinaryOp op = kind == ReduceKind.MAX ? BinaryOp.MAX : BinaryOp.ADD;
            float[] levels = ctx.acquire(32 * width);
            try {
                columns(op, x, at, p.inner(), rows, width, y, yo, levels, 0, ctx.lanes());
            } finally {
                ctx.release(levels);
            }
        }
    }

    /** Lanes within a block, double over the blocks. */
    private static float sum(float[] x, int at, int n, Lanes lanes) {
        double s = 0;
        for (int i = 0; i < n; i += BLOCK) {
            s += lanes.sum(x, at + i, Math.min(BLOCK, n - i));
        }
        return (float) s;
    }

    private static void narrow(
            ReduceKind kind, float[] x, int at, int rows, int inner, float[] y, int yo) {
        for (int c = 0; c < inner; c++) {
            double s = kind == ReduceKind.MAX ? Double.NEGATIVE_INFINITY : 0;
            for (int r = 0; r < rows; r++) {
                double v = x[at + r * inner + c];
                s = kind == ReduceKind.MAX ? Math.max(s, v) : s + v;
            }
            y[yo + c] = (float) s;
        }
    }

    /**
     * Rows added pairwise: halves on their own, each level of halves in its own row of {@code
     * levels}.
     */
    private static void columns(
            BinaryOp op,
            float[] x,
            int at,
            int stride,
            int rows,
            int width,
            float[] y,
            int yo,
            float[] levels,
            int level,
            Lanes lanes) {
        if (rows <= PAIRWISE) {
            System.arraycopy(x, at, y, yo, width);
            for (int r = 1; r < rows; r++) {
                lanes.binary(op, y, yo, x, at + r * stride, y, yo, width);
            }
            return;
        }
        int half = rows / 2;
        columns(op, x, at, stride, half, width, y, yo, levels, level, lanes);
        columns(
                op,
                x,
                at + half * stride,
                stride,
                rows - half,
                width,
                levels,
                level,
                levels,
                level + width,
                lanes);
        lanes.binary(op, y, yo, levels, level, y, yo, width);
    }

    static void gradient(ReduceGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        if (out[0].size() == 0) {
            return;
        }
        Axes axes = op.resolved();
        Strided expand = Strided.broadcast(axes.result(op.shape(), true), op.shape());
        float[] dy = in[2].f();
        float[] dx = out[0].f();
        if (op.kind() == ReduceKind.SUM) {
            StridedJvm.run(expand, dy, dx, ctx.workers());
            return;
        }
        int n = in[2].size();
        float[] g = ctx.acquire(n);
        try {
            if (op.kind() == ReduceKind.MEAN) {
                ctx.lanes().binaryScalar(BinaryOp.DIV, dy, 0, axes.count(op.shape()), g, 0, n);
                StridedJvm.run(expand, g, dx, ctx.workers());
            } else {
                StridedJvm.run(expand, in[1].f(), dx, ctx.workers());
                markMaxima(in[0].f(), dx, out[0].size(), ctx);
                passes(ReduceKind.SUM, Pass.of(op.shape(), axes), dx, g, ctx);
                ctx.lanes().binary(BinaryOp.DIV, dy, 0, g, 0, g, 0, n);
                share(expand, g, dx, out[0].size(), ctx);
            }
        } finally {
            ctx.release(g);
        }
    }

    /** dx: 1 where x is the maximum that stands in dx, else 0. */
    private static void markMaxima(float[] x, float[] dx, int n, JvmContext ctx) {
        ctx.workers()
                .parallelFor(
                        n,
                        PIECE,
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                // NaN goes on to the maximum, so a NaN belongs to a NaN maximum.
                                dx[i] = x[i] == dx[i] || x[i] != x[i] ? 1 : 0;
                            }
                        });
    }

    /** dx: g where dx is marked; not a product, which would make NaN of 0 · ∞. */
    private static void share(Strided expand, float[] g, float[] dx, int n, JvmContext ctx) {
        float[] t = ctx.acquire(n);
        try {
            StridedJvm.run(expand, g, t, ctx.workers());
            ctx.workers()
                    .parallelFor(
                            n,
                            PIECE,
                            (from, to) -> {
                                for (int i = from; i < to; i++) {
                                    dx[i] = dx[i] != 0 ? t[i] : 0;
                                }
                            });
        } finally {
            ctx.release(t);
        }
    }
}
