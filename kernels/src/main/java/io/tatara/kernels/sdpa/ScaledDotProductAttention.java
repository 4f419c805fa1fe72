package io.tatara.kernels.sdpa;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.SumTo;
import java.util.Arrays;
import java.util.Objects;

/**
 * Scaled dot-product attention, Vaswani et al., "Attention Is All You Need" (2017), equation 1:
 * output_i = Σ_j softmax_j(scale · q_i·k_j + bias_ij) v_j. With fewer heads of keys than of queries
 * it is grouped-query attention (Ainslie et al. 2023), with one multi-query attention (Shazeer
 * 2019): query head h reads head h / (H / Hkv) of keys and values.
 *
 * <p>Inputs, shapes as {@link HeadLayout#HEADS_FIRST} has them: query [N, H, Tq, D]; key [N, Hkv,
 * Tk, D]; value [N, Hkv, Tk, Dv], H a multiple of Hkv, D and Dv at least 1; lengths? int32 [N], the
 * keys of a sequence that take part (clamped to 0 … Tk; those behind are not read); bias? of rank
 * 4, each extent that of [N, H, Tq, Tk] or 1, always in this order, added to the scaled scores (−∞
 * masks). All but the lengths of one floating dtype.
 *
 * <p>Outputs: output [N, H, Tq, Dv] in the queries' layout and dtype; logSumExp [N, H, Tq], float32
 * and heads first whatever the layout: the natural logarithm of Σ_j exp(score_ij) over the keys
 * that query i sees.
 *
 * <p>A query that sees no key (length 0, nothing left by the mask, all scores −∞) has output 0 and
 * logSumExp −∞. NaN in what a query sees gives NaN. What the causal mask or a bias of −∞ hides may
 * be multiplied by 0, so that NaN there may pass on.
 *
 * @param scale factor of the products, finite; usually 1/√D
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
        CHECK.count(in, 3, 5);
        TensorSpec[] all = Arrays.copyOf(in, 5);
        SdpaShape s = SdpaShape.check(CHECK, layout, all[0], all[1], all[2], all[3], all[4]);
        return new TensorSpec[] {s.queries(in[0].dtype(), s.dv()), s.logSumExp()};
    }

    SdpaShape shape(TensorSpec[] in) {
        return SdpaShape.of(layout, in[0], in[1], in[2]);
    }

    /**
     * Two products for each pair of query and key that the mask leaves; lengths are not known here
     * and count as Tk.
     */
    @Override
    public Cost cost(TensorSpec... in) {
        SdpaShape s = shape(in);
        return s.cost(mask, 2.0 * s.d() + 2.0 * s.dv(), in, infer(in));
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
        boolean scores = b.needs(4);
        Value[] d =
                b.emit(
                        new ScaledDotProductAttentionGradient(scale, mask, layout, scores),
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
        if (scores) {
            g[4] = SumTo.emit(b, d[3], b.input(4).spec().shape());
        }
        return g;
    }
}
