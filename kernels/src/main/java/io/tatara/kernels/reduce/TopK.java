package io.tatara.kernels.reduce;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * The k largest elements of the last axis, descending.
 *
 * <p>Input: x […, n], real, n ≥ k. Outputs: values […, k], indices int32 […, k]. Equal elements
 * come in order of their index; NaN counts as larger than any number.
 */
public record TopK(int k) implements Op {
    private static final Checks CHECK = new Checks("top_k");

    public TopK {
        CHECK.that(k >= 1, "k", k, "k >= 1");
    }

    @Override
    public String name() {
        return "top_k";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        CHECK.floating("x", in[0]);
        TensorSpec x = CHECK.rankAtLeast("x", in[0], 1);
        CHECK.that(
                x.shape().dim(-1) >= k, "x", x, "at least k = " + k + " elements on the last axis");
        Shape y = x.shape().with(-1, k);
        return new TensorSpec[] {x.withShape(y), new TensorSpec(DType.INT32, y)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        int n = b.input(0).spec().shape().dim(-1);
        return new Value[] {b.one(new TopKGradient(n), b.output(1), b.gradOrZeros(0))};
    }
}
