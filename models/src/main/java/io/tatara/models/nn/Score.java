package io.tatara.models.nn;

/** How attention scores a query against a key. */
public enum Score {
    /** No attention. */
    NONE,
    /** v · tanh(W q + U k); Bahdanau, Cho and Bengio 2015. */
    ADDITIVE,
    /** (W q) · k; Luong, Pham and Manning 2015, "general". */
    MULTIPLICATIVE
}
