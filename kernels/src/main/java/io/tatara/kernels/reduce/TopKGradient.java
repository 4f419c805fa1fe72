package io.tatara.kernels.reduce;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link TopK}'s values: zeros with dvalues where the indices point.
 *
 * <p>Inputs: indices int32 […, k], no two equal in a row (they come from TopK), dvalues […, k].
 * Output: dx […, n]. Indices outside [0, n) are passed over.
 */
public record TopKGradient(int n) implements Op {
    private static final Checks CHECK = new Checks("top_k_gradient");

    public TopKGradient {
        CHECK.that(n >= 1, "n", n, "n >= 1");
    }

    @Override
    public String name() {
        return "top_k_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.dtype("indices", in[0], DType.INT32);
        TensorSpec indices = CHECK.rankAtLeast("indices", in[0], 1);
        TensorSpec dvalues = CHECK.floating("dvalues", in[1]);
        CHECK.same("dvalues", dvalues, dvalues.withShape(indices.shape()));
        CHECK.that(
                indices.shape().dim(-1) <= n,
                "indices",
                indices,
                "at most n = " + n + " on the last axis");
        return new TensorSpec[] {dvalues.withShape(indices.shape().with(-1, n))};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(0, in, infer(in));
    }
}
