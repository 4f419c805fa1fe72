package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.Objects;

/**
 * The same elements in the same order under another shape. A view: a device need not run anything.
 *
 * <p>Input: x of any dtype with as many elements as {@code shape}. Output: y of that shape.
 */
public record Reshape(Shape shape) implements Op {
    private static final Checks CHECK = new Checks("reshape");

    public Reshape {
        Objects.requireNonNull(shape, "shape");
    }

    @Override
    public String name() {
        return "reshape";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.present("x", in[0]);
        CHECK.that(
                x.size() == shape.size(),
                "x",
                x,
                "the " + shape.size() + " elements of shape " + shape);
        return new TensorSpec[] {x.withShape(shape)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        infer(in);
        return new Cost(0, 0);
    }

    @Override
    public boolean view() {
        return true;
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        return new Value[] {b.one(new Reshape(b.input(0).spec().shape()), b.gradOrZeros(0))};
    }
}
