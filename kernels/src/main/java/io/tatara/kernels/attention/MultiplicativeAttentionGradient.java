package io.tatara.kernels.attention;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link MultiplicativeAttention}.
 *
 * <p>Inputs: its inputs queries, keys, values, lengths?; its output weights [N, Tq, Tk]; the
 * gradients dcontext? [N, Tq, V] and dweights? [N, Tq, Tk], of which one may be absent. Outputs:
 * dqueries [N, Tq, A], dkeys [N, Tk, A], dvalues [N, Tk, V].
 *
 * <p>With w the weights: dw_ij = dcontext_i · values_j + dweights_ij; ds_ij = w_ij (dw_ij − Σ_j
 * w_ij dw_ij); dqueries_i = scale Σ_j ds_ij k_j; dkeys_j = scale Σ_i ds_ij q_i; dvalues_j = Σ_i
 * w_ij dcontext_i. Keys past the length get zeros and are not read. The sums have a fixed order:
 * equal inputs give equal bits.
 *
 * @param scale factor of the scores, finite
 */
public record MultiplicativeAttentionGradient(float scale) implements Op {
    private static final Checks CHECK = new Checks("multiplicative_attention_gradient");

    /**
     * @throws OpException if the scale is not finite
     */
    public MultiplicativeAttentionGradient {
        CHECK.that(Float.isFinite(scale), "scale", scale, "a finite number");
    }

    @Override
    public String name() {
        return "multiplicative_attention_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 7, 7);
        Extents e = Extents.check(CHECK, in[0], in[1], in[2], in[3]);
        e.checkGradients(CHECK, in[0].dtype(), in[4], in[5], in[6]);
        return new TensorSpec[] {in[0], in[1], in[2]};
    }

    /** A pair of query and key: two products over the features, two over a value. */
    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = Extents.of(in[0], in[1], in[2]);
        return e.cost(4.0 * e.a() + 5 + 4.0 * e.v(), in, infer(in));
    }
}
