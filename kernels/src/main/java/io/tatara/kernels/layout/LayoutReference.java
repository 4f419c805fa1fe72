package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;

/** The oracles of this room: an element at a time, by its index on every axis. */
final class LayoutReference {
    private LayoutReference() {}

    /** The index on every axis of an element of a shape. */
    private static int[] index(int element, Shape s) {
        int[] at = new int[s.rank()];
        for (int a = s.rank() - 1; a >= 0; a--) {
            at[a] = element % s.dim(a);
            element /= s.dim(a);
        }
        return at;
    }

    private static int element(int[] at, Shape s) {
        int e = 0;
        for (int a = 0; a < at.length; a++) {
            e = e * s.dim(a) + at[a];
        }
        return e;
    }

    static void transpose(Transpose op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < out[0].data().length; e++) {
            int[] at = index(e, out[0].shape());
            int[] from = new int[at.length];
            for (int a = 0; a < at.length; a++) {
                from[op.permutation().get(a)] = at[a];
            }
            out[0].data()[e] = in[0].data()[element(from, in[0].shape())];
        }
    }

    static void slice(Slice op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < out[0].data().length; e++) {
            int[] at = index(e, out[0].shape());
            for (int a = 0; a < at.length; a++) {
                int start = op.starts().get(a);
                at[a] =
                        (start < 0 ? start + in[0].shape().dim(a) : start)
                                + at[a] * op.steps().get(a);
            }
            out[0].data()[e] = in[0].data()[element(at, in[0].shape())];
        }
    }

    static void sliceScatter(SliceScatter op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < in[0].data().length; e++) {
            int[] at = index(e, in[0].shape());
            for (int a = 0; a < at.length; a++) {
                int start = op.starts().get(a);
                at[a] = (start < 0 ? start + op.shape().dim(a) : start) + at[a] * op.steps().get(a);
            }
            out[0].data()[element(at, op.shape())] = in[0].data()[e];
        }
    }

    static void concat(Concat op, RefArray[] in, RefArray[] out) {
        int axis = out[0].shape().axis(op.axis());
        int start = 0;
        for (RefArray x : in) {
            for (int e = 0; e < x.data().length; e++) {
                int[] at = index(e, x.shape());
                at[axis] += start;
                out[0].data()[element(at, out[0].shape())] = x.data()[e];
            }
            start += x.shape().dim(axis);
        }
    }

    static void reshape(Reshape op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < out[0].data().length; e++) {
            out[0].data()[e] = in[0].data()[e];
        }
    }

    static void expand(Expand op, RefArray[] in, RefArray[] out) {
        Shape x = in[0].shape();
        int missing = op.shape().rank() - x.rank();
        for (int e = 0; e < out[0].data().length; e++) {
            int[] at = index(e, op.shape());
            int[] from = new int[x.rank()];
            for (int a = 0; a < from.length; a++) {
                from[a] = x.dim(a) == 1 ? 0 : at[a + missing];
            }
            out[0].data()[e] = in[0].data()[element(from, x)];
        }
    }

    static void gather(Gather op, RefArray[] in, RefArray[] out) {
        Shape x = in[0].shape();
        int axis = x.axis(op.axis());
        for (int e = 0; e < out[0].data().length; e++) {
            int[] at = index(e, out[0].shape());
            int i = (int) in[1].data()[at[axis]];
            if (i >= 0 && i < x.dim(axis)) {
                at[axis] = i;
                out[0].data()[e] = in[0].data()[element(at, x)];
            } else {
                out[0].data()[e] = in[0].spec().dtype() == DType.INT32 ? 0 : Double.NaN;
            }
        }
    }

    static void gatherGradient(GatherGradient op, RefArray[] in, RefArray[] out) {
        Shape dy = in[1].shape();
        int axis = dy.axis(op.axis());
        for (int e = 0; e < in[1].data().length; e++) {
            int[] at = index(e, dy);
            int i = (int) in[0].data()[at[axis]];
            if (i >= 0 && i < op.extent()) {
                at[axis] = i;
                out[0].data()[element(at, out[0].shape())] += in[1].data()[e];
            }
        }
    }

    static void sequenceMask(SequenceMask op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < out[0].data().length; e++) {
            int[] at = index(e, out[0].shape());
            out[0].data()[e] = at[1] < in[0].data()[at[0]] ? 1 : 0;
        }
    }

    static void reverse(Reverse op, RefArray[] in, RefArray[] out) {
        Shape x = in[0].shape();
        int axis = x.axis(op.axis());
        for (int e = 0; e < out[0].data().length; e++) {
            int[] at = index(e, x);
            double length = in[1] == null ? x.dim(axis) : in[1].data()[at[axis == 0 ? 1 : 0]];
            length = Math.min(length, x.dim(axis));
            if (at[axis] < length) {
                at[axis] = (int) length - 1 - at[axis];
            }
            out[0].data()[e] = in[0].data()[element(at, x)];
        }
    }

    static void cast(Cast op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < out[0].data().length; e++) {
            double v = in[0].data()[e];
            out[0].data()[e] = op.to() == DType.INT32 ? (int) v : v;
        }
    }
}
