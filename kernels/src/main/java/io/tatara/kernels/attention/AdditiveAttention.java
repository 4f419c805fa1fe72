package io.tatara.kernels.attention;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Attention with the score of Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly
 * Learning to Align and Translate" (ICLR 2015), appendix A.1.2: score(q, k) = v · tanh(q + k). The
 * projections W·s and U·h of the paper are matrix products outside.
 *
 * <p>Inputs: queries [N, Tq, A], keys [N, Tk, A], values [N, Tk, V], v [A], all of one floating
 * dtype; lengths? int32 [N]. Outputs: context [N, Tq, V] = weights · values; weights [N, Tq, Tk] =
 * softmax of the scores over the keys.
 *
 * <p>Keys at or past a sequence's length take no part, whatever they hold: their weight is 0. A
 * sequence of length 0 gives zeros; a length below 0 counts as 0, one above Tk as Tk. A query whose
 * scores are all −∞ gives weights 0; NaN in a score makes the query's weights NaN.
 *
 * @see AdditiveAttentionGradient
 */
public record AdditiveAttention() implements Op {
    private static final Checks CHECK = new Checks("additive_attention");

    @Override
    public String name() {
        return "additive_attention";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 5, 5);
        Extents e = Extents.check(CHECK, in[0], in[1], in[2], in[4]);
        DType d = in[0].dtype();
        CHECK.shape("v", in[3], d, e.a());
        return new TensorSpec[] {e.context(d), e.weights(d)};
    }

    /**
     * A pair of query and key: add, tanh and multiply-add for each feature, softmax, one row of
     * values.
     */
    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = Extents.of(in[0], in[1], in[2]);
        return e.cost(4.0 * e.a() + 4 + 2.0 * e.v(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g = new Value[5];
        if (b.grad(0) != null || b.grad(1) != null) {
            Value[] d =
                    b.emit(
                            new AdditiveAttentionGradient(),
                            b.input(0),
                            b.input(1),
                            b.input(2),
                            b.input(3),
                            b.input(4),
                            b.output(1),
                            b.grad(0),
                            b.grad(1));
            System.arraycopy(d, 0, g, 0, d.length);
        }
        return g;
    }
}
