package io.tatara.kernels.attention;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link AdditiveAttention}.
 *
 * <p>Inputs: its inputs queries, keys, values, v, lengths?; its output weights [N, Tq, Tk]; the
 * gradients dcontext? [N, Tq, V] and dweights? [N, Tq, Tk], of which one may be absent. Outputs:
 * dqueries [N, Tq, A], dkeys [N, Tk, A], dvalues [N, Tk, V], dv [A].
 *
 * <p>With w the weights and t = tanh(q_i + k_j): dw_ij = dcontext_i · values_j + dweights_ij; ds_ij
 * = w_ij (dw_ij − Σ_j w_ij dw_ij); dqueries_i = Σ_j ds_ij v (1 − t²); dkeys_j = Σ_i ds_ij v (1 −
 * t²); dvalues_j = Σ_i w_ij dcontext_i; dv = Σ_ij ds_ij t. Keys past the length get zeros and are
 * not read. The sums have a fixed order: equal inputs give equal bits.
 */
public record AdditiveAttentionGradient() implements Op {
    private static final Checks CHECK = new Checks("additive_attention_gradient");

    @Override
    public String name() {
        return "additive_attention_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 8, 8);
        Extents e = Extents.check(CHECK, in[0], in[1], in[2], in[4]);
        DType d = in[0].dtype();
        CHECK.shape("v", in[3], d, e.a());
        e.checkGradients(CHECK, d, in[5], in[6], in[7]);
        return new TensorSpec[] {in[0], in[1], in[2], in[3]};
    }

    /**
     * A pair of query and key: tanh again and three sums for each feature, two products over a
     * value.
     */
    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = Extents.of(in[0], in[1], in[2]);
        return e.cost(10.0 * e.a() + 4 + 4.0 * e.v(), in, infer(in));
    }
}
