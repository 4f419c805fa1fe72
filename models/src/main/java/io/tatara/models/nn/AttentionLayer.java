package io.tatara.models.nn;

import io.tatara.kernels.TataraException;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;

/** Attention of decoder states over encoder states, batch-first, with its projections. */
public final class AttentionLayer {
    /**
     * What attention reads, prepared once for a batch of sources.
     *
     * @param keys [N, Tk, A]
     * @param values [N, Tk, V]
     * @param lengths int32 [N], null where all have Tk entries
     */
    public record Memory(Tensor keys, Tensor values, Tensor lengths) {}

    /**
     * @param context [N, Tq, V]
     * @param weights [N, Tq, Tk], each row adding up to 1
     */
    public record Result(Tensor context, Tensor weights) {}

    private final Score score;
    private final Linear query;
    private final Linear key;
    private final Tensor v;

    /**
     * @param queryWidth width of decoder states
     * @param valueWidth width of encoder states
     * @param width width of the additive score's hidden layer; not used by the multiplicative score
     */
    public AttentionLayer(Parameters p, Score score, int queryWidth, int valueWidth, int width) {
        this.score = score;
        switch (score) {
            case ADDITIVE -> {
                this.query = new Linear(p.under("query"), queryWidth, width, true);
                this.key = new Linear(p.under("key"), valueWidth, width, false);
                this.v = p.uniform("v", Math.sqrt(3.0 / width), width);
            }
            case MULTIPLICATIVE -> {
                this.query = new Linear(p.under("query"), queryWidth, valueWidth, false);
                this.key = null;
                this.v = null;
            }
            default ->
                    throw new TataraException(
                            "AttentionLayer: score: given "
                                    + score
                                    + ", expected a kind of attention");
        }
    }

    /** Projects the keys of a batch of sources; values [N, Tk, V], lengths int32 [N] or null. */
    public Memory memory(Ops ops, Tensor values, Tensor lengths) {
        return new Memory(key == null ? values : key.apply(ops, values), values, lengths);
    }

    /** All queries [N, Tq, H] of a batch at once. */
    public Result apply(Ops ops, Tensor queries, Memory memory) {
        Tensor q = query.apply(ops, queries);
        Tensor k = memory.keys;
        Tensor[] out =
                score == Score.ADDITIVE
                        ? ops.additiveAttention(
                                q, k, memory.values, Arithmetic.like(ops, v, q), memory.lengths)
                        : ops.multiplicativeAttention(q, k, memory.values, memory.lengths, 1);
        return new Result(out[0], out[1]);
    }
}
