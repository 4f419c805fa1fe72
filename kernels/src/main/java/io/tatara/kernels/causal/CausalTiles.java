package io.tatara.kernels.causal;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;

/**
 * The inner loops of this room, on the vector unit or plain. Each element is a sum of fused
 * multiply-adds in the order of the depth, whatever tile it falls into, so that a stream has the
 * same bits wherever it is cut.
 */
interface CausalTiles {
    /** Floats of a cache line. */
    int APART = 16;

    /** Rows of a packed panel of weights. */
    int rows();

    /** Columns are computed in multiples of this; what is behind the wanted ones is of no use. */
    int step();

    /** Columns of a packed panel of B, a multiple of {@link #step}. */
    int width();

    /**
     * From a panel of B to the next: not a power of two, or they would share lines of the cache.
     */
    default int apart(int depth) {
        return depth * width() + APART;
    }

    /** n numbers to a row of panels that are {@code apart} floats from each other. */
    void spread(int n, float[] x, int from, float[] panels, int at, int apart);

    /**
     * C [rows up to a whole panel][ldc] = A · B + after for {@code cols} columns, a multiple of
     * {@link #step}.
     *
     * @param a panels of {@link #rows} rows, each [depth][rows]
     * @param b panels of {@link #width} columns, each [depth][width], {@link #apart} from each
     *     other
     * @param after a number a row, added to the finished sum; -0 changes none
     */
    void product(
            int panels,
            int depth,
            float[] a,
            int ao,
            float[] b,
            float[] after,
            float[] c,
            int co,
            int ldc,
            int cols);

    /**
     * y[0 … n) = Σ_r v[r] · w[r][0 … n), with w's rows {@code n} apart.
     *
     * @param n a multiple of {@link #step}
     */
    void vector(int n, int depth, float[] v, float[] w, int wo, float[] y, int yo);

    /**
     * The same sums, of weights that are bfloat16, two in a word: of each row, of every two times
     * {@link #step} numbers, the first ones are the words' lower halves, the others the upper ones.
     *
     * @param n a multiple of two {@link #step}s
     */
    void vector(int n, int depth, float[] v, int[] w, int wo, float[] y, int yo);

    static CausalTiles of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? PlainTiles.INSTANCE : Holder.VECTOR;
    }

    /** Not loaded where the vector module is absent. */
    final class Holder {
        static final CausalTiles VECTOR = new VectorTiles();

        private Holder() {}
    }
}
