package io.tatara.kernels.conv;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;

/**
 * A depthwise-separable block for inference: z = f(x ∗ depthwise + depthwiseBias) channel by
 * channel, then y = g(pointwise · z + bias) + residual, with z in fast memory only. Batch
 * normalization is folded into weights and biases beforehand. Howard et al., "MobileNets", 2017,
 * section 3.1.
 *
 * <p>Inputs: x [N, C, H, W], depthwise [C, 1, Kh, Kw], depthwiseBias? [C], pointwise [M, C, 1, 1],
 * bias? [M], residual? of y's shape; the last ones may be left out. All of one floating dtype.
 * Output: y [N, M, Ho, Wo], extents as {@link Conv2d} has them. It has no gradient: a network in
 * training needs z, which two {@link Conv2d} keep.
 *
 * @param window stride, padding, dilation of the depthwise convolution
 * @param inner what follows the depthwise sums, f
 * @param outer what follows the pointwise sums, g
 */
public record SeparableConv2d(ConvWindow window, Epilogue inner, Epilogue outer) implements Op {
    static final int X = 0;
    static final int DEPTHWISE = 1;
    static final int DEPTHWISE_BIAS = 2;
    static final int POINTWISE = 3;
    static final int BIAS = 4;
    static final int RESIDUAL = 5;

    private static final Checks CHECK = new Checks("separable_conv2d");

    public SeparableConv2d {
        CHECK.that(window != null, "window", "null", "a window, ConvWindow.UNIT for stride 1");
        CHECK.that(inner != null, "inner", "null", "an epilogue, Epilogue.NONE for none");
        CHECK.that(outer != null, "outer", "null", "an epilogue, Epilogue.NONE for none");
    }

    @Override
    public String name() {
        return "separable_conv2d";
    }

    /** Of the depthwise convolution. */
    ConvShape shape(TensorSpec... in) {
        TensorSpec x = CHECK.rank("x", in[X], 4);
        int channels = x.shape().dim(1);
        CHECK.that(channels > 0, "x", x, "at least one channel");
        ConvShape s = ConvShape.forward(CHECK, window, channels, x, in[DEPTHWISE]);
        CHECK.that(s.m() == channels, "depthwise", in[DEPTHWISE], "[C, 1, Kh, Kw]");
        return s;
    }

    /** Channels of the result. */
    int m(TensorSpec... in) {
        return in[POINTWISE].shape().dim(0);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 4, 6);
        ConvShape s = shape(in);
        TensorSpec x = in[X];
        TensorSpec w = CHECK.rank("pointwise", in[POINTWISE], 4);
        int m = w.shape().dim(0);
        CHECK.that(m > 0, "pointwise", w, "at least one kernel");
        CHECK.shape("pointwise", w, x.dtype(), m, s.c(), 1, 1);
        TensorSpec y = x.withShape(Shape.of(s.n(), m, s.ho(), s.wo()));
        if (in[DEPTHWISE_BIAS] != null) {
            CHECK.shape("depthwiseBias", in[DEPTHWISE_BIAS], y.dtype(), s.c());
        }
        if (Conv2d.optional(in, BIAS) != null) {
            CHECK.shape("bias", in[BIAS], y.dtype(), m);
        }
        if (Conv2d.optional(in, RESIDUAL) != null) {
            CHECK.same("residual", in[RESIDUAL], y);
        }
        return new TensorSpec[] {y};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        ConvShape s = shape(in);
        double inside = (double) s.n() * s.c() * s.ho() * s.wo();
        double y = out[0].size();
        double more = inside * more(inner, in[DEPTHWISE_BIAS] != null);
        more += y * more(outer, Conv2d.optional(in, BIAS) != null);
        more += Conv2d.optional(in, RESIDUAL) == null ? 0 : y;
        return Cost.of(s.flops() + 2.0 * y * s.c() + more, in, out);
    }

    private static int more(Epilogue e, boolean bias) {
        return (e.activation() == Activation.NONE ? 0 : 1) + (bias ? 1 : 0);
    }
}
