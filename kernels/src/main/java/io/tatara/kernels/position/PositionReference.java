package io.tatara.kernels.position;

import io.tatara.kernels.RefArray;

/** The oracles of this room. */
final class PositionReference {
    private PositionReference() {}

    private static int position(RefArray positions, int n, int t) {
        return (positions == null ? 0 : (int) positions.data()[n]) + t;
    }

    static void sinusoidal(SinusoidalPosition op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        int length = in[0].shape().dim(1);
        int d = in[0].shape().dim(2);
        for (int e = 0; e < x.length; e++) {
            int i = e % d;
            int p = position(in[1], e / d / length, e / d % length);
            double angle = p / Math.pow(10000, (i - i % 2) / (double) d);
            out[0].data()[e] = x[e] * op.scale() + (i % 2 == 0 ? Math.sin(angle) : Math.cos(angle));
        }
    }

    static void rotary(Rotary op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        int rank = in[0].shape().rank();
        int axis = op.axis() < 0 ? op.axis() + rank : op.axis();
        int d = in[0].shape().dim(-1);
        int rotated = op.dims() == 0 ? d : op.dims();
        int inner = in[0].shape().product(axis + 1, rank);
        int each = in[0].shape().product(1, rank);
        for (int e = 0; e < x.length; e++) {
            int i = e % d;
            if (i >= rotated) {
                out[0].data()[e] = x[e];
                continue;
            }
            boolean halves = op.style() == RotaryStyle.HALVES;
            int pair = halves ? i % (rotated / 2) : i / 2;
            boolean first = halves ? i < rotated / 2 : i % 2 == 0;
            int other = first ? (halves ? rotated / 2 : 1) : (halves ? -rotated / 2 : -1);
            int p = position(in[1], e / each, e / inner % in[0].shape().dim(axis));
            double angle = p / Math.pow(op.base(), 2.0 * pair / rotated) * (op.inverse() ? -1 : 1);
            double turned = Math.sin(angle) * x[e + other];
            out[0].data()[e] = x[e] * Math.cos(angle) + (first ? -turned : turned);
        }
    }
}
