package io.tatara.kernels.recurrent;

import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;

/**
 * Gradient of {@link LstmCell}; the equations stand at {@link LstmSequenceGradient}.
 *
 * <p>Inputs: x, h, c, wIh, wHh, peephole?, c′, gates (as of the forward op), dh′?, dc′? [N, H],
 * dgates? [N, 4H]. Outputs: dx [N, I], dh, dc [N, H], dwIh, dwHh, dbias [4H]; and with a peephole
 * dpeephole [3, H].
 */
public record LstmCellGradient() implements Op {
    private static final String NAME = "lstm_cell_gradient";
    private static final RecurrentChecks CHECK = new RecurrentChecks(NAME);

    @Override
    public String name() {
        return NAME;
    }

    Extents extents(TensorSpec... in) {
        return CHECK.cell(4, in[0], in[1], in[3], in[4]);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 11);
        Extents e = extents(in);
        TensorSpec state = in[1];
        TensorSpec gates = state.withShape(e.batch(), 4 * e.hidden());
        CHECK.same("c", in[2], state);
        CHECK.optional("peephole", in[5], state.withShape(3, e.hidden()));
        CHECK.same("c'", in[6], state);
        CHECK.same("gates", in[7], gates);
        CHECK.optional("dh'", in[8], state);
        CHECK.optional("dc'", in[9], state);
        CHECK.optional("dgates", in[10], gates);
        TensorSpec[] out = {
            in[0], state, state, in[3], in[4], state.withShape(4 * e.hidden()), in[5]
        };
        return in[5] == null ? Arrays.copyOf(out, 6) : out;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        return Cost.of(2 * e.productFlops(4) + 26 * e.units(), in, infer(in));
    }
}
