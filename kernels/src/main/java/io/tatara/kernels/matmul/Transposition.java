package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;

/** The transposing copy of this room, for kernels of other rooms that pack panels of their own. */
public final class Transposition {
    private Transposition() {}

    /**
     * Element (p, i) of the panel [k][width] becomes element (i, p) of x for i < rows, else 0.
     *
     * @param rows rows of x, at most width
     * @param k columns of x
     * @param width a multiple of 16, or not more than the vectors' length (squares of a vector's
     *     length are turned, and what passes the width must fall on what is still to be written)
     * @param ld elements from a row of x to the next
     */
    public static void panel(
            int rows,
            int k,
            float[] x,
            int xo,
            int ld,
            int width,
            float[] panel,
            int po,
            JvmContext ctx) {
        MicroKernels.of(ctx).packTransposed(rows, k, x, xo, ld, width, panel, po);
    }
}
