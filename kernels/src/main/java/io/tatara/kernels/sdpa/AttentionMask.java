package io.tatara.kernels.sdpa;

/** Which keys a query may see, besides those that the lengths leave. */
public enum AttentionMask {
    /** All. */
    NONE,
    /** Query i sees keys 0 … i. */
    CAUSAL,
    /**
     * The last query stands at the last key: of L keys that take part, query i of Tq sees keys 0 …
     * i + L − Tq. For decoding with a cache.
     */
    CAUSAL_END
}
