package io.tatara.kernels.jvm;

import static io.tatara.kernels.jvm.VectorMath.S;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums and maxima over a block: four accumulators hide the latency of the adder. The lanes are
 * added in a fixed tree of our own, because the order of {@code reduceLanes(ADD)} is left open by
 * its contract.
 */
public final class VectorReduce {
    /** Blocks of this size are summed in float, the blocks' sums in double. */
    static final int BLOCK = 4096;

    private static final int L = S.length();
    private static final VectorShuffle<Float> BY8 = rotation(8);
    private static final VectorShuffle<Float> BY4 = rotation(4);
    private static final VectorShuffle<Float> BY2 = rotation(2);
    private static final VectorShuffle<Float> BY1 = rotation(1);

    private VectorReduce() {}

    private static VectorShuffle<Float> rotation(int k) {
        return VectorShuffle.fromOp(S, i -> (i + k) % L);
    }

    /** Sum of the lanes in a fixed order: the same bits before and after compilation. */
    public static float addLanes(FloatVector v) {
        if (L > 8) {
            v = v.add(v.rearrange(BY8));
        }
        if (L > 4) {
            v = v.add(v.rearrange(BY4));
        }
        if (L > 2) {
            v = v.add(v.rearrange(BY2));
        }
        if (L > 1) {
            v = v.add(v.rearrange(BY1));
        }
        return v.lane(0);
    }

    static float sum(float[] x, int xo, int n) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            a = a.add(FloatVector.fromArray(S, x, xo + i));
            b = b.add(FloatVector.fromArray(S, x, xo + i + L));
            c = c.add(FloatVector.fromArray(S, x, xo + i + 2 * L));
            d = d.add(FloatVector.fromArray(S, x, xo + i + 3 * L));
        }
        for (; i <= n - L; i += L) {
            a = a.add(FloatVector.fromArray(S, x, xo + i));
        }
        float s = addLanes(a.add(b).add(c.add(d)));
        for (; i < n; i++) {
            s += x[xo + i];
        }
        return s;
    }

    static float dot(float[] x, int xo, float[] y, int yo, int n) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            a = FloatVector.fromArray(S, x, xo + i).fma(FloatVector.fromArray(S, y, yo + i), a);
            b =
                    FloatVector.fromArray(S, x, xo + i + L)
                            .fma(FloatVector.fromArray(S, y, yo + i + L), b);
            c =
                    FloatVector.fromArray(S, x, xo + i + 2 * L)
                            .fma(FloatVector.fromArray(S, y, yo + i + 2 * L), c);
            d =
                    FloatVector.fromArray(S, x, xo + i + 3 * L)
                            .fma(FloatVector.fromArray(S, y, yo + i + 3 * L), d);
        }
        for (; i <= n - L; i += L) {
            a = FloatVector.fromArray(S, x, xo + i).fma(FloatVector.fromArray(S, y, yo + i), a);
        }
        float s = addLanes(a.add(b).add(c.add(d)));
        for (; i < n; i++) {
            s = Math.fma(x[xo + i], y[yo + i], s);
        }
        return s;
    }

    /**
     * Comparing and blending, which lets NaN drop out, takes half as long as the vector unit's
     * maximum by Java's rules; whether there was one is asked beside it.
     */
    static float max(float[] x, int xo, int n) {
        FloatVector a = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        FloatVector zero = FloatVector.zero(S);
        FloatVector t = zero;
        FloatVector u = zero;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            FloatVector w = FloatVector.fromArray(S, x, xo + i + L);
            a = a.blend(v, v.compare(VectorOperators.GT, a));
            b = b.blend(w, w.compare(VectorOperators.GT, b));
            // 0 · v is NaN for NaN and infinity alone.
            t = v.fma(zero, t);
            u = w.fma(zero, u);
            v = FloatVector.fromArray(S, x, xo + i + 2 * L);
            w = FloatVector.fromArray(S, x, xo + i + 3 * L);
            a = a.blend(v, v.compare(VectorOperators.GT, a));
            b = b.blend(w, w.compare(VectorOperators.GT, b));
            t = v.fma(zero, t);
            u = w.fma(zero, u);
        }
        float r = a.max(b).reduceLanes(VectorOperators.MAX);
        boolean ordinary = addLanes(t.add(u)) == 0;
        for (int j = ordinary ? i : 0; j < n; j++) {
            r = Math.max(r, x[xo + j]);
        }
        return r;
    }

    static float expShifted(float[] x, int xo, float shift, float[] y, int yo, int n) {
        int whole = n - n % L;
        float s = expShiftedWhole(x, xo, shift, y, yo, whole);
        if (whole < n) {
            float[] rest = new float[L];
            System.arraycopy(x, xo + whole, rest, 0, n - whole);
            expShiftedWhole(rest, 0, shift, rest, 0, L);
            System.arraycopy(rest, 0, y, yo + whole, n - whole);
            for (int i = whole; i < n; i++) {
                s += y[yo + i];
            }
        }
        return s;
    }

    private static float expShiftedWhole(float[] x, int xo, float shift, float[] y, int yo, int n) {
        FloatVector a = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            FloatVector v = VectorMath.expNormal(FloatVector.fromArray(S, x, xo + i).sub(shift));
            v.intoArray(y, yo + i);
            a = a.add(v);
        }
        return addLanes(a);
    }

    /** Four maxima, since a comparison and its blend have to wait for each other. */
    static float largest(float[] x, int xo, int n) {
        FloatVector a = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            a = larger(a, FloatVector.fromArray(S, x, xo + i));
            b = larger(b, FloatVector.fromArray(S, x, xo + i + L));
            c = larger(c, FloatVector.fromArray(S, x, xo + i + 2 * L));
            d = larger(d, FloatVector.fromArray(S, x, xo + i + 3 * L));
        }
        for (; i <= n - L; i += L) {
            a = larger(a, FloatVector.fromArray(S, x, xo + i));
        }
        float r = largestLane(larger(larger(a, b), larger(c, d)));
        for (; i < n; i++) {
            r = x[xo + i] > r ? x[xo + i] : r;
        }
        return r;
    }

    /** Largest lane of a vector without NaN: quicker than a reduction by Java's rules. */
    private static float largestLane(FloatVector v) {
        if (L > 8) {
            v = larger(v, v.rearrange(BY8));
        }
        if (L > 4) {
            v = larger(v, v.rearrange(BY4));
        }
        if (L > 2) {
            v = larger(v, v.rearrange(BY2));
        }
        if (L > 1) {
            v = larger(v, v.rearrange(BY1));
        }
        return v.lane(0);
    }

    /** Of each two lanes the larger one, v's where w's is no number. */
    private static FloatVector larger(FloatVector v, FloatVector w) {
        return v.blend(w, w.compare(VectorOperators.GT, v));
    }

    static float expFalling(float[] x, int xo, float shift, float[] y, int yo, int n, int ahead) {
        int whole = n - n % L;
        float s = expFallingWhole(x, xo, shift, y, yo, whole, ahead, new float[1]);
        return whole < n ? s + expRest(x, xo + whole, shift, y, yo + whole, n - whole) : s;
    }

    /**
     * Reads one float of each vector ahead; {@code kept} keeps the compiler from leaving it out.
     */
    private static float expFallingWhole(
            float[] x, int xo, float shift, float[] y, int yo, int n, int ahead, float[] kept) {
        FloatVector a = FloatVector.zero(S);
        float t = 0;
        for (int i = 0; i < n; i += L) {
            FloatVector v = VectorMath.expFalling(FloatVector.fromArray(S, x, xo + i).sub(shift));
            v.intoArray(y, yo + i);
            a = a.add(v);
            t += x[ahead + i];
        }
        kept[0] = t;
        return addLanes(a);
    }

    private static float expRest(float[] x, int xo, float shift, float[] y, int yo, int n) {
        VectorMask<Float> mask = S.indexInRange(0, n);
        FloatVector v = FloatVector.fromArray(S, x, xo, mask).sub(shift);
        v = FloatVector.zero(S).blend(VectorMath.expFalling(v), mask);
        v.intoArray(y, yo, mask);
        return addLanes(v);
    }

    static float sumExpShifted(float[] x, int xo, float shift, int n) {
        int whole = n - n % L;
        float s = sumExpShiftedWhole(x, xo, shift, whole);
        if (whole < n) {
            float[] rest = new float[L];
            System.arraycopy(x, xo + whole, rest, 0, n - whole);
            expShiftedWhole(rest, 0, shift, rest, 0, L);
            for (int i = 0; i < n - whole; i++) {
                s += rest[i];
            }
        }
        return s;
    }

    private static float sumExpShiftedWhole(float[] x, int xo, float shift, int n) {
        FloatVector a = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            a = a.add(VectorMath.expNormal(FloatVector.fromArray(S, x, xo + i).sub(shift)));
        }
        return addLanes(a);
    }
}
