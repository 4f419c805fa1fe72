package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;
import static io.tatara.kernels.causal.CausalShape.optional;

import io.tatara.kernels.Checks;
import io.tatara.kernels.DType;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.List;

/**
 * A stack of gated layers, as {@link WaveNetStep} and {@link WaveNetGenerate} read it: weight [L,
 * 2D, C, K]; bias? [L, 2D]; condition? [N, L, 2D]; residualWeight [L, C, D]; residualBias? [L, C];
 * skipWeight [L, S, D]; skipBias? [L, S], inputs that stand one behind the other.
 *
 * @param n sequences
 * @param c residual channels
 * @param d channels of the gated activation
 * @param k taps
 * @param s skip channels
 * @param q numbers of a sequence's queues
 */
record StackShape(int n, int layers, int c, int d, int k, int s, int q) {
    private static final int BIAS = 1;
    private static final int CONDITION = 2;
    private static final int RESIDUAL_WEIGHT = 3;
    private static final int RESIDUAL_BIAS = 4;
    private static final int SKIP_WEIGHT = 5;
    private static final int SKIP_BIAS = 6;

    /**
     * A copy of them, one a layer.
     *
     * @throws OpException if there is none, or one is below 1
     */
    static List<Integer> dilations(Checks check, List<Integer> dilations) {
        List<Integer> all = List.copyOf(dilations);
        check.that(!all.isEmpty(), "dilations", "none", "one for each layer");
        for (int d : all) {
            CausalShape.dilation(check, d);
        }
        return all;
    }

    /**
     * The shape of inputs that {@link #check} has passed.
     *
     * @param weight index of the layers' weight
     */
    static StackShape of(TensorSpec[] in, int n, int weight, int queue) {
        Shape w = in[weight].shape();
        return new StackShape(
                n,
                w.dim(0),
                w.dim(2),
                w.dim(1) / 2,
                w.dim(3),
                in[weight + SKIP_WEIGHT].shape().dim(1),
                in[queue].shape().dim(1));
    }

    /**
     * The same if all inputs fit; those of the layers are of the weight's type.
     *
     * @param queueType of the queue, which is [N, C · Σ (K − 1) · dilation]
     */
    static StackShape check(
            Checks check,
            List<Integer> dilations,
            TensorSpec[] in,
            int n,
            int weight,
            int queue,
            DType queueType) {
        int layers = dilations.size();
        TensorSpec w = check.rank("weight", check.floating("weight", in[weight]), 4);
        int rows = w.shape().dim(1);
        int c = w.shape().dim(2);
        int k = w.shape().dim(3);
        check.same("weight", w, w.withShape(layers, rows, c, k));
        check.that(rows % 2 == 0, "weight", w, "[L, 2D, C, K]: filters, then gates");
        check.that(k >= 1, "weight", w, "at least one tap");
        long slots = 0;
        for (int d : dilations) {
            slots += (k - 1L) * d;
        }
        check.that(
                slots * Math.max(1, c) <= Shape.MAX_SIZE, "dilations", slots + " slots", "fewer");
        check.shape("queue", in[queue], queueType, n, (int) slots * c);
        optional(check, "bias", in[weight + BIAS], w.withShape(layers, rows));
        optional(check, "condition", in[weight + CONDITION], w.withShape(n, layers, rows));
        check.same(
                "residualWeight", in[weight + RESIDUAL_WEIGHT], w.withShape(layers, c, rows / 2));
        optional(check, "residualBias", in[weight + RESIDUAL_BIAS], w.withShape(layers, c));
        TensorSpec skip = check.rank("skipWeight", in[weight + SKIP_WEIGHT], 3);
        int s = skip.shape().dim(1);
        check.same("skipWeight", skip, w.withShape(layers, s, rows / 2));
        optional(check, "skipBias", at(in, weight + SKIP_BIAS), w.withShape(layers, s));
        return of(in, n, weight, queue);
    }
}
