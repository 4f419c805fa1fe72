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
import java.util.Arrays;
import java.util.List;

/**
 * Samples of WaveNet, one after the other, each drawn given those before it: van den Oord et al.,
 * "WaveNet: A Generative Model for Raw Audio", 2016, sections 2.1 to 2.5, with the queues of {@link
 * WaveNetStep}. For each of N streams and each of {@code count} samples:
 *
 * <ul>
 *   <li>x = firstBias + added + Σ_j table[j · A + history_j], the causal convolution of the one-hot
 *       levels before;
 *   <li>all gated layers as {@link WaveNetStep} has them; what the last one hands on is not used;
 *   <li>logits = last · relu(hidden · relu(skip sum) + hiddenBias) + lastBias;
 *   <li>level = the first of the greatest logits where the temperature is 0, else the first whose
 *       cumulated weight exp((logit − greatest) / temperature) exceeds u · (sum of all weights),
 *       where u in [0, 1) is Philox4x32-10's number for the seed, the stream's index and the number
 *       of the sample. Where logits are NaN the level is some level.
 * </ul>
 *
 * <p>With L layers, K taps, R_l = (K − 1) · dilation_l, J taps of the first convolution, A levels
 * and a type E, float32, float16 or bfloat16, inputs: history int32 [N, J], the levels before, the
 * latest one last, anything outside 0 … A − 1 where there was none; queue float32 [N, C · Σ R_l],
 * layer after layer rings of R_l slots of C numbers (zeros before the first sample); clock int32
 * [1], the number of samples that are made (ring l's next slot is clock modulo R_l; below 2³¹ −
 * count); seed int32 [2]; of type E table [J · A, C]; firstBias? [C]; added? [N, count, C], such as
 * a position's embedding; weight [L, 2D, C, K]; bias? [L, 2D]; condition? [N, L, 2D];
 * residualWeight [L, C, D]; residualBias? [L, C]; skipWeight [L, S, D]; skipBias? [L, S];
 * hiddenWeight [H, S]; hiddenBias? [H]; lastWeight [A, H]; lastBias? [A]. Outputs: levels int32 [N,
 * count]; logits float32 [N, A] of the last sample; history, queue and clock, in place, so that
 * calls continue a stream with the bits of one call. No gradient.
 *
 * @param dilations one a layer, each at least 1
 * @param count samples a call, at least 1
 * @param temperature at least 0 and finite; 1 for the model's own distribution
 */
public record WaveNetGenerate(List<Integer> dilations, int count, float temperature) implements Op {
    static final int HISTORY = 0;
    static final int QUEUE = 1;
    static final int CLOCK = 2;
    static final int SEED = 3;
    static final int TABLE = 4;
    static final int FIRST_BIAS = 5;
    static final int ADDED = 6;
    static final int WEIGHT = 7;
    static final int BIAS = 8;
    static final int CONDITION = 9;
    static final int RESIDUAL_WEIGHT = 10;
    static final int RESIDUAL_BIAS = 11;
    static final int SKIP_WEIGHT = 12;
    static final int SKIP_BIAS = 13;
    static final int HIDDEN_WEIGHT = 14;
    static final int HIDDEN_BIAS = 15;
    static final int LAST_WEIGHT = 16;
    static final int LAST_BIAS = 17;

    static final int LEVELS = 0;
    static final int LOGITS = 1;
    static final int HISTORY_OUT = 2;
    static final int QUEUE_OUT = 3;
    static final int CLOCK_OUT = 4;

    private static final Checks CHECK = new Checks("wave_net_generate");

    /**
     * @throws OpException if there is no dilation or one is below 1, count is below 1, or the
     *     temperature is negative or not finite
     */
    public WaveNetGenerate {
        dilations = StackShape.dilations(CHECK, dilations);
        CHECK.that(count >= 1, "count", count, "at least 1");
        CHECK.that(
                temperature >= 0 && temperature < Float.POSITIVE_INFINITY,
                "temperature",
                temperature,
                "a finite number >= 0");
    }

    /**
     * A network's extents.
     *
     * @param c residual channels
     * @param d channels of the gated activation
     * @param k taps
     * @param s skip channels
     * @param h channels between the two last products
     * @param a levels
     * @param q numbers of a stream's queues
     * @param first taps of the first convolution
     */
    record Extents(int n, int layers, int c, int d, int k, int s, int h, int a, int q, int first) {}

    /** The extents of inputs that {@link #infer} has passed. */
    Extents extents(TensorSpec... in) {
        StackShape l = StackShape.of(in, in[HISTORY].shape().dim(0), WEIGHT, QUEUE);
        int h = in[HIDDEN_WEIGHT].shape().dim(0);
        int a = in[LAST_WEIGHT].shape().dim(0);
        int first = in[HISTORY].shape().dim(1);
        return new Extents(l.n(), l.layers(), l.c(), l.d(), l.k(), l.s(), h, a, l.q(), first);
    }

    /** Slots of a layer's ring. */
    int reach(int layer, int taps) {
        return (taps - 1) * dilations.get(layer);
    }

    @Override
    public String name() {
        return "wave_net_generate";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 17, 18);
        TensorSpec history = CHECK.rank("history", in[HISTORY], 2);
        CHECK.dtype("history", history, DType.INT32);
        int n = history.shape().dim(0);
        int first = history.shape().dim(1);
        CHECK.that(first >= 1, "history", history, "at least one level of each stream");
        StackShape e = StackShape.check(CHECK, dilations, in, n, WEIGHT, QUEUE, DType.FLOAT32);
        TensorSpec w = in[WEIGHT];
        CHECK.shape("clock", in[CLOCK], DType.INT32, 1);
        CHECK.shape("seed", in[SEED], DType.INT32, 2);
        TensorSpec last = CHECK.rank("lastWeight", in[LAST_WEIGHT], 2);
        int levels = last.shape().dim(0);
        int h = last.shape().dim(1);
        CHECK.same("lastWeight", last, w.withShape(levels, h));
        CHECK.that(levels >= 1, "lastWeight", last, "at least one level");
        CHECK.that((long) first * levels <= Shape.MAX_SIZE, "history", history, "fewer taps");
        CHECK.same("table", in[TABLE], w.withShape(first * levels, e.c()));
        optional(CHECK, "firstBias", in[FIRST_BIAS], w.withShape(e.c()));
        if (in[ADDED] != null) {
            CHECK.same("added", in[ADDED], w.withShape(n, count, e.c()));
        }
        CHECK.same("hiddenWeight", in[HIDDEN_WEIGHT], w.withShape(h, e.s()));
        optional(CHECK, "hiddenBias", in[HIDDEN_BIAS], w.withShape(h));
        optional(CHECK, "lastBias", at(in, LAST_BIAS), w.withShape(levels));
        CHECK.that((long) n * count <= Shape.MAX_SIZE, "count", count, "fewer samples");
        return new TensorSpec[] {
            TensorSpec.i32(n, count), TensorSpec.f32(n, levels), history, in[QUEUE], in[CLOCK]
        };
    }

    @Override
    public int alias(int out) {
        return switch (out) {
            case HISTORY_OUT -> HISTORY;
            case QUEUE_OUT -> QUEUE;
            case CLOCK_OUT -> CLOCK;
            default -> -1;
        };
    }

    /** The compulsory bytes of the queues are those of what the taps read and write. */
    @Override
    public Cost cost(TensorSpec... in) {
        Extents e = extents(in);
        double layer = e.d * (2.0 * e.c * e.k + e.c + e.s);
        double head = (double) e.h * (e.s + e.a);
        TensorSpec[] given = in.clone();
        given[QUEUE] = null;
        Cost once =
                Cost.of(
                        2.0 * e.n * count * (e.layers * layer + head),
                        Arrays.copyOf(given, given.length),
                        new TensorSpec[] {TensorSpec.i32(e.n, count), TensorSpec.f32(e.n, e.a)});
        double queues = 4.0 * e.n * count * e.layers * e.k * e.c;
        return new Cost(once.flops(), once.bytes() + queues);
    }
}
