package io.tatara.kernels.layout;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Shape;
import java.util.List;

/**
 * A slice's attributes resolved against the shape that is sliced.
 *
 * @param starts first index an axis
 * @param steps distance of neighbours an axis
 * @param shape extents of the slice
 */
record SliceRange(int[] starts, int[] steps, Shape shape) {
    static void checkAttributes(
            Checks check, List<Integer> starts, List<Integer> ends, List<Integer> steps) {
        check.that(
                ends.size() == starts.size(),
                "ends",
                ends,
                "as many entries as starts: " + starts.size());
        check.that(
                steps.size() == starts.size(),
                "steps",
                steps,
                "as many entries as starts: " + starts.size());
        for (int s : steps) {
            check.that(s >= 1, "steps", steps, "steps >= 1");
        }
    }

    static SliceRange of(
            Checks check,
            String arg,
            Shape x,
            List<Integer> starts,
            List<Integer> ends,
            List<Integer> steps) {
        int rank = x.rank();
        check.that(
                rank == starts.size(),
                arg,
                x,
                "rank " + starts.size() + ", one entry of the slice an axis");
        check.that(rank <= Strided.MAX_RANK, arg, x, "rank <= " + Strided.MAX_RANK);
        int[] from = new int[rank];
        int[] step = new int[rank];
        int[] extent = new int[rank];
        for (int a = 0; a < rank; a++) {
            int n = x.dim(a);
            int end =
                    ends.get(a) == Integer.MAX_VALUE
                            ? n
                            : resolve(check, "ends", ends.get(a), n, a);
            from[a] = resolve(check, "starts", starts.get(a), n, a);
            check.that(
                    from[a] <= end,
                    "ends",
                    ends.get(a),
                    "an end at or behind start " + starts.get(a) + " on axis " + a + " of " + x);
            step[a] = steps.get(a);
            // Not (length + step - 1) / step: that sum may overflow.
            extent[a] = end == from[a] ? 0 : (end - from[a] - 1) / step[a] + 1;
        }
        return new SliceRange(from, step, Shape.of(extent));
    }

    private static int resolve(Checks check, String arg, int index, int n, int axis) {
        check.that(
                index >= -n && index <= n,
                arg,
                index,
                "an index from " + -n + " to " + n + " on axis " + axis);
        return index < 0 ? index + n : index;
    }

    /** Element offset of the slice's first element in a dense tensor of these strides. */
    int offset(int[] strides) {
        int o = 0;
        for (int a = 0; a < starts.length; a++) {
            o += shape.size() == 0 ? 0 : starts[a] * strides[a];
        }
        return o;
    }

    /** Distance of the slice's neighbours in elements, an entry an axis. */
    int[] stepped(int[] strides) {
        int[] s = new int[strides.length];
        for (int a = 0; a < s.length; a++) {
            s[a] = shape.dim(a) <= 1 ? 0 : strides[a] * steps[a];
        }
        return s;
    }
}
