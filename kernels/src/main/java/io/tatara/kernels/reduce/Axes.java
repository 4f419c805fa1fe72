package io.tatara.kernels.reduce;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Shape;
import java.util.List;

/** The axes of a reduction resolved against a shape: {@code reduced[a]} where axis a goes. */
record Axes(boolean[] reduced) {
    static Axes of(Checks check, String arg, Shape x, List<Integer> axes) {
        boolean[] reduced = new boolean[x.rank()];
        for (int a : axes) {
            int at = check.axis(arg, a, x);
            check.that(!reduced[at], arg, axes, "each axis at most once");
            reduced[at] = true;
        }
        if (axes.isEmpty()) {
            java.util.Arrays.fill(reduced, true);
        }
        return new Axes(reduced);
    }

    /** The result's shape. */
    Shape result(Shape x, boolean keepDims) {
        int[] d = new int[x.rank()];
        int rank = 0;
        for (int a = 0; a < d.length; a++) {
            if (!reduced[a]) {
                d[rank++] = x.dim(a);
            } else if (keepDims) {
                d[rank++] = 1;
            }
        }
        return Shape.of(java.util.Arrays.copyOf(d, rank));
    }

    /** How many elements go into one of the result. */
    int count(Shape x) {
        int n = 1;
        for (int a = 0; a < reduced.length; a++) {
            n *= reduced[a] ? x.dim(a) : 1;
        }
        return n;
    }
}
