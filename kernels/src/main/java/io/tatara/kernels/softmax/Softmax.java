package io.tatara.kernels.softmax;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * y = exp(x) / Σ exp(x) over the last axis, or its logarithm x − log Σ exp(x).
 *
 * <p>Inputs: x […, n], float32, float16 or bfloat16; lengths? int32 […], one a row, held within [0,
 * n]. Output: y of x's shape and type. With lengths, positions at or past a row's length take no
 * part: their probability is 0 (log: −∞). A row of length 0 or of −∞ throughout is 0 everywhere
 * (log: −∞), so that fully masked rows do no harm. A row with a NaN or +∞ among those that take
 * part is NaN in all of them.
 */
public record Softmax(boolean log) implements Op {
    private static final Checks CHECK = new Checks("softmax");

    @Override
    public String name() {
        return "softmax";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.floating("x", in[0]);
        TensorSpec x = CHECK.rankAtLeast("x", in[0], 1);
        if (in[1] != null) {
            Shape rows = x.shape().slice(0, x.shape().rank() - 1);
            CHECK.same("lengths", in[1], new TensorSpec(DType.INT32, rows));
        }
        return new TensorSpec[] {x};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(4.0 * in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        return new Value[] {b.one(new SoftmaxGradient(log), b.output(0), b.gradOrZeros(0)), null};
    }
}
