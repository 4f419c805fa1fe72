package io.tatara.kernels.recurrent;

import static io.tatara.kernels.recurrent.RecurrentChecks.wanted;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.Activation;

/**
 * The plain recurrent network over a sequence: h(t) = activation(wIh·x(t) + wHh·h(t−1) + bias).
 * Elman, "Finding structure in time", 1990.
 *
 * <p>Inputs: x [T, N, I]; lengths? int32 [N]; h0? [D, N, H], zeros where absent; wIh [D, H, I]; wHh
 * [D, H, H]; bias? [D, H]. All real tensors of one floating dtype. Outputs: y [T, N, D·H], hN [D,
 * N, H].
 *
 * <p>With lengths (0 … T, values outside are taken as the nearer end), steps at or past a
 * sequence's length leave its state alone and give y = 0; the reverse direction starts at each
 * sequence's own end. hN is the state after the last step taken, h0 where none was.
 *
 * @param activation TANH, RELU or SIGMOID
 * @param truncation k > 0 stops back-propagation at every k-th step boundary in processing order; 0
 *     is full
 */
public record RnnSequence(Activation activation, Direction direction, int truncation)
        implements Op {
    private static final String NAME = "rnn_sequence";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if an attribute is not one of the above
     */
    public RnnSequence {
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
        CHECK.count(in, 6);
        Extents e = extents(in);
        CHECK.optional("h0", in[2], e.state(in[0]));
        CHECK.optional("bias", in[5], e.bias(in[0], 1));
        return new TensorSpec[] {e.sequence(in[0]), e.state(in[0])};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(e.productFlops(1) + 2 * e.units(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g =
                b.emit(
                        new RnnSequenceGradient(activation, direction, truncation),
                        b.input(0),
                        b.input(1),
                        b.input(2),
                        b.input(3),
                        b.input(4),
                        b.output(0),
                        b.grad(0),
                        b.grad(1));
        return new Value[] {
            wanted(b, 0, g[0]),
            null,
            wanted(b, 2, g[1]),
            wanted(b, 3, g[2]),
            wanted(b, 4, g[3]),
            wanted(b, 5, g[4])
        };
    }
}
