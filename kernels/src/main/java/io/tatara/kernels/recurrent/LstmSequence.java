package io.tatara.kernels.recurrent;

import static io.tatara.kernels.recurrent.RecurrentChecks.wanted;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Long short-term memory over a sequence. Hochreiter and Schmidhuber, "Long short-term memory",
 * 1997; with the forget gate of Gers, Schmidhuber and Cummins, "Learning to forget", 2000, and,
 * where peephole weights p are given, the peepholes of Gers, Schraudolph and Schmidhuber, "Learning
 * precise timing with LSTM recurrent networks", 2002:
 *
 * <pre>
 * i = σ(Wi·x + Ui·h(t−1) + bi + pi∘c(t−1))     input gate
 * f = σ(Wf·x + Uf·h(t−1) + bf + pf∘c(t−1))     forget gate
 * g = tanh(Wg·x + Ug·h(t−1) + bg)              candidate
 * c = f∘c(t−1) + i∘g                           cell
 * o = σ(Wo·x + Uo·h(t−1) + bo + po∘c)          output gate
 * h = o∘tanh(c)
 * </pre>
 *
 * <p>Inputs: x [T, N, I]; lengths? int32 [N]; h0?, c0? [D, N, H], zeros where absent; wIh [D, 4H,
 * I] and wHh [D, 4H, H], gates stacked i, f, g, o; bias? [D, 4H]; peephole? [D, 3, H] for i, f, o.
 * All real tensors of one floating dtype. Outputs: y [T, N, D·H]; hN, cN [D, N, H]; gates [D, T, N,
 * 4H], after activation; cells [D, T, N, H].
 *
 * <p>Lengths as in {@link RnnSequence}; gates and cells of steps past the length are 0. All outputs
 * may carry gradients.
 *
 * @param truncation k > 0 stops back-propagation at every k-th step boundary in processing order; 0
 *     is full
 */
public record LstmSequence(Direction direction, int truncation) implements Op {
    private static final String NAME = "lstm_sequence";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if an attribute is not one of the above
     */
    public LstmSequence {
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
        CHECK.count(in, 8);
        Extents e = extents(in);
        TensorSpec x = in[0];
        CHECK.optional("h0", in[2], e.state(x));
        CHECK.optional("c0", in[3], e.state(x));
        CHECK.optional("bias", in[6], e.bias(x, 4));
        CHECK.optional("peephole", in[7], x.withShape(e.directions(), 3, e.hidden()));
        return new TensorSpec[] {
            e.sequence(x), e.state(x), e.state(x), e.saved(x, 4), e.saved(x, 1)
        };
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(e.productFlops(4) + 13 * e.units(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g =
                b.emit(
                        new LstmSequenceGradient(direction, truncation),
                        b.input(0),
                        b.input(1),
                        b.input(2),
                        b.input(3),
                        b.input(4),
                        b.input(5),
                        b.input(7),
                        b.output(0),
                        b.output(3),
                        b.output(4),
                        b.grad(0),
                        b.grad(1),
                        b.grad(2),
                        b.grad(3),
                        b.grad(4));
        return new Value[] {
            wanted(b, 0, g[0]),
            null,
            wanted(b, 2, g[1]),
            wanted(b, 3, g[2]),
            wanted(b, 4, g[3]),
            wanted(b, 5, g[4]),
            wanted(b, 6, g[5]),
            b.needs(7) ? g[6] : null // there only with a peephole
        };
    }
}
