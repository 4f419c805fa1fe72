package io.tatara.kernels.optimizer;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * The 2-norm of all elements of a list of tensors. Squares are float32: elements beyond 1.8e19 give
 * infinity.
 *
 * <p>Inputs: g0…, all float32, float16 or bfloat16. Output: norm [], float32. The order of
 * summation depends on the shapes alone.
 */
public record GlobalNorm(int tensors) implements Op {
    private static final Checks CHECK = new Checks("global_norm");

    public GlobalNorm {
        CHECK.that(tensors >= 1, "tensors", tensors, "a number >= 1");
    }

    @Override
    public String name() {
        return "global_norm";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        TensorLists.check(CHECK, in, 0, tensors, "g");
        for (int j = 1; j < tensors; j++) {
            CHECK.dtype("g" + j, in[j], in[0].dtype());
        }
        return new TensorSpec[] {new TensorSpec(DType.FLOAT32, Shape.SCALAR)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        double n = 0;
        for (TensorSpec s : in) {
            n += s.size();
        }
        return Cost.of(2 * n, in, infer(in));
    }
}
