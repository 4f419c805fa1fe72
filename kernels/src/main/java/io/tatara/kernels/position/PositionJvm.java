package io.tatara.kernels.position;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;

/**
 * Positions on the JVM: for each run of positions a small table that stays in cache serves all
 * heads (without start positions all sequences too).
 */
final class PositionJvm {
    /** Floats of a table. */
    private static final int TABLE = 1 << 13;

    private PositionJvm() {}

    /** A run of positions of one sequence. */
    @FunctionalInterface
    private interface Run {
        void rows(int sequence, int first, int count, Angles angles, float[] table);
    }

    /**
     * Runs of positions over all sequences, in parallel.
     *
     * @param row floats of the table for a position
     */
    private static void runs(Places p, Angles angles, int row, JvmContext ctx, Run run) {
        int count = Math.clamp(TABLE / row, 1, Angles.MOST);
        int blocks = (p.length() + count - 1) / count;
        long elements = (long) count * p.heads() * p.d();
        ctx.workers()
                .parallelFor(
                        Math.multiplyExact(p.sequences(), blocks),
                        (int) Math.max(1, (1 << 13) / Math.max(1, elements)),
                        (from, to) -> {
                            Angles own = new Angles(angles);
                            float[] table = ctx.acquire(count * row);
                            try {
                                for (int k = from; k < to; k++) {
                                    int first = k % blocks * count;
                                    int n = Math.min(count, p.length() - first);
                                    run.rows(k / blocks, first, n, own, table);
                                }
                            } finally {
                                ctx.release(table);
                            }
                        });
    }

    private static int start(JvmArray positions, int sequence) {
        return positions == null ? 0 : positions.i()[sequence];
    }

    static void sinusoidal(SinusoidalPosition op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Places p = Places.of(op, in[0].spec(), in[1] != null);
        if (p.isEmpty()) {
            return;
        }
        int d = p.d();
        Angles angles = new Angles((d + 1) / 2, d, SinusoidalPosition.BASE);
        runs(
                p,
                angles,
                d,
                ctx,
                (sequence, first, count, own, table) -> {
                    encodings(own, start(in[1], sequence) + first, count, d, table);
                    for (int h = 0; h < p.heads(); h++) {
                        int at = p.at(sequence, h, first);
                        add(op, in[0].f(), at, count * d, table, out[0].f(), ctx.lanes());
                    }
                });
    }

    private static void encodings(Angles a, int position, int count, int d, float[] table) {
        boolean wraps = position > Integer.MAX_VALUE - count;
        for (int k = 0; k < count; k++) {
            if (k == 0 || wraps) {
                a.start(position + k);
            }
            for (int i = 0; i < d / 2; i++) {
                table[k * d + 2 * i] = (float) a.sin[i];
                table[k * d + 2 * i + 1] = (float) a.cos[i];
            }
            if (d % 2 == 1) {
                table[k * d + d - 1] = (float) a.sin[d / 2];
            }
            a.next();
        }
    }

    private static void add(
            SinusoidalPosition op, float[] x, int at, int n, float[] table, float[] y, Lanes l) {
        if (op.scale() == 1) {
            l.binary(BinaryOp.ADD, x, at, table, 0, y, at, n);
            return;
        }
        for (int b = 0; b < n; b += 1024) {
            int len = Math.min(1024, n - b);
            l.binaryScalar(BinaryOp.MUL, x, at + b, op.scale(), y, at + b, len);
            l.binary(BinaryOp.ADD, y, at + b, table, b, y, at + b, len);
        }
    }

    static void rotary(Rotary op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Places p = Places.of(op, in[0].spec());
        int rotated = op.rotated(in[0].spec());
        if (p.isEmpty()) {
            return;
        }
        Rotation kernel = Rotation.of(ctx);
        boolean halves = op.style() == RotaryStyle.HALVES;
        runs(
                p,
                new Angles(rotated / 2, rotated, op.base()),
                Math.max(1, 2 * rotated),
                ctx,
                (sequence, first, count, own, table) -> {
                    factors(op, own, start(in[1], sequence) + first, count, rotated, table);
                    for (int h = 0; h < p.heads(); h++) {
                        for (int t = 0; t < count; t++) {
                            int at = p.at(sequence, h, first + t);
                            int to = t * 2 * rotated;
                            if (halves) {
                                kernel.halves(in[0].f(), out[0].f(), at, rotated, table, to);
                            } else {
                                kernel.interleaved(in[0].f(), out[0].f(), at, rotated, table, to);
                            }
                            if (rotated < p.d()) {
                                int rest = at + rotated;
                                System.arraycopy(
                                        in[0].f(), rest, out[0].f(), rest, p.d() - rotated);
                            }
                        }
                    }
                });
    }

    /**
     * For each position what a row is multiplied by, then what its partners are: cosines, and sines
     * with their signs.
     */
    private static void factors(
            Rotary op, Angles a, int position, int count, int rotated, float[] table) {
        boolean halves = op.style() == RotaryStyle.HALVES;
        boolean wraps = position > Integer.MAX_VALUE - count;
        int step = halves ? 1 : 2;
        int other = halves ? rotated / 2 : 1;
        float sign = op.inverse() ? -1 : 1;
        for (int k = 0; k < count; k++) {
            if (k == 0 || wraps) {
                a.start(position + k);
            }
            int at = k * 2 * rotated;
            for (int i = 0; i < rotated / 2; i++) {
                float c = (float) a.cos[i];
                float s = sign * (float) a.sin[i];
                table[at + step * i] = c;
                table[at + step * i + other] = c;
                table[at + rotated + step * i] = -s;
                table[at + rotated + step * i + other] = s;
            }
            a.next();
        }
    }
}
