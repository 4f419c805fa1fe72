package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The part x[start : end : step] along each axis, as NumPy writes it, copied into a dense tensor.
 *
 * <p>Input: x of any dtype and rank up to 6. Output: y with ceil((end − start) / step) elements an
 * axis. Negative starts and ends count from the end; an end of {@link Integer#MAX_VALUE} is the end
 * of the axis; any other index outside the axis is an error, as are an end before its start and
 * steps below 1.
 */
public record Slice(List<Integer> starts, List<Integer> ends, List<Integer> steps) implements Op {
    private static final Checks CHECK = new Checks("slice");

    public Slice {
        starts = List.copyOf(starts);
        ends = List.copyOf(ends);
        steps = List.copyOf(steps);
        SliceRange.checkAttributes(CHECK, starts, ends, steps);
    }

    /** The slice [start, end) of one axis of a tensor of this shape. */
    public static Slice axis(Shape x, int axis, int start, int end) {
        int a = CHECK.axis("axis", axis, x);
        List<Integer> starts = new ArrayList<>(Collections.nCopies(x.rank(), 0));
        List<Integer> ends = new ArrayList<>(Collections.nCopies(x.rank(), Integer.MAX_VALUE));
        starts.set(a, start);
        ends.set(a, end);
        return new Slice(starts, ends, Collections.nCopies(x.rank(), 1));
    }

    SliceRange range(Shape x) {
        return SliceRange.of(CHECK, "x", x, starts, ends, steps);
    }

    @Override
    public String name() {
        return "slice";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.present("x", in[0]);
        return new TensorSpec[] {x.withShape(range(x.shape()).shape())};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        TensorSpec[] out = infer(in);
        return new Cost(0, 2.0 * out[0].bytes());
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        return new Value[] {
            b.one(
                    new SliceScatter(b.input(0).spec().shape(), starts, ends, steps),
                    b.gradOrZeros(0))
        };
    }
}
