package io.tatara.kernels.layout;

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
 * Zeros of {@code shape} with the input in a slice's place: the gradient of {@link Slice}, whose
 * rules for the attributes hold here too.
 *
 * <p>Input: dy of the slice's shape, any dtype. Output: dx of {@code shape}.
 */
public record SliceScatter(
        Shape shape, List<Integer> starts, List<Integer> ends, List<Integer> steps) implements Op {
    private static final Checks CHECK = new Checks("slice_scatter");

    public SliceScatter {
        Objects.requireNonNull(shape, "shape");
        starts = List.copyOf(starts);
        ends = List.copyOf(ends);
        steps = List.copyOf(steps);
        SliceRange.checkAttributes(CHECK, starts, ends, steps);
        SliceRange.of(CHECK, "shape", shape, starts, ends, steps);
    }

    SliceRange range() {
        return SliceRange.of(CHECK, "shape", shape, starts, ends, steps);
    }

    @Override
    public String name() {
        return "slice_scatter";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec dy = CHECK.present("dy", in[0]);
        CHECK.same("dy", dy, dy.withShape(range().shape()));
        return new TensorSpec[] {dy.withShape(shape)};
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
        return new Value[] {b.one(new Slice(starts, ends, steps), b.gradOrZeros(0))};
    }
}
