package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Functions of numbers that TornadoVM lacks; they are inlined into the kernels. */
public final class Fn {
    private Fn() {}

    /** NaN, from any number: TornadoVM writes the constant in a way that OpenCL does not know. */
    public static float notANumber(float any) {
        return TornadoMath.log(-1.0f - TornadoMath.abs(any));
    }

    public static float logistic(float x) {
        return 1.0f / (1.0f + TornadoMath.exp(-x));
    }

    /** exp(x) - 1 = tanh(x / 2) (exp(x) + 1), which loses no digits near 0. */
    public static float expMinusOne(float x) {
        return TornadoMath.tanh(0.5f * x) * (TornadoMath.exp(x) + 1.0f);
    }

    /** log(1 + x): the rounding of 1 + x is divided out again (Kahan). */
    public static float logOnePlus(float x) {
        float u = 1.0f + x;
        float d = u - 1.0f;
        float r = TornadoMath.log(u);
        if (d == 0.0f) {
            r = x;
        } else if (TornadoMath.abs(d) < 1.0e30f) {
            r = r * (x / d);
        }
        return r;
    }

    /**
     * Series near 0 (Abramowitz and Stegun 7.1.6), continued fraction of erfc further out (7.1.14).
     */
    public static float errorFunction(float x) {
        float a = TornadoMath.abs(x);
        float r = 1.0f;
        if (a < 2.0f) {
            float term = a;
            float sum = a;
            float aa = 2.0f * a * a;
            for (int n = 1; n < 24; n++) {
                term = term * aa / (float) (2 * n + 1);
                sum = sum + term;
            }
            r = 1.1283791670955126f * TornadoMath.exp(-a * a) * sum;
        } else if (a < 4.0f) {
            float f = 0.0f;
            for (int k = 24; k >= 1; k--) {
                f = 0.5f * (float) k / (a + f);
            }
            r = 1.0f - TornadoMath.exp(-a * a) / (1.7724538509055160f * (a + f));
        }
        if (x < 0.0f) {
            r = -r;
        }
        return x != x ? x : r;
    }

    /** The activation with this ordinal, as in {@code io.tatara.kernels.pointwise.Activation}. */
    public static float activate(int kind, float x) {
        float r = x;
        if (kind == 1) {
            r = x < 0.0f ? 0.0f : x;
        } else if (kind == 2) {
            r = logistic(x);
        } else if (kind == 3) {
            r = TornadoMath.tanh(x);
        } else if (kind == 4) {
            r = 0.5f * x * (1.0f + errorFunction(x * 0.70710678f));
        } else if (kind == 5) {
            r = x / (1.0f + TornadoMath.exp(-x));
        } else if (kind == 6) {
            r = x > 0.0f ? x : expMinusOne(x);
        } else if (kind == 7) {
            r = x < 0.0f ? 0.0f : x;
            r = r > 6.0f ? 6.0f : r;
        }
        return r;
    }

    /**
     * Upper 32 bits of the product of two words without sign; TornadoVM shifts with sign always.
     */
    public static int upper(long x, int y) {
        long p = x * (y & 0xffffffffL);
        return (int) (p >> 32);
    }

    /** Derivative of an activation from its result; of gelu (4) and silu (5) from its argument. */
    public static float slope(int kind, float x) {
        float d = 1.0f;
        if (kind == 1) {
            d = x > 0.0f ? 1.0f : 0.0f;
        } else if (kind == 2) {
            d = x * (1.0f - x);
        } else if (kind == 3) {
            d = 1.0f - x * x;
        } else if (kind == 4) {
            d =
                    0.5f * (1.0f + errorFunction(x * 0.70710678f))
                            + x * 0.39894228f * TornadoMath.exp(-0.5f * x * x);
        } else if (kind == 5) {
            float s = logistic(x);
            d = s * (1.0f + x * (1.0f - s));
        } else if (kind == 6) {
            d = x > 0.0f ? 1.0f : x + 1.0f;
        } else if (kind == 7) {
            d = x > 0.0f ? 1.0f : 0.0f;
            d = x < 6.0f ? d : 0.0f;
        }
        return d;
    }

    /**
     * Philox4x32-10 as {@code io.tatara.kernels.pointwise.Philox}: the uniform number of an
     * element.
     */
    public static float uniform(int seed0, int seed1, int stream, int element) {
        int k0 = seed0;
        int k1 = seed1;
        int c0 = element >> 2;
        int c1 = 0;
        int c2 = stream;
        int c3 = 0;
        for (int r = 0; r < 10; r++) {
            int h0 = upper(0xD2511F53L, c0);
            int l0 = 0xD2511F53 * c0;
            int h1 = upper(0xCD9E8D57L, c2);
            int l1 = 0xCD9E8D57 * c2;
            c0 = h1 ^ c1 ^ k0;
            c1 = l1;
            c2 = h0 ^ c3 ^ k1;
            c3 = l0;
            k0 = k0 + 0x9E3779B9;
            k1 = k1 + 0xBB67AE85;
        }
        int w = element & 3;
        int word = c3;
        if (w == 0) {
            word = c0;
        } else if (w == 1) {
            word = c1;
        } else if (w == 2) {
            word = c2;
        }
        return (float) ((word >> 8) & 0xffffff) * 5.9604644775390625e-8f;
    }
}
