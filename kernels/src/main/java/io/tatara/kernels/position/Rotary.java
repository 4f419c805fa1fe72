package io.tatara.kernels.position;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.Objects;

/**
 * Rotary position embedding: the first R columns of each row are taken in pairs, and pair i of an
 * element at position p is rotated by the angle p · base^(−2i/R): (a, b) becomes (a cos − b sin, b
 * cos + a sin). The other columns stay. Su et al., "RoFormer: Enhanced Transformer with Rotary
 * Position Embedding", 2021, equation 34.
 *
 * <p>Inputs: x, float32, float16 or bfloat16, rank at least 3, such as [N, H, T, D] with axis 2 or
 * [N, T, H, D] with axis 1; positions? int32 [N], where each sequence starts (decoding), 0 without.
 * Element t of sequence n stands at position positions[n] + t (with the wrapping of int32). Angles
 * are as exact at large positions as at small ones. Output: y of x's shape and type. The gradient
 * is the inverse rotation of dy.
 *
 * @param axis of the positions T: 1 or the last but one (negative: from the end)
 * @param dims R, even and at most D; 0 for all of D
 * @param base above 1; 10000 in the paper
 * @param inverse rotates back, by the negative angles
 */
public record Rotary(int axis, int dims, float base, RotaryStyle style, boolean inverse)
        implements Op {
    private static final Checks CHECK = new Checks("rotary");

    /**
     * @throws OpException if an attribute is not one of the above
     */
    public Rotary {
        CHECK.that(dims >= 0 && dims % 2 == 0, "dims", dims, "an even number >= 0");
        CHECK.that(base > 1 && Float.isFinite(base), "base", base, "a finite number above 1");
        Objects.requireNonNull(style, "style");
    }

    /** All columns, the paper's base. */
    public Rotary(int axis, RotaryStyle style) {
        this(axis, 0, 10000, style, false);
    }

    @Override
    public String name() {
        return "rotary";
    }

    /** Columns that are rotated. */
    int rotated(TensorSpec x) {
        return dims == 0 ? x.shape().dim(-1) : dims;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.floating("x", in[0]);
        TensorSpec x = CHECK.rankAtLeast("x", in[0], 3);
        int rank = x.shape().rank();
        int at = CHECK.axis("axis", axis, x.shape());
        CHECK.that(at == 1 || at == rank - 2, "axis", axis, "axis 1 or the last but one of " + x);
        int d = x.shape().dim(-1);
        CHECK.that(dims <= d, "dims", dims, "at most the " + d + " columns of " + x);
        CHECK.that(dims > 0 || d % 2 == 0, "x", x, "an even number of columns");
        if (in[1] != null) {
            CHECK.shape("positions", in[1], DType.INT32, x.shape().dim(0));
        }
        return new TensorSpec[] {x};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(3.0 * in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Rotary back = new Rotary(axis, dims, base, style, !inverse);
        return new Value[] {b.one(back, b.gradOrZeros(0), b.input(1)), null};
    }
}
