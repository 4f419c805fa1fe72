package io.tatara.kernels.jvm;

import static io.tatara.kernels.jvm.VectorMath.S;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;

import jdk.incubator.vector.FloatVector;

/**
 * One loop a function of two numbers, as in {@link VectorUnary}: two runs. The rest of a run is
 * plain: these functions give the same bits either way.
 */
final class VectorBinary {
    private static final int L = S.length();
    private static final FloatVector ZERO = FloatVector.zero(S);

    private VectorBinary() {}

    static void add(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            a.add(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] + y[yo + i];
        }
    }

    static void sub(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            a.sub(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] - y[yo + i];
        }
    }

    static void mul(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            a.mul(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] * y[yo + i];
        }
    }

    static void div(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            a.div(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] / y[yo + i];
        }
    }

    static void max(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            a.max(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = Math.max(x[xo + i], y[yo + i]);
        }
    }

    static void min(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            a.min(b).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = Math.min(x[xo + i], y[yo + i]);
        }
    }

    static void greater(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            ZERO.blend(1f, a.compare(GT, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] > y[yo + i] ? 1 : 0;
        }
    }

    static void greaterEqual(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            ZERO.blend(1f, a.compare(GE, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] >= y[yo + i] ? 1 : 0;
        }
    }

    static void equal(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            ZERO.blend(1f, a.compare(EQ, b)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = x[xo + i] == y[yo + i] ? 1 : 0;
        }
    }
}
