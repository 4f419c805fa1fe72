package io.tatara.kernels.conv;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.Erf;
import io.tatara.kernels.pointwise.Activation;

/** The oracles of this room: the sums as the definition writes them. */
final class ConvReference {
    /** A product of the sum: indices into image, kernel and output. */
    private interface Term {
        void at(int x, int w, int y);
    }

    private ConvReference() {}

    /** Every pair of a tap and an output that meets a pixel of the image. */
    private static void terms(ConvShape s, Term term) {
        for (int n = 0; n < s.n(); n++) {
            for (int m = 0; m < s.m(); m++) {
                for (int i = 0; i < s.ho(); i++) {
                    for (int j = 0; j < s.wo(); j++) {
                        int y = ((n * s.m() + m) * s.ho() + i) * s.wo() + j;
                        terms(s, n, m, i, j, y, term);
                    }
                }
            }
        }
    }

    private static void terms(ConvShape s, int n, int m, int i, int j, int y, Term term) {
        ConvWindow v = s.window();
        for (int c = 0; c < s.cg(); c++) {
            int channel = m / s.mg() * s.cg() + c;
            for (int p = 0; p < s.kh(); p++) {
                int row = i * v.strideY() - v.padTop() + p * v.dilationY();
                for (int q = 0; q < s.kw(); q++) {
                    int column = j * v.strideX() - v.padLeft() + q * v.dilationX();
                    if (row >= 0 && row < s.h() && column >= 0 && column < s.w()) {
                        int x = ((n * s.c() + channel) * s.h() + row) * s.w() + column;
                        term.at(x, ((m * s.cg() + c) * s.kh() + p) * s.kw() + q, y);
                    }
                }
            }
        }
    }

    static void conv(Conv2d op, RefArray[] in, RefArray[] out) {
        ConvShape s = op.shape(new TensorSpec[] {in[0].spec(), in[1].spec()});
        double[] x = in[0].data();
        double[] w = in[1].data();
        double[] y = out[0].data();
        terms(s, (a, b, c) -> y[c] += x[a] * w[b]);
        RefArray bias = Conv2d.optional(in, 2);
        RefArray residual = Conv2d.optional(in, 3);
        for (int e = 0; e < y.length; e++) {
            double z = y[e] + (bias == null ? 0 : bias.data()[e / (s.ho() * s.wo()) % s.m()]);
            y[e] =
                    activation(op.epilogue().activation(), z)
                            + (residual == null ? 0 : residual.data()[e]);
        }
    }

    static void separable(SeparableConv2d op, RefArray[] in, RefArray[] out) {
        TensorSpec x = in[SeparableConv2d.X].spec();
        TensorSpec w = in[SeparableConv2d.DEPTHWISE].spec();
        Conv2d depthwise = new Conv2d(op.window(), x.shape().dim(1), op.inner());
        RefArray z = RefArray.zeros(depthwise.infer(x, w)[0]);
        conv(depthwise, new RefArray[] {in[0], in[1], in[2]}, new RefArray[] {z});
        Conv2d pointwise = new Conv2d(ConvWindow.UNIT, 1, op.outer());
        RefArray[] given = {z, in[3], Conv2d.optional(in, 4), Conv2d.optional(in, 5)};
        conv(pointwise, given, out);
    }

    static void data(Conv2dDataGradient op, RefArray[] in, RefArray[] out) {
        ConvShape s = op.shape(new TensorSpec[] {in[0].spec(), in[1].spec()});
        double[] dy = in[0].data();
        double[] w = in[1].data();
        double[] dx = out[0].data();
        terms(s, (a, b, c) -> dx[a] += dy[c] * w[b]);
    }

    static void weight(Conv2dWeightGradient op, RefArray[] in, RefArray[] out) {
        ConvShape s = op.shape(new TensorSpec[] {in[0].spec(), in[1].spec()});
        double[] x = in[0].data();
        double[] dy = in[1].data();
        double[] dw = out[0].data();
        terms(s, (a, b, c) -> dw[b] += x[a] * dy[c]);
    }

    private static double activation(Activation f, double x) {
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
}
