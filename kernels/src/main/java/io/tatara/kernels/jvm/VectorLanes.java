package io.tatara.kernels.jvm;

import static io.tatara.kernels.jvm.VectorMath.S;

import io.tatara.kernels.DType;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The primitives on the vector unit. Loaded by name, so that a JVM without the vector module never
 * links it.
 */
public final class VectorLanes implements Lanes {
    private static final int L = S.length();

    @Override
    public String description() {
        return "vector " + S.vectorBitSize() + " bit";
    }

    @Override
    public void unary(UnaryOp op, float[] x, int xo, float[] y, int yo, int n) {
        VectorUnary.run(op, x, xo, y, yo, n);
    }

    @Override
    public void binary(
            BinaryOp op, float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        switch (op) {
            case ADD -> VectorBinary.add(x, xo, y, yo, z, zo, n);
            case SUB -> VectorBinary.sub(x, xo, y, yo, z, zo, n);
            case MUL -> VectorBinary.mul(x, xo, y, yo, z, zo, n);
            case DIV -> VectorBinary.div(x, xo, y, yo, z, zo, n);
            case MAX -> VectorBinary.max(x, xo, y, yo, z, zo, n);
            case MIN -> VectorBinary.min(x, xo, y, yo, z, zo, n);
            case POW -> pow(x, xo, y, yo, z, zo, n);
            case GREATER -> VectorBinary.greater(x, xo, y, yo, z, zo, n);
            case GREATER_EQUAL -> VectorBinary.greaterEqual(x, xo, y, yo, z, zo, n);
            case EQUAL -> VectorBinary.equal(x, xo, y, yo, z, zo, n);
        }
    }

    @Override
    public void binaryScalar(BinaryOp op, float[] x, int xo, float s, float[] z, int zo, int n) {
        switch (op) {
            case ADD -> VectorScalar.add(x, xo, s, z, zo, n);
            case SUB -> VectorScalar.add(x, xo, -s, z, zo, n);
            case MUL -> VectorScalar.mul(x, xo, s, z, zo, n);
            case DIV -> VectorScalar.div(x, xo, s, z, zo, n);
            case MAX -> VectorScalar.max(x, xo, s, z, zo, n);
            case MIN -> VectorScalar.min(x, xo, s, z, zo, n);
            case POW -> powScalar(x, xo, s, z, zo, n);
            case GREATER -> VectorScalar.greater(x, xo, s, z, zo, n);
            case GREATER_EQUAL -> VectorScalar.greaterEqual(x, xo, s, z, zo, n);
            case EQUAL -> VectorScalar.equal(x, xo, s, z, zo, n);
        }
    }

    @Override
    public void scalarBinary(BinaryOp op, float s, float[] x, int xo, float[] z, int zo, int n) {
        switch (op) {
            case ADD -> VectorScalar.add(x, xo, s, z, zo, n);
            case SUB -> VectorScalar.subFrom(x, xo, s, z, zo, n);
            case MUL -> VectorScalar.mul(x, xo, s, z, zo, n);
            case DIV -> VectorScalar.divInto(x, xo, s, z, zo, n);
            case MAX -> VectorScalar.max(x, xo, s, z, zo, n);
            case MIN -> VectorScalar.min(x, xo, s, z, zo, n);
            case POW -> scalarPow(s, x, xo, z, zo, n);
            case GREATER -> VectorScalar.less(x, xo, s, z, zo, n);
            case GREATER_EQUAL -> VectorScalar.lessEqual(x, xo, s, z, zo, n);
            case EQUAL -> VectorScalar.equal(x, xo, s, z, zo, n);
        }
    }

    private static void pow(float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        for (int i = 0; i < n; i++) {
            z[zo + i] = (float) Math.pow(x[xo + i], y[yo + i]);
        }
    }

    private static void powScalar(float[] x, int xo, float s, float[] z, int zo, int n) {
        if (s == 2) {
            VectorUnary.run(UnaryOp.SQUARE, x, xo, z, zo, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            z[zo + i] = (float) Math.pow(x[xo + i], s);
        }
    }

    private static void scalarPow(float s, float[] x, int xo, float[] z, int zo, int n) {
        for (int i = 0; i < n; i++) {
            z[zo + i] = (float) Math.pow(s, x[xo + i]);
        }
    }

    @Override
    public void select(
            float[] c, int co, float[] x, int xo, float[] y, int yo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Float> taken =
                    FloatVector.fromArray(S, c, co + i).compare(VectorOperators.NE, 0f);
            FloatVector.fromArray(S, y, yo + i)
                    .blend(FloatVector.fromArray(S, x, xo + i), taken)
                    .intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = c[co + i] != 0 ? x[xo + i] : y[yo + i];
        }
    }

    @Override
    public void fma(
            float[] x, int xo, float[] y, int yo, float[] w, int wo, float[] z, int zo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            FloatVector b = FloatVector.fromArray(S, y, yo + i);
            a.fma(b, FloatVector.fromArray(S, w, wo + i)).intoArray(z, zo + i);
        }
        for (; i < n; i++) {
            z[zo + i] = Math.fma(x[xo + i], y[yo + i], w[wo + i]);
        }
    }

    @Override
    public void axpy(float s, float[] x, int xo, float[] y, int yo, int n) {
        FloatVector f = FloatVector.broadcast(S, s);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, xo + i);
            a.fma(f, FloatVector.fromArray(S, y, yo + i)).intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.fma(s, x[xo + i], y[yo + i]);
        }
    }

    @Override
    public float sum(float[] x, int xo, int n) {
        if (n <= VectorReduce.BLOCK) {
            return VectorReduce.sum(x, xo, n);
        }
        double s = 0;
        for (int i = 0; i < n; i += VectorReduce.BLOCK) {
            s += VectorReduce.sum(x, xo + i, Math.min(VectorReduce.BLOCK, n - i));
        }
        return (float) s;
    }

    @Override
    public float dot(float[] x, int xo, float[] y, int yo, int n) {
        if (n <= VectorReduce.BLOCK) {
            return VectorReduce.dot(x, xo, y, yo, n);
        }
        double s = 0;
        for (int i = 0; i < n; i += VectorReduce.BLOCK) {
            s += VectorReduce.dot(x, xo + i, y, yo + i, Math.min(VectorReduce.BLOCK, n - i));
        }
        return (float) s;
    }

    @Override
    public float max(float[] x, int xo, int n) {
        return VectorReduce.max(x, xo, n);
    }

    @Override
    public float expShifted(float[] x, int xo, float shift, float[] y, int yo, int n) {
        double s = 0;
        for (int i = 0; i < n; i += VectorReduce.BLOCK) {
            s +=
                    VectorReduce.expShifted(
                            x, xo + i, shift, y, yo + i, Math.min(VectorReduce.BLOCK, n - i));
        }
        return (float) s;
    }

    @Override
    public float largest(float[] x, int xo, int n) {
        return VectorReduce.largest(x, xo, n);
    }

    @Override
    public float expFalling(float[] x, int xo, float shift, float[] y, int yo, int n, int ahead) {
        double s = 0;
        for (int i = 0; i < n; i += VectorReduce.BLOCK) {
            int len = Math.min(VectorReduce.BLOCK, n - i);
            s += VectorReduce.expFalling(x, xo + i, shift, y, yo + i, len, ahead + i);
        }
        return (float) s;
    }

    @Override
    public float sumExpShifted(float[] x, int xo, float shift, int n) {
        double s = 0;
        for (int i = 0; i < n; i += VectorReduce.BLOCK) {
            s += VectorReduce.sumExpShifted(x, xo + i, shift, Math.min(VectorReduce.BLOCK, n - i));
        }
        return (float) s;
    }

    @Override
    public void widen(DType type, short[] x, int xo, float[] y, int yo, int n) {
        if (type == DType.FLOAT16) {
            Halves.widen(x, xo, y, yo, n);
        } else {
            Halves.checkBfloat16(type);
            VectorHalves.widen(x, xo, y, yo, n);
        }
    }

    @Override
    public void narrow(DType type, float[] x, int xo, short[] y, int yo, int n) {
        if (type == DType.FLOAT16) {
            Halves.narrow(x, xo, y, yo, n);
        } else {
            Halves.checkBfloat16(type);
            VectorHalves.narrow(x, xo, y, yo, n);
        }
    }
}
