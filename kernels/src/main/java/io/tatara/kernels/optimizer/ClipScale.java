package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * The factor that brings a norm down to {@code maxNorm}: min(1, maxNorm / (norm + 1e-6)). Pascanu,
 * Mikolov, Bengio 2013. NaN stays NaN.
 *
 * <p>Input: norm [], float32. Output: scale [], float32.
 */
public record ClipScale(float maxNorm) implements Op {
    private static final Checks CHECK = new Checks("clip_scale");

    public ClipScale {
        CHECK.that(maxNorm > 0, "maxNorm", maxNorm, "a number > 0");
    }

    @Override
    public String name() {
        return "clip_scale";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        return new TensorSpec[] {CHECK.shape("norm", in[0], DType.FLOAT32)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(3, in, infer(in));
    }
}
