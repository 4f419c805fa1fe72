package io.tatara.kernels;

import java.util.Arrays;

/**
 * Extents of a dense row-major array, outermost first, as the field writes them ([N, C, H, W]).
 * Immutable. A shape of rank 0 is a scalar of one element; an extent may be 0 (an empty batch).
 */
public final class Shape {
    /** Largest number of elements: what one Java array can hold. */
    public static final int MAX_SIZE = Integer.MAX_VALUE - 8;

    public static final Shape SCALAR = new Shape(new int[0], 1);

    private final int[] dims;
    private final int size;

    private Shape(int[] dims, int size) {
        this.dims = dims;
        this.size = size;
    }

    /**
     * @throws TataraException if an extent is negative or the product of those above 0 does not fit
     *     in a Java array (also where there is one of 0: kernels count along some axes only)
     */
    public static Shape of(int... dims) {
        if (dims.length == 0) {
            return SCALAR;
        }
        long size = 1; // of the axes that have elements
        boolean empty = false;
        for (int d : dims) {
            if (d < 0) {
                throw new TataraException(
                        "shape " + Arrays.toString(dims) + ": extents must be >= 0");
            }
            empty |= d == 0;
        }
        for (int d : dims) {
            size *= Math.max(1, d);
            if (size > MAX_SIZE) {
                throw new TataraException(
                        "shape "
                                + Arrays.toString(dims)
                                + ": more than "
                                + MAX_SIZE
                                + " elements"
                                + (empty ? ", extents of 0 left out" : ""));
            }
        }
        return new Shape(dims.clone(), empty ? 0 : (int) size);
    }

    public int rank() {
        return dims.length;
    }

    /** Extent of an axis; negative axes count from the end (-1 is the last). */
    public int dim(int axis) {
        return dims[axis(axis)];
    }

    /**
     * The axis as a number in [0, rank).
     *
     * @throws TataraException if it is outside [-rank, rank)
     */
    public int axis(int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        if (a < 0 || a >= dims.length) {
            throw new TataraException(
                    "axis " + axis + " is outside shape " + this + " of rank " + dims.length);
        }
        return a;
    }

    /** Number of elements. */
    public int size() {
        return size;
    }

    public int[] toArray() {
        return dims.clone();
    }

    /** Product of the extents of axes [from, to). */
    public int product(int from, int to) {
        int p = 1;
        for (int i = from; i < to; i++) {
            p *= dims[i];
        }
        return p;
    }

    /** Row-major strides in elements. */
    public int[] strides() {
        int[] s = new int[dims.length];
        int step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            s[i] = step;
            step *= Math.max(1, dims[i]);
        }
        return s;
    }

    /** The same shape with one extent replaced. */
    public Shape with(int axis, int extent) {
        int[] d = dims.clone();
        d[axis(axis)] = extent;
        return of(d);
    }

    /** Axes [from, to) as a shape of their own. */
    public Shape slice(int from, int to) {
        return of(Arrays.copyOfRange(dims, from, to));
    }

    /** This shape with more axes behind it. */
    public Shape append(int... more) {
        int[] d = Arrays.copyOf(dims, dims.length + more.length);
        System.arraycopy(more, 0, d, dims.length, more.length);
        return of(d);
    }

    /**
     * Whether this shape can be broadcast to {@code target} by the usual rule (align right, 1
     * stretches).
     */
    public boolean broadcastsTo(Shape target) {
        if (rank() > target.rank()) {
            return false;
        }
        for (int i = 1; i <= rank(); i++) {
            int mine = dims[dims.length - i];
            int theirs = target.dims[target.dims.length - i];
            if (mine != theirs && mine != 1) {
                return false;
            }
        }
        return true;
    }

    /** The common broadcast shape of two shapes, or null where there is none. */
    public static Shape broadcast(Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        int[] d = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.rank() ? a.dims[a.rank() - i] : 1;
            int y = i <= b.rank() ? b.dims[b.rank() - i] : 1;
            if (x != y && x != 1 && y != 1) {
                return null;
            }
            d[rank - i] = x == 1 ? y : x;
        }
        return of(d);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
