package io.tatara.kernels.recurrent;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;

/**
 * Sizes of a case, which optional inputs are there, and the ways in which its inputs are drawn.
 *
 * @param lengths null where every sequence is full
 * @param features how x is drawn
 * @param optional names of the optional inputs that are present, separated by blanks; {@code all}
 *     is all
 */
record CaseSizes(
        String name,
        int t,
        int n,
        int i,
        int h,
        Direction direction,
        int truncation,
        int[] lengths,
        String optional,
        Data features) {
    private static final Data NORMAL = Data.normal();

    /** Odd sizes, forward, full length, everything present. */
    static CaseSizes of(String name, int t, int n, int i, int h) {
        return new CaseSizes(name, t, n, i, h, Direction.FORWARD, 0, null, "all", NORMAL);
    }

    CaseSizes going(Direction d) {
        return new CaseSizes(name, t, n, i, h, d, truncation, lengths, optional, features);
    }

    CaseSizes truncated(int k) {
        return new CaseSizes(name, t, n, i, h, direction, k, lengths, optional, features);
    }

    CaseSizes ragged(int... l) {
        return new CaseSizes(name, t, n, i, h, direction, truncation, l, optional, features);
    }

    CaseSizes only(String names) {
        return new CaseSizes(name, t, n, i, h, direction, truncation, lengths, names, features);
    }

    /** x drawn in this way; finite differences are left out. */
    CaseSizes drawn(Data x) {
        return new CaseSizes(name, t, n, i, h, direction, truncation, lengths, optional, x);
    }

    int d() {
        return direction.count();
    }

    TensorSpec x() {
        return TensorSpec.f32(t, n, i);
    }

    TensorSpec y() {
        return TensorSpec.f32(t, n, d() * h);
    }

    TensorSpec state() {
        return TensorSpec.f32(d(), n, h);
    }

    TensorSpec saved(int blocks) {
        return TensorSpec.f32(d(), t, n, blocks * h);
    }

    TensorSpec bias(int gates) {
        return TensorSpec.f32(d(), gates * h);
    }

    TensorSpec peephole() {
        return TensorSpec.f32(d(), 3, h);
    }

    /** Weights of a size that keeps states and gradients of the order of one. */
    Data weight() {
        return Data.normal(0, 1 / Math.sqrt(h + i));
    }

    /** Adds the weights of this many gates. */
    Case weights(Case c, int gates) {
        return c.in(TensorSpec.f32(d(), gates * h, i), weight())
                .in(TensorSpec.f32(d(), gates * h, h), weight());
    }

    /** Adds an optional input or leaves its place empty. */
    Case maybe(Case c, String which, TensorSpec spec, Data data) {
        boolean there =
                optional.equals("all") || (" " + optional + " ").contains(" " + which + " ");
        return there ? c.in(spec, data) : c.absent();
    }

    Case maybe(Case c, String which, TensorSpec spec) {
        return maybe(c, which, spec, Data.normal());
    }

    /** Adds the lengths or leaves their place empty. */
    Case lengths(Case c) {
        if (lengths == null) {
            return c.absent();
        }
        double[] l = new double[lengths.length];
        for (int j = 0; j < l.length; j++) {
            l[j] = lengths[j];
        }
        return c.fixed(TensorSpec.i32(n), Data.of(l));
    }

    /**
     * Marks for a forward op: sums of a step; only an untruncated gradient equals finite
     * differences.
     */
    Case forward(Case c) {
        Case r = c.reduction(i + h);
        return truncation == 0 && features == NORMAL ? r : r.noGradient();
    }

    /**
     * Marks for a gradient op: a weight's gradient sums over all steps, what flows back over the
     * gates.
     */
    Case backward(Case c, int gates) {
        return c.reduction(t * n + gates * h + i);
    }
}
