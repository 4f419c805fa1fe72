package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/** The inner loop of {@link ImageRows}. */
abstract class RowTiles {
    /** Channels of a tile. */
    static final int HEIGHT = 8;

    /** Vectors of a tile, at most. */
    static final int VECTORS = 3;

    /** Elements of a vector. */
    abstract int lanes();

    /** Whether a tile's sums fit the register file. */
    abstract boolean fit();

    /**
     * Sums t [{@link #HEIGHT}][{@link #VECTORS} · lanes] of some vectors of pixels: t[i VECTORS
     * lanes + j] = Σ w[wo + p HEIGHT + i] · x[base[p] + at + j] over p < k.
     */
    abstract void tile(
            int vectors, int k, float[] w, int wo, float[] x, int[] base, int at, float[] t);

    /** Those of the vector unit; null for a context without it. */
    static RowTiles of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? null : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final RowTiles BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorRowTiles", RowTiles.class, null);
    }
}
