package io.tatara.kernels.pool;

import io.tatara.kernels.Checks;
import io.tatara.kernels.TensorSpec;

/** What the gradients' checks share. */
final class Planes {
    private Planes() {}

    /** Number of planes of [N, C, H, W]. */
    static int count(TensorSpec x) {
        return x.shape().size() == 0 ? 0 : x.shape().product(0, 2);
    }

    /** Elements of a plane. */
    static int size(TensorSpec x) {
        return x.shape().product(2, 4);
    }

    /** Checks a pooled gradient against planes of this size and gives the spec of those. */
    static TensorSpec gradient(Checks check, PoolWindow window, TensorSpec dy, int h, int w) {
        check.rank("dy", check.floating("dy", dy), 4);
        check.that(h > 0 && w > 0, "height, width", h + ", " + w, "at least 1");
        TensorSpec dx = dy.withShape(dy.shape().dim(0), dy.shape().dim(1), h, w);
        check.same("dy", dy, window.infer(check, dx));
        return dx;
    }
}
