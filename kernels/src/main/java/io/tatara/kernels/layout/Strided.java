package io.tatara.kernels.layout;

import io.tatara.kernels.Shape;

/**
 * A copy between two strided views: y[yOffset + i·yStrides] = x[xOffset + i·xStrides] for every
 * index i of {@code dims}. Axes of extent 1 are gone and neighbours that run on in both views are
 * merged, so that the last axis is as long as it can be. A stride may be 0 in x (broadcast) or
 * negative (reversal).
 */
public record Strided(int[] dims, int xOffset, int[] xStrides, int yOffset, int[] yStrides) {
    /** Most axes that a view may have. */
    public static final int MAX_RANK = 6;

    /** Simplifies the copy; at least one axis is left. */
    public static Strided of(int[] dims, int xOffset, int[] xStrides, int yOffset, int[] yStrides) {
        int[] d = new int[dims.length + 1];
        int[] x = new int[dims.length + 1];
        int[] y = new int[dims.length + 1];
        int rank = 0;
        for (int a = 0; a < dims.length; a++) {
            if (dims[a] == 1) {
                continue;
            }
            int p = rank - 1;
            boolean runsOn =
                    p >= 0 && x[p] == xStrides[a] * dims[a] && y[p] == yStrides[a] * dims[a];
            int at = runsOn ? p : rank++;
            d[at] = runsOn ? d[at] * dims[a] : dims[a];
            x[at] = xStrides[a];
            y[at] = yStrides[a];
        }
        if (rank == 0) {
            d[0] = 1;
            x[0] = 1;
            y[0] = 1;
            rank = 1;
        }
        return new Strided(
                java.util.Arrays.copyOf(d, rank),
                xOffset,
                java.util.Arrays.copyOf(x, rank),
                yOffset,
                java.util.Arrays.copyOf(y, rank));
    }

    /** x repeated to the shape of y where x, aligned at the right, has extent 1 or no axis. */
    public static Strided broadcast(Shape x, Shape y) {
        int missing = y.rank() - x.rank();
        int[] from = x.strides();
        int[] xs = new int[y.rank()];
        for (int a = missing; a < xs.length; a++) {
            xs[a] = x.dim(a - missing) == 1 ? 0 : from[a - missing];
        }
        return of(y.toArray(), 0, xs, 0, y.strides());
    }

    public int rank() {
        return dims.length;
    }

    /** Number of elements moved. */
    public int size() {
        return Shape.of(dims).size();
    }

    /**
     * The same copy in words of {@code p} elements; null where the last axis does not consist of
     * whole words that begin at multiples of p in both views.
     */
    Strided inWords(int p) {
        int last = rank() - 1;
        boolean fits = xStrides[last] == 1 && yStrides[last] == 1 && dims[last] % p == 0;
        fits &= xOffset % p == 0 && yOffset % p == 0;
        for (int a = 0; a < last; a++) {
            fits &= xStrides[a] % p == 0 && yStrides[a] % p == 0;
        }
        if (!fits) {
            return null;
        }
        int[] d = dims.clone();
        int[] x = xStrides.clone();
        int[] y = yStrides.clone();
        for (int a = 0; a < last; a++) {
            x[a] /= p;
            y[a] /= p;
        }
        d[last] /= p;
        return new Strided(d, xOffset / p, x, yOffset / p, y);
    }

    /**
     * The axis that is contiguous in x while the last one is contiguous in y only, or -1: a
     * transposition.
     */
    public int crossAxis() {
        int last = rank() - 1;
        if (yStrides[last] == 1 && xStrides[last] > 1) {
            for (int a = 0; a < last; a++) {
                if (xStrides[a] == 1) {
                    return a;
                }
            }
        }
        return -1;
    }

    /** The same copy with this axis moved to the place before the last. */
    public Strided beforeLast(int axis) {
        return new Strided(
                moved(dims, axis), xOffset, moved(xStrides, axis), yOffset, moved(yStrides, axis));
    }

    private static int[] moved(int[] v, int axis) {
        int[] m = v.clone();
        int to = v.length - 2;
        System.arraycopy(v, axis + 1, m, axis, to - axis);
        m[to] = v[axis];
        return m;
    }
}
