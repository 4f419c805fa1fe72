package io.tatara.kernels.recurrent;

import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link GruCell}; the equations stand at {@link GruSequenceGradient}.
 *
 * <p>Inputs: x, h, wIh, wHh, gates (as of the forward op), dh′? [N, H], dgates? [N, 4H]. Outputs:
 * dx [N, I], dh [N, H], dwIh, dwHh, dbIh, dbHh [3H].
 */
public record GruCellGradient(boolean resetAfter) implements Op {
    private static final String NAME = "gru_cell_gradient";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    @Override
    public String name() {
        return NAME;
    }

    Extents extents(TensorSpec... in) {
        return CHECK.cell(3, in[0], in[1], in[2], in[3]);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 7);
        Extents e = extents(in);
        TensorSpec state = in[1];
        TensorSpec gates = state.withShape(e.batch(), 4 * e.hidden());
        TensorSpec bias = state.withShape(3 * e.hidden());
        CHECK.same("gates", in[4], gates);
        CHECK.optional("dh'", in[5], state);
        CHECK.optional("dgates", in[6], gates);
        return new TensorSpec[] {in[0], state, in[2], in[3], bias, bias};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(2 * e.productFlops(3) + 22 * e.units(), in, infer(in));
    }
}
