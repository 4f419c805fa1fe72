package io.tatara.kernels.layout;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Conversion between float32, float16, bfloat16 and int32.
 *
 * <p>Input: x. Output: y of x's shape. To int32 as Java casts: towards zero, NaN to 0, values out
 * of range to the nearest int. To a real type to the nearest number, ties to even, NaN staying NaN;
 * to float16 values from 65520 on become infinities. int32 goes to a 16-bit type by way of float32.
 * A gradient passes only between real types: it is cast back to x's.
 */
public record Cast(DType to) implements Op {
    private static final Checks CHECK = new Checks("cast");
    private static final String EXPECTED = "float32, float16, bfloat16 or int32";

    public Cast {
        CHECK.that(supported(to), "to", to, EXPECTED);
    }

    private static boolean supported(DType d) {
        return d != null && d != DType.FLOAT64;
    }

    @Override
    public String name() {
        return "cast";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.present("x", in[0]);
        CHECK.that(supported(x.dtype()), "x", x, "dtype " + EXPECTED);
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
        DType from = b.input(0).spec().dtype();
        if (!b.needs(0) || !to.isFloating() || !from.isFloating()) {
            return new Value[1];
        }
        Value dy = b.gradOrZeros(0);
        return new Value[] {from == to ? dy : b.one(new Cast(from), dy)};
    }
}
