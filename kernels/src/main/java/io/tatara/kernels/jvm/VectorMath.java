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

    private static final int ROUND_BITS = 0x4b400000;
    private static final int SIGN_BIT = 0x80000000;

    // Constant vectors rather than broadcasts where they are used: each call that the compiler has
    // to look
    // into counts toward its limit of nodes for a method.
    private static final FloatVector EXP_0 = constant(1.9875691500E-4f);
    private static final FloatVector EXP_1 = constant(1.3981999507E-3f);
    private static final FloatVector EXP_2 = constant(8.3334519073E-3f);
    private static final FloatVector EXP_3 = constant(4.1665795894E-2f);
    private static final FloatVector EXP_4 = constant(1.6666665459E-1f);
    private static final FloatVector EXP_5 = constant(5.0000001201E-1f);
    // ln 2 in two parts; the product of the first with a small integer is exact.
    private static final FloatVector MINUS_LN2_HIGH = constant(-0.693359375f);
    private static final FloatVector MINUS_LN2_LOW = constant(2.12194440e-4f);
    private static final FloatVector LOG2E = constant(1.44269504f);
    private static final FloatVector ROUNDING = constant(ROUND);
    private static final FloatVector ONE = constant(1f);
    private static final FloatVector TWO = constant(2f);
    private static final FloatVector TANH_0 = constant(-5.70498872745E-3f);
    private static final FloatVector TANH_1 = constant(2.06390887954E-2f);
    private static final FloatVector TANH_2 = constant(-5.37397155531E-2f);
    private static final FloatVector TANH_3 = constant(1.33314422036E-1f);
    private static final FloatVector TANH_4 = constant(-3.33332819422E-1f);
    private static final FloatVector LN2 = constant(0.693147182f);
    private static final FloatVector LOG_0 = constant(-0x1.0ae000p-3f);
    private static final FloatVector LOG_1 = constant(0x1.208000p-3f);
    private static final FloatVector LOG_2 = constant(-0x1.f198b2p-4f);
    private static final FloatVector LOG_3 = constant(0x1.1e5740p-3f);
    private static final FloatVector LOG_4 = constant(-0x1.55b36cp-3f);
    private static final FloatVector LOG_5 = constant(0x1.99d8b2p-3f);
    private static final FloatVector LOG_6 = constant(-0x1.fffe02p-3f);
    private static final FloatVector LOG_7 = constant(0x1.5554fap-2f);
    private static final FloatVector MINUS_HALF = constant(-0.5f);
    private static final FloatVector ERF_NEAR_0 = constant(-0x1.38e000p-11f);
    private static final FloatVector ERF_NEAR_1 = constant(0x1.471a58p-8f);
    private static final FloatVector ERF_NEAR_2 = constant(-0x1.b691b2p-6f);
    private static final FloatVector ERF_NEAR_3 = constant(0x1.ce1c44p-4f);
    private static final FloatVector ERF_NEAR_4 = constant(-0x1.812700p-2f);
    private static final FloatVector ERF_NEAR_5 = constant(0x1.06eba8p-3f);
    private static final FloatVector ERF_FAR_0 = constant(-0x1.220000p-16f);
    private static final FloatVector ERF_FAR_1 = constant(0x1.91cfb2p-12f);
    private static final FloatVector ERF_FAR_2 = constant(-0x1.fd1438p-9f);
    private static final FloatVector ERF_FAR_3 = constant(0x1.8d6342p-6f);
    private static final FloatVector ERF_FAR_4 = constant(-0x1.b55cb8p-4f);
    private static final FloatVector ERF_FAR_5 = constant(-0x1.450aa0p-1f);
    private static final FloatVector ERF_FAR_6 = constant(-0x1.079d0cp-3f);
    private static final FloatVector TWO_OVER_PI = constant(0.636619747f);
    private static final FloatVector PI_0 = constant(-0x1.921fb0p+00f);
    private static final FloatVector PI_1 = constant(-0x1.5110b4p-22f);
    private static final FloatVector PI_2 = constant(-0x1.846988p-48f);
    private static final FloatVector SIN_0 = constant(2.86567956e-6f);
    private static final FloatVector SIN_1 = constant(-1.98559923e-4f);
    private static final FloatVector SIN_2 = constant(8.33338592e-3f);
    private static final FloatVector SIN_3 = constant(-1.66666672e-1f);
    private static final FloatVector COS_0 = constant(2.44677067e-5f);
    private static final FloatVector COS_1 = constant(-1.38877297e-3f);
    private static final FloatVector COS_2 = constant(4.16666567e-2f);

    private VectorMath() {}

    private static FloatVector constant(float v) {
        return FloatVector.broadcast(S, v);
    }

    /** exp(r) - 1 for |r| <= ln 2 / 2. */
    private static FloatVector expm1Core(FloatVector r) {
        FloatVector p = EXP_0;
        p = p.fma(r, EXP_1);
        p = p.fma(r, EXP_2);
        p = p.fma(r, EXP_3);
        p = p.fma(r, EXP_4);
        p = p.fma(r, EXP_5);
        return p.fma(r.mul(r), r);
    }

    /** x - n ln 2, where n = round(x / ln 2) as a float. */
    private static FloatVector reduceLn2(FloatVector x, FloatVector n) {
        FloatVector r = n.fma(MINUS_LN2_HIGH, x);
        return n.fma(MINUS_LN2_LOW, r);
    }

    /** 2^n for n in [-126, 127]. */
    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(LSHL, 23).reinterpretAsFloats();
    }

    static FloatVector exp(FloatVector x) {
        // Beyond these limits the result is 0 or infinity; a comparison lets NaN through.
        FloatVector c = x.blend(-104f, x.compare(LT, -104f));
        c = c.blend(89f, c.compare(GT, 89f));
        FloatVector t = c.fma(LOG2E, ROUNDING);
        FloatVector p = expm1Core(reduceLn2(c, t.sub(ROUND))).add(1f);
        // Two factors, since 2^n itself may overflow or be subnormal where the result is not.
        IntVector n = t.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = n.lanewise(ASHR, 1);
        return p.mul(powerOfTwo(half)).mul(powerOfTwo(n.sub(half)));
    }

    /** exp for |x| <= 87: neither clamped nor scaled in two steps. */
    private static FloatVector expModerate(FloatVector x) {
        FloatVector t = x.fma(LOG2E, ROUNDING);
        FloatVector p = expm1Core(reduceLn2(x, t.sub(ROUND))).add(1f);
        // The shift drops the bits of ROUND.
        return p.mul(
                t.reinterpretAsInts().lanewise(LSHL, 23).add(0x3f800000).reinterpretAsFloats());
    }

    static FloatVector expm1(FloatVector x) {
        FloatVector c = x.blend(-30f, x.compare(LT, -30f));
        c = c.blend(89f, c.compare(GT, 89f));
        FloatVector t = c.fma(LOG2E, ROUNDING);
        FloatVector p = expm1Core(reduceLn2(c, t.sub(ROUND)));
        FloatVector h = powerOfTwo(t.reinterpretAsInts().sub(ROUND_BITS + 1));
        FloatVector y = p.fma(h, h.sub(0.5f));
        // Tiny arguments are their own result; that also keeps -0.
        return y.add(y).blend(x, x.abs().compare(LT, 0x1p-25f));
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        FloatVector s = ONE.div(e.add(1f));
        return s.blend(s.mul(e), x.compare(LT, 0f));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector e = expModerate(a.add(a).blend(20f, a.compare(GT, 10f)));
        FloatVector big = ONE.sub(TWO.div(e.add(1f)));
        FloatVector z = x.mul(x);
        FloatVector p = TANH_0;
        p = p.fma(z, TANH_1);
        p = p.fma(z, TANH_2);
        p = p.fma(z, TANH_3);
        p = p.fma(z, TANH_4);
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
        FloatVector y = k.fma(LN2, logCore(m));
        y = y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, 0f));
        y = y.blend(Float.NaN, x.compare(LT, 0f));
        // Infinity and NaN are their own logarithms.
        return y.blend(x, x.compare(LE, Float.MAX_VALUE).not());
    }

    /** log(1 + m) for m in [-1/3, 1/3]. */
    private static FloatVector logCore(FloatVector m) {
        FloatVector s = m.mul(m);
        FloatVector r = LOG_0;
        FloatVector t = LOG_1;
        r = r.fma(s, LOG_2);
        t = t.fma(s, LOG_3);
        r = r.fma(s, LOG_4);
        t = t.fma(s, LOG_5);
        r = r.fma(s, LOG_6);
        r = t.fma(m, r);
        r = r.fma(m, LOG_7);
        r = r.fma(m, MINUS_HALF);
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
        return copySign(ONE.sub(expModerate(r)), x);
    }

    /** Largest |x| that the three-part reduction of sin and cos takes. */
    static final float TRIGONOMETRIC_LIMIT = 60000f;

    /**
     * sin(x + quadrants * pi/2) for |x| up to {@link #TRIGONOMETRIC_LIMIT}: quadrants 0 is sin, 1
     * is cos.
     */
    static FloatVector sine(FloatVector x, int quadrants) {
        FloatVector t = x.fma(TWO_OVER_PI, ROUNDING);
        FloatVector j = t.sub(ROUND);
        FloatVector r = j.fma(PI_0, x);
        r = j.fma(PI_1, r);
        r = j.fma(PI_2, r);
        IntVector q = t.reinterpretAsInts().add(quadrants);
        FloatVector y = sinCore(r).blend(cosCore(r), q.and(1).compare(NE, 0).cast(S));
        IntVector sign = q.and(2).lanewise(LSHL, 30);
        y = y.reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats();
        return quadrants == 0 ? y.blend(x, x.compare(EQ, 0f)) : y;
    }

    private static FloatVector sinCore(FloatVector r) {
        FloatVector s = r.mul(r);
        FloatVector p = SIN_0;
        p = p.fma(s, SIN_1);
        p = p.fma(s, SIN_2);
        p = p.fma(s, SIN_3);
        return p.fma(r.mul(s), r);
    }

    private static FloatVector cosCore(FloatVector r) {
        FloatVector s = r.mul(r);
        FloatVector p = COS_0;
        p = p.fma(s, COS_1);
        p = p.fma(s, COS_2);
        p = p.fma(s, MINUS_HALF);
        return p.fma(s, ONE);
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
