package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/**
 * The transforms of {@link Winograd}, of many tiles at a time: F(4, 3) by the points 0, ±3/4, ±3/2
 * and ∞. All may read and write up to a vector too much where that is said.
 */
abstract class WinogradLines {
    /** Elements of a vector. */
    abstract int lanes();

    /**
     * Six elements of the source to six (Bᵀ), for runs of tiles: element r of tile i of run k is
     * x[from[k] + xo + r xs + i], the result's y[to[k] + yo + r ys + i], i < n. Reads and writes
     * whole vectors.
     */
    abstract void source(
            int[] from, int[] to, float[] x, int xo, int xs, int n, float[] y, int yo, int ys);

    /** Six sums to four elements of the result (Aᵀ), as {@link #source}. */
    abstract void result(
            int[] from, int[] to, float[] x, int xo, int xs, int n, float[] y, int yo, int ys);

    /** Three taps to six (G), as {@link #source}. */
    abstract void taps(
            int[] from, int[] to, float[] x, int xo, int xs, int n, float[] y, int yo, int ys);

    /**
     * Parts rows of an image: y[r ys + places[q] + i] = x[xo + r w + 4 i + q] for r < rows, q < 4,
     * 4 i + q < w. Zeros fill the last vector of each part up.
     */
    abstract void part(int rows, int w, float[] x, int xo, float[] y, int yo, int ys, int[] places);

    /**
     * The reverse for rows of n pixels, with a bias: y[yo + r n + 4 i + q] = x[xo + (4 r + q) xs +
     * i] + bias. Reads whole vectors, and writes them where they end before {@code limit}: what is
     * too much of a row is overwritten by the next.
     */
    abstract void weave(
            int rows, float[] x, int xo, int xs, int n, float bias, float[] y, int yo, int limit);

    /** Those of the vector unit; null for a context without it. */
    static WinogradLines of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? null : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final WinogradLines BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorWinograd", WinogradLines.class, null);
    }
}
