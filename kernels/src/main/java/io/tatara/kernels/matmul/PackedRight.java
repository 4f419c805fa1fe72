package io.tatara.kernels.matmul;

/**
 * A right-hand operand B [k, n] in the order in which the micro-kernels read it, for {@link
 * PanelProduct}: blocks of up to {@link Blocking#depth} rows follow each other; a block is panels
 * [rows][nr], the last filled up with zeros.
 */
public final class PackedRight {
    private final int k;
    private final int n;
    private final float[] data;

    PackedRight(int k, int n, float[] data) {
        this.k = k;
        this.n = n;
        this.data = data;
    }

    /** Rows of B. */
    public int k() {
        return k;
    }

    /** Columns of B. */
    public int n() {
        return n;
    }

    /** The packed elements; scratch that was handed to {@link PanelProduct#packRight} goes back. */
    public float[] data() {
        return data;
    }
}
