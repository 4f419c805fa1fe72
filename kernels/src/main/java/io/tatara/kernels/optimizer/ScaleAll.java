package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;

/**
 * Multiplies every tensor of a list by one number, in place.
 *
 * <p>Inputs: scale [], float32; g0…, each float32, float16 or bfloat16. Outputs: g0…, which alias
 * the inputs.
 */
public record ScaleAll(int tensors) implements Op {
    private static final Checks CHECK = new Checks("scale_all");

    public ScaleAll {
        CHECK.that(tensors >= 1, "tensors", tensors, "a number >= 1");
    }

    @Override
    public String name() {
        return "scale_all";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1 + tensors, 1 + tensors);
        CHECK.shape("scale", in[0], DType.FLOAT32);
        TensorLists.check(CHECK, in, 1, tensors, "g");
        return Arrays.copyOfRange(in, 1, 1 + tensors);
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        double n = 0;
        for (TensorSpec s : out) {
            n += s.size();
        }
        return Cost.of(n, in, out);
    }

    @Override
    public int alias(int out) {
        return 1 + out;
    }
}
