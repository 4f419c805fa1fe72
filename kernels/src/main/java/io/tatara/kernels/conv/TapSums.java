package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/**
 * The inner loop of {@link TapGradient}: sums of products of a source, moved by each tap of a 3 × 3
 * kernel, with three gradients.
 */
abstract class TapSums {
    /** Gradients that are met at a time. */
    static final int ROWS = 3;

    static final int TAPS = 9;

    /** Sums of three gradients with nine taps. */
    static final int COUNT = ROWS * TAPS;

    /** Elements of a vector of a sum. */
    abstract int lanes();

    /** Whether the registers hold all sums, without which the matrix product is faster. */
    abstract boolean fit();

    /**
     * Adds to vectors of sums: number 9 m + tap is over i < n of the vector of x at xs[i], moved by
     * the tap, times the vector of d at ds[i] + d0, d1 or d2 for m = 0, 1, 2.
     *
     * @param part elements of these vectors that count: what stands behind may be NaN
     * @param t scratch as large as the sums
     */
    abstract void add(
            int part,
            int n,
            int[] xs,
            int[] ds,
            float[] x,
            int pitch,
            float[] d,
            int d0,
            int d1,
            int d2,
            float[] t,
            float[] sums,
            int at);

    /** Sum of the elements of a vector of sums. */
    abstract float total(float[] sums, int at);

    /** Those of the vector unit; null for a context without it, or where they do not fit. */
    static TapSums of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? null : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final TapSums BEST = best();

        private static TapSums best() {
            TapSums s = VectorForm.of(MethodHandles.lookup(), "VectorTaps", TapSums.class, null);
            return s != null && s.fit() ? s : null;
        }
    }
}
