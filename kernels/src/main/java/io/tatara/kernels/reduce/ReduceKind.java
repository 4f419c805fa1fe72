package io.tatara.kernels.reduce;

/** What a reduction makes of many numbers. */
public enum ReduceKind {
    /** 0 of nothing. */
    SUM,
    /** NaN of nothing. */
    MEAN,
    /** Negative infinity of nothing; NaN where any number is. */
    MAX
}
