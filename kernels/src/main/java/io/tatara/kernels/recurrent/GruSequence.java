package io.tatara.kernels.recurrent;

import static io.tatara.kernels.recurrent.RecurrentChecks.wanted;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Gated recurrent unit over a sequence. Cho et al., "Learning phrase representations using RNN
 * encoder–decoder", 2014; Chung et al., "Empirical evaluation of gated recurrent neural networks on
 * sequence modeling", 2014:
 *
 * <pre>
 * r = σ(Wr·x + br + Ur·h(t−1) + cr)             reset gate
 * z = σ(Wz·x + bz + Uz·h(t−1) + cz)             update gate
 * n = tanh(Wn·x + bn + r∘(Un·h(t−1) + cn))      candidate, reset after the product (cuDNN, PyTorch)
 * n = tanh(Wn·x + bn + Un·(r∘h(t−1)) + cn)      candidate, reset before it (the papers)
 * h = (1−z)∘n + z∘h(t−1)
 * </pre>
 *
 * <p>z keeps the old state, as in Cho et al. and PyTorch; Chung et al. write it the other way
 * round.
 *
 * <p>Inputs: x [T, N, I]; lengths? int32 [N]; h0? [D, N, H], zeros where absent; wIh [D, 3H, I] and
 * wHh [D, 3H, H], gates stacked r, z, n; bIh? (b above) and bHh? (c above) [D, 3H]. All real
 * tensors of one floating dtype. Outputs: y [T, N, D·H]; hN [D, N, H]; gates [D, T, N, 4H]: r, z, n
 * after activation and, as a fourth block, Un·h(t−1) + cn where the reset comes after, r∘h(t−1)
 * where it comes before.
 *
 * <p>Lengths as in {@link RnnSequence}; gates of steps past the length are 0. All outputs may carry
 * gradients.
 *
 * @param resetAfter whether the reset gate is applied after the recurrent product
 * @param truncation k > 0 stops back-propagation at every k-th step boundary in processing order; 0
 *     is full
 */
public record GruSequence(boolean resetAfter, Direction direction, int truncation) implements Op {
    private static final String NAME = "gru_sequence";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if an attribute is not one of the above
     */
    public GruSequence {
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
        CHECK.count(in, 7);
        Extents e = extents(in);
        TensorSpec x = in[0];
        CHECK.optional("h0", in[2], e.state(x));
        CHECK.optional("bIh", in[5], e.bias(x, 3));
        CHECK.optional("bHh", in[6], e.bias(x, 3));
        return new TensorSpec[] {e.sequence(x), e.state(x), e.saved(x, 4)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(e.productFlops(3) + 12 * e.units(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g =
                b.emit(
                        new GruSequenceGradient(resetAfter, direction, truncation),
                        b.input(0),
                        b.input(1),
                        b.input(2),
                        b.input(3),
                        b.input(4),
                        b.output(0),
                        b.output(2),
                        b.grad(0),
                        b.grad(1),
                        b.grad(2));
        return new Value[] {
            wanted(b, 0, g[0]),
            null,
            wanted(b, 2, g[1]),
            wanted(b, 3, g[2]),
            wanted(b, 4, g[3]),
            wanted(b, 5, g[4]),
            wanted(b, 6, g[5])
        };
    }
}
