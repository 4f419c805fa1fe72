package io.tatara.kernels.sdpa;

/** Where the axis of heads stands in queries, keys, values and outputs. */
public enum HeadLayout {
    /** [N, H, T, D]. */
    HEADS_FIRST,
    /** [N, T, H, D]: a projection's [N, T, H·D] seen under another shape. */
    SEQUENCE_FIRST
}
