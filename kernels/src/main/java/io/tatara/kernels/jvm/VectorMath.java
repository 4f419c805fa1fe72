package io.tatara.kernels.jvm;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions on float vectors: range reduction and a polynomial, with fused multiply-add.
 * Written here rather than taken from the Vector API's own operators because those may give other
 * bits when interpreted than when compiled. Polynomial of exp: Cephes (Moshier); of log, erf, sin
 * and cos: N. Juffa's published minimax fits. Errors in LanesTest.
 */
final class VectorMath {
    /** At most 512 bits: the lane sums are written for up to 16 lanes. */
    static final VectorSpecies<Float> S =
            FloatVector.SPECIES_PREFERRED.vectorBitSize() <= 512
                    ? FloatVector.SPECIES_PREFERRED
                    : FloatVector.SPECIES_512;

    /**
     * Adding and taking away 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
     */
    private static final float ROUND = 12582912f;

    /** Where exp becomes subnormal, and where its scale 2^n leaves the range. */
    private static final float LEAST_NORMAL = -87.33654f;

    private static final float MOST_NORMAL = 88.37626f;

    private static final int ROUND_BITS = 0x4b400000;
    private static final int SIGN_BIT = 0x80000000;

    // Numbers, not constant vectors: those are objects, whose lanes are loaded anew in each pass of
    // a
    // loop, which takes twice as long as the arithmetic.
    private static final float EXP_0 = 1.9875691500E-4f;
    private static final float EXP_1 = 1.3981999507E-3f;
    private static final float EXP_2 = 8.3334519073E-3f;
    private static final float EXP_3 = 4.1665795894E-2f;
    private static final float EXP_4 = 1.6666665459E-1f;
    private static final float EXP_5 = 5.0000001201E-1f;
    private static final float EXP6_0 = 1.3814602E-3f;
    private static final float EXP6_1 = 8.3687156E-3f;
    private static final float EXP6_2 = 4.1668389E-2f;
    private static final float EXP6_3 = 1.6666521E-1f;
    private static final float EXP6_4 = 4.9999994E-1f;
    // 2^r for |r| <= 1/2.
    private static final float EXP2_1 = 0.693146978f;
    private static final float EXP2_2 = 0.240222421f;
    private static final float EXP2_3 = 0.0555073374f;
    private static final float EXP2_4 = 0.00967151281f;
    private static final float EXP2_5 = 0.00132647272f;
    // ln 2 in two parts; the product of the first with a small integer is exact.
    private static final float MINUS_LN2_HIGH = -0.693359375f;
    private static final float MINUS_LN2_LOW = 2.12194440e-4f;
    private static final float LOG2E = 1.44269504f;
    private static final float ROUNDING = ROUND;
    private static final float ONE = 1f;
    private static final float TWO = 2f;
    private static final float TANH_0 = -5.70498872745E-3f;
    private static final float TANH_1 = 2.06390887954E-2f;
    private static final float TANH_2 = -5.37397155531E-2f;
    private static final float TANH_3 = 1.33314422036E-1f;
    private static final float TANH_4 = -3.33332819422E-1f;
    private static final float LN2 = 0.693147182f;
    private static final float LOG_0 = -0x1.0ae000p-3f;
    private static final float LOG_1 = 0x1.208000p-3f;
    private static final float LOG_2 = -0x1.f198b2p-4f;
    private static final float LOG_3 = 0x1.1e5740p-3f;
    private static final float LOG_4 = -0x1.55b36cp-3f;
    private static final float LOG_5 = 0x1.99d8b2p-3f;
    private static final float LOG_6 = -0x1.fffe02p-3f;
    private static final float LOG_7 = 0x1.5554fap-2f;
    private static final float MINUS_HALF = -0.5f;
    private static final FloatVector ERF_ONE = v(1f);
    private static final FloatVector ERF_LOG2E = v(LOG2E);
    private static final FloatVector ERF_ROUND = v(ROUND);
    private static final FloatVector ERF_LN2_HIGH = v(MINUS_LN2_HIGH);
    private static final FloatVector ERF_LN2_LOW = v(MINUS_LN2_LOW);
    private static final FloatVector ERF_EXP_0 = v(EXP6_0);
    private static final FloatVector ERF_EXP_1 = v(EXP6_1);
    private static final FloatVector ERF_EXP_2 = v(EXP6_2);
    private static final FloatVector ERF_EXP_3 = v(EXP6_3);
    private static final FloatVector ERF_EXP_4 = v(EXP6_4);
    private static final FloatVector ERF_NEAR_0 = v(-0x1.38e000p-11f);
    private static final FloatVector ERF_NEAR_1 = v(0x1.471a58p-8f);
    private static final FloatVector ERF_NEAR_2 = v(-0x1.b691b2p-6f);
    private static final FloatVector ERF_NEAR_3 = v(0x1.ce1c44p-4f);
    private static final FloatVector ERF_NEAR_4 = v(-0x1.812700p-2f);
    private static final FloatVector ERF_NEAR_5 = v(0x1.06eba8p-3f);
    private static final FloatVector ERF_FAR_0 = v(-0x1.220000p-16f);
    private static final FloatVector ERF_FAR_1 = v(0x1.91cfb2p-12f);
    private static final FloatVector ERF_FAR_2 = v(-0x1.fd1438p-9f);
    private static final FloatVector ERF_FAR_3 = v(0x1.8d6342p-6f);
    private static final FloatVector ERF_FAR_4 = v(-0x1.b55cb8p-4f);
    private static final FloatVector ERF_FAR_5 = v(-0x1.450aa0p-1f);
    private static final FloatVector ERF_FAR_6 = v(-0x1.079d0cp-3f);
    private static final float TWO_OVER_PI = 0.636619747f;
    private static final float PI_0 = -0x1.921fb0p+00f;
    private static final float PI_1 = -0x1.5110b4p-22f;
    private static final float PI_2 = -0x1.846988p-48f;
    private static final float SIN_0 = 2.86567956e-6f;
    private static final float SIN_1 = -1.98559923e-4f;
    private static final float SIN_2 = 8.33338592e-3f;
    private static final float SIN_3 = -1.66666672e-1f;
    private static final float COS_0 = 2.44677067e-5f;
    private static final float COS_1 = -1.38877297e-3f;
    private static final float COS_2 = 4.16666567e-2f;

    private VectorMath() {}

    /** Written out where it is used: the compiler keeps it in a register for the whole loop. */
    private static FloatVector v(float x) {
        return FloatVector.broadcast(S, x);
    }

    /** exp(r) - 1 for |r| <= ln 2 / 2. */
    private static FloatVector expm1Core(FloatVector r) {
        FloatVector p = v(EXP_0);
        p = p.fma(r, v(EXP_1));
        p = p.fma(r, v(EXP_2));
        p = p.fma(r, v(EXP_3));
        p = p.fma(r, v(EXP_4));
        p = p.fma(r, v(EXP_5));
        return p.fma(r.mul(r), r);
    }

    /** x - n ln 2, where n = round(x / ln 2) as a float. */
    private static FloatVector reduceLn2(FloatVector x, FloatVector n) {
        FloatVector r = n.fma(v(MINUS_LN2_HIGH), x);
        return n.fma(v(MINUS_LN2_LOW), r);
    }

    /** 2^n for n in [-126, 127]. */
    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(LSHL, 23).reinterpretAsFloats();
    }

    static FloatVector exp(FloatVector x) {
        // Beyond these limits the result is 0 or infinity; a comparison lets NaN through.
        FloatVector c = x.blend(-104f, x.compare(LT, -104f));
        c = c.blend(89f, c.compare(GT, 89f));
        FloatVector t = c.fma(v(LOG2E), v(ROUNDING));
        FloatVector p = expm1Core(reduceLn2(c, t.sub(ROUND))).add(1f);
        // Two factors, since 2^n itself may overflow or be subnormal where the result is not.
        IntVector n = t.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = n.lanewise(ASHR, 1);
        return p.mul(powerOfTwo(half)).mul(powerOfTwo(n.sub(half)));
    }

    /**
     * exp where its result is a normal number, else 0 or infinity: cheaper, and all that sums of
     * exponentials and their quotients need.
     */
    static FloatVector expNormal(FloatVector x) {
        FloatVector t = x.fma(v(LOG2E), v(ROUNDING));
        FloatVector r = reduceLn2(x, t.sub(ROUND));
        // Degree 6, fitted for the least relative error: 3e-9.
        FloatVector p = v(EXP6_0);
        p = p.fma(r, v(EXP6_1));
        p = p.fma(r, v(EXP6_2));
        p = p.fma(r, v(EXP6_3));
        p = p.fma(r, v(EXP6_4));
        p = p.fma(r, v(ONE));
        p = p.fma(r, v(ONE));
        // The shift drops the bits of ROUND.
        IntVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).add(0x3f800000);
        FloatVector y = p.mul(scale.reinterpretAsFloats());
        y = y.blend(0f, x.compare(LT, LEAST_NORMAL));
        return y.blend(Float.POSITIVE_INFINITY, x.compare(GT, MOST_NORMAL));
    }

    /**
     * exp for x that is not positive: where its result is a normal number, 2^n · 2^r with the
     * fraction r of x log2(e), else 0. Relative error 2.3e-7 down to −5, 1.3e-6 at −87. The
     * polynomial is evaluated by halves (Estrin), since what bounds a sweep of exponentials is how
     * many of them the processor can have under way.
     */
    static FloatVector expFalling(FloatVector x) {
        FloatVector t = x.fma(v(LOG2E), v(ROUNDING));
        FloatVector r = x.fma(v(LOG2E), v(ROUNDING).sub(t));
        FloatVector q = r.mul(r);
        FloatVector p = r.fma(v(EXP2_5), v(EXP2_4)).fma(q, r.fma(v(EXP2_3), v(EXP2_2)));
        p = p.fma(q, r.fma(v(EXP2_1), v(ONE)));
        IntVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).add(0x3f800000);
        return p.mul(scale.reinterpretAsFloats()).blend(0f, x.compare(LT, LEAST_NORMAL));
    }

    /** exp for |x| <= 87: neither clamped nor scaled in two steps. */
    private static FloatVector expModerate(FloatVector x) {
        FloatVector t = x.fma(v(LOG2E), v(ROUNDING));
        FloatVector p = expm1Core(reduceLn2(x, t.sub(ROUND))).add(1f);
        // The shift drops the bits of ROUND.
        return p.mul(
                t.reinterpretAsInts().lanewise(LSHL, 23).add(0x3f800000).reinterpretAsFloats());
    }

    static FloatVector expm1(FloatVector x) {
        FloatVector c = x.blend(-30f, x.compare(LT, -30f));
        c = c.blend(89f, c.compare(GT, 89f));
        FloatVector t = c.fma(v(LOG2E), v(ROUNDING));
        FloatVector p = expm1Core(reduceLn2(c, t.sub(ROUND)));
        FloatVector h = powerOfTwo(t.reinterpretAsInts().sub(ROUND_BITS + 1));
        FloatVector y = p.fma(h, h.sub(0.5f));
        // Tiny arguments are their own result; that also keeps -0.
        return y.add(y).blend(x, x.abs().compare(LT, 0x1p-25f));
    }

    static FloatVector sigmoid(FloatVector x) {
        return v(ONE).div(expNormal(x.neg()).add(1f));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector e = expModerate(a.add(a).blend(20f, a.compare(GT, 10f)));
        FloatVector big = v(ONE).sub(v(TWO).div(e.add(1f)));
        FloatVector z = x.mul(x);
        FloatVector p = v(TANH_0);
        p = p.fma(z, v(TANH_1));
        p = p.fma(z, v(TANH_2));
        p = p.fma(z, v(TANH_3));
        p = p.fma(z, v(TANH_4));
        FloatVector small = p.mul(z).fma(a, a);
        return copySign(big.blend(small, a.compare(LT, 0.625f)), x);
    }

    static FloatVector log(FloatVector x) {
        VectorMask<Float> subnormal = x.compare(LT, Float.MIN_NORMAL);
        FloatVector a = x.blend(x.mul(0x1p23f), subnormal);
        IntVector bits = a.reinterpretAsInts();
        // x = 2^e (1 + m) with 1 + m in [2/3, 4/3).
        IntVector e = bits.sub(0x3f2aaaab).lanewise(ASHR, 23);
        FloatVector m = bits.sub(e.lanewise(LSHL, 23)).reinterpretAsFloats().sub(1f);
        FloatVector k = e.convert(I2F, 0).reinterpretAsFloats();
        k = k.blend(k.sub(23f), subnormal);
        FloatVector y = k.fma(v(LN2), logCore(m));
        y = y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, 0f));
        y = y.blend(Float.NaN, x.compare(LT, 0f));
        // Infinity and NaN are their own logarithms.
        return y.blend(x, x.compare(LE, Float.MAX_VALUE).not());
    }

    /** log(1 + m) for m in [-1/3, 1/3]. */
    private static FloatVector logCore(FloatVector m) {
        FloatVector s = m.mul(m);
        FloatVector r = v(LOG_0);
        FloatVector t = v(LOG_1);
        r = r.fma(s, v(LOG_2));
        t = t.fma(s, v(LOG_3));
        r = r.fma(s, v(LOG_4));
        t = t.fma(s, v(LOG_5));
        r = r.fma(s, v(LOG_6));
        r = t.fma(m, r);
        r = r.fma(m, v(LOG_7));
        r = r.fma(m, v(MINUS_HALF));
        return r.fma(s, m);
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(1f);
        // What 1 + x lost, to first order.
        FloatVector lost = x.sub(u.sub(1f)).div(u);
        FloatVector y = log(u);
        y = y.add(lost).blend(y, u.compare(EQ, 0f));
        y = y.blend(x, x.compare(EQ, Float.POSITIVE_INFINITY));
        return y.blend(x, x.abs().compare(LT, 0x1p-25f));
    }

    static FloatVector erf(FloatVector x) {
        FloatVector s = x.mul(x);
        FloatVector p = ERF_NEAR_0;
        p = p.fma(s, ERF_NEAR_1);
        p = p.fma(s, ERF_NEAR_2);
        p = p.fma(s, ERF_NEAR_3);
        p = p.fma(s, ERF_NEAR_4);
        p = p.fma(s, ERF_NEAR_5);
        FloatVector small = p.fma(x, x);
        return erfLarge(x).blend(small, x.abs().compare(LE, 0.927734375f));
    }

    /** exp(r) for r in (-20, 0], with constants that are cheap to compile. */
    private static FloatVector erfExp(FloatVector r) {
        FloatVector t = r.fma(ERF_LOG2E, ERF_ROUND);
        FloatVector n = t.sub(ERF_ROUND);
        FloatVector f = n.fma(ERF_LN2_LOW, n.fma(ERF_LN2_HIGH, r));
        FloatVector p = ERF_EXP_0;
        p = p.fma(f, ERF_EXP_1);
        p = p.fma(f, ERF_EXP_2);
        p = p.fma(f, ERF_EXP_3);
        p = p.fma(f, ERF_EXP_4);
        p = p.fma(f, ERF_ONE);
        p = p.fma(f, ERF_ONE);
        return p.mul(
                t.reinterpretAsInts().lanewise(LSHL, 23).add(0x3f800000).reinterpretAsFloats());
    }

    /** erf for |x| > 0.92 as 1 - exp(polynomial). */
    private static FloatVector erfLarge(FloatVector x) {
        FloatVector t = x.abs();
        t = t.blend(4f, t.compare(GT, 4f));
        FloatVector s = t.mul(t);
        FloatVector r = t.fma(ERF_FAR_0, ERF_FAR_1);
        FloatVector u = t.fma(ERF_FAR_2, ERF_FAR_3);
        r = r.fma(s, u);
        r = r.fma(t, ERF_FAR_4);
        r = r.fma(t, ERF_FAR_5);
        r = r.fma(t, ERF_FAR_6);
        r = r.fma(t, t.neg());
        return copySign(ERF_ONE.sub(erfExp(r)), x);
    }

    /** Largest |x| that the three-part reduction of sin and cos takes. */
    static final float TRIGONOMETRIC_LIMIT = 60000f;

    /**
     * sin(x + quadrants * pi/2) for |x| up to {@link #TRIGONOMETRIC_LIMIT}: quadrants 0 is sin, 1
     * is cos.
     */
    static FloatVector sine(FloatVector x, int quadrants) {
        FloatVector t = x.fma(v(TWO_OVER_PI), v(ROUNDING));
        FloatVector j = t.sub(ROUND);
        FloatVector r = j.fma(v(PI_0), x);
        r = j.fma(v(PI_1), r);
        r = j.fma(v(PI_2), r);
        IntVector q = t.reinterpretAsInts().add(quadrants);
        FloatVector y = sinCore(r).blend(cosCore(r), q.and(1).compare(NE, 0).cast(S));
        IntVector sign = q.and(2).lanewise(LSHL, 30);
        y = y.reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats();
        return quadrants == 0 ? y.blend(x, x.compare(EQ, 0f)) : y;
    }

    private static FloatVector sinCore(FloatVector r) {
        FloatVector s = r.mul(r);
        FloatVector p = v(SIN_0);
        p = p.fma(s, v(SIN_1));
        p = p.fma(s, v(SIN_2));
        p = p.fma(s, v(SIN_3));
        return p.fma(r.mul(s), r);
    }

    private static FloatVector cosCore(FloatVector r) {
        FloatVector s = r.mul(r);
        FloatVector p = v(COS_0);
        p = p.fma(s, v(COS_1));
        p = p.fma(s, v(COS_2));
        p = p.fma(s, v(MINUS_HALF));
        return p.fma(s, v(ONE));
    }

    static FloatVector floor(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector r = copySign(a.add(0x1p23f).sub(0x1p23f), x);
        r = r.blend(r.sub(1f), r.compare(GT, x));
        // From 2^23 on every float is whole; the negation keeps NaN here too.
        return r.blend(x, a.compare(LT, 0x1p23f).not());
    }

    static FloatVector sign(FloatVector x) {
        return x.blend(1f, x.compare(GT, 0f)).blend(-1f, x.compare(LT, 0f));
    }

    static FloatVector relu(FloatVector x) {
        return x.blend(0f, x.compare(LE, 0f));
    }

    /** The magnitude of a non-negative number with another one's sign. */
    private static FloatVector copySign(FloatVector magnitude, FloatVector sign) {
        return magnitude
                .reinterpretAsInts()
                .or(sign.reinterpretAsInts().and(SIGN_BIT))
                .reinterpretAsFloats();
    }
}
