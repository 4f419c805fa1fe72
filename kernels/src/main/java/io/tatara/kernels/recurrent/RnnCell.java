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
 * One step of {@link RnnSequence}.
 *
 * <p>Inputs: x [N, I], h [N, H], wIh [H, I], wHh [H, H], bias? [H], of one floating dtype. Output:
 * h′ [N, H].
 *
 * @param activation TANH, RELU or SIGMOID
 */
public record RnnCell(Activation activation) implements Op {
    private static final String NAME = "rnn_cell";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if the activation is another
     */
    public RnnCell {
        CHECK.activation(activation);
    }

    @Override
    public String name() {
        return NAME;
    }

    Extents extents(TensorSpec... in) {
        return CHECK.cell(1, in[0], in[1], in[2], in[3]);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 5);
        Extents e = extents(in);
        CHECK.optional("bias", in[4], in[0].withShape(e.hidden()));
        return new TensorSpec[] {in[1]};
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
                        new RnnCellGradient(activation),
                        b.input(0),
                        b.input(1),
                        b.input(2),
                        b.input(3),
                        b.output(0),
                        b.grad(0));
        Value[] w = new Value[5];
        for (int i = 0; i < 5; i++) {
            w[i] = wanted(b, i, g[i]);
        }
        return w;
    }
}
