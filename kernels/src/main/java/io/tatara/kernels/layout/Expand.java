package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.reduce.Reduce;
import io.tatara.kernels.reduce.ReduceKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A broadcast copy: axes are aligned at the right, missing ones and those of extent 1 are repeated.
 *
 * <p>Input: x of any dtype, broadcastable to {@code shape} of rank up to 6. Output: y of that
 * shape.
 */
public record Expand(Shape shape) implements Op {
    private static final Checks CHECK = new Checks("expand");

    public Expand {
        Objects.requireNonNull(shape, "shape");
        CHECK.that(shape.rank() <= Strided.MAX_RANK, "shape", shape, "rank <= " + Strided.MAX_RANK);
    }

    @Override
    public String name() {
        return "expand";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.present("x", in[0]);
        CHECK.that(x.shape().broadcastsTo(shape), "x", x, "a shape that broadcasts to " + shape);
        return new TensorSpec[] {x.withShape(shape)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(0, in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Shape x = b.input(0).spec().shape();
        int missing = shape.rank() - x.rank();
        List<Integer> repeated = new ArrayList<>();
        for (int a = 0; a < shape.rank(); a++) {
            if (a < missing || x.dim(a - missing) != shape.dim(a)) {
                repeated.add(a);
            }
        }
        Value g = b.gradOrZeros(0);
        if (!repeated.isEmpty()) {
            g = b.one(new Reduce(ReduceKind.SUM, repeated, true), g);
        }
        return new Value[] {missing == 0 ? g : b.one(new Reshape(x), g)};
    }
}
