package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;

/**
 * A step of Adagrad on a list of tensors, in place: with g' = scale g + weightDecay p, s' = s +
 * g'², p' = p − rate g' / (sqrt(s') + epsilon). Duchi, Hazan and Singer 2011, in the form of
 * PyTorch, whose default epsilon is 1e-10; a decay of the learning rate goes into the rate.
 *
 * <p>Inputs: hyper [2], float32 (rate, gradient scale; an infinite scale skips the step);
 * parameters p0…; gradients g0…; sums of squares s0… (zeros, or an initial value, before the first
 * step). Those of one number have one shape; their types are those of {@link Adam}. Outputs: p0…,
 * s0…, which alias the inputs.
 */
public record Adagrad(int tensors, float epsilon, float weightDecay) implements Op {
    private static final Checks CHECK = new Checks("adagrad");

    public Adagrad {
        CHECK.that(tensors >= 1, "tensors", tensors, "a number >= 1");
        CHECK.that(epsilon >= 0, "epsilon", epsilon, "a number >= 0");
        CHECK.that(weightDecay >= 0, "weightDecay", weightDecay, "a number >= 0");
    }

    @Override
    public String name() {
        return "adagrad";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1 + 3 * tensors, 1 + 3 * tensors);
        CHECK.shape("hyper", in[0], DType.FLOAT32, 2);
        TensorLists.check(CHECK, in, 1, tensors, "p", "g", "s");
        TensorSpec[] out = Arrays.copyOfRange(in, 1, 1 + 2 * tensors);
        System.arraycopy(in, 1 + 2 * tensors, out, tensors, tensors);
        return out;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        return Cost.of((weightDecay > 0 ? 10 : 8) * TensorLists.elements(in, 1, tensors), in, out);
    }

    @Override
    public int alias(int out) {
        return 1 + (out < tensors ? out : out + tensors);
    }
}
