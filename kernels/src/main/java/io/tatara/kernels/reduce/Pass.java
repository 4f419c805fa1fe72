package io.tatara.kernels.reduce;

import io.tatara.kernels.Shape;
import java.util.ArrayList;
import java.util.List;

/** One step of a reduction: [outer, reduce, inner] becomes [outer, inner]. */
record Pass(int outer, int reduce, int inner) {
    /**
     * The passes over any axes, innermost first: it leaves the least to the others. At least one.
     */
    static List<Pass> of(Shape x, Axes axes) {
        // Neighbours of one kind are one axis; those of extent 1 are none.
        List<int[]> groups = new ArrayList<>();
        for (int a = 0; a < x.rank(); a++) {
            int kind = axes.reduced()[a] ? 1 : 0;
            if (x.dim(a) == 1) {
                continue;
            }
            if (!groups.isEmpty() && groups.getLast()[0] == kind) {
                groups.getLast()[1] *= x.dim(a);
            } else {
                groups.add(new int[] {kind, x.dim(a)});
            }
        }
        List<Pass> passes = new ArrayList<>();
        int inner = 1;
        for (int g = groups.size() - 1; g >= 0; g--) {
            if (groups.get(g)[0] == 0) {
                inner *= groups.get(g)[1];
                continue;
            }
            int outer = 1;
            for (int[] before : groups.subList(0, g)) {
                outer *= before[1];
            }
            passes.add(new Pass(outer, groups.get(g)[1], inner));
        }
        return passes.isEmpty() ? List.of(new Pass(1, 1, inner)) : passes;
    }

    int results() {
        return outer * inner;
    }
}
