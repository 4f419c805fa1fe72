package io.tatara.kernels.norm;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link RmsNorm}. With r the statistics, x̂ = z · r, g = dy ∘ scale, and dr the
 * gradient of the statistics: dz = r · (g − x̂ · mean(g ∘ x̂)) − x̂ · dr · r² / d + dsum, dx =
 * dropout's mask ∘ dz, dscale = Σ rows dy ∘ x̂.
 *
 * <p>Inputs and outputs are those of {@link LayerNormGradient}, but for statistics and dstatistics?
 * float32 […], one number a row, and for dshift, which there is not.
 */
public record RmsNormGradient(float dropout, boolean scale) implements Op {
    private static final String NAME = "rms_norm_gradient";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if dropout is no probability
     */
    public RmsNormGradient {
        NormCall.dropout(CHECK, dropout);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        return GradientCall.of(this).infer(CHECK, in);
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(10.0 * in[0].size(), in, infer(in));
    }
}
