package io.tatara.kernels.pool;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import java.util.Objects;

/**
 * Gradient of {@link MaxPool}: each element of dy goes to the element that its index names; what
 * meets at an element is summed in the order of the windows.
 *
 * <p>Inputs: indices int32 [N, C, Ho, Wo] as {@link MaxPool} gives them, dy of the same shape.
 * Output: dx [N, C, height, width] of dy's type. −1 names no element. An index that does not lie in
 * its window has no meaning: its gradient may be lost, but nothing outside dx is touched.
 */
public record MaxPoolGradient(PoolWindow window, int height, int width) implements Op {
    private static final String NAME = "max_pool_gradient";
    private static final Checks CHECK = new Checks(NAME);

    public MaxPoolGradient {
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
        CHECK.count(in, 2, 2);
        TensorSpec dx = Planes.gradient(CHECK, window, in[1], height, width);
        CHECK.same("indices", in[0], in[1].withDType(DType.INT32));
        return new TensorSpec[] {dx};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(in[1].size(), in, infer(in));
    }
}
