package io.tatara.kernels.attention;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * The extents of one attention: batch, queries and keys of a sequence, features of a query or key,
 * features of a value.
 */
record Extents(int n, int tq, int tk, int a, int v) {
    /** From specs that {@link #check} has passed. */
    static Extents of(TensorSpec queries, TensorSpec keys, TensorSpec values) {
        Shape q = queries.shape();
        return new Extents(
                q.dim(0), q.dim(1), keys.shape().dim(1), q.dim(2), values.shape().dim(2));
    }

    /**
     * Checks what all attention ops share: queries, keys, values and the lengths, which may be
     * absent.
     */
    static Extents check(
            Checks check,
            TensorSpec queries,
            TensorSpec keys,
            TensorSpec values,
            TensorSpec lengths) {
        DType d = check.floating("queries", queries).dtype();
        check.rank("queries", queries, 3);
        check.rank("keys", keys, 3);
        check.rank("values", values, 3);
        Extents e = of(queries, keys, values);
        check.shape("keys", keys, d, e.n, e.tk, e.a);
        check.shape("values", values, d, e.n, e.tk, e.v);
        if (lengths != null) {
            check.shape("lengths", lengths, DType.INT32, e.n);
        }
        // Rows are counted in ints, also where an extent of 0 makes the tensors themselves empty.
        boolean fits = fits(e.n, e.tq, e.tk) && fits(e.n, e.tq, e.v);
        boolean rows = fits(e.n, e.tq, 1) && fits(e.n, e.tk, 1) && fits(e.n, e.a, 1);
        check.that(
                fits && rows,
                "queries",
                queries + " with keys " + keys + " and values " + values,
                "context and weights of at most " + Shape.MAX_SIZE + " elements");
        return e;
    }

    /**
     * Checks what only the gradient ops take: the forward weights and the gradients that arrived.
     */
    void checkGradients(
            Checks check, DType d, TensorSpec weights, TensorSpec dcontext, TensorSpec dweights) {
        check.shape("weights", weights, d, n, tq, tk);
        if (dcontext != null) {
            check.shape("dcontext", dcontext, d, n, tq, v);
        }
        if (dweights != null) {
            check.shape("dweights", dweights, d, n, tq, tk);
        }
        check.that(
                dcontext != null || dweights != null,
                "dcontext",
                "neither dcontext nor dweights",
                "at least one");
    }

    private static boolean fits(double x, double y, double z) {
        return x * y * z <= Shape.MAX_SIZE;
    }

    TensorSpec context(DType d) {
        return new TensorSpec(d, Shape.of(n, tq, v));
    }

    TensorSpec weights(DType d) {
        return new TensorSpec(d, Shape.of(n, tq, tk));
    }

    /** Rows of queries: one for each query of each sequence. */
    int queryRows() {
        return n * tq;
    }

    /** Rows of keys and values. */
    int keyRows() {
        return n * tk;
    }

    /** Cost at this many operations for a pair of query and key. */
    Cost cost(double perPair, TensorSpec[] in, TensorSpec[] out) {
        return Cost.of(perPair * n * tq * tk, in, out);
    }
}
