package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Conversion to another element type: float32 and int32.
 *
 * <p>Input: x. Output: y of x's shape. To int32 as Java casts: towards zero, NaN to 0, values out
 * of range to the nearest int; to float32 to the nearest float. A gradient passes only from float
 * to float.
 */
public record Cast(DType to) implements Op {
    private static final Checks CHECK = new Checks("cast");

    public Cast {
        CHECK.that(to == DType.FLOAT32 || to == DType.INT32, "to", to, "float32 or int32");
    }

    @Override
    public String name() {
        return "cast";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.present("x", in[0]);
        CHECK.that(
                x.dtype() == DType.FLOAT32 || x.dtype() == DType.INT32,
                "x",
                x,
                "dtype float32 or int32");
        return new TensorSpec[] {new TensorSpec(to, x.shape())};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(0, in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return to.isFloating();
    }

    @Override
    public Value[] gradient(Backprop b) {
        boolean passes = to.isFloating() && b.input(0).spec().dtype().isFloating();
        return new Value[] {passes ? b.gradOrZeros(0) : null};
    }
}
