package io.tatara.kernels.conv;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Gradient of {@link Conv2d}'s sums with respect to the weight.
 *
 * <p>Inputs: x [N, C, H, W], dy [N, M, Ho, Wo], of one floating dtype. Output: dweight [M, C /
 * groups, Kh, Kw]; each element is a sum over images and pixels, in a fixed order. An empty batch
 * gives zeros.
 *
 * @param window stride, padding, dilation of the convolution
 * @param groups of the convolution
 * @param kernelHeight Kh
 * @param kernelWidth Kw
 */
public record Conv2dWeightGradient(ConvWindow window, int groups, int kernelHeight, int kernelWidth)
        implements Op {
    private static final Checks CHECK = new Checks("conv2d_weight_gradient");

    public Conv2dWeightGradient {
        CHECK.that(window != null, "window", "null", "a window, ConvWindow.UNIT for stride 1");
        CHECK.that(groups > 0, "groups", groups, "a number >= 1");
        CHECK.that(kernelHeight > 0, "kernelHeight", kernelHeight, "a number >= 1");
        CHECK.that(kernelWidth > 0, "kernelWidth", kernelWidth, "a number >= 1");
    }

    @Override
    public String name() {
        return "conv2d_weight_gradient";
    }

    ConvShape shape(TensorSpec[] in) {
        TensorSpec x = CHECK.rank("x", CHECK.floating("x", in[0]), 4);
        TensorSpec dy = CHECK.dtype("dy", CHECK.rank("dy", in[1], 4), x.dtype());
        Shape a = x.shape();
        int m = dy.shape().dim(1);
        CHECK.that(m > 0 && m % groups == 0, "dy", dy, "channels in " + groups + " equal groups");
        ConvShape s =
                ConvShape.of(
                        CHECK,
                        window,
                        groups,
                        "x",
                        x,
                        a.dim(0),
                        a.dim(1),
                        a.dim(2),
                        a.dim(3),
                        m,
                        kernelHeight,
                        kernelWidth);
        CHECK.same("dy", dy, dy.withShape(s.output()));
        return s;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        return new TensorSpec[] {in[0].withShape(shape(in).kernels())};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(shape(in).flops(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop g) {
        Value[] d = new Value[2];
        Value ddw = g.grad(0);
        if (ddw == null) {
            return d;
        }
        Value x = g.input(0);
        Value dy = g.input(1);
        if (g.needs(0)) {
            Shape s = x.spec().shape();
            d[0] = g.one(new Conv2dDataGradient(window, groups, s.dim(2), s.dim(3)), dy, ddw);
        }
        if (g.needs(1)) {
            d[1] = g.one(new Conv2d(window, groups), x, ddw, null, null);
        }
        return d;
    }
}
