package io.tatara.kernels.pad;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.List;
import java.util.Objects;

/**
 * The gradient of {@link Pad} where elements are repeated: each element's is the sum over all that
 * it became, in their order.
 *
 * <p>Input: dy of the padded shape, of a floating type. Output: dx of {@code shape}.
 *
 * @param mode {@link PadMode#REFLECT} or {@link PadMode#EDGE}; the gradient of a constant is a
 *     slice
 */
public record PadGradient(Shape shape, List<Integer> before, List<Integer> after, PadMode mode)
        implements Op {
    private static final Checks CHECK = new Checks("pad_gradient");

    /**
     * @throws io.tatara.kernels.OpException if {@link Pad} would refuse the same for a tensor of
     *     this shape
     */
    public PadGradient {
        Objects.requireNonNull(shape, "shape");
        before = List.copyOf(before);
        after = List.copyOf(after);
        CHECK.that(
                mode == PadMode.REFLECT || mode == PadMode.EDGE, "mode", mode, "REFLECT or EDGE");
        PadShape.attributes(CHECK, before, after);
        PadShape.padded(CHECK, "shape", shape, before, after, mode);
    }

    @Override
    public String name() {
        return "pad_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec dy = CHECK.floating("dy", in[0]);
        Shape padded = PadShape.padded(CHECK, "shape", shape, before, after, mode);
        CHECK.same("dy", dy, dy.withShape(padded));
        return new TensorSpec[] {dy.withShape(shape)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        return new Value[] {b.one(new Pad(before, after, mode, 0), b.gradOrZeros(0))};
    }
}
