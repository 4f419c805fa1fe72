package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Ones where a sequence has elements: mask[i, t] = t &lt; lengths[i] ? 1 : 0.
 *
 * <p>Input: lengths int32 [n]. Output: mask float32 [n, {@code length}]. Lengths below 0 count as
 * 0.
 */
public record SequenceMask(int length) implements Op {
    private static final Checks CHECK = new Checks("sequence_mask");

    public SequenceMask {
        CHECK.that(length >= 0, "length", length, "a length >= 0");
    }

    @Override
    public String name() {
        return "sequence_mask";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        CHECK.dtype("lengths", in[0], DType.INT32);
        CHECK.rank("lengths", in[0], 1);
        return new TensorSpec[] {TensorSpec.f32(in[0].size(), length)};
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
        return new Value[1];
    }
}
