package io.tatara.kernels.embedding;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link Embedding}: dtable[i, :] is the sum of dy over all positions whose id is i, in
 * order of position (on CUDA in chunks of 64, whose sums are then added in order), so that the
 * result is the same on every run. Rows that no id names, and the padding row, are 0; ids outside
 * [0, vocabulary) contribute nothing.
 *
 * <p>Inputs: ids int32 of any shape, dy [ids' shape…, d]. Output: dtable [vocabulary, d].
 */
public record EmbeddingGradient(int vocabulary, int paddingIndex) implements Op {
    private static final Checks CHECK = new Checks("embedding_gradient");

    public EmbeddingGradient {
        CHECK.that(vocabulary >= 0, "vocabulary", vocabulary, "a number of rows >= 0");
        CHECK.that(
                paddingIndex >= -1,
                "paddingIndex",
                paddingIndex,
                "a row of the table, or -1 for none");
    }

    @Override
    public String name() {
        return "embedding_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        TensorSpec ids = CHECK.dtype("ids", in[0], DType.INT32);
        CHECK.floating("dy", in[1]);
        TensorSpec dy = CHECK.rank("dy", in[1], ids.shape().rank() + 1);
        int d = dy.shape().dim(-1);
        CHECK.same("dy", dy, dy.withShape(ids.shape().append(d)));
        return new TensorSpec[] {dy.withShape(vocabulary, d)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(in[1].size(), in, infer(in));
    }
}
