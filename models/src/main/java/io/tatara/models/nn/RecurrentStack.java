package io.tatara.models.nn;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Recurrent layers one above the other, time-major: each reads the outputs of the one below, with
 * dropout between them (not before the first, not after the last). Saved under PyTorch's names
 * ({@code weight_ih_l0}, {@code weight_ih_l1_reverse} …), states in PyTorch's layout.
 */
public final class RecurrentStack {
    private final List<Recurrent> layers = new ArrayList<>();
    private final int directions;

    /**
     * @param input width of what the first layer reads
     * @param hidden width of states, of each direction and layer
     * @param depth number of layers
     */
    public RecurrentStack(
            Parameters p, Cell cell, Direction direction, int input, int hidden, int depth) {
        if (depth < 1) {
            throw new TataraException("RecurrentStack: depth: given " + depth + ", expected >= 1");
        }
        this.directions = direction.count();
        for (int i = 0; i < depth; i++) {
            int width = i == 0 ? input : directions * hidden;
            layers.add(new Recurrent(p, cell, direction, width, hidden, false, i));
        }
    }

    /** Width of y: D · H. */
    public int width() {
        return layers.getFirst().width();
    }

    /** Number of layers. */
    public int depth() {
        return layers.size();
    }

    /**
     * @param x [T, N, I]
     * @param lengths int32 [N] or null where all have T steps
     * @param start states before the first step, h and c [depth · D, N, H]; null for zeros
     * @param noise dropout between layers
     * @return outputs of the last layer [T, N, D · H], and the last states of all, as start's
     */
    public Recurrent.Result apply(
            Ops ops, Tensor x, Tensor lengths, Recurrent.State start, Noise noise) {
        List<Tensor> h = new ArrayList<>();
        List<Tensor> c = new ArrayList<>();
        Tensor y = x;
        for (int i = 0; i < layers.size(); i++) {
            Tensor in = i == 0 ? y : noise.drop(ops, y);
            Recurrent.Result r = layers.get(i).apply(ops, in, lengths, state(ops, start, i));
            y = r.y();
            h.add(r.last().h());
            c.add(r.last().c());
        }
        return new Recurrent.Result(y, new Recurrent.State(stacked(ops, h), stacked(ops, c)));
    }

    /** One layer's part [D, N, H] of the states of all. */
    public Recurrent.State state(Ops ops, Recurrent.State all, int layer) {
        return all == null
                ? null
                : new Recurrent.State(part(ops, all.h(), layer), part(ops, all.c(), layer));
    }

    private Tensor part(Ops ops, Tensor all, int layer) {
        return all == null || layers.size() == 1
                ? all
                : ops.slice(all, 0, layer * directions, (layer + 1) * directions);
    }

    private static Tensor stacked(Ops ops, List<Tensor> parts) {
        return parts.size() == 1 || parts.getFirst() == null
                ? parts.getFirst()
                : ops.concat(0, parts.toArray(Tensor[]::new));
    }
}
