package io.tatara.kernels.sdpa;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import java.util.Objects;

/**
 * Gradient of {@link ScaledDotProductAttention}.
 *
 * <p>Inputs: its inputs query, key, value, lengths?, bias?; its outputs output and logSumExp; the
 * gradients doutput? (as output) and dlogSumExp? float32 [N, H, Tq], of which one may be absent.
 * Outputs: dquery, dkey, dvalue; and where {@code scores}, dscores [N, H, Tq, Tk], the gradient of
 * the scores behind scale and bias, which is the bias's before it is summed over the axes that it
 * was broadcast along.
 *
 * <p>With p_ij = exp(score_ij − logSumExp_i), computed again: dp_ij = doutput_i · v_j; ds_ij = p_ij
 * (dp_ij − Σ doutput_i ∘ output_i + dlogSumExp_i); dquery_i = scale Σ_j ds_ij k_j; dkey_j = scale
 * Σ_i ds_ij q_i; dvalue_j = Σ_i p_ij doutput_i, the last two summed over the query heads that share
 * j. Rows whose logSumExp is −∞ count as 0; hidden keys get 0. The sums have a fixed order: equal
 * inputs give equal bits. Dao et al., "FlashAttention" (2022), section 3 and appendix B.
 *
 * @param scale factor of the products, finite
 * @param scores whether dscores is wanted
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
        SdpaShape s = SdpaShape.check(CHECK, layout, in[0], in[1], in[2], in[3], in[4]);
        DType type = in[0].dtype();
        TensorSpec output = s.queries(type, s.dv());
        CHECK.same("output", in[5], output);
        CHECK.same("logSumExp", in[6], s.logSumExp());
        if (in[7] != null) {
            CHECK.same("doutput", in[7], output);
        }
        if (in[8] != null) {
            CHECK.same("dlogSumExp", in[8], s.logSumExp());
        }
        CHECK.that(
                in[7] != null || in[8] != null,
                "doutput",
                "neither doutput nor dlogSumExp",
                "at least one");
        return scores
                ? new TensorSpec[] {in[0], in[1], in[2], s.scores(CHECK, type)}
                : new TensorSpec[] {in[0], in[1], in[2]};
    }

    SdpaShape shape(TensorSpec[] in) {
        return SdpaShape.of(layout, in[0], in[1], in[2]);
    }

    /** Five products for each pair of query and key that the mask leaves, each length being Tk. */
    @Override
    public Cost cost(TensorSpec... in) {
        SdpaShape s = shape(in);
        return s.cost(mask, 6.0 * s.d() + 4.0 * s.dv(), in, infer(in));
    }
}
