package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/** The inner loop of {@link DepthwiseNine}. */
abstract class Planes {
    /** Columns of the result that are summed at a time. */
    abstract int lanes();

    /**
     * Rows [row, end) and columns [column, column + lanes) of channels [from, to) of the result,
     * counted over all images. What stands in x up to a float before and 2 · lanes floats behind
     * these channels is read and ignored; what stands in y behind a row of less columns is
     * overwritten, and so has to be written later.
     *
     * @param xo the channel of the image that the first of these sees
     * @param yo the first of these
     */
    abstract void sums(
            Nine g,
            int from,
            int to,
            int row,
            int end,
            int column,
            float[] x,
            int xo,
            float[] y,
            int yo);

    /** That of the vector unit; null for a context without it. */
    static Planes of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? null : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final Planes BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorPlanes", Planes.class, null);
    }
}
