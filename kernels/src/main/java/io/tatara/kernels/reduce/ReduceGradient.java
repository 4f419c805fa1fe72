package io.tatara.kernels.reduce;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.layout.Strided;
import java.util.List;
import java.util.Objects;

/**
 * Gradient of {@link Reduce}: each element of dy goes to all elements it was made of; for MEAN
 * divided by their number; for MAX in equal parts to those equal to the maximum (a NaN maximum: to
 * those that are NaN).
 *
 * <p>Inputs: x? of {@code shape} and y? (both for MAX only), dy of the reduction's shape. Output:
 * dx of {@code shape}, whose rank may be at most 6.
 */
public record ReduceGradient(ReduceKind kind, List<Integer> axes, boolean keepDims, Shape shape)
        implements Op {
    private static final Checks CHECK = new Checks("reduce_gradient");

    public ReduceGradient {
        Objects.requireNonNull(kind, "kind");
        axes = List.copyOf(axes);
        CHECK.that(shape.rank() <= Strided.MAX_RANK, "shape", shape, "rank <= " + Strided.MAX_RANK);
        Axes.of(CHECK, "axes", shape, axes);
    }

    Axes resolved() {
        return Axes.of(CHECK, "axes", shape, axes);
    }

    @Override
    public String name() {
        return "reduce_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 3, 3);
        TensorSpec dy = CHECK.floating("dy", in[2]);
        CHECK.same("dy", dy, dy.withShape(resolved().result(shape, keepDims)));
        if (kind == ReduceKind.MAX) {
            CHECK.same("x", in[0], dy.withShape(shape));
            CHECK.same("y", in[1], dy);
        } else {
            CHECK.that(in[0] == null, "x", in[0], "nothing for " + kind);
            CHECK.that(in[1] == null, "y", in[1], "nothing for " + kind);
        }
        return new TensorSpec[] {dy.withShape(shape)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(kind == ReduceKind.SUM ? 0 : in[2].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return kind != ReduceKind.MAX;
    }

    @Override
    public Value[] gradient(Backprop b) {
        // Nothing flows through an empty dx, while the mean of nothing would be NaN.
        ReduceKind k = shape.size() == 0 ? ReduceKind.SUM : kind;
        return new Value[] {null, null, b.one(new Reduce(k, axes, keepDims), b.gradOrZeros(0))};
    }
}
