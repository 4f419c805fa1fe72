package io.tatara.models.nn;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.layout.Fill;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.softmax.Reduction;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;
import java.util.Arrays;
import java.util.Objects;

/**
 * Losses over sequences of different lengths in one batch: steps at or past a sequence's length
 * take no part, whatever stands there (NaN too), and get no gradient. A batch without any step has
 * loss 0. Losses are float32, one element, whatever the type of what they judge.
 *
 * @param average over what the mean is taken
 * @param batchFirst whether the first axes are [N, T], else [T, N]
 * @param smoothing of labels, in cross-entropy: part of a label's probability that is spread over
 *     all classes
 */
public record SequenceLoss(Average average, boolean batchFirst, float smoothing) {
    /** What a loss is the mean of. */
    public enum Average {
        /** Of all steps alike: long sequences weigh more. */
        STEPS,
        /** Of the sequences' means: all sequences that have a step weigh the same. */
        SEQUENCES,
        /** Of nothing: the sum over all steps. */
        SUM
    }

    /** A label that takes no part, as if its step were past the sequence's length. */
    public static final int IGNORE = -1;

    public SequenceLoss {
        Objects.requireNonNull(average, "average");
    }

    /** Without smoothing of labels. */
    public SequenceLoss(Average average, boolean batchFirst) {
        this(average, batchFirst, 0);
    }

    /**
     * Cross-entropy of the softmax over C classes.
     *
     * @param logits [N, T, C] or [T, N, C], real
     * @param labels int32 of the first two axes, below 2²⁴; {@link #IGNORE} takes no part
     * @param lengths int32 [N], or null where all sequences have T steps
     */
    public Tensor crossEntropy(Ops ops, Tensor logits, Tensor labels, Tensor lengths) {
        Shape shape = logits.shape();
        that(shape.rank() == 3, "logits", logits, "rank 3");
        int steps = shape.dim(0) * shape.dim(1);
        that(
                labels.shape().equals(Shape.of(shape.dim(0), shape.dim(1))),
                "labels",
                labels,
                "the first two extents of " + logits.spec());
        Tensor mask = mask(ops, shape, lengths);
        Tensor valid = labels;
        if (mask != null) {
            Expr keep = Exprs.select(Exprs.in(0), Exprs.in(1), Exprs.constant(IGNORE));
            valid = ops.cast(ops.pointwise(keep, mask, labels), DType.INT32);
        }
        Tensor rows = ops.reshape(logits, steps, shape.dim(2));
        Tensor flat = ops.reshape(valid, steps);
        if (average != Average.SEQUENCES) {
            Reduction r = average == Average.STEPS ? Reduction.MEAN : Reduction.SUM;
            return ops.crossEntropy(rows, flat, IGNORE, smoothing, r);
        }
        Tensor each = ops.crossEntropy(rows, flat, IGNORE, smoothing, Reduction.NONE);
        Expr counts =
                Exprs.select(
                        Exprs.equal(Exprs.in(0), Exprs.constant(IGNORE)),
                        Exprs.constant(0),
                        Exprs.constant(1));
        return perSequence(
                ops, ops.reshape(each, shape.dim(0), shape.dim(1)), ops.pointwise(counts, valid));
    }

    /**
     * Squared error; a step's is the mean over its elements.
     *
     * @param x [N, T, …] or [T, N, …], real
     * @param target of x's shape and type
     * @param lengths int32 [N], or null where all sequences have T steps
     */
    public Tensor squaredError(Ops ops, Tensor x, Tensor target, Tensor lengths) {
        Shape shape = x.shape();
        that(shape.rank() >= 2, "x", x, "rank >= 2");
        that(target.spec().equals(x.spec()), "target", target, x.spec().toString());
        Tensor mask = mask(ops, shape, lengths);
        if (mask == null) {
            Fill ones = new Fill(TensorSpec.f32(shape.dim(0), shape.dim(1)), 1);
            mask = ops.run(ones)[0];
        }
        int elements = shape.product(2, shape.rank());
        that(elements > 0, "x", x, "steps of one element or more");
        int[] stretched = new int[shape.rank()];
        Arrays.fill(stretched, 1);
        stretched[0] = shape.dim(0);
        stretched[1] = shape.dim(1);
        Expr error =
                Exprs.square(
                        Exprs.select(
                                Exprs.in(0),
                                Exprs.sub(Exprs.in(1), Exprs.in(2)),
                                Exprs.constant(0)));
        Tensor squares =
                ops.pointwise(
                        error,
                        ops.reshape(mask, stretched),
                        ops.cast(x, DType.FLOAT32),
                        ops.cast(target, DType.FLOAT32));
        Tensor each =
                ops.mul(
                        ops.sum(ops.reshape(squares, shape.dim(0), shape.dim(1), elements), 2),
                        1f / elements);
        return switch (average) {
            case SUM -> ops.sum(each);
            case STEPS -> ops.pointwise(share(), ops.sum(each), ops.sum(mask));
            case SEQUENCES -> perSequence(ops, each, mask);
        };
    }

    /** The mean over sequences with a step of their means over steps. */
    private Tensor perSequence(Ops ops, Tensor each, Tensor valid) {
        int time = batchFirst ? 1 : 0;
        Tensor counts = ops.sum(valid, time);
        Tensor means = ops.pointwise(share(), ops.sum(each, time), counts);
        Expr some = Exprs.greater(Exprs.in(0), Exprs.constant(0));
        return ops.pointwise(share(), ops.sum(means), ops.sum(ops.pointwise(some, counts)));
    }

    /** x0 over x1, which is a count; 0 of nothing is 0. */
    private static Expr share() {
        return Exprs.div(Exprs.in(0), Exprs.max(Exprs.in(1), Exprs.constant(1)));
    }

    /** 1 before each sequence's end, in the order of the first two axes. */
    private Tensor mask(Ops ops, Shape shape, Tensor lengths) {
        if (lengths == null) {
            return null;
        }
        int n = shape.dim(batchFirst ? 0 : 1);
        that(
                lengths.dtype() == DType.INT32 && lengths.shape().equals(Shape.of(n)),
                "lengths",
                lengths,
                "int32 [" + n + "]");
        Tensor mask = ops.sequenceMask(lengths, shape.dim(batchFirst ? 1 : 0));
        return batchFirst ? mask : ops.transpose(mask, 1, 0);
    }

    private static void that(boolean ok, String arg, Tensor given, String expected) {
        if (!ok) {
            throw new TataraException(
                    "sequence loss: " + arg + ": given " + given.spec() + ", expected " + expected);
        }
    }
}
