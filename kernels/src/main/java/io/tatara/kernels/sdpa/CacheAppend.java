package io.tatara.kernels.sdpa;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.Objects;

/**
 * Writes new keys or values behind those of a cache, in place: cache[n, h, positions[n] + t] =
 * update[n, h, t].
 *
 * <p>Inputs, shapes as {@link HeadLayout#HEADS_FIRST} has them: cache [N, H, C, D]; update [N, H,
 * T, D] of the same floating dtype; positions int32 [N], where sequence n's first new element goes.
 * Output: the cache, in the same memory. What falls outside it (positions[n] + t below 0, or C and
 * above) is dropped.
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

    private int timeAxis() {
        return layout == HeadLayout.HEADS_FIRST ? 2 : 1;
    }

    /** Extents of a call. */
    record Extents(int n, int h, int capacity, int t, int d) {}

    Extents extents(TensorSpec cache, TensorSpec update) {
        Shape c = cache.shape();
        return new Extents(
                c.dim(0),
                c.dim(3 - timeAxis()),
                c.dim(timeAxis()),
                update.shape().dim(timeAxis()),
                c.dim(3));
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 3, 3);
        CHECK.rank("cache", CHECK.floating("cache", in[0]), 4);
        CHECK.rank("update", in[1], 4);
        int t = in[1].shape().dim(timeAxis());
        int[] dims = in[0].shape().toArray();
        dims[timeAxis()] = t;
        boolean fits = (double) dims[0] * dims[1] * dims[2] * dims[3] <= Shape.MAX_SIZE;
        CHECK.that(fits, "update", in[1], "at most " + Shape.MAX_SIZE + " elements");
        CHECK.same("update", in[1], in[0].withShape(dims));
        CHECK.shape("positions", in[2], DType.INT32, dims[0]);
        return new TensorSpec[] {in[0]};
    }

    /** Reads and writes the new elements alone. */
    @Override
    public Cost cost(TensorSpec... in) {
        return new Cost(0, 2.0 * in[1].bytes() + in[2].bytes());
    }

    @Override
    public int alias(int out) {
        return 0;
    }
}
