package io.tatara.kernels.matmul;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The reverse of reading a strided view: zeros of a shape with the elements of x in the view's
 * places.
 *
 * <p>Input: x [batch…, rows, columns]. Output: y of {@code shape}.
 *
 * @throws io.tatara.kernels.OpException if places of the view might coincide
 */
record StridedScatter(MatrixLayout layout, List<Integer> batch, int rows, int columns, Shape shape)
        implements Op {
    private static final Checks CHECK = new Checks("strided_scatter");

    StridedScatter {
        batch = List.copyOf(batch);
        CHECK.that(
                apart(layout, batch, rows, columns),
                "layout",
                layout,
                "places that do not overlap");
        CHECK.that(
                layout.last(batch, rows, columns) < shape.size(),
                "shape",
                shape,
                "room for " + layout);
    }

    /** Sufficient: each stride is longer than all that the shorter strides span together. */
    private static boolean apart(MatrixLayout layout, List<Integer> batch, int rows, int columns) {
        List<long[]> axes = new ArrayList<>();
        axes.add(new long[] {layout.rowStride(), rows});
        axes.add(new long[] {layout.columnStride(), columns});
        for (int i = 0; i < batch.size(); i++) {
            axes.add(new long[] {layout.batchStrides().get(i), batch.get(i)});
        }
        axes.sort(Comparator.comparingLong(x -> x[0]));
        long span = 0;
        for (long[] x : axes) {
            if (x[1] > 1 && x[0] <= span) {
                return false;
            }
            span += x[0] * Math.max(0, x[1] - 1);
        }
        return true;
    }

    @Override
    public String name() {
        return "strided_scatter";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 1, 1);
        CHECK.floating("x", in[0]);
        Shape want =
                Shape.of(batch.stream().mapToInt(Integer::intValue).toArray())
                        .append(rows, columns);
        CHECK.same("x", in[0], in[0].withShape(want));
        return new TensorSpec[] {in[0].withShape(shape)};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(0, in, infer(in));
    }
}
