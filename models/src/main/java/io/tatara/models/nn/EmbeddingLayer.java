package io.tatara.models.nn;

import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;

/** A table [vocabulary, width] read by ids; weight named as in PyTorch's {@code nn.Embedding}. */
public final class EmbeddingLayer {
    /** Small enough that a table shared with an output layer starts with flat predictions. */
    private static final double BOUND = 0.1;

    private final Tensor table;

    public EmbeddingLayer(Parameters p, int vocabulary, int width) {
        this.table = p.uniform("weight", BOUND, vocabulary, width);
    }

    public Tensor table() {
        return table;
    }

    /** ids int32 […] → […, width], float32 as the table. */
    public Tensor apply(Ops ops, Tensor ids) {
        return ops.embedding(table, ids, -1);
    }
}
