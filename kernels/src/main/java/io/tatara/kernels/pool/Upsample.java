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
 * Planes interpolated to another size, larger or smaller (without smoothing), as PyTorch's {@code
 * interpolate} does it.
 *
 * <p>Input: x [N, C, H, W], float32, float16 or bfloat16. Output: y [N, C, height, width] of x's
 * type. Places are exact fractions of integers; those outside the plane are moved to its border.
 */
public record Upsample(UpsampleMode mode, int height, int width) implements Op {
    private static final String NAME = "upsample";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if height or width is below 1
     */
    public Upsample {
        Objects.requireNonNull(mode, "mode");
        CHECK.that(height > 0 && width > 0, "height, width", height + ", " + width, "at least 1");
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * @throws OpException if x is not of rank 4 and a floating type, its planes have no elements,
     *     or 4 · H · height or 4 · W · width exceeds the integers
     */
    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.rank("x", CHECK.floating("x", in[0]), 4);
        UpsampleAxis.check(CHECK, "x", x.shape().dim(2), height);
        UpsampleAxis.check(CHECK, "x", x.shape().dim(3), width);
        return new TensorSpec[] {x.withShape(x.shape().dim(0), x.shape().dim(1), height, width)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        return Cost.of(mode == UpsampleMode.NEAREST ? 0 : 6.0 * out[0].size(), in, out);
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
        return b.emit(new UpsampleGradient(mode, x.dim(2), x.dim(3)), b.grad(0));
    }
}
