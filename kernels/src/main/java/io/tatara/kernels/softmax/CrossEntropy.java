package io.tatara.kernels.softmax;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.Objects;

/**
 * Cross-entropy of a softmax over classes with integer labels, from the logits in one pass.
 *
 * <p>Inputs: logits [n, c], float32, float16 or bfloat16; labels int32 [n]. Outputs, float32: loss,
 * [] (or [n] for {@link Reduction#NONE}), and logSumExp [n, 2], which the gradient needs: log Σ
 * exp(logits) is the sum of a row's two numbers. The first is the floor of the row's largest logit,
 * so that the second keeps all digits where logits are large (a float near 1000 is exact to 3e-5
 * only); where log Σ exp is not finite the first is 0. A row's loss is −Σ t · log softmax(logits)
 * with the target t = (1 − smoothing) · onehot(label) + smoothing / c (Szegedy et al. 2016, as
 * PyTorch has it). A row whose label is {@code ignoreIndex} is not read: its loss, its logSumExp
 * and its gradient are 0. MEAN divides by the number of other rows; where all are ignored, loss and
 * gradient are 0. Any other label outside [0, c) is data that no check sees before the kernel runs:
 * it makes the row's loss and gradient NaN. logSumExp may be used for a loss of its own: the
 * gradient of its second number is passed on, while the first does not change with the logits but
 * in steps, and has none.
 */
public record CrossEntropy(int ignoreIndex, float smoothing, Reduction reduction) implements Op {
    private static final Checks CHECK = new Checks("cross_entropy");

    public CrossEntropy {
        checkAttributes(CHECK, smoothing, reduction);
    }

    static void checkAttributes(Checks check, float smoothing, Reduction reduction) {
        check.that(
                smoothing >= 0 && smoothing <= 1, "smoothing", smoothing, "a number from 0 to 1");
        Objects.requireNonNull(reduction, "reduction");
    }

    /** Checks logits and labels, tells the loss. */
    static TensorSpec loss(
            Checks check, TensorSpec logits, TensorSpec labels, Reduction reduction) {
        check.floating("logits", logits);
        check.rank("logits", logits, 2);
        int n = logits.shape().dim(0);
        check.shape("labels", labels, DType.INT32, n);
        return new TensorSpec(
                DType.FLOAT32, reduction == Reduction.NONE ? Shape.of(n) : Shape.SCALAR);
    }

    @Override
    public String name() {
        return "cross_entropy";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        TensorSpec loss = loss(CHECK, in[0], in[1], reduction);
        return new TensorSpec[] {loss, TensorSpec.f32(in[0].shape().dim(0), 2)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(4.0 * in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Op g = new CrossEntropyGradient(ignoreIndex, smoothing, reduction);
        return new Value[] {
            b.one(g, b.input(0), b.input(1), b.output(1), b.gradOrZeros(0), b.grad(1)), null
        };
    }
}
