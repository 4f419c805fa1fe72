package io.tatara.kernels.conv;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Gradient of {@link Conv2d}'s sums with respect to x, which is the transposed convolution (Zeiler
 * et al. 2010; Dumoulin, Visin 2016, section 4): each element of dy goes, times the kernel, to the
 * pixels that it came from.
 *
 * <p>Inputs: dy [N, M, Ho, Wo], weight [M, C / groups, Kh, Kw], of one floating dtype. Output: dx
 * [N, C, height, width]; Ho and Wo must be what a convolution of such an image gives. Since several
 * heights give the same Ho where the stride is not 1, the height is an attribute: as a transposed
 * convolution it is (Ho - 1) · strideY - padTop - padBottom + (Kh - 1) · dilationY + 1 + k with an
 * output padding k of 0 … strideY - 1, the width alike.
 *
 * @param window stride, padding, dilation of the convolution
 * @param groups of the convolution
 * @param height of dx
 * @param width of dx
 */
public record Conv2dDataGradient(ConvWindow window, int groups, int height, int width)
        implements Op {
    private static final Checks CHECK = new Checks("conv2d_data_gradient");

    public Conv2dDataGradient {
        CHECK.that(window != null, "window", "null", "a window, ConvWindow.UNIT for stride 1");
        CHECK.that(groups > 0, "groups", groups, "a number >= 1");
        CHECK.that(height > 0, "height", height, "a number >= 1");
        CHECK.that(width > 0, "width", width, "a number >= 1");
    }

    @Override
    public String name() {
        return "conv2d_data_gradient";
    }

    ConvShape shape(TensorSpec[] in) {
        TensorSpec dy = CHECK.rank("dy", CHECK.floating("dy", in[0]), 4);
        TensorSpec weight = CHECK.dtype("weight", CHECK.rank("weight", in[1], 4), dy.dtype());
        Shape a = dy.shape();
        Shape b = ConvShape.kernel(CHECK, weight, groups);
        CHECK.that(a.dim(1) == b.dim(0), "weight", weight, a.dim(1) + " kernels as dy " + dy);
        long c = (long) b.dim(1) * groups;
        CHECK.that(c <= Shape.MAX_SIZE, "groups", groups, "channels that an array can hold");
        String size = height + " x " + width;
        ConvShape s =
                ConvShape.of(
                        CHECK,
                        window,
                        groups,
                        "height, width",
                        size,
                        a.dim(0),
                        (int) c,
                        height,
                        width,
                        b.dim(0),
                        b.dim(2),
                        b.dim(3));
        CHECK.same("dy", dy, dy.withShape(s.output()));
        return s;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        return new TensorSpec[] {in[0].withShape(shape(in).image())};
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
        Value ddx = g.grad(0);
        if (ddx == null) {
            return d;
        }
        Value weight = g.input(1);
        if (g.needs(0)) {
            d[0] = g.one(new Conv2d(window, groups), ddx, weight, null, null);
        }
        if (g.needs(1)) {
            Shape k = weight.spec().shape();
            Op op = new Conv2dWeightGradient(window, groups, k.dim(2), k.dim(3));
            d[1] = g.one(op, ddx, g.input(0));
        }
        return d;
    }
}
