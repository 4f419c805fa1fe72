package io.tatara.kernels.position;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/**
 * Rotates a row of n columns from {@code at} on: y = x · c + partner(x) · s, where c stands in a
 * table from {@code to} on and s behind it. On the vector unit or plain.
 */
interface Rotation {
    /** Partners are 2i and 2i + 1. */
    void interleaved(float[] x, float[] y, int at, int n, float[] table, int to);

    /** Partners are i and i + n / 2. */
    void halves(float[] x, float[] y, int at, int n, float[] table, int to);

    /** Plain loops. */
    final class Plain implements Rotation {
        @Override
        public void interleaved(float[] x, float[] y, int at, int n, float[] table, int to) {
            for (int i = 0; i < n; i++) {
                y[at + i] = x[at + i] * table[to + i] + x[at + (i ^ 1)] * table[to + n + i];
            }
        }

        @Override
        public void halves(float[] x, float[] y, int at, int n, float[] table, int to) {
            int half = n / 2;
            for (int i = 0; i < n; i++) {
                int other = i < half ? i + half : i - half;
                y[at + i] = x[at + i] * table[to + i] + x[at + other] * table[to + n + i];
            }
        }
    }

    /** The loops that belong to a context's lanes. */
    static Rotation of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? Holder.PLAIN : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    final class Holder {
        private static final Rotation PLAIN = new Plain();
        private static final Rotation BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorRotation", Rotation.class, PLAIN);

        private Holder() {}
    }
}
