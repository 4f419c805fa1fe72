package io.tatara.kernels.norm;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Root-mean-square norm over the last axis, after dropout and the residual connection: z =
 * dropout(x) + residual; y = z / √(mean(z²) + ε) · scale. Zhang, Sennrich, "Root Mean Square Layer
 * Normalization", 2019, equation 4.
 *
 * <p>Inputs: x […, d], float32, float16 or bfloat16, rank at least 1; residual? of the same shape;
 * scale? [d] of x's type; seed? int32 [2], there exactly where dropout &gt; 0 (the mask is that of
 * {@link LayerNorm}).
 *
 * <p>Outputs: y of x's shape and type; statistics float32 […], a row's 1 / √(mean(z²) + ε); and,
 * where {@code sum}, z of x's shape and type. A NaN makes its row NaN; so does an infinity in its
 * own place (∞ · 0), and the row's other elements become 0.
 *
 * @param epsilon is added to the mean square; finite and at least 0
 * @param dropout probability with which an element of x is dropped, in [0, 1]
 * @param sum whether z is an output; as in {@link LayerNorm}
 */
public record RmsNorm(float epsilon, float dropout, boolean sum) implements Op {
    private static final String NAME = "rms_norm";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if an attribute is not one of the above
     */
    public RmsNorm {
        NormCall.attributes(CHECK, epsilon, dropout);
    }

    /** As an inference or a block without residual wants it: y and statistics alone. */
    public RmsNorm(float epsilon, float dropout) {
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
        return Cost.of(4.0 * in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        boolean scale = b.needs(2);
        return NormCall.of(this).gradient(b, new RmsNormGradient(dropout, scale), scale, false);
    }
}
