package io.tatara.kernels.pool;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import java.util.Objects;

/**
 * Gradient of {@link AveragePool}: each element of dy, divided as its window was, goes to all
 * elements of the window; sums have a fixed order.
 *
 * <p>Input: dy [N, C, Ho, Wo]. Output: dx [N, C, height, width] of dy's type.
 */
public record AveragePoolGradient(PoolWindow window, boolean countIncludePad, int height, int width)
        implements Op {
    private static final String NAME = "average_pool_gradient";
    private static final Checks CHECK = new Checks(NAME);

    public AveragePoolGradient {
        Objects.requireNonNull(window, "window");
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * @throws OpException if dy is not what the window makes of a plane height × width
     */
    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        return new TensorSpec[] {Planes.gradient(CHECK, window, in[0], height, width)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of((double) window.taps() * in[0].size(), in, infer(in));
    }
}
