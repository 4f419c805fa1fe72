package io.tatara.kernels.pad;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.layout.Slice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * A tensor with elements around it, as NumPy's {@code pad} has them.
 *
 * <p>Input: x of any dtype and rank up to 6. Output: y whose axis a has before[a] + n + after[a]
 * elements. A value of int32 must be a whole number of that range.
 *
 * @param before elements in front of each axis, at least 0
 * @param after elements behind each axis, at least 0; where mirrored, both at most n − 1
 * @param value of {@link PadMode#CONSTANT} (rounded to the dtype), else 0
 */
public record Pad(List<Integer> before, List<Integer> after, PadMode mode, double value)
        implements Op {
    private static final Checks CHECK = new Checks("pad");

    /**
     * @throws io.tatara.kernels.OpException if a number is negative, the lists differ in length or
     *     a value is given that nothing takes
     */
    public Pad {
        before = List.copyOf(before);
        after = List.copyOf(after);
        Objects.requireNonNull(mode, "mode");
        PadShape.attributes(CHECK, before, after);
        CHECK.that(mode == PadMode.CONSTANT || value == 0, "value", value, "0 for " + mode);
    }

    /** Zeros around the last two axes of a tensor of rank 4, [N, C, H, W]. */
    public static Pad zeros(int top, int bottom, int left, int right) {
        return new Pad(List.of(0, 0, top, left), List.of(0, 0, bottom, right), PadMode.CONSTANT, 0);
    }

    @Override
    public String name() {
        return "pad";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        TensorSpec x = CHECK.present("x", in[0]);
        if (x.dtype() == DType.INT32) {
            CHECK.that(value == (int) value, "value", value, "a whole number of int32");
        }
        return new TensorSpec[] {
            x.withShape(PadShape.padded(CHECK, "x", x.shape(), before, after, mode))
        };
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
        if (mode != PadMode.CONSTANT) {
            return new Value[] {b.one(new PadGradient(x, before, after, mode), b.gradOrZeros(0))};
        }
        List<Integer> ends = new ArrayList<>();
        for (int a = 0; a < x.rank(); a++) {
            ends.add(before.get(a) + x.dim(a));
        }
        Slice inside = new Slice(before, ends, Collections.nCopies(x.rank(), 1));
        return new Value[] {b.one(inside, b.gradOrZeros(0))};
    }
}
