package io.tatara.kernels.pad;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import java.util.List;

/** The oracles of this room: an element at a time, by its index on every axis. */
final class PadReference {
    private PadReference() {}

    /** The element of x that stands at this element of the padded shape, or -1. */
    private static int origin(int element, Shape y, Shape x, List<Integer> before, PadMode mode) {
        int from = 0;
        int pitch = 1;
        for (int a = y.rank() - 1; a >= 0; a--) {
            int at = PadShape.source(mode, element % y.dim(a) - before.get(a), x.dim(a));
            if (at < 0) {
                return -1;
            }
            element /= y.dim(a);
            from += at * pitch;
            pitch *= x.dim(a);
        }
        return from;
    }

    static void pad(Pad op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < out[0].data().length; e++) {
            int from = origin(e, out[0].shape(), in[0].shape(), op.before(), op.mode());
            out[0].data()[e] = from < 0 ? op.value() : in[0].data()[from];
        }
    }

    static void gradient(PadGradient op, RefArray[] in, RefArray[] out) {
        for (int e = 0; e < in[0].data().length; e++) {
            int to = origin(e, in[0].shape(), op.shape(), op.before(), op.mode());
            out[0].data()[to] += in[0].data()[e];
        }
    }
}
