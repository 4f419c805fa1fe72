package io.tatara.kernels.sdpa;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.SumTo;
import java.util.Objects;

/**
 * Scaled dot-product attention: softmax(scale · Q Kᵀ + bias) V, Vaswani et al., "Attention Is All
 * You Need" (2017), equation 1, for each head. The softmax is computed online (Milakov and
 * Gimelshein 2018; Dao et al., FlashAttention, 2022), so that memory grows linearly with the
 * lengths.
 *
 * <p>Inputs, all real ones of one floating dtype, in the {@link HeadLayout}: query [N, H, Tq, D],
 * key [N, Hkv, Tk, D], value [N, Hkv, Tk, Dv]; lengths? int32 [N], how many keys of each sequence
 * take part (clamped to 0 … Tk); bias?, of rank 4, each extent 1 or that of [N, H, Tq, Tk], added
 * to the scaled scores (−∞ masks). Hkv divides H: head h of the query reads head h / (H / Hkv) of
 * key and value (Ainslie et al., GQA, 2023; Hkv = 1: Shazeer 2019).
 *
 * <p>Outputs: output [N, H, Tq, Dv] in the same layout; logSumExp float32 [N, H, Tq], the natural
 * logarithm of the sum of the exponentials of what a query sees. A query that sees nothing (length
 * 0, a causal mask, all −∞) has output 0, logSumExp −∞ and no gradient. NaN in what a query sees
 * gives NaN; what it does not see is not read into its result.
 *
 * @param scale factor of the scores, finite; 1/√D is usual
 * @param mask which keys a query may see by its position
 * @param layout where the heads stand
 * @see ScaledDotProductAttentionGradient
 */
public record ScaledDotProductAttention(float scale, AttentionMask mask, HeadLayout layout)
        implements Op {
    private static final Checks CHECK = new Checks("scaled_dot_product_attention");

    /**
     * @throws OpException if the scale is not finite
     */
    public ScaledDotProductAttention {
        CHECK.that(Float.isFinite(scale), "scale", scale, "a finite number");
        Objects.requireNonNull(mask, "mask");
        Objects.requireNonNull(layout, "layout");
    }

    @Override
    public String name() {
        return "scaled_dot_product_attention";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 5, 5);
        AttentionShape s = AttentionShape.check(CHECK, layout, in);
        return new TensorSpec[] {in[0].withShape(s.output(layout)), s.logSumExp()};
    }

    /**
     * A pair of query and key that the mask lets through: a product over the features, softmax, one
     * row of values. Lengths are not known here and count as Tk.
     */
    @Override
    public Cost cost(TensorSpec... in) {
        AttentionShape s = AttentionShape.of(layout, in);
        return Cost.of(s.pairs(mask) * (2.0 * s.d() + 5 + 2.0 * s.dv()), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g = new Value[5];
        if (b.grad(0) == null && b.grad(1) == null) {
            return g;
        }
        boolean bias = b.needs(4);
        Value[] d =
                b.emit(
                        new ScaledDotProductAttentionGradient(scale, mask, layout, bias),
                        b.input(0),
                        b.input(1),
                        b.input(2),
                        b.input(3),
                        b.input(4),
                        b.output(0),
                        b.output(1),
                        b.grad(0),
                        b.grad(1));
        System.arraycopy(d, 0, g, 0, 3);
        if (bias) {
            g[4] = b.one(new SumTo(b.input(4).spec().shape()), d[3]);
        }
        return g;
    }
}
