package io.tatara.kernels.matmul;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;

/** Activations and their gradients over runs of floats. */
public final class Activations {
    private static final float SQRT_HALF = (float) Math.sqrt(0.5);
    private static final float DENSITY = (float) (1 / Math.sqrt(2 * Math.PI));

    /** Elements that a scratch run holds: small enough for the first cache. */
    private static final int RUN = 2048;

    private Activations() {}

    /** x = f(x), in place. */
    public static void apply(Activation f, float[] x, int xo, int n, JvmContext ctx) {
        Lanes lanes = ctx.lanes();
        switch (f) {
            case NONE -> {}
            case RELU -> lanes.unary(UnaryOp.RELU, x, xo, x, xo, n);
            case RELU6 -> {
                lanes.unary(UnaryOp.RELU, x, xo, x, xo, n);
                lanes.binaryScalar(BinaryOp.MIN, x, xo, 6, x, xo, n);
            }
            case SIGMOID -> lanes.unary(UnaryOp.SIGMOID, x, xo, x, xo, n);
            case TANH -> lanes.unary(UnaryOp.TANH, x, xo, x, xo, n);
            case GELU, SILU, ELU -> {
                float[] t = ctx.acquire(2 * RUN);
                try {
                    for (int i = 0; i < n; i += RUN) {
                        composed(f, x, xo + i, Math.min(RUN, n - i), t, lanes);
                    }
                } finally {
                    ctx.release(t);
                }
            }
        }
    }

    private static void composed(Activation f, float[] x, int xo, int n, float[] t, Lanes lanes) {
        switch (f) {
            case GELU -> {
                lanes.binaryScalar(BinaryOp.MUL, x, xo, SQRT_HALF, t, 0, n);
                lanes.unary(UnaryOp.ERF, t, 0, t, 0, n);
                lanes.binaryScalar(BinaryOp.ADD, t, 0, 1, t, 0, n);
                lanes.binaryScalar(BinaryOp.MUL, t, 0, 0.5f, t, 0, n);
                lanes.binary(BinaryOp.MUL, x, xo, t, 0, x, xo, n);
            }
            case SILU -> {
                lanes.unary(UnaryOp.SIGMOID, x, xo, t, 0, n);
                lanes.binary(BinaryOp.MUL, x, xo, t, 0, x, xo, n);
            }
            default -> {
                lanes.unary(UnaryOp.EXPM1, x, xo, t, 0, n);
                lanes.binaryScalar(BinaryOp.GREATER, x, xo, 0, t, RUN, n);
                lanes.select(t, RUN, x, xo, t, 0, x, xo, n);
            }
        }
    }

    /** {@link ActivationGradient} on Java arrays. */
    static void gradient(ActivationGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float[] s = in[0].f();
        float[] dy = in[1].f();
        float[] dz = out[0].f();
        ctx.workers()
                .parallelFor(
                        out[0].size(),
                        1 << 14,
                        (from, to) -> {
                            switch (op.activation()) {
                                case NONE -> System.arraycopy(dy, from, dz, from, to - from);
                                case RELU -> relu(s, dy, dz, from, to);
                                case RELU6 -> relu6(s, dy, dz, from, to);
                                case SIGMOID -> sigmoid(s, dy, dz, from, to);
                                case TANH -> tanh(s, dy, dz, from, to);
                                case ELU -> elu(s, dy, dz, from, to);
                                case GELU, SILU -> {
                                    float[] t = ctx.acquire(2 * RUN);
                                    try {
                                        for (int i = from; i < to; i += RUN) {
                                            int n = Math.min(RUN, to - i);
                                            if (op.activation() == Activation.GELU) {
                                                gelu(s, dy, dz, i, n, t, ctx.lanes());
                                            } else {
                                                silu(s, dy, dz, i, n, t, ctx.lanes());
                                            }
                                        }
                                    } finally {
                                        ctx.release(t);
                                    }
                                }
                            }
                        });
    }

    private static void relu(float[] s, float[] dy, float[] dz, int from, int to) {
        for (int i = from; i < to; i++) {
            dz[i] = dy[i] * (s[i] > 0 ? 1f : 0f);
        }
    }

    private static void relu6(float[] s, float[] dy, float[] dz, int from, int to) {
        for (int i = from; i < to; i++) {
            dz[i] = dy[i] * (s[i] > 0 && s[i] < 6 ? 1f : 0f);
        }
    }

    private static void sigmoid(float[] s, float[] dy, float[] dz, int from, int to) {
        for (int i = from; i < to; i++) {
            dz[i] = dy[i] * (s[i] * (1 - s[i]));
        }
    }

    private static void tanh(float[] s, float[] dy, float[] dz, int from, int to) {
        for (int i = from; i < to; i++) {
            dz[i] = dy[i] * (1 - s[i] * s[i]);
        }
    }

    private static void elu(float[] s, float[] dy, float[] dz, int from, int to) {
        for (int i = from; i < to; i++) {
            dz[i] = dy[i] * (s[i] > 0 ? 1f : s[i] + 1);
        }
    }

    /** Φ(x) + x · φ(x), with Φ from erf and φ the normal density. */
    private static void gelu(
            float[] x, float[] dy, float[] dz, int at, int n, float[] t, Lanes lanes) {
        lanes.binaryScalar(BinaryOp.MUL, x, at, SQRT_HALF, t, 0, n);
        lanes.unary(UnaryOp.SQUARE, t, 0, t, RUN, n);
        lanes.unary(UnaryOp.NEG, t, RUN, t, RUN, n);
        lanes.unary(UnaryOp.EXP, t, RUN, t, RUN, n);
        lanes.unary(UnaryOp.ERF, t, 0, t, 0, n);
        for (int i = 0; i < n; i++) {
            float v = x[at + i];
            dz[at + i] = dy[at + i] * (0.5f * (1 + t[i]) + v * (DENSITY * t[RUN + i]));
        }
    }

    private static void silu(
            float[] x, float[] dy, float[] dz, int at, int n, float[] t, Lanes lanes) {
        lanes.unary(UnaryOp.SIGMOID, x, at, t, 0, n);
        for (int i = 0; i < n; i++) {
            float g = t[i];
            dz[at + i] = dy[at + i] * (g * (1 + x[at + i] * (1 - g)));
        }
    }

    static GpuPlan gradientGpu(
            ActivationGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuProgram program =
                GpuProgram.resource(
                        MatMul.class,
                        "gradients.cl",
                        "ACTIVATION",
                        op.activation().ordinal(),
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()));
        int n = out[0].size();
        return GpuPlan.builder()
                .launch1d(
                        program,
                        "activation_gradient",
                        n,
                        128,
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.out(0),
                        n)
                .build();
    }
}
