package io.tatara.kernels.pointwise;

/** Functions of one number that an expression may apply. */
public enum UnaryOp {
    NEG,
    ABS,
    /** -1, 0 or 1. */
    SIGN,
    EXP,
    LOG,
    SQRT,
    RSQRT,
    RECIPROCAL,
    SQUARE,
    TANH,
    /** 1 / (1 + exp(-x)). */
    SIGMOID,
    /** max(x, 0). */
    RELU,
    /** exp(x) - 1, exact near 0. */
    EXPM1,
    /** log(1 + x), exact near 0. */
    LOG1P,
    ERF,
    SIN,
    COS,
    FLOOR
}
