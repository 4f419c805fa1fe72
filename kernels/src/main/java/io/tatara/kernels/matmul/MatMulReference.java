package io.tatara.kernels.matmul;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.jvm.Erf;
import io.tatara.kernels.pointwise.Activation;

/** The oracles of this room. */
final class MatMulReference {
    private MatMulReference() {}

    static void matmul(MatMul op, RefArray[] in, RefArray[] out) {
        RefArray a = in[0];
        RefArray b = in[1];
        Shape c = out[0].shape();
        RefArray bias = in.length > 2 ? in[2] : null;
        RefArray residual = in.length > 3 ? in[3] : null;
        int m = c.dim(-2);
        int n = c.dim(-1);
        int k = a.shape().dim(op.transposeA() ? -2 : -1);
        int batches = c.product(0, c.rank() - 2);
        for (int z = 0; z < batches; z++) {
            int ao = matrix(z, c, a.shape()) * m * k;
            int bo = matrix(z, c, b.shape()) * k * n;
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double s = 0;
                    for (int p = 0; p < k; p++) {
                        double x = a.data()[ao + (op.transposeA() ? p * m + i : i * k + p)];
                        double y = b.data()[bo + (op.transposeB() ? j * k + p : p * n + j)];
                        s += x * y;
                    }
                    if (bias != null) {
                        s += bias.data()[j];
                    }
                    s = activation(op.epilogue().activation(), s);
                    int at = (z * m + i) * n + j;
                    out[0].data()[at] = residual == null ? s : s + residual.data()[at];
                }
            }
        }
    }

    /** Which matrix of an operand belongs to matrix z of the result. */
    private static int matrix(int z, Shape c, Shape operand) {
        int at = 0;
        int step = 1;
        for (int axis = 3; axis <= c.rank(); axis++) {
            int i = z % c.dim(-axis);
            z /= c.dim(-axis);
            if (axis <= operand.rank()) {
                at += (operand.dim(-axis) == 1 ? 0 : i) * step;
                step *= operand.dim(-axis);
            }
        }
        return at;
    }

    static double activation(Activation f, double x) {
        return switch (f) {
            case NONE -> x;
            case RELU -> x < 0 ? 0 : x;
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            case GELU -> 0.5 * x * (1 + Erf.erf(x / Math.sqrt(2)));
            case SILU -> x / (1 + Math.exp(-x));
            case ELU -> x > 0 ? x : Math.expm1(x);
            case RELU6 -> x < 0 ? 0 : x > 6 ? 6 : x;
        };
    }

    static void strided(MatMulStrided op, RefArray[] in, RefArray[] out) {
        int batches = out[0].shape().product(0, op.batch().size());
        for (int z = 0; z < batches; z++) {
            int ao = place(op.a(), out[0].shape(), z);
            int bo = place(op.b(), out[0].shape(), z);
            for (int i = 0; i < op.m(); i++) {
                for (int j = 0; j < op.n(); j++) {
                    double s = 0;
                    for (int p = 0; p < op.k(); p++) {
                        s +=
                                in[0].data()[
                                                ao
                                                        + i * op.a().rowStride()
                                                        + p * op.a().columnStride()]
                                        * in[1].data()[
                                                bo
                                                        + p * op.b().rowStride()
                                                        + j * op.b().columnStride()];
                    }
                    out[0].data()[(z * op.m() + i) * op.n() + j] = s;
                }
            }
        }
    }

    /** Where matrix z of a batch begins; the batch's extents lead the shape. */
    private static int place(MatrixLayout layout, Shape shape, int z) {
        int at = layout.offset();
        for (int i = layout.batchStrides().size() - 1; i >= 0; i--) {
            at += z % shape.dim(i) * layout.batchStrides().get(i);
            z /= shape.dim(i);
        }
        return at;
    }

    static void scatter(StridedScatter op, RefArray[] in, RefArray[] out) {
        Shape x = in[0].shape();
        for (int e = 0; e < x.size(); e++) {
            int row = e / op.columns() % op.rows();
            int column = e % op.columns();
            int at = place(op.layout(), x, e / (op.rows() * op.columns()));
            out[0].data()[
                            at
                                    + row * op.layout().rowStride()
                                    + column * op.layout().columnStride()] =
                    in[0].data()[e];
        }
    }

    static void activationGradient(ActivationGradient op, RefArray[] in, RefArray[] out) {
        for (int i = 0; i < out[0].data().length; i++) {
            double s = in[0].data()[i];
            out[0].data()[i] = in[1].data()[i] * derivative(op.activation(), s);
        }
    }

    private static double derivative(Activation f, double s) {
        return switch (f) {
            case NONE -> 1;
            case RELU -> s > 0 ? 1 : 0;
            case SIGMOID -> s * (1 - s);
            case TANH -> 1 - s * s;
            case GELU ->
                    0.5 * (1 + Erf.erf(s / Math.sqrt(2)))
                            + s * Math.exp(-s * s / 2) / Math.sqrt(2 * Math.PI);
            case SILU -> {
                double g = 1 / (1 + Math.exp(-s));
                yield g * (1 + s * (1 - g));
            }
            case ELU -> s > 0 ? 1 : s + 1;
            case RELU6 -> s > 0 && s < 6 ? 1 : 0;
        };
    }
}
