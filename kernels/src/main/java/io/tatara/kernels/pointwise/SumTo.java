package io.tatara.kernels.pointwise;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Emitter;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.Objects;

/**
 * The opposite of broadcasting: sums x over the axes along which a tensor of shape {@code target}
 * would be stretched to x's shape. Inner part of {@link Pointwise}'s gradient.
 *
 * <p>Input: x, real, of a shape to which {@code target} broadcasts. Output: of shape {@code
 * target}.
 */
public record SumTo(Shape target) implements Op {
    private static final Checks CHECK = new Checks("sum_to");

    public SumTo {
        Objects.requireNonNull(target, "target");
    }

    /** x summed to a shape that broadcasts to its own; x itself where there is nothing to sum. */
    public static Value emit(Emitter e, Value x, Shape target) {
        return x.spec().shape().equals(target) ? x : e.one(new SumTo(target), x);
    }

    @Override
    public String name() {
        return "sum_to";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.floating("x", in[0]);
        CHECK.that(
                target.broadcastsTo(x.shape()),
                "x",
                x,
                "a shape to which " + target + " broadcasts");
        return new TensorSpec[] {x.withShape(target)};
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
        // x only lends its shape.
        return new Value[] {b.one(new Pointwise(Exprs.in(0), 2), b.gradOrZeros(0), b.input(0))};
    }
}
