package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.Objects;

/**
 * A tensor of one value.
 *
 * <p>Inputs: none. Output: {@code spec}, every element {@code value} (rounded to the dtype).
 */
public record Fill(TensorSpec spec, double value) implements Op {
    private static final Checks CHECK = new Checks("fill");

    public Fill {
        Objects.requireNonNull(spec, "spec");
    }

    @Override
    public String name() {
        return "fill";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 0, 0);
        return new TensorSpec[] {spec};
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
        return new Value[0];
    }
}
