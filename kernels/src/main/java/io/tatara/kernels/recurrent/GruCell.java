package io.tatara.kernels.recurrent;

import static io.tatara.kernels.recurrent.RecurrentChecks.wanted;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * One step of {@link GruSequence}, where the equations stand.
 *
 * <p>Inputs: x [N, I], h [N, H], wIh [3H, I], wHh [3H, H], bIh?, bHh? [3H], of one floating dtype.
 * Outputs: h′ [N, H], gates [N, 4H] (r, z, n after activation and the fourth block of {@link
 * GruSequence}).
 *
 * @param resetAfter whether the reset gate is applied after the recurrent product
 */
public record GruCell(boolean resetAfter) implements Op {
    private static final String NAME = "gru_cell";
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
        CHECK.count(in, 6);
        Extents e = extents(in);
        TensorSpec bias = in[0].withShape(3 * e.hidden());
        CHECK.optional("bIh", in[4], bias);
        CHECK.optional("bHh", in[5], bias);
        return new TensorSpec[] {in[1], in[0].withShape(e.batch(), 4 * e.hidden())};
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
                        new GruCellGradient(resetAfter),
                        b.input(0),
                        b.input(1),
                        b.input(2),
                        b.input(3),
                        b.output(1),
                        b.grad(0),
                        b.grad(1));
        Value[] w = new Value[6];
        for (int i = 0; i < 6; i++) {
            w[i] = wanted(b, i, g[i]);
        }
        return w;
    }
}
