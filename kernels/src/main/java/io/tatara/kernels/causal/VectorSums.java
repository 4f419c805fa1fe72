package io.tatara.kernels.causal;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link CausalTiles#vector} on the vector unit: a matrix of weights, each read once, times one
 * vector, with eight vectors of sums in registers.
 */
final class VectorSums {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, S.vectorShape());
    private static final IntVector UPPER = IntVector.broadcast(I, 0xffff0000);
    private static final int L = S.length();

    private VectorSums() {}

    static void vector(int n, int depth, float[] v, float[] w, int wo, float[] y, int yo) {
        int j = 0;
        for (; j + 8 * L <= n; j += 8 * L) {
            vectors8(n, depth, v, w, wo + j, y, yo + j);
        }
        for (; j + 4 * L <= n; j += 4 * L) {
            vectors4(n, depth, v, w, wo + j, y, yo + j);
        }
        for (; j < n; j += L) {
            vectors1(n, depth, v, w, wo + j, y, yo + j);
        }
    }

    static void vector(int n, int depth, float[] v, int[] w, int wo, float[] y, int yo) {
        int j = 0;
        for (; j + 8 * L <= n; j += 8 * L) {
            pairs4(n / 2, depth, v, w, wo + j / 2, y, yo + j);
        }
        for (; j < n; j += 2 * L) {
            pairs1(n / 2, depth, v, w, wo + j / 2, y, yo + j);
        }
    }

    private static void vectors8(
            int n, int depth, float[] v, float[] w, int wo, float[] y, int yo) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector x6 = FloatVector.zero(S);
        FloatVector x7 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            int at = wo + r * n;
            FloatVector s = FloatVector.broadcast(S, v[r]);
            x0 = s.fma(FloatVector.fromArray(S, w, at), x0);
            x1 = s.fma(FloatVector.fromArray(S, w, at + L), x1);
            x2 = s.fma(FloatVector.fromArray(S, w, at + 2 * L), x2);
            x3 = s.fma(FloatVector.fromArray(S, w, at + 3 * L), x3);
            x4 = s.fma(FloatVector.fromArray(S, w, at + 4 * L), x4);
            x5 = s.fma(FloatVector.fromArray(S, w, at + 5 * L), x5);
            x6 = s.fma(FloatVector.fromArray(S, w, at + 6 * L), x6);
            x7 = s.fma(FloatVector.fromArray(S, w, at + 7 * L), x7);
        }
        x0.intoArray(y, yo);
        x1.intoArray(y, yo + L);
        x2.intoArray(y, yo + 2 * L);
        x3.intoArray(y, yo + 3 * L);
        x4.intoArray(y, yo + 4 * L);
        x5.intoArray(y, yo + 5 * L);
        x6.intoArray(y, yo + 6 * L);
        x7.intoArray(y, yo + 7 * L);
    }

    private static void vectors4(
            int n, int depth, float[] v, float[] w, int wo, float[] y, int yo) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            int at = wo + r * n;
            FloatVector s = FloatVector.broadcast(S, v[r]);
            x0 = s.fma(FloatVector.fromArray(S, w, at), x0);
            x1 = s.fma(FloatVector.fromArray(S, w, at + L), x1);
            x2 = s.fma(FloatVector.fromArray(S, w, at + 2 * L), x2);
            x3 = s.fma(FloatVector.fromArray(S, w, at + 3 * L), x3);
        }
        x0.intoArray(y, yo);
        x1.intoArray(y, yo + L);
        x2.intoArray(y, yo + 2 * L);
        x3.intoArray(y, yo + 3 * L);
    }

    private static void vectors1(
            int n, int depth, float[] v, float[] w, int wo, float[] y, int yo) {
        FloatVector x0 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            int at = wo + r * n;
            FloatVector s = FloatVector.broadcast(S, v[r]);
            x0 = s.fma(FloatVector.fromArray(S, w, at), x0);
        }
        x0.intoArray(y, yo);
    }

    private static void pairs4(int n, int depth, float[] v, int[] w, int wo, float[] y, int yo) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector x6 = FloatVector.zero(S);
        FloatVector x7 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            int at = wo + r * n;
            FloatVector s = FloatVector.broadcast(S, v[r]);
            IntVector p = IntVector.fromArray(I, w, at);
            x0 = s.fma(lower(p), x0);
            x1 = s.fma(upper(p), x1);
            p = IntVector.fromArray(I, w, at + L);
            x2 = s.fma(lower(p), x2);
            x3 = s.fma(upper(p), x3);
            p = IntVector.fromArray(I, w, at + 2 * L);
            x4 = s.fma(lower(p), x4);
            x5 = s.fma(upper(p), x5);
            p = IntVector.fromArray(I, w, at + 3 * L);
            x6 = s.fma(lower(p), x6);
            x7 = s.fma(upper(p), x7);
        }
        x0.intoArray(y, yo);
        x1.intoArray(y, yo + L);
        x2.intoArray(y, yo + 2 * L);
        x3.intoArray(y, yo + 3 * L);
        x4.intoArray(y, yo + 4 * L);
        x5.intoArray(y, yo + 5 * L);
        x6.intoArray(y, yo + 6 * L);
        x7.intoArray(y, yo + 7 * L);
    }

    private static void pairs1(int n, int depth, float[] v, int[] w, int wo, float[] y, int yo) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            FloatVector s = FloatVector.broadcast(S, v[r]);
            IntVector p = IntVector.fromArray(I, w, wo + r * n);
            x0 = s.fma(lower(p), x0);
            x1 = s.fma(upper(p), x1);
        }
        x0.intoArray(y, yo);
        x1.intoArray(y, yo + L);
    }

    private static FloatVector lower(IntVector pairs) {
        return pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static FloatVector upper(IntVector pairs) {
        return pairs.and(UPPER).reinterpretAsFloats();
    }
}
