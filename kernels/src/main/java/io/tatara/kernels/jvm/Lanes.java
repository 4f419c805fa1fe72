package io.tatara.kernels.jvm;

import io.tatara.kernels.DType;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;

/**
 * Primitives over runs of floats: the one place, beside the matmul micro-kernels, where the vector
 * unit is programmed. A run is {@code n} floats of an array from an offset. Source and destination
 * may be the same run but may not otherwise overlap. Transcendental functions are accurate to a few
 * units in the last place, and NaN and infinity behave as in {@link Math}; sigmoid and the shifted
 * exponentials may give 0 where the result would be below the smallest normal number.
 */
public interface Lanes {
    /** The primitives for this JVM: the vector unit where {@code jdk.incubator.vector} is there. */
    static Lanes best() {
        return LanesHolder.BEST;
    }

    /** Short description for reports: {@code vector 512 bit} or {@code plain loops}. */
    String description();

    /** y = op(x). */
    void unary(UnaryOp op, float[] x, int xo, float[] y, int yo, int n);

    /** z = op(x, y). */
    void binary(BinaryOp op, float[] x, int xo, float[] y, int yo, float[] z, int zo, int n);

    /** z = op(x, s). */
    void binaryScalar(BinaryOp op, float[] x, int xo, float s, float[] z, int zo, int n);

    /** z = op(s, x). */
    void scalarBinary(BinaryOp op, float s, float[] x, int xo, float[] z, int zo, int n);

    /** z = c != 0 ? x : y. */
    void select(float[] c, int co, float[] x, int xo, float[] y, int yo, float[] z, int zo, int n);

    /** z = x * y + w. */
    void fma(float[] x, int xo, float[] y, int yo, float[] w, int wo, float[] z, int zo, int n);

    /** y += s * x. */
    void axpy(float s, float[] x, int xo, float[] y, int yo, int n);

    /**
     * Sum of x, accumulated in several lanes (error grows like log of the run for runs of a few
     * thousand).
     */
    float sum(float[] x, int xo, int n);

    /** Sum of x * y. */
    float dot(float[] x, int xo, float[] y, int yo, int n);

    /** Largest element, -infinity where n is 0; NaN where any element is NaN. */
    float max(float[] x, int xo, int n);

    /** Largest element that is a number, -infinity where there is none. */
    default float largest(float[] x, int xo, int n) {
        float m = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            m = x[xo + i] > m ? x[xo + i] : m;
        }
        return m;
    }

    /** y = exp(x - shift); returns the sum of y. */
    float expShifted(float[] x, int xo, float shift, float[] y, int yo, int n);

    /**
     * y = exp(x - shift) for a shift that no x exceeds; returns the sum of y. Besides, the n floats
     * of x from {@code ahead} on are read, so that they are in cache when their turn comes: this
     * function computes much for each float, the next one may not.
     */
    default float expFalling(float[] x, int xo, float shift, float[] y, int yo, int n, int ahead) {
        return expShifted(x, xo, shift, y, yo, n);
    }

    /** Sum of exp(x - shift), nothing stored. */
    float sumExpShifted(float[] x, int xo, float shift, int n);

    /** y = x, exactly, for x of a 16-bit type; NaN stays NaN. */
    void widen(DType type, short[] x, int xo, float[] y, int yo, int n);

    /**
     * y = x rounded to nearest, ties to even, to a 16-bit type; NaN stays NaN, what is too large
     * becomes an infinity.
     */
    void narrow(DType type, float[] x, int xo, short[] y, int yo, int n);
}
