package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import java.lang.invoke.MethodHandles;

/**
 * The inner loops of {@link Sgemm}: on the vector unit where {@code jdk.incubator.vector} is there,
 * else as plain loops. Each either writes its part of C ({@code add} false) or adds to it, and
 * multiplies every element it is given, so that NaN and infinity pass on.
 */
abstract class MicroKernels {
    /** Rows of a full tile. */
    abstract int mr();

    /** Columns of a tile and width of B's panels. */
    abstract int nr();

    /** Least height of a tile that holds this many rows (1 … mr). */
    abstract int height(int rows);

    /** A tile t [h][nr] of sums over k, from packed panels A [k][h] and B [k][nr]. */
    abstract void tile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t);

    /**
     * A tile of {@link #mr} rows; meanwhile some of a's 2k floats from {@code next} on are brought
     * nearer. Uses one float of t behind the tile.
     */
    void tileAhead(int k, float[] a, int ao, float[] b, int bo, float[] t, int next) {
        tile(mr(), k, a, ao, b, bo, t);
    }

    /** The first half of the columns of a tile of {@link #mr} rows; the others are undefined. */
    void tileHalf(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        tile(mr(), k, a, ao, b, bo, t);
    }

    /** Whether there is {@link #tileTo} and it pays. */
    boolean straight() {
        return false;
    }

    /**
     * A tile of {@link #mr} rows that adds the bias of each, leaves 0 of what is below where {@code
     * relu}, and writes to C.
     */
    void tileTo(
            int k,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] bias,
            int first,
            boolean relu,
            float[] c,
            int co,
            int ldc) {
        throw new UnsupportedOperationException();
    }

    /**
     * Two tiles of one row, of neighbouring panels of B, beside each other in t: two streams of
     * memory at one time. Same sums as {@link #tile} has.
     */
    void tilePair(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        int nr = nr();
        tile(1, k, a, ao, b, bo + nr * k, t);
        System.arraycopy(t, 0, t, nr, nr);
        tile(1, k, a, ao, b, bo, t);
    }

    /** Has the tiles compiled: called again and again with a few thousand floats to play with. */
    void warmUp(float[] a, float[] b, float[] t) {
        for (int h = mr(); h > 0; h = h > 1 ? height(h / 2) : 0) {
            tile(h, 64, a, 0, b, 0, t);
        }
    }

    /** Takes the first rows and columns of a tile to C. */
    void merge(int rows, int columns, float[] t, float[] c, int co, int ldc, boolean add) {
        int nr = nr();
        for (int i = 0; i < rows; i++) {
            int to = co + i * ldc;
            int from = i * nr;
            if (add) {
                for (int j = 0; j < columns; j++) {
                    c[to + j] += t[from + j];
                }
            } else {
                System.arraycopy(t, from, c, to, columns);
            }
        }
    }

    /** Small products without packing: A by strides, B [k, n] by rows. */
    abstract void direct(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int ldc,
            boolean add);

    /** One row of C: B's rows are streamed, eight at a time, over the whole width. */
    abstract void stream(
            int n,
            int k,
            float[] a,
            int ao,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            boolean add);

    /**
     * Products of rows: element (i, j), at co + i * crs + j * ccs, is A's row i times B's row j.
     */
    abstract void dots(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int crs,
            int ccs,
            boolean add);

    /**
     * Packs panels of nr columns that stand beside each other in B: reads along B's rows, which is
     * what memory likes.
     */
    void packPanels(int count, int k, float[] x, int xo, int ld, float[] panels, int po) {
        int nr = nr();
        for (int p = 0; p < k; p++) {
            int from = xo + p * ld;
            int to = po + p * nr;
            for (int q = 0; q < count; q++) {
                System.arraycopy(x, from + q * nr, panels, to + q * nr * k, nr);
            }
        }
    }

    /**
     * Transposing pack: element (p, i) of the panel [k][width] is element (i, p) of x for i < rows,
     * else 0.
     */
    abstract void packTransposed(
            int rows, int k, float[] x, int xo, int ld, int width, float[] panel, int po);

    /**
     * The kernels that belong to a context's lanes, so that a plain context is plain throughout.
     */
    static MicroKernels of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? Holder.PLAIN : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final MicroKernels PLAIN = new PlainKernels();
        static final MicroKernels BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorKernels", MicroKernels.class, PLAIN);
    }
}
