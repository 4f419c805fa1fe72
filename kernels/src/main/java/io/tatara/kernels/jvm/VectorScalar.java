package io.tatara.kernels.jvm;

import static io.tatara.kernels.jvm.VectorMath.S;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/** One loop a function of two numbers, as in {@link VectorBinary}: a run and one number. */
final class VectorScalar {
    private static final int L = S.length();
    private static final FloatVector ZERO = FloatVector.zero(S);

    private VectorScalar() {}

    static void add(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            a.add(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] + s;
        }
    }

    static void mul(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            a.mul(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] * s;
        }
    }

    static void div(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            a.div(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] / s;
        }
    }

    static void max(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            a.max(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = Math.max(x[xo + i], s);
        }
    }

    static void min(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            a.min(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = Math.min(x[xo + i], s);
        }
    }

    static void greater(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            ZERO.blend(1f, a.compare(GT, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] > s ? 1 : 0;
        }
    }

    static void greaterEqual(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            ZERO.blend(1f, a.compare(GE, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] >= s ? 1 : 0;
        }
    }

    static void equal(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            ZERO.blend(1f, a.compare(EQ, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] == s ? 1 : 0;
        }
    }

    static void less(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            ZERO.blend(1f, a.compare(LT, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] < s ? 1 : 0;
        }
    }

    static void lessEqual(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            ZERO.blend(1f, a.compare(LE, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] <= s ? 1 : 0;
        }
    }

    static void subFrom(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            b.sub(a).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = s - x[xo + i];
        }
    }

    static void divInto(float[] x, int xo, float s, float[] z, int zo, int n) {
        FloatVector b = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            b.div(a).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = s / x[xo + i];
        }
    }
}
