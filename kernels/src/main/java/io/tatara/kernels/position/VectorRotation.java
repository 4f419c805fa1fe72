package io.tatara.kernels.position;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Rotations on the vector unit. Loaded by name. */
final class VectorRotation implements Rotation {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(S, i -> i ^ 1);

    @Override
    public void interleaved(float[] x, float[] y, int at, int n, float[] table, int to) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromArray(S, x, at + i);
            FloatVector turned = v.rearrange(SWAP).mul(FloatVector.fromArray(S, table, to + n + i));
            v.fma(FloatVector.fromArray(S, table, to + i), turned).intoArray(y, at + i);
        }
        for (; i < n; i++) {
            y[at + i] = Math.fma(x[at + i], table[to + i], x[at + (i ^ 1)] * table[to + n + i]);
        }
    }

    @Override
    public void halves(float[] x, float[] y, int at, int n, float[] table, int to) {
        int half = n / 2;
        int i = 0;
        for (; i <= half - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, x, at + i);
            FloatVector b = FloatVector.fromArray(S, x, at + half + i);
            FloatVector c = FloatVector.fromArray(S, table, to + i);
            FloatVector s = FloatVector.fromArray(S, table, to + n + half + i);
            a.mul(c).sub(b.mul(s)).intoArray(y, at + i);
            b.fma(c, a.mul(s)).intoArray(y, at + half + i);
        }
        for (; i < half; i++) {
            float a = x[at + i];
            float b = x[at + half + i];
            y[at + i] = a * table[to + i] - b * table[to + n + half + i];
            y[at + half + i] = Math.fma(b, table[to + i], a * table[to + n + half + i]);
        }
    }
}
