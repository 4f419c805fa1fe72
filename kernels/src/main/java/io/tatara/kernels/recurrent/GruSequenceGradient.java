package io.tatara.kernels.recurrent;

import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Back-propagation through time for {@link GruSequence}. With δ before the activations of a step, q
 * the fourth block of gates, and dh what arrives at h(t), from the last step taken to the first:
 *
 * <pre>
 * δz = dh∘(h(t−1) − n) ∘ z(1−z)          δn = dh∘(1−z) ∘ (1−n²)
 * reset after:   δr = δn∘q ∘ r(1−r)      dq = δn∘r
 * reset before:  dq = Unᵀ·δn             δr = dq∘h(t−1) ∘ r(1−r)
 * dh(t−1) = dh∘z + Urᵀ·δr + Uzᵀ·δz + (after: Unᵀ·dq; before: dq∘r)
 * </pre>
 *
 * <p>Inputs: x, lengths?, h0?, wIh, wHh, y, gates (as of the forward op), then what arrived for its
 * outputs, each absent where nothing did: dy? [T, N, D·H], dhN? [D, N, H], dgates? [D, T, N, 4H].
 * Outputs, whether the forward input was there or not: dx [T, N, I], dh0 [D, N, H], dwIh, dwHh,
 * dbIh, dbHh [D, 3H]. Padding in x must be finite: it meets zeros in sums over all steps. Sums are
 * taken in an order that depends on the shapes and the number of workers only.
 */
public record GruSequenceGradient(boolean resetAfter, Direction direction, int truncation)
        implements Op {
    private static final String NAME = "gru_sequence_gradient";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if an attribute is not one that {@link GruSequence} takes
     */
    public GruSequenceGradient {
        CHECK.attributes(direction, truncation);
    }

    @Override
    public String name() {
        return NAME;
    }

    Extents extents(TensorSpec... in) {
        return CHECK.sequence(direction, 3, in[0], in[1], in[3], in[4]);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 10);
        Extents e = extents(in);
        TensorSpec x = in[0];
        CHECK.optional("h0", in[2], e.state(x));
        CHECK.same("y", in[5], e.sequence(x));
        CHECK.same("gates", in[6], e.saved(x, 4));
        CHECK.optional("dy", in[7], e.sequence(x));
        CHECK.optional("dhN", in[8], e.state(x));
        CHECK.optional("dgates", in[9], e.saved(x, 4));
        return new TensorSpec[] {x, e.state(x), in[3], in[4], e.bias(x, 3), e.bias(x, 3)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(2 * e.productFlops(3) + 22 * e.units(), in, infer(in));
    }
}
