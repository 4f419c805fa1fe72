package io.tatara.kernels.pool;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * Up-sampling on the JVM, separable: two rows are blended by the vector unit, then columns of the
 * blend by tables of places. Planes run in parallel.
 */
final class UpsampleJvm {
    private static final int GRAIN = 1 << 13;

    private UpsampleJvm() {}

    /** Places and weights of both axes. */
    private record Tables(int[] rows, float[] down, int[] columns, float[] across) {
        static Tables of(UpsampleMode mode, int h, int w, int oh, int ow) {
            UpsampleAxis y = UpsampleAxis.of(mode, h, oh);
            UpsampleAxis x = UpsampleAxis.of(mode, w, ow);
            boolean blend = mode != UpsampleMode.NEAREST;
            return new Tables(y.lows(), y.fractions(blend), x.lows(), x.fractions(blend));
        }
    }

    static void forward(Upsample op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int h = in[0].spec().shape().dim(2);
        int w = in[0].spec().shape().dim(3);
        int oh = op.height();
        int ow = op.width();
        Tables t = Tables.of(op.mode(), h, w, oh, ow);
        ctx.workers()
                .parallelFor(
                        Planes.count(in[0].spec()),
                        Math.max(1, GRAIN / (oh * ow)),
                        (from, to) -> {
                            float[] row = ctx.acquire(w);
                            try {
                                for (int r = from * oh; r < to * oh; r++) {
                                    int o = r % oh;
                                    int at = (r / oh * h + t.rows[o]) * w;
                                    blend(in[0].f(), at, t.down[o], row, w, ctx.lanes());
                                    spread(row, t, out[0].f(), r * ow);
                                }
                            } finally {
                                ctx.release(row);
                            }
                        });
    }

    /** row = (1 − f) · x[at …] + f · x[at + w …]; where f is 0 the second row is not read. */
    private static void blend(float[] x, int at, float f, float[] row, int w, Lanes lanes) {
        if (f == 0) {
            System.arraycopy(x, at, row, 0, w);
            return;
        }
        lanes.binaryScalar(BinaryOp.MUL, x, at, 1 - f, row, 0, w);
        lanes.axpy(f, x, at + w, row, 0, w);
    }

    private static void spread(float[] row, Tables t, float[] y, int at) {
        int[] columns = t.columns;
        float[] across = t.across;
        for (int o = 0; o < columns.length; o++) {
            float a = row[columns[o]];
            float f = across[o];
            y[at + o] = f == 0 ? a : (1 - f) * a + f * row[columns[o] + 1];
        }
    }

    static void gradient(UpsampleGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int oh = in[0].spec().shape().dim(2);
        int ow = in[0].spec().shape().dim(3);
        int h = op.height();
        int w = op.width();
        Tables t = Tables.of(op.mode(), h, w, oh, ow);
        ctx.workers()
                .parallelFor(
                        Planes.count(in[0].spec()),
                        Math.max(1, GRAIN / (oh * ow)),
                        (from, to) -> {
                            float[] row = ctx.acquire(w);
                            try {
                                Arrays.fill(out[0].f(), from * h * w, to * h * w, 0);
                                for (int r = from * oh; r < to * oh; r++) {
                                    int o = r % oh;
                                    gather(in[0].f(), r * ow, t, row, w);
                                    int at = (r / oh * h + t.rows[o]) * w;
                                    add(row, t.down[o], out[0].f(), at, w, ctx.lanes());
                                }
                            } finally {
                                ctx.release(row);
                            }
                        });
    }

    private static void gather(float[] dy, int at, Tables t, float[] row, int w) {
        Arrays.fill(row, 0, w, 0);
        int[] columns = t.columns;
        float[] across = t.across;
        for (int o = 0; o < columns.length; o++) {
            float g = dy[at + o];
            float f = across[o];
            row[columns[o]] += (1 - f) * g;
            if (f != 0) {
                row[columns[o] + 1] += f * g;
            }
        }
    }

    private static void add(float[] row, float f, float[] dx, int at, int w, Lanes lanes) {
        if (f == 0) {
            lanes.binary(BinaryOp.ADD, dx, at, row, 0, dx, at, w);
        } else {
            lanes.axpy(1 - f, row, 0, dx, at, w);
            lanes.axpy(f, row, 0, dx, at + w, w);
        }
    }
}
