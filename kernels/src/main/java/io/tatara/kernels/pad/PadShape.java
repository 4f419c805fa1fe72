package io.tatara.kernels.pad;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Shape;
import java.util.List;

/** Where elements come from and go to, and what of that is asked for rightly. */
final class PadShape {
    private static final int MAX_RANK = 6;

    private PadShape() {}

    static void attributes(Checks check, List<Integer> before, List<Integer> after) {
        check.that(before.size() <= MAX_RANK, "before", before, "at most " + MAX_RANK + " axes");
        check.that(after.size() == before.size(), "after", after, "as many as before " + before);
        for (int a = 0; a < before.size(); a++) {
            check.that(before.get(a) >= 0, "before", before, "at least 0");
            check.that(after.get(a) >= 0, "after", after, "at least 0");
        }
    }

    /** The shape of the result. */
    static Shape padded(
            Checks check,
            String arg,
            Shape x,
            List<Integer> before,
            List<Integer> after,
            PadMode mode) {
        check.that(x.rank() == before.size(), arg, x, "rank " + before.size());
        int[] dims = x.toArray();
        long size = 1;
        for (int a = 0; a < dims.length; a++) {
            int most = Math.max(before.get(a), after.get(a));
            if (mode == PadMode.REFLECT) {
                check.that(
                        most < Math.max(1, dims[a]), arg, x, "more than " + most + " on axis " + a);
            } else if (mode == PadMode.EDGE) {
                check.that(most == 0 || dims[a] > 0, arg, x, "an element on axis " + a);
            }
            long extent = (long) before.get(a) + dims[a] + after.get(a);
            size = extent == 0 ? 0 : size * extent;
            check.that(extent <= Shape.MAX_SIZE && size <= Shape.MAX_SIZE, "after", after, "fewer");
            dims[a] = (int) extent;
        }
        return Shape.of(dims);
    }

    /** Which element of an axis of n stands at this place from its first one; -1: the constant. */
    static int source(PadMode mode, int at, int n) {
        return switch (mode) {
            case CONSTANT -> at < 0 || at >= n ? -1 : at;
            case REFLECT -> at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at;
            case EDGE -> Math.clamp(at, 0, n - 1);
        };
    }
}
