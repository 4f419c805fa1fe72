package io.tatara.kernels.recurrent;

import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;

/**
 * Back-propagation through time for {@link LstmSequence}. With δ before the activations of a step,
 * from the last step taken to the first:
 *
 * <pre>
 * dh = dy + Uᵀ·δ(t+1)           δo = dh∘tanh(c) ∘ o(1−o)
 * dc = dc(t+1)·f(t+1) + dh∘o∘(1−tanh²c) + po∘δo + pi∘δi(t+1) + pf∘δf(t+1)
 * δi = dc∘g ∘ i(1−i)     δf = dc∘c(t−1) ∘ f(1−f)     δg = dc∘i ∘ (1−g²)
 * </pre>
 *
 * <p>Inputs: x, lengths?, h0?, c0?, wIh, wHh, peephole?, y, gates, cells (as of the forward op),
 * then what arrived for its outputs, each absent where nothing did: dy? [T, N, D·H], dhN?, dcN? [D,
 * N, H], dgates? [D, T, N, 4H], dcells? [D, T, N, H]. Outputs, whether the forward input was there
 * or not: dx [T, N, I], dh0, dc0 [D, N, H], dwIh, dwHh, dbias [D, 4H]; and with a peephole
 * dpeephole [D, 3, H]. Padding in x must be finite: it meets zeros in sums over all steps. Sums are
 * taken in an order that depends on the shapes and the number of workers only.
 */
public record LstmSequenceGradient(Direction direction, int truncation) implements Op {
    private static final String NAME = "lstm_sequence_gradient";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if an attribute is not one that {@link LstmSequence} takes
     */
    public LstmSequenceGradient {
        CHECK.attributes(direction, truncation);
    }

    @Override
    public String name() {
        return NAME;
    }

    Extents extents(TensorSpec... in) {
        return CHECK.sequence(direction, 4, in[0], in[1], in[4], in[5]);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 15);
        Extents e = extents(in);
        TensorSpec x = in[0];
        CHECK.optional("h0", in[2], e.state(x));
        CHECK.optional("c0", in[3], e.state(x));
        CHECK.optional("peephole", in[6], x.withShape(e.directions(), 3, e.hidden()));
        CHECK.same("y", in[7], e.sequence(x));
        CHECK.same("gates", in[8], e.saved(x, 4));
        CHECK.same("cells", in[9], e.saved(x, 1));
        CHECK.optional("dy", in[10], e.sequence(x));
        CHECK.optional("dhN", in[11], e.state(x));
        CHECK.optional("dcN", in[12], e.state(x));
        CHECK.optional("dgates", in[13], e.saved(x, 4));
        CHECK.optional("dcells", in[14], e.saved(x, 1));
        TensorSpec[] out = {x, e.state(x), e.state(x), in[4], in[5], e.bias(x, 4), in[6]};
        return in[6] == null ? Arrays.copyOf(out, 6) : out;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(2 * e.productFlops(4) + 26 * e.units(), in, infer(in));
    }
}
