package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Runs an expression for each element: an item an element, a program of steps over registers in
 * private memory. TornadoVM compiles methods and no trees, and its plans take no new kernels once
 * they run: so the expression is data.
 */
public final class Interpreter {
    /** Ints before the extents. */
    public static final int HEADER = 5;

    public static final int REGISTERS = 48;

    public static final int LOAD = 0;
    public static final int CONSTANT = 1;
    public static final int UNIFORM = 2;
    public static final int SELECT = 3;
    public static final int PRODUCT = 4;

    /** Plus the ordinal of {@code UnaryOp}. */
    public static final int UNARY = 10;

    /** Plus the ordinal of {@code BinaryOp}. */
    public static final int BINARY = 40;

    private Interpreter() {}

    /** a: see {@code PointwisePlan.header}. */
    public static void interpretExpression(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        int n = a.get(1);
        if (i < n) {
            int y = a.get(0);
            int rank = a.get(2);
            int steps = a.get(3);
            int program = a.get(4);
            float[] r = new float[REGISTERS];
            float v = 0.0f;
            for (int k = 0; k < steps; k++) {
                int at = program + 5 * k;
                int op = a.get(at);
                int first = a.get(at + 2);
                int second = a.get(at + 3);
                if (op == CONSTANT) {
                    v = x.get(at + 2);
                } else if (op < SELECT) {
                    int input = HEADER + rank + first * (2 + rank);
                    int p = a.get(input);
                    if (op == LOAD) {
                        int rest = i;
                        int off = p;
                        for (int d = 0; d < rank; d++) {
                            int extent = a.get(HEADER + d);
                            int q = rest / extent;
                            off = off + (rest - q * extent) * a.get(input + 2 + d);
                            rest = q;
                        }
                        if (a.get(input + 1) == 1) {
                            v = (float) g.get(off);
                        } else {
                            v = h.get(off);
                        }
                    } else {
                        v = Fn.uniform(g.get(p), g.get(p + 1), second, i);
                    }
                } else if (op == SELECT) {
                    float s = r[first];
                    float u = r[second];
                    v = r[a.get(at + 4)];
                    if (s != 0.0f) {
                        v = u;
                    }
                } else if (op == PRODUCT) {
                    v = r[first] * r[second];
                } else if (op < BINARY) {
                    float s = r[first];
                    v = unary(op - UNARY, s);
                } else {
                    float s = r[first];
                    float u = r[second];
                    v = binary(op - BINARY, s, u);
                }
                r[a.get(at + 1)] = v;
            }
            h.set(y + i, v);
        }
    }

    /** By the ordinal of {@code UnaryOp}. */
    static float unary(int op, float s) {
        float v = s;
        if (op == 0) {
            v = -s;
        } else if (op == 1) {
            v = TornadoMath.abs(s);
        } else if (op == 2) {
            v = s > 0.0f ? 1.0f : s < 0.0f ? -1.0f : s;
        } else if (op == 3) {
            v = TornadoMath.exp(s);
        } else if (op == 4) {
            v = TornadoMath.log(s);
        } else if (op == 5) {
            v = TornadoMath.sqrt(s);
        } else if (op == 6) {
            v = 1.0f / TornadoMath.sqrt(s);
        } else if (op == 7) {
            v = 1.0f / s;
        } else if (op == 8) {
            v = s * s;
        } else if (op == 9) {
            v = TornadoMath.tanh(s);
        } else if (op == 10) {
            v = Fn.logistic(s);
        } else if (op == 11) {
            v = s > 0.0f || s != s ? s : 0.0f;
        } else if (op == 12) {
            v = Fn.expMinusOne(s);
        } else if (op == 13) {
            v = Fn.logOnePlus(s);
        } else if (op == 14) {
            v = Fn.errorFunction(s);
        } else if (op == 15) {
            v = TornadoMath.sin(s);
        } else if (op == 16) {
            v = TornadoMath.cos(s);
        } else if (op == 17) {
            v = TornadoMath.floor(s);
        }
        return v;
    }

    /** By the ordinal of {@code BinaryOp}. NaN goes through as in Java. */
    static float binary(int op, float s, float u) {
        float v = 0.0f;
        if (op == 0) {
            v = s + u;
        } else if (op == 1) {
            v = s - u;
        } else if (op == 2) {
            v = s * u;
        } else if (op == 3) {
            v = s / u;
        } else if (op == 4) {
            v = s > u || s != s ? s : u;
        } else if (op == 5) {
            v = s < u || s != s ? s : u;
        } else if (op == 6) {
            v = power(s, u);
        } else if (op == 7) {
            v = s > u ? 1.0f : 0.0f;
        } else if (op == 8) {
            v = s > u || s == u ? 1.0f : 0.0f;
        } else if (op == 9) {
            v = s == u ? 1.0f : 0.0f;
        }
        return v;
    }

    /** In C 1 to any power is 1, and so is -1 to an infinite one; in Java both can be NaN. */
    static float power(float s, float u) {
        float v = TornadoMath.pow(s, u);
        if (u != u) {
            v = u;
        } else if (TornadoMath.abs(s) == 1.0f && TornadoMath.abs(u) > 3.4028235e38f) {
            v = Fn.notANumber(s);
        }
        return v;
    }
}
