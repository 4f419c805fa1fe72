package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A step of RMSProp on a list of tensors, in place: with g' = scale g + weightDecay p, v' = alpha v
 * + (1 − alpha) g'², and where centered a' = alpha a + (1 − alpha) g', d = g' / (sqrt(v' − a'²) +
 * epsilon), a' being 0 elsewhere; p' = p − rate d, or with momentum m' = momentum m + d, p' = p −
 * rate m'. Hinton, "Neural networks for machine learning", lecture 6e (2012); centered: Graves
 * 2013; in the form of PyTorch, whose defaults are alpha 0.99 and epsilon 1e-8. A variance that
 * rounding makes negative counts as 0.
 *
 * <p>Inputs: hyper [2], float32 (rate, gradient scale; an infinite scale skips the step);
 * parameters p0…; gradients g0…; mean squares v0…; where centered means a0…; where momentum > 0
 * velocities m0… (all zeros before the first step). Those of one number have one shape; their types
 * are those of {@link Adam}. Outputs: p0…, v0…, (a0…), (m0…), which alias the inputs.
 */
public record RmsProp(
        int tensors,
        float alpha,
        float epsilon,
        boolean centered,
        float momentum,
        float weightDecay)
        implements Op {
    private static final Checks CHECK = new Checks("rms_prop");

    public RmsProp {
        CHECK.that(tensors >= 1, "tensors", tensors, "a number >= 1");
        CHECK.that(alpha >= 0 && alpha < 1, "alpha", alpha, "a number in [0, 1)");
        CHECK.that(epsilon >= 0, "epsilon", epsilon, "a number >= 0");
        CHECK.that(momentum >= 0 && momentum < 1, "momentum", momentum, "a number in [0, 1)");
        CHECK.that(weightDecay >= 0, "weightDecay", weightDecay, "a number >= 0");
    }

    @Override
    public String name() {
        return "rms_prop";
    }

    boolean hasMomentum() {
        return momentum > 0;
    }

    /** Input at which the velocities begin. */
    int velocities() {
        return 1 + (centered ? 4 : 3) * tensors;
    }

    /** Lists of moments. */
    int moments() {
        return 1 + (centered ? 1 : 0) + (hasMomentum() ? 1 : 0);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        List<String> lists = new ArrayList<>(List.of("p", "g", "v"));
        if (centered) {
            lists.add("a");
        }
        if (hasMomentum()) {
            lists.add("m");
        }
        int inputs = 1 + lists.size() * tensors;
        CHECK.count(in, inputs, inputs);
        CHECK.shape("hyper", in[0], DType.FLOAT32, 2);
        TensorLists.check(CHECK, in, 1, tensors, lists.toArray(new String[0]));
        TensorSpec[] out = Arrays.copyOfRange(in, 1, 1 + (1 + moments()) * tensors);
        System.arraycopy(in, 1 + 2 * tensors, out, tensors, moments() * tensors);
        return out;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        int each = 10 + (weightDecay > 0 ? 2 : 0) + (centered ? 5 : 0) + (hasMomentum() ? 2 : 0);
        return Cost.of(each * TensorLists.elements(in, 1, tensors), in, out);
    }

    @Override
    public int alias(int out) {
        return 1 + (out < tensors ? out : out + tensors);
    }
}
