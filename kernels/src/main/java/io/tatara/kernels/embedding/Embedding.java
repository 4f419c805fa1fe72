package io.tatara.kernels.embedding;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;

/**
 * Rows of a table by id: y[…, :] = table[ids[…], :].
 *
 * <p>Inputs: table [v, d], ids int32 of any shape. Output: y [ids' shape…, d]. The row {@code
 * paddingIndex} reads as stored but gets no gradient; −1 means that there is none. An id outside
 * [0, v) reads as NaN and gets no gradient: such ids are data, which no check can see before the
 * kernel runs.
 */
public record Embedding(int paddingIndex) implements Op {
    private static final Checks CHECK = new Checks("embedding");

    public Embedding {
        CHECK.that(
                paddingIndex >= -1,
                "paddingIndex",
                paddingIndex,
                "a row of the table, or -1 for none");
    }

    @Override
    public String name() {
        return "embedding";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.floating("table", in[0]);
        TensorSpec table = CHECK.rank("table", in[0], 2);
        TensorSpec ids = CHECK.dtype("ids", in[1], DType.INT32);
        CHECK.that(
                paddingIndex < Math.max(1, table.shape().dim(0)),
                "paddingIndex",
                paddingIndex,
                "a row of the table " + table + ", or -1 for none");
        return new TensorSpec[] {table.withShape(ids.shape().append(table.shape().dim(1)))};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return new Cost(0, 2.0 * infer(in)[0].bytes() + in[1].bytes());
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        int v = b.input(0).spec().shape().dim(0);
        Value dtable =
                b.needs(0)
                        ? b.one(
                                new EmbeddingGradient(v, paddingIndex),
                                b.input(1),
                                b.gradOrZeros(0))
                        : null;
        return new Value[] {dtable, null};
    }
}
