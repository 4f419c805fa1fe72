package io.tatara.kernels.matmul;

/**
 * A left-hand operand A [m, k] in the order in which the micro-kernels read it, for {@link
 * PanelProduct}: blocks of up to {@link Blocking#depth} columns follow each other; a block is
 * panels [columns][height], the last of the least height that holds its rows, filled up with zeros.
 */
public final class PackedLeft {
    private final int m;
    private final int k;
    private final int packedRows;
    private final float[] data;
    private final MicroKernels kernels;

    PackedLeft(int m, int k, int packedRows, float[] data, MicroKernels kernels) {
        this.m = m;
        this.k = k;
        this.packedRows = packedRows;
        this.data = data;
        this.kernels = kernels;
    }

    /** Rows of A. */
    public int m() {
        return m;
    }

    /** Columns of A. */
    public int k() {
        return k;
    }

    /** The packed elements; scratch that was handed to {@link PanelProduct#pack} goes back. */
    public float[] data() {
        return data;
    }

    int packedRows() {
        return packedRows;
    }

    MicroKernels kernels() {
        return kernels;
    }
}
