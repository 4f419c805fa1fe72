package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/**
 * The inner loops of blocked attention: on the vector unit where {@code jdk.incubator.vector} is
 * there, else as plain loops. A panel is {@link #nr} queries beside each other: a block of scores
 * is [keys][nr], so that maxima and sums over keys need no sums across a vector. Scores are in
 * units of ln 2, their exponential is 2^x.
 */
abstract class PanelMath {
    /** Coefficients of 2^r = 1 + r (C1 + r (C2 + …)) for |r| <= 1/2, relative error 2e-7. */
    static final float C1 = 0.693146978f;

    static final float C2 = 0.240222421f;
    static final float C3 = 0.0555073374f;
    static final float C4 = 0.00967151281f;
    static final float C5 = 0.00132647272f;

    /**
     * Adding and taking away 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
     */
    static final float ROUND = 12582912f;

    /** Below this power of two the exponential counts as 0. */
    static final float LEAST = -126f;

    /** Height of the tallest tile. */
    abstract int mr();

    /** Width of a panel. */
    abstract int nr();

    /** Height of the next tile where so many rows (a multiple of 4) are left. */
    int height(int rows) {
        if (mr() == 4 || rows <= 4) {
            return 4;
        }
        return rows >= 12 && rows != 16 ? 12 : 8;
    }

    /** t [h][nr] = Σ over k of A [k][h] times B [k][nr]; h is mr or one that height gave. */
    abstract void tile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t, int to);

    /** t [mr][nr] = A [mr][nr] times B [nr][nr]. */
    abstract void cross(float[] a, int ao, float[] b, int bo, float[] t, int to);

    /** m = max(m, each row), NaN left out. */
    abstract void max(int rows, float[] s, int so, float[] m, int mo);

    /** s = 2^(s − m) in place; sum += each row. */
    abstract void exp(int rows, float[] s, int so, float[] m, int mo, float[] sum, int sumOffset);

    /** y = y ∘ alpha + t, alpha [nr] for each row. */
    abstract void merge(int rows, float[] t, float[] y, int yo, float[] alpha, int ao);

    /** ds = p ∘ (ds − delta), delta [nr] for each row. */
    abstract void scoreGradient(
            int rows, float[] p, int po, float[] ds, int so, float[] delta, int deltaOffset);

    /** y += t. */
    abstract void add(int n, float[] t, int to, float[] y, int yo);

    /** Those that belong to a context's lanes, so that a plain context is plain throughout. */
    static PanelMath of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? Holder.PLAIN : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final PanelMath PLAIN = new PlainPanelMath();
        static final PanelMath BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorPanelMath", PanelMath.class, PLAIN);
    }
}
