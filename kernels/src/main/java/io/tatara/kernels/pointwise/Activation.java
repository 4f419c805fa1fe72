package io.tatara.kernels.pointwise;

/**
 * The nonlinearities that matrix products and recurrent cells apply to their sums. The ordinal is
 * the number that GPU sources know an activation by ({@code -D ACTIVATION=…}).
 */
public enum Activation {
    /** x. */
    NONE,
    /** max(x, 0); NaN stays NaN. */
    RELU,
    /** 1 / (1 + exp(-x)). */
    SIGMOID,
    TANH,
    /** x · Φ(x) = x/2 · (1 + erf(x/√2)); Hendrycks and Gimpel 2016, the exact form. */
    GELU,
    /** x · sigmoid(x). */
    SILU,
    /** x where x > 0, else exp(x) - 1; Clevert, Unterthiner and Hochreiter 2016 with α = 1. */
    ELU,
    /** min(max(x, 0), 6); NaN stays NaN. Sandler et al. 2018 (MobileNet V2). */
    RELU6;

    /**
     * Whether the derivative is a function of the result alone (relu, relu6, sigmoid, tanh, elu,
     * none), so that a gradient needs only what was computed and not what went in.
     */
    public boolean derivativeFromResult() {
        return this != GELU && this != SILU;
    }
}
