package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;
import static io.tatara.kernels.causal.CausalShape.optional;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.List;

/**
 * One sample through a stack of {@link GatedCausalLayer}s from queues of their inputs: what a layer
 * computed for earlier samples is not computed again, so that a sample costs the same whatever the
 * stack's receptive field. The method is Le Paine et al., "Fast Wavenet Generation Algorithm",
 * 2016.
 *
 * <p>With L layers, K taps and R_l = (K − 1) · dilation_l, inputs: x [N, C], float32, float16 or
 * bfloat16, and of its type queue [N, C · Σ R_l], layer after layer rings of R_l slots of C numbers
 * (zeros before the first sample); slots int32 [L], each ring's next slot (zeros before the first
 * sample; taken modulo R_l); weight [L, 2D, C, K]; bias? [L, 2D]; condition? [N, L, 2D];
 * residualWeight [L, C, D]; residualBias? [L, C]; skipWeight [L, S, D]; skipBias? [L, S]. Outputs:
 * skip [N, S], the sum over all layers; y [N, C], the last layer's output; queue and slots, in
 * place.
 *
 * @param dilations one a layer, each at least 1
 */
public record WaveNetStep(List<Integer> dilations) implements Op {
    static final int X = 0;
    static final int QUEUE = 1;
    static final int SLOTS = 2;
    static final int WEIGHT = 3;
    static final int BIAS = 4;
    static final int CONDITION = 5;
    static final int RESIDUAL_WEIGHT = 6;
    static final int RESIDUAL_BIAS = 7;
    static final int SKIP_WEIGHT = 8;
    static final int SKIP_BIAS = 9;

    static final int SKIP = 0;
    static final int Y = 1;

    private static final Checks CHECK = new Checks("wave_net_step");

    /**
     * @throws OpException if there is no dilation or one is below 1
     */
    public WaveNetStep {
        dilations = List.copyOf(dilations);
        CHECK.that(!dilations.isEmpty(), "dilations", "none", "one for each layer");
        for (int d : dilations) {
            CausalShape.dilation(CHECK, d);
        }
    }

    /**
     * A stack's extents.
     *
     * @param d channels of the gated activation
     * @param s skip channels
     * @param q numbers of a sequence's queues
     */
    record Extents(int n, int layers, int c, int d, int k, int s, int q) {}

    /** The extents of inputs that {@link #infer} has passed. */
    Extents extents(TensorSpec... in) {
        Shape w = in[WEIGHT].shape();
        return new Extents(
                in[X].shape().dim(0),
                dilations.size(),
                w.dim(2),
                w.dim(1) / 2,
                w.dim(3),
                in[SKIP_WEIGHT].shape().dim(1),
                in[QUEUE].shape().dim(1));
    }

    /** Slots of a layer's ring. */
    int reach(int layer, int taps) {
        return (taps - 1) * dilations.get(layer);
    }

    @Override
    public String name() {
        return "wave_net_step";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 9, 10);
        int layers = dilations.size();
        TensorSpec x = CHECK.rank("x", CHECK.floating("x", in[X]), 2);
        int n = x.shape().dim(0);
        int c = x.shape().dim(1);
        TensorSpec w = CHECK.rank("weight", CHECK.dtype("weight", in[WEIGHT], x.dtype()), 4);
        int rows = w.shape().dim(1);
        int k = w.shape().dim(3);
        CHECK.same("weight", w, x.withShape(layers, rows, c, k));
        CHECK.that(rows % 2 == 0, "weight", w, "[L, 2D, C, K]: filters, then gates");
        CHECK.that(k >= 1, "weight", w, "at least one tap");
        long slots = 0;
        for (int d : dilations) {
            slots += (k - 1L) * d;
        }
        CHECK.that(
                slots * Math.max(1, c) <= Shape.MAX_SIZE, "dilations", slots + " slots", "fewer");
        CHECK.same("queue", in[QUEUE], x.withShape(n, (int) slots * c));
        CHECK.shape("slots", in[SLOTS], DType.INT32, layers);
        optional(CHECK, "bias", in[BIAS], x.withShape(layers, rows));
        optional(CHECK, "condition", in[CONDITION], x.withShape(n, layers, rows));
        CHECK.same("residualWeight", in[RESIDUAL_WEIGHT], x.withShape(layers, c, rows / 2));
        optional(CHECK, "residualBias", in[RESIDUAL_BIAS], x.withShape(layers, c));
        TensorSpec skip = CHECK.rank("skipWeight", in[SKIP_WEIGHT], 3);
        int s = skip.shape().dim(1);
        CHECK.same("skipWeight", skip, x.withShape(layers, s, rows / 2));
        optional(CHECK, "skipBias", at(in, SKIP_BIAS), x.withShape(layers, s));
        return new TensorSpec[] {x.withShape(n, s), x, in[QUEUE], in[SLOTS]};
    }

    @Override
    public int alias(int out) {
        return out == 2 ? QUEUE : out == 3 ? SLOTS : -1;
    }

    /** The compulsory bytes are those of one slot of each ring that a tap reads or writes. */
    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        double matrices = 2.0 * e.d * (e.c * (double) e.k + (e.c + (double) e.s) / 2);
        TensorSpec[] given = in.clone();
        given[QUEUE] = in[X].withShape(e.n, e.layers * e.k * e.c);
        TensorSpec[] out = {in[X].withShape(e.n, e.s), in[X], in[SLOTS]};
        return Cost.of(2.0 * e.n * e.layers * matrices, given, out);
    }
}
