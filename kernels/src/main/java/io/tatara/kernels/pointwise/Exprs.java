package io.tatara.kernels.pointwise;

import io.tatara.kernels.OpException;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Uniform;

/**
 * Builders of expressions. The basic ones fold constants and drop neutral elements; see {@link
 * Simplify}.
 */
public final class Exprs {
    private static final double SQRT_HALF = Math.sqrt(0.5);
    private static final double SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);

    private Exprs() {}

    public static Expr in(int index) {
        return new Input(index);
    }

    public static Expr constant(double value) {
        return new Constant(value);
    }

    public static Expr unary(UnaryOp op, Expr x) {
        return Simplify.unary(op, x);
    }

    public static Expr binary(BinaryOp op, Expr x, Expr y) {
        return Simplify.binary(op, x, y);
    }

    public static Expr select(Expr c, Expr x, Expr y) {
        return Simplify.select(c, x, y);
    }

    /** Uniform in [0, 1) from the seed in input {@code seedInput}. */
    public static Expr uniform(int seedInput, int stream) {
        return new Uniform(seedInput, stream);
    }

    public static Expr add(Expr x, Expr y) {
        return binary(BinaryOp.ADD, x, y);
    }

    public static Expr sub(Expr x, Expr y) {
        return binary(BinaryOp.SUB, x, y);
    }

    public static Expr mul(Expr x, Expr y) {
        return binary(BinaryOp.MUL, x, y);
    }

    public static Expr div(Expr x, Expr y) {
        return binary(BinaryOp.DIV, x, y);
    }

    public static Expr max(Expr x, Expr y) {
        return binary(BinaryOp.MAX, x, y);
    }

    public static Expr min(Expr x, Expr y) {
        return binary(BinaryOp.MIN, x, y);
    }

    public static Expr pow(Expr x, Expr y) {
        return binary(BinaryOp.POW, x, y);
    }

    public static Expr greater(Expr x, Expr y) {
        return binary(BinaryOp.GREATER, x, y);
    }

    public static Expr greaterEqual(Expr x, Expr y) {
        return binary(BinaryOp.GREATER_EQUAL, x, y);
    }

    public static Expr equal(Expr x, Expr y) {
        return binary(BinaryOp.EQUAL, x, y);
    }

    public static Expr scale(Expr x, double factor) {
        return mul(x, constant(factor));
    }

    public static Expr offset(Expr x, double amount) {
        return add(x, constant(amount));
    }

    public static Expr neg(Expr x) {
        return unary(UnaryOp.NEG, x);
    }

    public static Expr abs(Expr x) {
        return unary(UnaryOp.ABS, x);
    }

    public static Expr exp(Expr x) {
        return unary(UnaryOp.EXP, x);
    }

    public static Expr log(Expr x) {
        return unary(UnaryOp.LOG, x);
    }

    public static Expr sqrt(Expr x) {
        return unary(UnaryOp.SQRT, x);
    }

    public static Expr rsqrt(Expr x) {
        return unary(UnaryOp.RSQRT, x);
    }

    public static Expr reciprocal(Expr x) {
        return unary(UnaryOp.RECIPROCAL, x);
    }

    public static Expr square(Expr x) {
        return unary(UnaryOp.SQUARE, x);
    }

    public static Expr tanh(Expr x) {
        return unary(UnaryOp.TANH, x);
    }

    public static Expr sigmoid(Expr x) {
        return unary(UnaryOp.SIGMOID, x);
    }

    public static Expr relu(Expr x) {
        return unary(UnaryOp.RELU, x);
    }

    /** x0 + x1, the second usually a bias that is broadcast. */
    public static Expr bias() {
        return add(in(0), in(1));
    }

    /** alpha (exp(x) - 1) below 0, x above. Clevert, Unterthiner, Hochreiter 2016. */
    public static Expr elu(Expr x, double alpha) {
        return select(greater(x, constant(0)), x, scale(unary(UnaryOp.EXPM1, x), alpha));
    }

    /** slope x below 0, x above. */
    public static Expr leakyRelu(Expr x, double slope) {
        return select(greater(x, constant(0)), x, scale(x, slope));
    }

    /** x Φ(x) with the normal distribution function by erf. Hendrycks, Gimpel 2016. */
    public static Expr gelu(Expr x) {
        return mul(scale(x, 0.5), offset(unary(UnaryOp.ERF, scale(x, SQRT_HALF)), 1));
    }

    /** The same by tanh: 0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³))). */
    public static Expr geluTanh(Expr x) {
        Expr inner = scale(mul(x, offset(scale(square(x), 0.044715), 1)), SQRT_TWO_OVER_PI);
        return mul(scale(x, 0.5), offset(tanh(inner), 1));
    }

    /** x sigmoid(x), also called swish. */
    public static Expr silu(Expr x) {
        return mul(x, sigmoid(x));
    }

    /** log(1 + exp(x)); x itself above 20, where the difference is below rounding. */
    public static Expr softplus(Expr x) {
        return select(greater(x, constant(20)), x, unary(UnaryOp.LOG1P, exp(x)));
    }

    /** x within [low, high]; the gradient passes at the limits. */
    public static Expr clamp(Expr x, double low, double high) {
        if (!(low <= high)) {
            throw new OpException(
                    "pointwise", "clamp", "[" + low + ", " + high + "]", "low <= high");
        }
        return min(max(x, constant(low)), constant(high));
    }

    /** max(0, min(6, x)). */
    public static Expr relu6(Expr x) {
        return min(relu(x), constant(6));
    }

    /** relu6(x + 3) / 6. Howard et al. 2019 (MobileNetV3). */
    public static Expr hardSigmoid(Expr x) {
        return scale(relu6(offset(x, 3)), 1 / 6.0);
    }

    /** x hardSigmoid(x). */
    public static Expr hardSwish(Expr x) {
        return mul(x, hardSigmoid(x));
    }

    /**
     * x / (1 - p) with probability 1 - p, else 0. Srivastava et al. 2014, scaled at training time.
     *
     * @param seedInput the input that holds the seed, int32 [2]
     * @param stream tells several dropouts of one expression apart
     */
    public static Expr dropout(Expr x, int seedInput, float p, int stream) {
        if (!(p >= 0 && p <= 1)) {
            throw new OpException("pointwise", "p", p, "a probability in [0, 1]");
        }
        if (p == 0) {
            return x;
        }
        // Where all are dropped too the seed must be named: what is not named is broadcast.
        double growth = p == 1 ? 1 : 1 / (1 - (double) p);
        Expr kept = greaterEqual(uniform(seedInput, stream), constant(p));
        return select(kept, scale(x, growth), constant(0));
    }

    /** As {@link #dropout(Expr, int, float, int)}, stream 0. */
    public static Expr dropout(Expr x, int seedInput, float p) {
        return dropout(x, seedInput, p, 0);
    }
}
