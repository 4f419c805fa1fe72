package io.tatara.kernels.jvm;

import io.tatara.kernels.DType;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;

/**
 * The primitives as plain loops: for JVMs without the vector module, and to hold the vector form
 * against.
 */
public final class PlainLanes implements Lanes {
    @Override
    public String description() {
        return "plain loops";
    }

    /** One number through a function. */
    public static float apply(UnaryOp op, float x) {
        return switch (op) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case EXP -> (float) Math.exp(x);
            case LOG -> (float) Math.log(x);
            case SQRT -> (float) Math.sqrt(x);
            case RSQRT -> (float) (1 / Math.sqrt(x));
            case RECIPROCAL -> 1 / x;
            case SQUARE -> x * x;
            case TANH -> (float) Math.tanh(x);
            case SIGMOID -> (float) (1 / (1 + Math.exp(-x)));
            case RELU -> Math.max(x, 0);
            case EXPM1 -> (float) Math.expm1(x);
            case LOG1P -> (float) Math.log1p(x);
            case ERF -> (float) Erf.erf(x);
            case SIN -> (float) Math.sin(x);
            case COS -> (float) Math.cos(x);
            case FLOOR -> (float) Math.floor(x);
        };
    }

    /** Two numbers through a function. */
    public static float apply(BinaryOp op, float x, float y) {
        return switch (op) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> x / y;
            case MAX -> Math.max(x, y);
            case MIN -> Math.min(x, y);
            case POW -> (float) Math.pow(x, y);
            case GREATER -> x > y ? 1 : 0;
            case GREATER_EQUAL -> x >= y ? 1 : 0;
            case EQUAL -> x == y ? 1 : 0;
        };
    }

    @Override
    public void unary(UnaryOp op, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = apply(op, x[xo + i]);
        }
    }

    @Override
    public void binary(
            BinaryOp op, float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        for (int i = 0; i < n; i++) {
            z[zo + i] = apply(op, x[xo + i], y[yo + i]);
        }
    }

    @Override
    public void binaryScalar(BinaryOp op, float[] x, int xo, float s, float[] z, int zo, int n) {
        for (int i = 0; i < n; i++) {
            z[zo + i] = apply(op, x[xo + i], s);
        }
    }

    @Override
    public void scalarBinary(BinaryOp op, float s, float[] x, int xo, float[] z, int zo, int n) {
        for (int i = 0; i < n; i++) {
            z[zo + i] = apply(op, s, x[xo + i]);
        }
    }

    @Override
    public void select(
            float[] c, int co, float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        for (int i = 0; i < n; i++) {
            z[zo + i] = c[co + i] != 0 ? x[xo + i] : y[yo + i];
        }
    }

    @Override
    public void fma(
            float[] x, int xo, float[] y, int yo, float[] w, int wo, float[] z, int zo, int n) {
        for (int i = 0; i < n; i++) {
            z[zo + i] = x[xo + i] * y[yo + i] + w[wo + i];
        }
    }

    @Override
    public void axpy(float s, float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] += s * x[xo + i];
        }
    }

    @Override
    public float sum(float[] x, int xo, int n) {
        double s = 0;
        for (int i = 0; i < n; i++) {
            s += x[xo + i];
        }
        return (float) s;
    }

    @Override
    public float dot(float[] x, int xo, float[] y, int yo, int n) {
        double s = 0;
        for (int i = 0; i < n; i++) {
            s += (double) x[xo + i] * y[yo + i];
        }
        return (float) s;
    }

    @Override
    public float max(float[] x, int xo, int n) {
        float m = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            m = Math.max(m, x[xo + i]);
        }
        return m;
    }

    @Override
    public float expShifted(float[] x, int xo, float shift, float[] y, int yo, int n) {
        double s = 0;
        for (int i = 0; i < n; i++) {
            float e = (float) Math.exp(x[xo + i] - shift);
            y[yo + i] = e;
            s += e;
        }
        return (float) s;
    }

    @Override
    public float sumExpShifted(float[] x, int xo, float shift, int n) {
        double s = 0;
        for (int i = 0; i < n; i++) {
            s += Math.exp(x[xo + i] - shift);
        }
        return (float) s;
    }

    @Override
    public void widen(DType type, short[] x, int xo, float[] y, int yo, int n) {
        if (type == DType.FLOAT16) {
            Halves.widen(x, xo, y, yo, n);
            return;
        }
        Halves.checkBfloat16(type);
        for (int i = 0; i < n; i++) {
            y[yo + i] = Halves.fromBfloat16(x[xo + i]);
        }
    }

    @Override
    public void narrow(DType type, float[] x, int xo, short[] y, int yo, int n) {
        if (type == DType.FLOAT16) {
            Halves.narrow(x, xo, y, yo, n);
            return;
        }
        Halves.checkBfloat16(type);
        for (int i = 0; i < n; i++) {
            y[yo + i] = Halves.toBfloat16(x[xo + i]);
        }
    }
}
