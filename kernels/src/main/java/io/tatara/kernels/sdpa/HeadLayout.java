package io.tatara.kernels.sdpa;

import io.tatara.kernels.Shape;

/** Where the heads stand among the axes of query, key, value and output. */
public enum HeadLayout {
    /** [N, H, T, D]. */
    HEADS_FIRST,

    /** [N, T, H, D]: a view of what a projection gives, [N, T, H·D]. */
    SEQUENCE_FIRST;

    private int headAxis() {
        return this == HEADS_FIRST ? 1 : 2;
    }

    /** Number of heads of a tensor of this layout. */
    public int heads(Shape s) {
        return s.dim(headAxis());
    }

    /** Number of positions. */
    public int positions(Shape s) {
        return s.dim(3 - headAxis());
    }

    /** The shape of a tensor of this layout. */
    public Shape shape(int batch, int heads, int positions, int features) {
        return this == HEADS_FIRST
                ? Shape.of(batch, heads, positions, features)
                : Shape.of(batch, positions, heads, features);
    }

    /** Elements from one head to the next. */
    public int headStride(int positions, int features) {
        return this == HEADS_FIRST ? positions * features : features;
    }

    /** Elements from one position to the next. */
    public int positionStride(int heads, int features) {
        return this == HEADS_FIRST ? features : heads * features;
    }
}
