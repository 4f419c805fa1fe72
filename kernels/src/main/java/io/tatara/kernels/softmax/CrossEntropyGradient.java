package io.tatara.kernels.softmax;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link CrossEntropy} in one pass over the logits: dlogits = g · (p − t) + dlogSumExp
 * · p with p = exp(logits − logSumExp), the target t, and g the row's share of dloss (for MEAN over
 * the rows that are not ignored). Ignored rows are 0, rows with a label out of range NaN.
 *
 * <p>Inputs: logits [n, c], float32, float16 or bfloat16; labels int32 [n]; logSumExp float32 [n,
 * 2], a whole number and the rest; dloss float32 [] (or [n] for NONE); dlogSumExp? float32 [n, 2],
 * of which the second column counts. Output: dlogits of the logits' type.
 */
public record CrossEntropyGradient(int ignoreIndex, float smoothing, Reduction reduction)
        implements Op {
    private static final Checks CHECK = new Checks("cross_entropy_gradient");

    public CrossEntropyGradient {
        CrossEntropy.checkAttributes(CHECK, smoothing, reduction);
    }

    @Override
    public String name() {
        return "cross_entropy_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 5, 5);
        TensorSpec loss = CrossEntropy.loss(CHECK, in[0], in[1], reduction);
        int n = in[0].shape().dim(0);
        CHECK.shape("logSumExp", in[2], DType.FLOAT32, n, 2);
        CHECK.same("dloss", in[3], loss);
        if (in[4] != null) {
            CHECK.shape("dlogSumExp", in[4], DType.FLOAT32, n, 2);
        }
        return new TensorSpec[] {in[0]};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(3.0 * in[0].size(), in, infer(in));
    }
}
