package io.tatara.kernels.recurrent;

import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Activation;

/**
 * Gradient of {@link RnnCell}.
 *
 * <p>Inputs: x, h, wIh, wHh, h′ (as of the forward op), dh′? [N, H]. Outputs: dx [N, I], dh [N, H],
 * dwIh, dwHh, dbias [H].
 */
public record RnnCellGradient(Activation activation) implements Op {
    private static final String NAME = "rnn_cell_gradient";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    /**
     * @throws OpException if the activation is not one that {@link RnnCell} takes
     */
    public RnnCellGradient {
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
        CHECK.count(in, 6);
        Extents e = extents(in);
        CHECK.same("h'", in[4], in[1]);
        CHECK.optional("dh'", in[5], in[1]);
        return new TensorSpec[] {in[0], in[1], in[2], in[3], in[0].withShape(e.hidden())};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(2 * e.productFlops(1) + 4 * e.units(), in, infer(in));
    }
}
