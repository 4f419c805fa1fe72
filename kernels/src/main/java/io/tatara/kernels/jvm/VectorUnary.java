package io.tatara.kernels.jvm;

import static io.tatara.kernels.jvm.VectorMath.S;

import io.tatara.kernels.pointwise.UnaryOp;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One loop a function of one number: the compiler needs each operator to be a constant in a small
 * method of its own, with the function's body in it once (a second copy for the rest of a run can
 * pass the compiler's limit of nodes, and then every vector is an object). So each loop takes whole
 * vectors only; what is left of a run goes through the same loop in a copy, and an element's result
 * does not depend on its place.
 */
final class VectorUnary {
    private static final int L = S.length();
    private static final FloatVector ONE = FloatVector.broadcast(S, 1f);
    private static final MethodHandle[] LOOPS = loops();

    private VectorUnary() {}

    static void run(UnaryOp op, float[] x, int xo, float[] y, int yo, int n) {
        int whole = n - n % L;
        whole(op, x, xo, y, yo, whole);
        if (whole < n) {
            float[] rest = new float[L];
            System.arraycopy(x, xo + whole, rest, 0, n - whole);
            whole(op, rest, 0, rest, 0, L);
            System.arraycopy(rest, 0, y, yo + whole, n - whole);
        }
    }

    /**
     * Through a handle that is no constant, which the compiler cannot see through: where it inlines
     * several of these loops into one caller, together they pass its limit of nodes, and what is
     * beyond is called operator by operator (tanh then takes five times as long).
     */
    private static void whole(UnaryOp op, float[] x, int xo, float[] y, int yo, int n) {
        try {
            LOOPS[op.ordinal()].invokeExact(x, xo, y, yo, n);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** The loop of each function, found by the function's name. */
    private static MethodHandle[] loops() {
        MethodType type =
                MethodType.methodType(
                        void.class, float[].class, int.class, float[].class, int.class, int.class);
        MethodHandle[] loops = new MethodHandle[UnaryOp.values().length];
        for (UnaryOp op : UnaryOp.values()) {
            String name = op.name().toLowerCase(Locale.ROOT);
            try {
                loops[op.ordinal()] =
                        MethodHandles.lookup().findStatic(VectorUnary.class, name, type);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }
        return loops;
    }

    private static void neg(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.neg().intoArray(y, yo + i);
        }
    }

    private static void abs(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.abs().intoArray(y, yo + i);
        }
    }

    private static void sign(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.sign(v).intoArray(y, yo + i);
        }
    }

    private static void exp(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.exp(v).intoArray(y, yo + i);
        }
    }

    private static void log(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.log(v).intoArray(y, yo + i);
        }
    }

    private static void sqrt(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.sqrt().intoArray(y, yo + i);
        }
    }

    private static void rsqrt(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            ONE.div(v.sqrt()).intoArray(y, yo + i);
        }
    }

    private static void reciprocal(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            ONE.div(v).intoArray(y, yo + i);
        }
    }

    private static void square(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            v.mul(v).intoArray(y, yo + i);
        }
    }

    private static void tanh(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.tanh(v).intoArray(y, yo + i);
        }
    }

    private static void sigmoid(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.sigmoid(v).intoArray(y, yo + i);
        }
    }

    private static void relu(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.relu(v).intoArray(y, yo + i);
        }
    }

    private static void expm1(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.expm1(v).intoArray(y, yo + i);
        }
    }

    private static void log1p(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.log1p(v).intoArray(y, yo + i);
        }
    }

    private static void erf(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.erf(v).intoArray(y, yo + i);
        }
    }

    private static void floor(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.floor(v).intoArray(y, yo + i);
        }
    }

    private static void sin(float[] x, int xo, float[] y, int yo, int n) {
        trigonometric(false, x, xo, y, yo, n);
    }

    private static void cos(float[] x, int xo, float[] y, int yo, int n) {
        trigonometric(true, x, xo, y, yo, n);
    }

    private static void sinModerate(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.sine(v, 0).intoArray(y, yo + i);
        }
    }

    private static void cosModerate(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, xo + i);
            VectorMath.sine(v, 1).intoArray(y, yo + i);
        }
    }

    /**
     * Large arguments need pi to hundreds of bits: {@link Math} has them, for the vectors where
     * they stand.
     */
    private static void trigonometric(boolean cos, float[] x, int xo, float[] y, int yo, int n) {
        int from = 0;
        for (int i = 0; i < n; i += L) {
            if (tooLarge(x, xo + i)) {
                moderate(cos, x, xo + from, y, yo + from, i - from);
                for (int j = i; j < i + L; j++) {
                    double v = x[xo + j];
                    y[yo + j] = (float) (cos ? Math.cos(v) : Math.sin(v));
                }
                from = i + L;
            }
        }
        moderate(cos, x, xo + from, y, yo + from, n - from);
    }

    private static void moderate(boolean cos, float[] x, int xo, float[] y, int yo, int n) {
        if (cos) {
            cosModerate(x, xo, y, yo, n);
        } else {
            sinModerate(x, xo, y, yo, n);
        }
    }

    private static boolean tooLarge(float[] x, int xo) {
        return FloatVector.fromArray(S, x, xo)
                .abs()
                .compare(VectorOperators.GT, VectorMath.TRIGONOMETRIC_LIMIT)
                .anyTrue();
    }
}
