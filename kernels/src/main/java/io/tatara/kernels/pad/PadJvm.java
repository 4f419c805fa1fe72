package io.tatara.kernels.pad;

import io.tatara.kernels.Shape;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.layout.Strided;
import io.tatara.kernels.layout.StridedJvm;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;
import java.util.List;

/** Padding on Java arrays. */
final class PadJvm {
    private static final int GRAIN = 1 << 14;

    private PadJvm() {}

    static void pad(Pad op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmArray y = out[0];
        if (op.mode() == PadMode.CONSTANT && y.size() > in[0].size()) {
            fill(y, op.value(), ctx);
        }
        int rank = op.before().size();
        copy(op, in[0], y, 0, new int[rank], new int[rank], new int[rank], new int[rank], ctx);
    }

    private static void fill(JvmArray y, double value, JvmContext ctx) {
        ctx.workers()
                .parallelFor(
                        y.size(),
                        GRAIN,
                        (from, to) -> {
                            if (y.f() != null) {
                                Arrays.fill(y.f(), from, to, (float) value);
                            } else {
                                Arrays.fill(y.i(), from, to, (int) value);
                            }
                        });
    }

    /**
     * A copy for each combination of inside, before and behind along the axes from {@code axis} on.
     *
     * @param dims extents of a copy
     * @param from first element of x on each axis
     * @param step of x from an element to the next
     * @param to first element of y on each axis
     */
    private static void copy(
            Pad op,
            JvmArray x,
            JvmArray y,
            int axis,
            int[] dims,
            int[] from,
            int[] step,
            int[] to,
            JvmContext ctx) {
        Shape xs = x.spec().shape();
        if (axis == dims.length) {
            move(x, y, dims, from, step, to, ctx);
            return;
        }
        int n = xs.dim(axis);
        int before = op.before().get(axis);
        int after = op.after().get(axis);
        for (int part = 0; part < 3; part++) {
            boolean edge = op.mode() == PadMode.EDGE;
            int count = part == 0 ? n : part == 1 ? before : after;
            if (count == 0 || part > 0 && op.mode() == PadMode.CONSTANT) {
                continue;
            }
            dims[axis] = count;
            step[axis] = part == 0 ? 1 : edge ? 0 : -1;
            from[axis] = part == 0 ? 0 : part == 1 ? (edge ? 0 : before) : edge ? n - 1 : n - 2;
            to[axis] = part == 0 ? before : part == 1 ? 0 : before + n;
            copy(op, x, y, axis + 1, dims, from, step, to, ctx);
        }
    }

    private static void move(
            JvmArray x, JvmArray y, int[] dims, int[] from, int[] step, int[] to, JvmContext ctx) {
        int[] xs = x.spec().shape().strides();
        int[] ys = y.spec().shape().strides();
        int[] stepped = new int[dims.length];
        int xo = 0;
        int yo = 0;
        for (int a = 0; a < dims.length; a++) {
            xo += from[a] * xs[a];
            yo += to[a] * ys[a];
            stepped[a] = step[a] * xs[a];
        }
        StridedJvm.run(Strided.of(dims, xo, stepped, yo, ys), x, y, ctx.workers());
    }

    /** Rows of the last axis: all rows that became of one are added up, then what is beside it. */
    static void gradient(PadGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float[] dy = in[0].f();
        float[] dx = out[0].f();
        if (out[0].size() == 0) {
            return;
        }
        Shape x = op.shape();
        int last = x.rank() - 1;
        if (last < 0) {
            dx[0] = dy[0];
            return;
        }
        int n = x.dim(last);
        int[][][] places = places(op);
        ctx.workers()
                .parallelFor(
                        out[0].size() / n,
                        Math.max(1, GRAIN / n),
                        (from, to) -> {
                            for (int r = from; r < to; r++) {
                                row(op, dy, dx, r, places, ctx);
                            }
                        });
    }

    /** For each element of each axis where it went, in order. */
    private static int[][][] places(PadGradient op) {
        int[][][] all = new int[op.shape().rank()][][];
        for (int a = 0; a < all.length; a++) {
            int n = op.shape().dim(a);
            int before = op.before().get(a);
            int[] count = new int[n];
            int extent = before + n + op.after().get(a);
            for (int i = 0; i < extent; i++) {
                count[PadShape.source(op.mode(), i - before, n)]++;
            }
            all[a] = new int[n][];
            for (int i = 0; i < n; i++) {
                all[a][i] = new int[count[i]];
            }
            Arrays.fill(count, 0);
            for (int i = 0; i < extent; i++) {
                int to = PadShape.source(op.mode(), i - before, n);
                all[a][to][count[to]++] = i;
            }
        }
        return all;
    }

    private static void row(
            PadGradient op, float[] dy, float[] dx, int row, int[][][] places, JvmContext ctx) {
        int last = places.length - 1;
        List<Integer> before = op.before();
        int n = op.shape().dim(last);
        int extent = before.get(last) + n + op.after().get(last);
        int combinations = 1;
        int[][] went = new int[last][];
        int rest = row;
        for (int a = last - 1; a >= 0; a--) {
            went[a] = places[a][rest % op.shape().dim(a)];
            rest /= op.shape().dim(a);
            combinations *= went[a].length;
        }
        for (int k = 0; k < combinations; k++) {
            int from = 0;
            int pitch = extent;
            int left = k;
            for (int a = last - 1; a >= 0; a--) {
                from += went[a][left % went[a].length] * pitch;
                left /= went[a].length;
                pitch *= before.get(a) + op.shape().dim(a) + op.after().get(a);
            }
            int inside = from + before.get(last);
            if (k == 0) {
                System.arraycopy(dy, inside, dx, row * n, n);
            } else {
                ctx.lanes().binary(BinaryOp.ADD, dx, row * n, dy, inside, dx, row * n, n);
            }
            beside(op, dy, from, dx, row * n, n, extent);
        }
    }

    private static void beside(
            PadGradient op, float[] dy, int from, float[] dx, int at, int n, int extent) {
        int before = op.before().getLast();
        for (int i = 0; i < before; i++) {
            dx[at + PadShape.source(op.mode(), i - before, n)] += dy[from + i];
        }
        for (int i = before + n; i < extent; i++) {
            dx[at + PadShape.source(op.mode(), i - before, n)] += dy[from + i];
        }
    }
}
