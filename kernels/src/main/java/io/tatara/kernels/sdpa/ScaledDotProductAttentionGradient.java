package io.tatara.kernels.sdpa;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;
import java.util.Objects;

/**
 * Gradient of {@link ScaledDotProductAttention}; the weights are computed anew from logSumExp (Dao,
 * FlashAttention-2, 2023, algorithm 2).
 *
 * <p>Inputs: query, key, value, lengths?, bias?; the op's output and logSumExp; the gradients
 * dOutput? (the output's shape) and dLogSumExp? float32 [N, H, Tq], of which one may be absent.
 * Outputs: dQuery, dKey, dValue; where {@code scores}, also dScores [N, H, Tq, Tk], what the bias
 * gets before it is summed over the axes along which it was broadcast.
 *
 * <p>With p_ij = exp(s_ij − logSumExp_i): dV_j = Σ_i p_ij dO_i; ds_ij = p_ij (dO_i · v_j − dO_i ·
 * o_i + dLogSumExp_i); dQ_i = scale Σ_j ds_ij k_j; dK_j = scale Σ_i ds_ij q_i. What a query does
 * not see gets 0. Sums have a fixed order: equal inputs give equal bits.
 *
 * @param scores whether dScores is wanted
 */
public record ScaledDotProductAttentionGradient(
        float scale, AttentionMask mask, HeadLayout layout, boolean scores) implements Op {
    private static final Checks CHECK = new Checks("scaled_dot_product_attention_gradient");

    /**
     * @throws OpException if the scale is not finite
     */
    public ScaledDotProductAttentionGradient {
        CHECK.that(Float.isFinite(scale), "scale", scale, "a finite number");
        Objects.requireNonNull(mask, "mask");
        Objects.requireNonNull(layout, "layout");
    }

    @Override
    public String name() {
        return "scaled_dot_product_attention_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 9, 9);
        AttentionShape s = AttentionShape.check(CHECK, layout, in);
        TensorSpec output = in[0].withShape(s.output(layout));
        CHECK.same("output", in[5], output);
        CHECK.same("logSumExp", in[6], s.logSumExp());
        if (in[7] != null) {
            CHECK.same("dOutput", in[7], output);
        }
        if (in[8] != null) {
            CHECK.same("dLogSumExp", in[8], s.logSumExp());
        }
        CHECK.that(
                in[7] != null || in[8] != null,
                "dOutput",
                "neither dOutput nor dLogSumExp",
                "at least one");
        if (!scores) {
            return new TensorSpec[] {in[0], in[1], in[2]};
        }
        double size = (double) s.n() * s.h() * s.tq() * s.tk();
        CHECK.that(
                size <= Shape.MAX_SIZE,
                "query",
                in[0] + " with key " + in[1],
                "dScores of at most " + Shape.MAX_SIZE + " elements");
        DType d = in[0].dtype();
        return new TensorSpec[] {
            in[0], in[1], in[2], TensorSpec.of(d, s.n(), s.h(), s.tq(), s.tk())
        };
    }

    /** A pair that the mask lets through: three products over the features, two over a value. */
    @Override
    public Cost cost(TensorSpec... in) {
        AttentionShape s = AttentionShape.of(layout, in);
        double pair = 6.0 * s.d() + 8 + 4.0 * s.dv();
        return Cost.of(s.pairs(mask) * pair, Arrays.copyOf(in, 9), infer(in));
    }
}
