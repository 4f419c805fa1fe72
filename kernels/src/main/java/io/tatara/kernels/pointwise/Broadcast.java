package io.tatara.kernels.pointwise;

import io.tatara.kernels.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * How inputs are read along an output: extents of the output's axes, outermost first, with
 * neighbouring axes merged where no input tells them apart, and each input's stride along them (0
 * where it is stretched). The innermost stride of an input is always 0 or 1.
 *
 * @param strides by input, then by axis
 */
record Broadcast(int[] extents, int[][] strides) {
    static Broadcast of(Shape out, List<Shape> inputs) {
        int k = inputs.size();
        List<int[]> axes = new ArrayList<>(); // extent, then a stride an input
        int[][] full = new int[k][];
        for (int j = 0; j < k; j++) {
            full[j] = inputs.get(j).strides();
        }
        for (int d = 0; d < out.rank(); d++) {
            int extent = out.dim(d);
            if (extent == 1) {
                continue;
            }
            int[] axis = new int[k + 1];
            axis[0] = extent;
            for (int j = 0; j < k; j++) {
                int a = d - (out.rank() - inputs.get(j).rank());
                axis[j + 1] = a < 0 || inputs.get(j).dim(a) == 1 ? 0 : full[j][a];
            }
            if (!axes.isEmpty() && mergeable(axes.getLast(), axis)) {
                axis[0] *= axes.removeLast()[0];
            }
            axes.add(axis);
        }
        if (axes.isEmpty()) {
            axes.add(new int[k + 1]);
            axes.getFirst()[0] = 1;
        }
        int[] extents = new int[axes.size()];
        int[][] strides = new int[k][axes.size()];
        for (int d = 0; d < extents.length; d++) {
            extents[d] = axes.get(d)[0];
            for (int j = 0; j < k; j++) {
                strides[j][d] = axes.get(d)[j + 1];
            }
        }
        return new Broadcast(extents, strides);
    }

    private static boolean mergeable(int[] outer, int[] inner) {
        for (int j = 1; j < inner.length; j++) {
            if (outer[j] != inner[j] * inner[0]) {
                return false;
            }
        }
        return true;
    }
}
