package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;

/**
 * A step of Adam on a list of tensors, in place. With g' = scale g: m' = beta1 m + (1 − beta1) g',
 * v' = beta2 v + (1 − beta2) g'², p' = p − rate (m' c1 / (sqrt(v' c2) + epsilon) + weightDecay p),
 * where c1 = 1 / (1 − beta1ᵗ) and c2 = 1 / (1 − beta2ᵗ) in step t = 1, 2, … Kingma and Ba 2015; the
 * decay is decoupled (AdamW), Loshchilov and Hutter 2019, or, where that is not asked for, an L2
 * penalty's: added to the gradient, g' = scale g + weightDecay p. The betas are floats: take c1 and
 * c2 from the same floats (1 − 0.999f is not 0.001 but 1.3e-5 of it less).
 *
 * <p>Inputs: hyper [4], float32 (rate, gradient scale, c1, c2; an infinite scale skips the step);
 * parameters p0…, gradients g0…, first moments m0…, second moments v0… (zeros before the first
 * step). Those of one number have one shape. Moments are float32. Parameters are float32 with
 * gradients of any real type: the way to train in 16 bits, on copies that {@code Cast} makes of
 * them; or they are float16 or bfloat16 with gradients of that type or float32, where steps below
 * half a unit of the last place are lost. Outputs: p0…, m0…, v0…, which alias the inputs.
 *
 * @param decoupled whether the decay is AdamW's; false for an L2 penalty
 */
public record Adam(
        int tensors, float beta1, float beta2, float epsilon, float weightDecay, boolean decoupled)
        implements Op {
    private static final Checks CHECK = new Checks("adam");

    /** With decoupled weight decay. */
    public Adam(int tensors, float beta1, float beta2, float epsilon, float weightDecay) {
        this(tensors, beta1, beta2, epsilon, weightDecay, true);
    }

    /** The decay that is added to the gradient. */
    float penalty() {
        return decoupled ? 0 : weightDecay;
    }

    /** The decay that is taken from the parameter. */
    float decay() {
        return decoupled ? weightDecay : 0;
    }

    public Adam {
        CHECK.that(tensors >= 1, "tensors", tensors, "a number >= 1");
        CHECK.that(beta1 >= 0 && beta1 < 1, "beta1", beta1, "a number in [0, 1)");
        CHECK.that(beta2 >= 0 && beta2 < 1, "beta2", beta2, "a number in [0, 1)");
        CHECK.that(epsilon >= 0, "epsilon", epsilon, "a number >= 0");
        CHECK.that(weightDecay >= 0, "weightDecay", weightDecay, "a number >= 0");
    }

    @Override
    public String name() {
        return "adam";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1 + 4 * tensors, 1 + 4 * tensors);
        CHECK.shape("hyper", in[0], DType.FLOAT32, 4);
        TensorLists.check(CHECK, in, 1, tensors, "p", "g", "m", "v");
        TensorSpec[] out = Arrays.copyOfRange(in, 1, 1 + 3 * tensors);
        System.arraycopy(in, 1 + 2 * tensors, out, tensors, 2 * tensors);
        return out;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        double n = TensorLists.elements(in, 1, tensors);
        return Cost.of((weightDecay > 0 ? 16 : 14) * n, in, out);
    }

    @Override
    public int alias(int out) {
        return 1 + (out < tensors ? out : out + tensors);
    }
}
