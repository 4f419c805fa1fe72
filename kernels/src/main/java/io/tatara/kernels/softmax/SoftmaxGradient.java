package io.tatara.kernels.softmax;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link Softmax} from its output: dx = y ∘ (dy − Σ y ∘ dy), for the logarithm dx = dy
 * − exp(y) · Σ dy. There, positions where y is −∞ (masked ones) take no part and get 0.
 *
 * <p>Inputs: y […, n], float32, float16 or bfloat16; dy of the same shape. Output: dx of that
 * shape.
 */
public record SoftmaxGradient(boolean log) implements Op {
    private static final Checks CHECK = new Checks("softmax_gradient");

    @Override
    public String name() {
        return "softmax_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.floating("y", in[0]);
        TensorSpec y = CHECK.rankAtLeast("y", in[0], 1);
        CHECK.same("dy", in[1], y);
        return new TensorSpec[] {y};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(4.0 * in[0].size(), in, infer(in));
    }
}
