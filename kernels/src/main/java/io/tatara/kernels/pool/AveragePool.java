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
 * Mean of each window.
 *
 * <p>Input: x [N, C, H, W], float32, float16 or bfloat16. Output: y [N, C, Ho, Wo] of x's type,
 * shaped as {@link MaxPool} says. A window of padding alone gives 0.
 *
 * @param countIncludePad whether padding counts as zeros (the sum is divided by the kernel's size)
 *     or takes no part (divided by the elements inside the plane)
 */
public record AveragePool(PoolWindow window, boolean countIncludePad) implements Op {
    private static final String NAME = "average_pool";
    private static final Checks CHECK = new Checks(NAME);

    public AveragePool {
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
        return new TensorSpec[] {window.infer(CHECK, in[0])};
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
        Op op = new AveragePoolGradient(window, countIncludePad, x.dim(2), x.dim(3));
        return b.emit(op, b.grad(0));
    }
}
