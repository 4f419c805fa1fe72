package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/** The transforms of {@link PairTiles}, of many tiles at a time, along one axis. */
abstract class PairLines {
    /** Elements of a vector. */
    abstract int lanes();

    /**
     * The window's elements to values, for rows of tiles: element e of tile i of row r is x[xo + r
     * xs + from[e] + i], value v is y[yo + r ys[v] + to[v] + i], i < n. Reads and writes whole
     * vectors, row after row.
     */
    abstract void source(
            TileForm form,
            int rows,
            int n,
            float[] x,
            int xo,
            int xs,
            int[] from,
            float[] y,
            int yo,
            int[] ys,
            int[] to);

    /**
     * Sums of products to pixels, vectors along the channels, for a row of tiles: place p of tile i
     * is x[xo + from[p] + i c + k], k < c, pixel (a, b) of it y[yo + (a w + 2 i + b) c + k].
     *
     * @param w pixels of a row; those behind them are left out
     */
    abstract void pixels(
            TileForm form,
            int tiles,
            int c,
            float[] x,
            int xo,
            int[] from,
            float[] y,
            int yo,
            int w);

    /** Those of the vector unit; null for a context without it. */
    static PairLines of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? null : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final PairLines BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorPairLines", PairLines.class, null);
    }
}
