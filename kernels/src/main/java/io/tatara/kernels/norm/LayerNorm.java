package io.tatara.kernels.norm;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Layer norm over the last axis, after dropout and the residual connection: z = dropout(x) +
 * residual; y = (z − mean(z)) / √(var(z) + ε) · scale + shift, with the variance of the population
 * (divided by d). Ba, Kiros, Hinton, "Layer Normalization", 2016, equation 4.
 *
 * <p>Inputs: x […, d], float32, float16 or bfloat16, rank at least 1; residual? of the same shape;
 * scale? [d] (γ); shift? [d] (β), all of x's type; seed? int32 [2], there exactly where dropout
 * &gt; 0. Element e of x is kept where {@link io.tatara.kernels.pointwise.Expr.Uniform} of stream 0
 * is at least {@code dropout}, and then grows by 1 / (1 − dropout): the mask of {@code
 * Exprs.dropout}, computed again in the gradient rather than stored.
 *
 * <p>Outputs: y of x's shape and type; statistics float32 […, 2], a row's mean and 1/σ; and, where
 * {@code sum}, z of x's shape and type. A NaN or an infinity makes its row NaN. A row of no
 * elements has statistics NaN.
 *
 * @param epsilon is added to the variance; finite and at least 0
 * @param dropout probability with which an element of x is dropped, in [0, 1]
 * @param sum whether z is an output, for blocks that carry it on and for training; only where there
 *     is a residual or dropout, since z is x otherwise. Without it the gradient computes z again.
 */
public record LayerNorm(float epsilon, float dropout, boolean sum) implements Op {
    private static final String NAME = "layer_norm";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if an attribute is not one of the above
     */
    public LayerNorm {
        NormCall.attributes(CHECK, epsilon, dropout);
    }

    /** As an inference or a block without residual wants it: y and statistics alone. */
    public LayerNorm(float epsilon, float dropout) {
        this(epsilon, dropout, false);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        return NormCall.of(this).infer(CHECK, in);
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(8.0 * in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        boolean scale = b.needs(2);
        boolean shift = b.needs(3);
        return NormCall.of(this)
                .gradient(b, new LayerNormGradient(dropout, scale, shift), scale, shift);
    }
}
