package io.tatara.kernels.sdpa;

/** Which keys a query may see by its position. */
public enum AttentionMask {
    /** All. */
    NONE,

    /** Query i sees the keys up to i: both sequences begin together. */
    CAUSAL,

    /**
     * The last query stands at the last key: query i of Tq sees the keys up to i + L − Tq, where L
     * is the sequence's length, or Tk without lengths. For decoding with a cache.
     */
    CAUSAL_END;

    /**
     * How many keys query i sees.
     *
     * @param queries Tq
     * @param length keys of the sequence that take part
     */
    public int visible(int i, int queries, int length) {
        return switch (this) {
            case NONE -> length;
            case CAUSAL -> Math.min(length, i + 1);
            case CAUSAL_END -> Math.clamp((long) i + 1 + length - queries, 0, length);
        };
    }
}
