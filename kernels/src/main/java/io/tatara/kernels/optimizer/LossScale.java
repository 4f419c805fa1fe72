package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * The decision of a step of training whose loss was multiplied by a scale, without the host:
 * Micikevicius et al. 2018, section 3.2. Where the norm of the gradients is not finite, the step is
 * to be skipped, the scale becomes backoff times itself (not below 2⁻²⁴), and the count of good
 * steps begins anew; else the step is good, and after {@code interval} good ones in a row the scale
 * becomes growth times itself (not above 2²⁴). Growth and backoff of 1 keep a scale as it is.
 *
 * <p>Inputs: norm [], float32, of the gradients of the scaled loss; state [4], float32: the scale,
 * good steps since it last changed, steps taken, steps skipped. (Counts stay exact up to 2²⁴, where
 * they stop.) Outputs: state, which aliases the input; gradientScale [1], float32, for the
 * optimizer's step: 1 / scale, times min(1, maxNorm / (norm / scale + 1e-6)) where maxNorm > 0
 * ({@link ClipScale}); infinity, which makes the optimizers' ops do nothing, where the step is
 * skipped.
 *
 * @param interval good steps after which the scale grows
 * @param maxNorm largest norm of the gradients of the loss itself, 0 for any
 */
public record LossScale(float growth, float backoff, int interval, float maxNorm) implements Op {
    private static final Checks CHECK = new Checks("loss_scale");

    /** Bounds of the scale; counts stop at the upper one. */
    static final float LEAST = 0x1p-24f;

    static final float MOST = 0x1p24f;

    public LossScale {
        CHECK.that(growth >= 1 && growth <= MOST, "growth", growth, "a number in [1, 2^24]");
        CHECK.that(backoff > 0 && backoff <= 1, "backoff", backoff, "a number in (0, 1]");
        CHECK.that(interval >= 1, "interval", interval, "a number >= 1");
        CHECK.that(maxNorm >= 0, "maxNorm", maxNorm, "a number >= 0");
    }

    @Override
    public String name() {
        return "loss_scale";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.shape("norm", in[0], DType.FLOAT32);
        CHECK.shape("state", in[1], DType.FLOAT32, 4);
        return new TensorSpec[] {in[1], new TensorSpec(DType.FLOAT32, Shape.of(1))};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(8, in, infer(in));
    }

    @Override
    public int alias(int out) {
        return out == 0 ? 1 : -1;
    }
}
