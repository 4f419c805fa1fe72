package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Tensors one behind the other along an axis (negative: from the end).
 *
 * <p>Inputs: x0 … xk-1, k ≥ 1, of one dtype and equal extents but on that axis. Output: y, whose
 * extent there is the sum of theirs.
 */
public record Concat(int axis) implements Op {
    private static final Checks CHECK = new Checks("concat");

    int axis(Shape x) {
        return CHECK.axis("axis", axis, x);
    }

    @Override
    public String name() {
        return "concat";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, Integer.MAX_VALUE);
        TensorSpec first = CHECK.present("x0", in[0]);
        int a = axis(first.shape());
        long extent = 0;
        for (int i = 0; i < in.length; i++) {
            TensorSpec x = CHECK.rank("x" + i, in[i], first.shape().rank());
            CHECK.same("x" + i, x, first.withShape(first.shape().with(a, x.shape().dim(a))));
            extent += x.shape().dim(a);
        }
        CHECK.that(
                extent <= Shape.MAX_SIZE,
                "inputs",
                extent + " elements on axis " + a,
                "at most " + Shape.MAX_SIZE);
        return new TensorSpec[] {first.withShape(first.shape().with(a, (int) extent))};
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
        Shape y = b.output(0).spec().shape();
        int a = axis(y);
        Value dy = b.gradOrZeros(0);
        Value[] dx = new Value[b.inputs()];
        for (int at = 0, i = 0; i < dx.length; i++) {
            int n = b.input(i).spec().shape().dim(a);
            dx[i] = b.needs(i) ? b.one(Slice.axis(y, a, at, at + n), dy) : null;
            at += n;
        }
        return dx;
    }
}
