package io.tatara.kernels.position;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * Where rows stand: row of d elements number (sequence, head, t) begins at sequence ·
 * sequenceStride + head · headStride + t · stride. Heads of a sequence share its positions.
 *
 * @param sequences that have a start position each
 * @param heads rows of the same position
 * @param length positions T
 */
record Places(
        int sequences,
        int heads,
        int length,
        int d,
        int sequenceStride,
        int headStride,
        int stride) {
    static Places of(Rotary op, TensorSpec x) {
        Shape s = x.shape();
        int rank = s.rank();
        int axis = s.axis(op.axis());
        int d = s.dim(-1);
        int heads = s.product(1, axis) * s.product(axis + 1, rank - 1);
        int each = s.product(1, rank);
        boolean last = axis == rank - 2;
        return new Places(
                s.dim(0),
                heads,
                s.dim(axis),
                d,
                each,
                last ? s.dim(axis) * d : d,
                last ? d : heads * d);
    }

    /** Without start positions all sequences have the same: they are like heads of one. */
    static Places of(SinusoidalPosition op, TensorSpec x, boolean positions) {
        int n = x.shape().dim(0);
        int length = x.shape().dim(1);
        int d = x.shape().dim(2);
        return positions
                ? new Places(n, 1, length, d, length * d, 0, d)
                : new Places(1, n, length, d, 0, length * d, d);
    }

    boolean isEmpty() {
        return sequences == 0 || heads == 0 || length == 0 || d == 0;
    }

    int at(int sequence, int head, int t) {
        return sequence * sequenceStride + head * headStride + t * stride;
    }
}
