package io.tatara.kernels.reduce;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * Where the largest element of an axis stands.
 *
 * <p>Input: x, real, at least one element on {@code axis} (negative: from the end). Output: int32
 * indices, x's shape without the axis. The first of equals; NaN counts as larger than any number.
 */
public record ArgMax(int axis) implements Op {
    private static final Checks CHECK = new Checks("arg_max");

    int axis(Shape x) {
        return CHECK.axis("axis", axis, x);
    }

    @Override
    public String name() {
        return "arg_max";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        Shape x = CHECK.floating("x", in[0]).shape();
        int a = axis(x);
        CHECK.that(x.dim(a) > 0, "x", in[0], "at least one element on axis " + a);
        Shape y = x.slice(0, a).append(x.slice(a + 1, x.rank()).toArray());
        return new TensorSpec[] {new TensorSpec(DType.INT32, y)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(in[0].size(), in, infer(in));
    }
}
