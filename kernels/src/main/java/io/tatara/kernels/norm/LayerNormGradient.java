package io.tatara.kernels.norm;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link LayerNorm}. With r = 1/σ from the statistics, x̂ = (z − mean(z)) · r, g = dy ∘
 * scale, and (dm, dr) the gradients of the statistics:
 *
 * <pre>
 * dz = r · (g − mean(g) − x̂ · mean(g ∘ x̂)) + dm / d − x̂ · dr · r² / d + dsum
 * dx = dropout's mask ∘ dz,  dscale = Σ rows dy ∘ x̂,  dshift = Σ rows dy
 * </pre>
 *
 * The statistics' mean serves as a first guess alone: the rest of the row's mean is taken away too,
 * so that rows far from 0 do not suffer from its rounding.
 *
 * <p>Inputs: z […, d], the sum of residual and dropped x, float32, float16 or bfloat16; scale? [d];
 * seed? int32 [2], there exactly where dropout &gt; 0; statistics float32 […, 2]; dy of z's shape;
 * dstatistics? float32 […, 2]; dsum? of z's shape, what arrives at z itself. Outputs: dz, which is
 * the residual's gradient too; where dropout &gt; 0, dx; where asked for, dscale [d] and dshift
 * [d]. Sums over rows have a fixed order.
 */
public record LayerNormGradient(float dropout, boolean scale, boolean shift) implements Op {
    private static final String NAME = "layer_norm_gradient";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if dropout is no probability
     */
    public LayerNormGradient {
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
        return Cost.of(14.0 * in[0].size(), in, infer(in));
    }
}
