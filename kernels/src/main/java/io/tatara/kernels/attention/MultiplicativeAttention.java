package io.tatara.kernels.attention;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Attention with a product as score, Luong, Pham and Manning, "Effective Approaches to
 * Attention-based Neural Machine Translation" (EMNLP 2015), equation 8, "dot": score(q, k) = scale
 * · q·k. For "general" the query is projected outside; the paper's scale is 1.
 *
 * <p>Inputs: queries [N, Tq, A], keys [N, Tk, A], values [N, Tk, V], all of one floating dtype;
 * lengths? int32 [N]. Outputs: context [N, Tq, V] = weights · values; weights [N, Tq, Tk] = softmax
 * of the scores over the keys.
 *
 * <p>Lengths, −∞ and NaN count as in {@link AdditiveAttention}.
 *
 * @param scale factor of the scores, finite
 * @see MultiplicativeAttentionGradient
 */
public record MultiplicativeAttention(float scale) implements Op {
    private static final Checks CHECK = new Checks("multiplicative_attention");

    /**
     * @throws OpException if the scale is not finite
     */
    public MultiplicativeAttention {
        CHECK.that(Float.isFinite(scale), "scale", scale, "a finite number");
    }

    @Override
    public String name() {
        return "multiplicative_attention";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 4, 4);
        Extents e = Extents.check(CHECK, in[0], in[1], in[2], in[3]);
        DType d = in[0].dtype();
        return new TensorSpec[] {e.context(d), e.weights(d)};
    }

    /** A pair of query and key: a product over the features, softmax, one row of values. */
    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = Extents.of(in[0], in[1], in[2]);
        return e.cost(2.0 * e.a() + 5 + 2.0 * e.v(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g = new Value[4];
        if (b.grad(0) != null || b.grad(1) != null) {
            Value[] d =
                    b.emit(
                            new MultiplicativeAttentionGradient(scale),
                            b.input(0),
                            b.input(1),
                            b.input(2),
                            b.input(3),
                            b.output(1),
                            b.grad(0),
                            b.grad(1));
            System.arraycopy(d, 0, g, 0, d.length);
        }
        return g;
    }
}
