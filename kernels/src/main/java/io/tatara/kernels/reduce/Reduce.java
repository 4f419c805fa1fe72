package io.tatara.kernels.reduce;

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
 * Sum, mean or maximum over axes.
 *
 * <p>Input: x, real. Output: y without the axes {@code axes} (negative: from the end; none named:
 * all), or with extent 1 there where {@code keepDims}. The maximum is NaN where any element is; the
 * sum of nothing is 0, the mean NaN, the maximum −∞. Sums are accurate to rounding for millions of
 * terms (pairwise summation: Higham, The accuracy of floating point summation, 1993).
 */
public record Reduce(ReduceKind kind, List<Integer> axes, boolean keepDims) implements Op {
    private static final Checks CHECK = new Checks("reduce");

    public Reduce {
        Objects.requireNonNull(kind, "kind");
        axes = List.copyOf(axes);
    }

    Axes axes(Shape x) {
        return Axes.of(CHECK, "axes", x, axes);
    }

    @Override
    public String name() {
        return "reduce";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.floating("x", in[0]);
        return new TensorSpec[] {x.withShape(axes(x.shape()).result(x.shape(), keepDims))};
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
        boolean max = kind == ReduceKind.MAX;
        Op g = new ReduceGradient(kind, axes, keepDims, b.input(0).spec().shape());
        return new Value[] {
            b.one(g, max ? b.input(0) : null, max ? b.output(0) : null, b.gradOrZeros(0))
        };
    }
}
