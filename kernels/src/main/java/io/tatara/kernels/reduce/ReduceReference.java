package io.tatara.kernels.reduce;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * The oracles of {@link Reduce} and its gradient: an element at a time, by its place in the result.
 */
final class ReduceReference {
    private ReduceReference() {}

    /** For each element of x the element of the result that it goes into. */
    private static int[] places(Shape x, List<Integer> axes) {
        boolean[] gone = new boolean[x.rank()];
        for (int a : axes) {
            gone[a < 0 ? a + x.rank() : a] = true;
        }
        int[] place = new int[x.size()];
        for (int e = 0; e < place.length; e++) {
            int rest = e;
            int step = 1;
            for (int a = x.rank() - 1; a >= 0; a--) {
                if (!gone[a] && !axes.isEmpty()) {
                    place[e] += rest % x.dim(a) * step;
                    step *= x.dim(a);
                }
                rest /= x.dim(a);
            }
        }
        return place;
    }

    static void reduce(Reduce op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        double[] y = out[0].data();
        int[] place = places(in[0].shape(), op.axes());
        int[] count = new int[y.length];
        if (op.kind() == ReduceKind.MAX) {
            Arrays.fill(y, Double.NEGATIVE_INFINITY);
        }
        for (int e = 0; e < x.length; e++) {
            int p = place[e];
            y[p] = op.kind() == ReduceKind.MAX ? Math.max(y[p], x[e]) : y[p] + x[e];
            count[p]++;
        }
        if (op.kind() == ReduceKind.MEAN) {
            for (int p = 0; p < y.length; p++) {
                y[p] /= count[p];
            }
        }
    }

    static void gradient(ReduceGradient op, RefArray[] in, RefArray[] out) {
        double[] dy = in[2].data();
        double[] dx = out[0].data();
        int[] place = places(op.shape(), op.axes());
        int[] count = new int[dy.length];
        for (int e = 0; e < dx.length; e++) {
            if (takes(op, in, e, place[e])) {
                count[place[e]]++;
            }
        }
        for (int e = 0; e < dx.length; e++) {
            double share = op.kind() == ReduceKind.SUM ? 1 : count[place[e]];
            dx[e] = takes(op, in, e, place[e]) ? dy[place[e]] / share : 0;
        }
    }

    private static boolean takes(ReduceGradient op, RefArray[] in, int e, int place) {
        return op.kind() != ReduceKind.MAX
                || in[0].data()[e] == in[1].data()[place]
                || Double.isNaN(in[0].data()[e]);
    }
}
