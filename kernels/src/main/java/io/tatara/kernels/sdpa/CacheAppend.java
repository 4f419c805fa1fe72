package io.tatara.kernels.sdpa;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.Objects;

/**
 * Writes the keys or values of new positions into a cache, in place, for decoding step by step.
 *
 * <p>Inputs: cache [N, H, C, D] in the {@link HeadLayout}, C its capacity; update [N, H, T, D], of
 * the same dtype (any); positions int32 [N], where the first new position of each sequence goes.
 * Output: the cache. What would stand outside 0 … C − 1 is dropped.
 *
 * @param layout where the heads stand
 */
public record CacheAppend(HeadLayout layout) implements Op {
    private static final Checks CHECK = new Checks("cache_append");

    public CacheAppend {
        Objects.requireNonNull(layout, "layout");
    }

    @Override
    public String name() {
        return "cache_append";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 3, 3);
        TensorSpec cache = CHECK.rank("cache", in[0], 4);
        TensorSpec update = CHECK.rank("update", CHECK.dtype("update", in[1], cache.dtype()), 4);
        Shape c = cache.shape();
        int t = layout.positions(update.shape());
        Shape want = layout.shape(c.dim(0), layout.heads(c), t, c.dim(3));
        CHECK.same("update", update, cache.withShape(want));
        CHECK.shape("positions", in[2], DType.INT32, c.dim(0));
        return new TensorSpec[] {cache};
    }

    /** The update is read and written; the rest of the cache is left alone. */
    @Override
    public Cost cost(TensorSpec... in) {
        return new Cost(0, 2.0 * in[1].bytes() + in[2].bytes());
    }

    @Override
    public int alias(int out) {
        return 0;
    }
}
