package io.tatara.kernels.batchnorm;

import io.tatara.kernels.Checks;
import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;

/**
 * A tensor [N, C, …] as this room sees it.
 *
 * @param batch N
 * @param channels C
 * @param space elements of a channel of one example; they stand together
 */
record Channels(int batch, int channels, int space) {
    static Channels of(TensorSpec x) {
        int space = x.size() == 0 ? 0 : x.shape().product(2, x.shape().rank());
        return new Channels(x.shape().dim(0), x.shape().dim(1), space);
    }

    /** Checks x and gives its view. */
    static Channels check(Checks check, String arg, TensorSpec x) {
        check.rankAtLeast(arg, check.floating(arg, x), 2);
        return of(x);
    }

    /** Elements of a channel. */
    int count() {
        return space == 0 ? 0 : batch * space;
    }

    /** Checks an optional parameter [C]. */
    void vector(Checks check, String arg, TensorSpec s, DType dtype) {
        if (s != null) {
            check.shape(arg, s, dtype, channels);
        }
    }

    /** What the population's variance is multiplied by for the running one. */
    double unbiased() {
        int n = count();
        return n / (double) Math.max(1, n - 1);
    }

    /** The input i, null where it is absent or left out. */
    static TensorSpec at(TensorSpec[] in, int i) {
        return i < in.length ? in[i] : null;
    }
}
