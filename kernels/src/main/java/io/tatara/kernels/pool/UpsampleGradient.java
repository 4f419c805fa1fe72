package io.tatara.kernels.pool;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import java.util.Objects;

/**
 * Gradient of {@link Upsample}: each element of dy goes, with the weights that made it, to the
 * elements that it was made of; sums have a fixed order.
 *
 * <p>Input: dy [N, C, Ho, Wo]. Output: dx [N, C, height, width] of dy's type.
 */
public record UpsampleGradient(UpsampleMode mode, int height, int width) implements Op {
    private static final String NAME = "upsample_gradient";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if height or width is below 1
     */
    public UpsampleGradient {
        Objects.requireNonNull(mode, "mode");
        CHECK.that(height > 0 && width > 0, "height, width", height + ", " + width, "at least 1");
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * @throws OpException if dy is not of rank 4 and a floating type, or has planes without
     *     elements
     */
    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec dy = CHECK.rank("dy", CHECK.floating("dy", in[0]), 4);
        UpsampleAxis.check(CHECK, "dy", height, dy.shape().dim(2));
        UpsampleAxis.check(CHECK, "dy", width, dy.shape().dim(3));
        return new TensorSpec[] {dy.withShape(dy.shape().dim(0), dy.shape().dim(1), height, width)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(
                mode == UpsampleMode.NEAREST ? in[0].size() : 6.0 * in[0].size(), in, infer(in));
    }
}
