package io.tatara.kernels.pointwise;

/** Functions of two numbers that an expression may apply; comparisons give 1 or 0. */
public enum BinaryOp {
    ADD,
    SUB,
    MUL,
    DIV,
    MAX,
    MIN,
    POW,
    GREATER,
    GREATER_EQUAL,
    EQUAL
}
