package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;

/**
 * A step of stochastic gradient descent on a list of tensors, in place: with g' = scale g +
 * weightDecay p and m' = momentum m + g', p' = p − rate (g' + momentum m' for Nesterov's form, else
 * m', or g' without momentum). Sutskever et al. 2013, in the form of PyTorch.
 *
 * <p>Inputs: hyper [2], float32 (rate, gradient scale; an infinite scale skips the step);
 * parameters p0…; gradients g0…; and where momentum > 0 velocities m0… (zeros before the first
 * step). Those of one number have one shape; their types are those of {@link Adam}: velocities
 * float32, float32 parameters with gradients of any real type, or 16-bit parameters with gradients
 * of that type or float32. Outputs: p0…, (m0…), which alias the inputs.
 */
public record Sgd(int tensors, float momentum, boolean nesterov, float weightDecay) implements Op {
    private static final Checks CHECK = new Checks("sgd");

    public Sgd {
        CHECK.that(tensors >= 1, "tensors", tensors, "a number >= 1");
        CHECK.that(momentum >= 0 && momentum < 1, "momentum", momentum, "a number in [0, 1)");
        CHECK.that(!nesterov || momentum > 0, "nesterov", "momentum " + momentum, "momentum > 0");
        CHECK.that(weightDecay >= 0, "weightDecay", weightDecay, "a number >= 0");
    }

    @Override
    public String name() {
        return "sgd";
    }

    boolean hasMomentum() {
        return momentum > 0;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, inputs(), inputs());
        CHECK.shape("hyper", in[0], DType.FLOAT32, 2);
        if (hasMomentum()) {
            TensorLists.check(CHECK, in, 1, tensors, "p", "g", "m");
        } else {
            TensorLists.check(CHECK, in, 1, tensors, "p", "g");
        }
        TensorSpec[] out = Arrays.copyOfRange(in, 1, 1 + (hasMomentum() ? 2 : 1) * tensors);
        if (hasMomentum()) {
            System.arraycopy(in, 1 + 2 * tensors, out, tensors, tensors);
        }
        return out;
    }

    private int inputs() {
        return 1 + (hasMomentum() ? 3 : 2) * tensors;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        double n = TensorLists.elements(in, 1, tensors);
        return Cost.of(
                (3 + (weightDecay > 0 ? 2 : 0) + (hasMomentum() ? 2 : 0) + (nesterov ? 2 : 0)) * n,
                in,
                out);
    }

    @Override
    public int alias(int out) {
        return 1 + (out < tensors ? out : out + tensors);
    }
}
