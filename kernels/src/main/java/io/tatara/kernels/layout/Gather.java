package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Picks entries of an axis: y[…, j, …] = x[…, indices[j], …].
 *
 * <p>Inputs: x of any dtype and rank ≥ 1, indices int32 [k]. Output: y, x's shape with extent k on
 * the axis (negative axis: from the end). An index outside [0, extent) reads as NaN, or 0 where x
 * is int32.
 */
public record Gather(int axis) implements Op {
    private static final Checks CHECK = new Checks("gather");

    int axis(Shape x) {
        return CHECK.axis("axis", axis, x);
    }

    @Override
    public String name() {
        return "gather";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        TensorSpec x = CHECK.present("x", in[0]);
        int a = axis(x.shape());
        CHECK.dtype("indices", in[1], DType.INT32);
        CHECK.rank("indices", in[1], 1);
        return new TensorSpec[] {x.withShape(x.shape().with(a, in[1].size()))};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return new Cost(0, 2.0 * infer(in)[0].bytes() + in[1].bytes());
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Shape x = b.input(0).spec().shape();
        Value dx =
                b.needs(0)
                        ? b.one(
                                new GatherGradient(axis(x), x.dim(axis)),
                                b.input(1),
                                b.gradOrZeros(0))
                        : null;
        return new Value[] {dx, null};
    }
}
