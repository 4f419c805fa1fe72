package io.tatara.kernels.layout;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link Gather}: dx[…, i, …] is the sum of dy[…, j, …] over all j with indices[j] = i,
 * in order of j, so that the result is the same on every run. Indices outside [0, extent)
 * contribute nothing.
 *
 * <p>Inputs: indices int32 [k], dy with extent k on {@code axis}. Output: dx, dy's shape with
 * {@code extent} there.
 */
public record GatherGradient(int axis, int extent) implements Op {
    private static final Checks CHECK = new Checks("gather_gradient");

    public GatherGradient {
        CHECK.that(extent >= 0, "extent", extent, "an extent >= 0");
    }

    int axis(Shape dy) {
        return CHECK.axis("axis", axis, dy);
    }

    @Override
    public String name() {
        return "gather_gradient";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 2);
        CHECK.dtype("indices", in[0], DType.INT32);
        CHECK.rank("indices", in[0], 1);
        TensorSpec dy = CHECK.floating("dy", in[1]);
        int a = axis(dy.shape());
        CHECK.that(
                dy.shape().dim(a) == in[0].size(),
                "dy",
                dy,
                "extent " + in[0].size() + " of indices on axis " + a);
        return new TensorSpec[] {dy.withShape(dy.shape().with(a, extent))};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(in[1].size(), in, infer(in));
    }
}
