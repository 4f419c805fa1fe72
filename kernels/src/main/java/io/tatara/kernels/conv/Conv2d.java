package io.tatara.kernels.conv;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.matmul.ActivationGradient;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.reduce.Reduce;
import io.tatara.kernels.reduce.ReduceKind;
import java.util.List;
import java.util.Objects;

/**
 * Convolution in two dimensions (a correlation: kernels are not flipped), y = activation(x ∗ weight
 * + bias) + residual.
 *
 * <p>Inputs: x [N, C, H, W], weight [M, C / groups, Kh, Kw], bias? [M], residual? of y's shape; the
 * optional ones may be left out at the end. All of one floating dtype. Output: y [N, M, Ho, Wo]
 * with Ho = ⌊(H + padTop + padBottom - (Kh - 1) · dilationY - 1) / strideY⌋ + 1, Wo alike:
 *
 * <p>y[n, m, i, j] = Σ x[n, g · C / groups + c, i · strideY - padTop + p · dilationY, j · strideX -
 * padLeft + q · dilationX] · weight[m, c, p, q] over c, p, q, where g is m's group and pixels
 * outside the image are 0 (an infinite or NaN weight that meets them may or may not show).
 * Fukushima 1980, LeCun et al. 1989; groups: Krizhevsky et al. 2012; dilation: Yu, Koltun 2016.
 *
 * <p>groups = C is the depthwise convolution, M / C its channel multiplier; a kernel of one tap the
 * pointwise one: the same op, other kernels.
 *
 * @param window stride, padding, dilation
 * @param groups into which both C and M are divided
 * @param epilogue what follows the sums
 */
public record Conv2d(ConvWindow window, int groups, Epilogue epilogue) implements Op {
    private static final Checks CHECK = new Checks("conv2d");

    public Conv2d {
        CHECK.that(window != null, "window", "null", "a window, ConvWindow.UNIT for stride 1");
        CHECK.that(groups > 0, "groups", groups, "a number >= 1");
        CHECK.that(epilogue != null, "epilogue", "null", "an epilogue, Epilogue.NONE for none");
    }

    /** Nothing but bias and residual behind the sums. */
    public Conv2d(ConvWindow window, int groups) {
        this(window, groups, Epilogue.NONE);
    }

    @Override
    public String name() {
        return "conv2d";
    }

    /** The input, null where it is absent or left out at the end. */
    static <T> T optional(T[] in, int i) {
        return i < in.length ? in[i] : null;
    }

    ConvShape shape(TensorSpec[] in) {
        return ConvShape.forward(CHECK, window, groups, in[0], in[1]);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 4);
        ConvShape s = shape(in);
        TensorSpec y = in[0].withShape(s.output());
        if (optional(in, 2) != null) {
            CHECK.shape("bias", in[2], y.dtype(), s.m());
        }
        if (optional(in, 3) != null) {
            CHECK.same("residual", in[3], y);
        }
        return new TensorSpec[] {y};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        int more = epilogue.activation() == Activation.NONE ? 0 : 1;
        more += optional(in, 2) == null ? 0 : 1;
        more += optional(in, 3) == null ? 0 : 1;
        return Cost.of(shape(in).flops() + (double) out[0].size() * more, in, out);
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop g) {
        Value[] d = new Value[4];
        Value dy = g.grad(0);
        if (dy == null) {
            return d;
        }
        Value x = g.input(0);
        Value weight = g.input(1);
        d[3] = g.needs(3) ? dy : null;
        if (!g.needs(0) && !g.needs(1) && !g.needs(2)) {
            return d;
        }
        Value dz = beforeActivation(g, x, weight, dy);
        ConvShape s = shape(new TensorSpec[] {x.spec(), weight.spec()});
        if (g.needs(0)) {
            Op op = new Conv2dDataGradient(window, groups, s.h(), s.w());
            d[0] = g.one(op, dz, weight);
        }
        if (g.needs(1)) {
            d[1] = g.one(new Conv2dWeightGradient(window, groups, s.kh(), s.kw()), x, dz);
        }
        if (g.needs(2)) {
            d[2] = g.one(new Reduce(ReduceKind.SUM, List.of(0, 2, 3), false), dz);
        }
        return d;
    }

    private Value beforeActivation(Backprop g, Value x, Value weight, Value dy) {
        Activation f = epilogue.activation();
        if (f == Activation.NONE) {
            return dy;
        }
        Value saved = g.output(0);
        if (!f.derivativeFromResult() || g.input(3) != null) {
            // With a residual the output is no longer the activation's result.
            Epilogue e = f.derivativeFromResult() ? epilogue : Epilogue.NONE;
            saved = g.one(new Conv2d(window, groups, e), x, weight, g.input(2), null);
        }
        return g.one(new ActivationGradient(f), Objects.requireNonNull(saved), dy);
    }
}
