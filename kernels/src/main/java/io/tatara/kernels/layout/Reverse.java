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
 * An axis backwards, or for ragged sequences the part of it that is there.
 *
 * <p>Inputs: x of any dtype and rank ≥ 1; lengths? int32 [n], one for each entry of the batch axis,
 * which is the first axis other than {@code axis}: axis 1 for time-major x [T, N, …] reversed along
 * 0, axis 0 for batch-first x. Output: y of x's shape. With lengths the first lengths[i] elements
 * (held within [0, extent]) are reversed and the others stay where they are.
 */
public record Reverse(int axis) implements Op {
    private static final Checks CHECK = new Checks("reverse");

    int axis(Shape x) {
        return CHECK.axis("axis", axis, x);
    }

    @Override
    public String name() {
        return "reverse";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        TensorSpec x = CHECK.present("x", in[0]);
        int a = axis(x.shape());
        if (in[1] != null) {
            CHECK.rankAtLeast("x", x, 2);
            CHECK.shape("lengths", in[1], DType.INT32, x.shape().dim(a == 0 ? 1 : 0));
        }
        return new TensorSpec[] {x};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(0, in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        // The permutation is its own inverse.
        Value dy = b.gradOrZeros(0);
        return new Value[] {b.one(this, dy, b.input(1)), null};
    }
}
