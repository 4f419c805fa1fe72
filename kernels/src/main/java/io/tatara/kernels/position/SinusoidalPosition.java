package io.tatara.kernels.position;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Pointwise;

/**
 * y = x · scale + PE, PE[p, 2i] = sin(p / 10000^(2i/D)), PE[p, 2i + 1] = cos(p / 10000^(2i/D)).
 * Vaswani et al., "Attention Is All You Need", 2017, section 3.5.
 *
 * <p>Inputs: x [N, T, D], float32, float16 or bfloat16; positions? int32 [N], where each sequence
 * starts (decoding), 0 without. Element t of sequence n stands at position p = positions[n] + t
 * (with the wrapping of int32). Angles are as exact at large positions as at small ones. Output: y
 * of x's shape and type. The gradient is dy · scale.
 *
 * @param scale finite; the paper multiplies embeddings by √D (section 3.4)
 */
public record SinusoidalPosition(float scale) implements Op {
    private static final Checks CHECK = new Checks("sinusoidal_position");

    /** The paper's base of wavelengths. */
    static final float BASE = 10000;

    /**
     * @throws OpException if scale is not finite
     */
    public SinusoidalPosition {
        CHECK.that(Float.isFinite(scale), "scale", scale, "a finite number");
    }

    @Override
    public String name() {
        return "sinusoidal_position";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.floating("x", in[0]);
        TensorSpec x = CHECK.rank("x", in[0], 3);
        if (in[1] != null) {
            CHECK.shape("positions", in[1], DType.INT32, x.shape().dim(0));
        }
        return new TensorSpec[] {x};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(2.0 * in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value dy = b.gradOrZeros(0);
        Expr scaled = new Expr.Binary(BinaryOp.MUL, new Expr.Input(0), new Expr.Constant(scale));
        return new Value[] {scale == 1 ? dy : b.one(new Pointwise(scaled, 1), dy), null};
    }
}
