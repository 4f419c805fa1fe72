package io.tatara.kernels.pool;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.Objects;

/**
 * Largest element of each window, and where it stands.
 *
 * <p>Input: x [N, C, H, W], float32, float16 or bfloat16. Outputs: y [N, C, Ho, Wo] of x's type and
 * indices int32 of the same shape, h · W + w within the plane. Of equal elements the first one of
 * the window (row by row) wins; the first NaN wins over all. Padding takes no part; a window of
 * padding alone, which dilation can make, gives −∞ and index −1.
 *
 * @param window where the windows stand; Ho = (H + top + bottom − (kernelH − 1) · dilationH − 1) /
 *     strideH + 1, rounded down, and so Wo
 */
public record MaxPool(PoolWindow window) implements Op {
    private static final String NAME = "max_pool";
    private static final Checks CHECK = new Checks(NAME);

    public MaxPool {
        Objects.requireNonNull(window, "window");
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * @throws OpException if x is not of rank 4 and a floating type, or no window fits
     */
    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec y = window.infer(CHECK, in[0]);
        return new TensorSpec[] {y, y.withDType(io.tatara.kernels.DType.INT32)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        return Cost.of((double) window.taps() * out[0].size(), in, out);
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        if (b.grad(0) == null || !b.needs(0)) {
            return new Value[1];
        }
        var x = b.input(0).spec().shape();
        Op op = new MaxPoolGradient(window, x.dim(2), x.dim(3));
        return b.emit(op, b.output(1), b.grad(0));
    }
}
