package io.tatara.kernels.norm;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/**
 * The loops over one row: on the vector unit or plain. A row is read from memory by the first loop
 * that sees it and stays in the first caches for the others.
 *
 * <p>A row's numbers stand in an array of {@link #NUMBERS}. Runs are {@code n} floats from an
 * offset; scale and shift begin at 0.
 */
interface RowKernels {
    int NUMBERS = 8;

    /** What is taken away first, the rounded mean; 0 where the norm is not centered. */
    int MEAN = 0;

    /** The rest of the mean. */
    int REST = 1;

    /** 1/σ. */
    int INVERSE = 2;

    /** Mean of g = dy · scale. */
    int MEAN_G = 3;

    /** Mean of g · x̂, and what the statistics' gradient adds to it. */
    int MEAN_GX = 4;

    /** What is added to each element of dz. */
    int PLUS = 5;

    /** What was loaded ahead, of no meaning: a load whose result goes nowhere may be left out. */
    int AHEAD = 6;

    /** Sum of z. */
    float sum(float[] z, int at, int n);

    /** Σ (z − mean) to REST, Σ (z − mean)² to INVERSE. */
    void moments(float[] z, int at, int n, float[] row);

    /**
     * y = ((z − mean) − rest) · inverse · scale + shift for the row of both at {@code at}. Loads
     * from each cache line of the next row, from {@code next} on in two arrays, so that memory is
     * busy while the sweeps that find their row in cache go on.
     */
    void normalize(
            float[] z,
            int at,
            int n,
            float[] row,
            float[] scale,
            float[] shift,
            float[] y,
            float[] ahead,
            float[] ahead2,
            int next);

    /** Σ (z − mean) to REST, Σ g to MEAN_G, Σ g · (z − mean) to MEAN_GX. */
    void gradientSums(float[] z, float[] dy, int at, int n, float[] row, float[] scale);

    /** dz = inverse · (g − mean g − x̂ · mean gx) + plus. */
    void gradient(float[] z, float[] dy, int at, int n, float[] row, float[] scale, float[] dz);

    /** dScale += dy · x̂ and dShift += dy, from offsets so and so + n. */
    void parameters(float[] z, float[] dy, int at, int n, float[] row, float[] sums, int so);

    /** The loops that belong to a context's lanes. */
    static RowKernels of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? Holder.PLAIN : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    final class Holder {
        private static final RowKernels PLAIN = new PlainRows();
        private static final RowKernels BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorRows", RowKernels.class, PLAIN);

        private Holder() {}
    }
}
