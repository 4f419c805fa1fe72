package io.tatara.kernels.recurrent;

import static io.tatara.kernels.recurrent.RecurrentChecks.wanted;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * One step of {@link LstmSequence}, where the equations stand.
 *
 * <p>Inputs: x [N, I], h, c [N, H], wIh [4H, I], wHh [4H, H], bias? [4H], peephole? [3, H], of one
 * floating dtype. Outputs: h′, c′ [N, H], gates [N, 4H] (i, f, g, o after activation).
 */
public record LstmCell() implements Op {
    private static final String NAME = "lstm_cell";
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
        CHECK.count(in, 7);
        Extents e = extents(in);
        CHECK.same("c", in[2], in[1]);
        CHECK.optional("bias", in[5], in[0].withShape(4 * e.hidden()));
        CHECK.optional("peephole", in[6], in[0].withShape(3, e.hidden()));
        return new TensorSpec[] {in[1], in[1], in[0].withShape(e.batch(), 4 * e.hidden())};
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
                        new LstmCellGradient(),
                        b.input(0),
                        b.input(1),
                        b.input(2),
                        b.input(3),
                        b.input(4),
                        b.input(6),
                        b.output(1),
                        b.output(2),
                        b.grad(0),
                        b.grad(1),
                        b.grad(2));
        Value[] w = new Value[7];
        for (int i = 0; i < g.length; i++) {
            w[i] = wanted(b, i, g[i]);
        }
        return w;
    }
}
