package io.tatara.kernels.matmul;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Activation;

/**
 * dz = dy · f'(z) for y = f(z).
 *
 * <p>Inputs: s, which is y where {@link Activation#derivativeFromResult}, else z; dy of the same
 * shape and dtype. Output: dz.
 */
public record ActivationGradient(Activation activation) implements Op {
    private static final Checks CHECK = new Checks("activation_gradient");

    public ActivationGradient {
        CHECK.that(activation != null, "activation", "null", "an activation");
    }

    @Override
    public String name() {
        return "activation_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.floating("s", in[0]);
        CHECK.same("dy", in[1], in[0]);
        return new TensorSpec[] {in[0]};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(3.0 * in[0].size(), in, infer(in));
    }
}
