package io.tatara.kernels.matmul;

import java.util.Arrays;

/**
 * The batch axes of a product with the strides of both operands, axes that run on into each other
 * joined and axes of extent 1 dropped.
 */
record BatchAxes(int[] extents, int[] a, int[] b) {
    /** Joins what can be joined; the order of matrices stays row-major. */
    static BatchAxes of(int[] extents, int[] a, int[] b) {
        int[] e = new int[extents.length];
        int[] x = new int[extents.length];
        int[] y = new int[extents.length];
        int n = 0;
        for (int i = 0; i < extents.length; i++) {
            if (extents[i] == 1) {
                continue;
            }
            boolean joins = n > 0 && x[n - 1] == a[i] * extents[i] && y[n - 1] == b[i] * extents[i];
            if (joins) {
                e[n - 1] *= extents[i];
            } else {
                e[n++] = extents[i];
            }
            x[n - 1] = a[i];
            y[n - 1] = b[i];
        }
        return new BatchAxes(Arrays.copyOf(e, n), Arrays.copyOf(x, n), Arrays.copyOf(y, n));
    }

    /** Number of matrices. */
    int count() {
        int c = 1;
        for (int e : extents) {
            c *= e;
        }
        return c;
    }

    /** Axes from this one on. */
    BatchAxes from(int axis) {
        return new BatchAxes(tail(extents, axis), tail(a, axis), tail(b, axis));
    }

    /** With axes of extent 1 in front, so that there are this many. */
    BatchAxes padded(int axes) {
        return new BatchAxes(front(extents, axes, 1), front(a, axes, 0), front(b, axes, 0));
    }

    /** Offset into A of matrix number i. */
    int offsetA(int i) {
        return offset(i, a);
    }

    /** Offset into B of matrix number i. */
    int offsetB(int i) {
        return offset(i, b);
    }

    private int offset(int i, int[] strides) {
        int at = 0;
        for (int x = extents.length - 1; x >= 0; x--) {
            at += i % extents[x] * strides[x];
            i /= extents[x];
        }
        return at;
    }

    private static int[] tail(int[] v, int from) {
        return Arrays.copyOfRange(v, from, v.length);
    }

    private static int[] front(int[] v, int length, int fill) {
        int[] r = new int[length];
        int gap = length - v.length;
        Arrays.fill(r, 0, gap, fill);
        System.arraycopy(v, 0, r, gap, v.length);
        return r;
    }
}
