package io.tatara.kernels.recurrent;

import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Activation;

/**
 * Back-propagation through time for {@link RnnSequence}: from the last step taken to the first,
 * δ(t) = (dy(t) + wHhᵀ·δ(t+1)) · activation′, with the derivative taken from y. Werbos 1990.
 *
 * <p>Inputs: x, lengths?, h0?, wIh, wHh, y (as of the forward op), dy? [T, N, D·H], dhN? [D, N, H]
 * (absent: nothing arrived). Outputs, whether the forward input was there or not: dx [T, N, I], dh0
 * [D, N, H], dwIh, dwHh, dbias [D, H]. Padding in x must be finite: it meets zeros in sums over all
 * steps. Sums are taken in an order that depends on the shapes and the number of workers only.
 */
public record RnnSequenceGradient(Activation activation, Direction direction, int truncation)
        implements Op {
    private static final String NAME = "rnn_sequence_gradient";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if an attribute is not one that {@link RnnSequence} takes
     */
    public RnnSequenceGradient {
        CHECK.activation(activation);
        CHECK.attributes(direction, truncation);
    }

    @Override
    public String name() {
        return NAME;
    }

    Extents extents(TensorSpec... in) {
        return CHECK.sequence(direction, 1, in[0], in[1], in[3], in[4]);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 8);
        Extents e = extents(in);
        TensorSpec x = in[0];
        CHECK.optional("h0", in[2], e.state(x));
        CHECK.same("y", in[5], e.sequence(x));
        CHECK.optional("dy", in[6], e.sequence(x));
        CHECK.optional("dhN", in[7], e.state(x));
        return new TensorSpec[] {x, e.state(x), in[3], in[4], e.bias(x, 1)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(2 * e.productFlops(1) + 4 * e.units(), in, infer(in));
    }
}
