package io.tatara.models.nn;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.kernels.recurrent.RnnSequence;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One recurrent layer over whole sequences, time-major. Weights are drawn from ±1/√H and saved as
 * PyTorch's {@code nn.RNN}, {@code nn.GRU} and {@code nn.LSTM} do ({@code weight_ih_l0}, {@code
 * weight_ih_l0_reverse} …); where PyTorch has two biases that only ever appear as a sum (RNN,
 * LSTM), this layer has one.
 */
public final class Recurrent {
    /**
     * State between two runs: h [D, N, H], and c [D, N, H] for LSTM, else null. A state of null is
     * zeros.
     */
    public record State(Tensor h, Tensor c) {}

    /**
     * @param y outputs of all steps [T, N, D·H]
     * @param last state after each sequence's last step
     */
    public record Result(Tensor y, State last) {}

    private final Cell cell;
    private final Direction direction;
    private final int hidden;
    private final Tensor wIh;
    private final Tensor wHh;
    private final Tensor biasIh;
    private final Tensor biasHh;
    private final Tensor peephole;

    public Recurrent(Parameters p, Cell cell, Direction direction, int input, int hidden) {
        this(p, cell, direction, input, hidden, false);
    }

    /**
     * @param peepholes LSTM only: gates see the cell state (Gers, Schraudolph and Schmidhuber 2002)
     */
    public Recurrent(
            Parameters p,
            Cell cell,
            Direction direction,
            int input,
            int hidden,
            boolean peepholes) {
        this(p, cell, direction, input, hidden, peepholes, 0);
    }

    /**
     * @param layer number in a stack, which names carry
     */
    Recurrent(
            Parameters p,
            Cell cell,
            Direction direction,
            int input,
            int hidden,
            boolean peepholes,
            int layer) {
        if (peepholes && cell != Cell.LSTM) {
            throw new TataraException(
                    "Recurrent: peepholes: given a " + cell + ", expected an LSTM");
        }
        this.cell = cell;
        this.direction = direction;
        this.hidden = hidden;
        int d = direction.count();
        int rows = cell.gates() * hidden;
        double bound = 1 / Math.sqrt(hidden);
        boolean twoBiases = cell == Cell.GRU;
        String made = layer == 0 ? "" : ".l" + layer;
        String saved = "_l" + layer;
        this.wIh =
                p.uniform(
                        "weight_ih" + made,
                        names("weight_ih" + saved),
                        List.of(),
                        bound,
                        d,
                        rows,
                        input);
        this.wHh =
                p.uniform(
                        "weight_hh" + made,
                        names("weight_hh" + saved),
                        List.of(),
                        bound,
                        d,
                        rows,
                        hidden);
        this.biasIh =
                p.uniform(
                        "bias_ih" + made,
                        names("bias_ih" + saved),
                        twoBiases ? List.of() : names("bias_hh" + saved),
                        bound,
                        d,
                        rows);
        this.biasHh =
                twoBiases
                        ? p.uniform(
                                "bias_hh" + made,
                                names("bias_hh" + saved),
                                List.of(),
                                bound,
                                d,
                                rows)
                        : null;
        this.peephole =
                peepholes
                        ? p.uniform(
                                "peephole" + made,
                                names("peephole" + saved),
                                List.of(),
                                bound,
                                d,
                                3,
                                hidden)
                        : null;
    }

    private List<String> names(String name) {
        return IntStream.range(0, direction.count())
                .mapToObj(d -> direction.reverse(d) ? name + "_reverse" : name)
                .toList();
    }

    public Cell cell() {
        return cell;
    }

    /** Width of y: D · H. */
    public int width() {
        return direction.count() * hidden;
    }

    /**
     * @param x [T, N, I]
     * @param lengths int32 [N] or null where all have T steps
     * @param start state before the first step, null for zeros
     */
    public Result apply(Ops ops, Tensor x, Tensor lengths, State start) {
        Tensor h0 = start == null ? null : start.h;
        Tensor wI = Arithmetic.like(ops, wIh, x);
        Tensor wH = Arithmetic.like(ops, wHh, x);
        Tensor b = Arithmetic.like(ops, biasIh, x);
        return switch (cell) {
            case RNN -> {
                RnnSequence op = new RnnSequence(Activation.TANH, direction, 0);
                Tensor[] out = ops.rnn(op, x, lengths, h0, wI, wH, b);
                yield new Result(out[0], new State(out[1], null));
            }
            case GRU -> {
                Tensor[] out =
                        ops.gru(
                                direction,
                                x,
                                lengths,
                                h0,
                                wI,
                                wH,
                                b,
                                Arithmetic.like(ops, biasHh, x));
                yield new Result(out[0], new State(out[1], null));
            }
            case LSTM -> {
                Tensor c0 = start == null ? null : start.c;
                Tensor[] out =
                        ops.lstm(
                                direction,
                                x,
                                lengths,
                                h0,
                                c0,
                                wI,
                                wH,
                                b,
                                Arithmetic.like(ops, peephole, x));
                yield new Result(out[0], new State(out[1], out[2]));
            }
        };
    }
}
