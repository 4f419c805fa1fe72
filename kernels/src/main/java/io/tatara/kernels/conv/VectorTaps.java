package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.VectorReduce;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of products of a source, moved by each of 3 × 3 taps, with three gradients: 27 sums in
 * registers over all pixels, vectors along the rows of both, so that nothing need be turned over.
 */
final class VectorTaps extends TapSums {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();

    @Override
    int lanes() {
        return L;
    }

    @Override
    boolean fit() {
        return L != 8; // 256-bit x86 has 16 registers, 512-bit x86 and 128-bit ARM have 32
    }

    @Override
    void add(
            int part,
            int n,
            int[] xs,
            int[] ds,
            float[] x,
            int pitch,
            float[] d,
            int d0,
            int d1,
            int d2,
            float[] t,
            float[] sums,
            int at) {
        if (part == L) {
            sums(n, xs, ds, x, pitch, d, d0, d1, d2, t);
        } else {
            tails(part, n, xs, ds, x, pitch, d, d0, d1, d2, t);
        }
        for (int i = 0; i < COUNT * L; i += L) {
            FloatVector s = FloatVector.fromArray(S, sums, at + i);
            s.add(FloatVector.fromArray(S, t, i)).intoArray(sums, at + i);
        }
    }

    @Override
    float total(float[] sums, int at) {
        return VectorReduce.addLanes(FloatVector.fromArray(S, sums, at));
    }

    /** The vectors of sums, to t. */
    private static void sums(
            int n,
            int[] xs,
            int[] ds,
            float[] x,
            int pitch,
            float[] d,
            int d0,
            int d1,
            int d2,
            float[] t) {
        FloatVector a0 = FloatVector.zero(S);
        FloatVector a1 = FloatVector.zero(S);
        FloatVector a2 = FloatVector.zero(S);
        FloatVector a3 = FloatVector.zero(S);
        FloatVector a4 = FloatVector.zero(S);
        FloatVector a5 = FloatVector.zero(S);
        FloatVector a6 = FloatVector.zero(S);
        FloatVector a7 = FloatVector.zero(S);
        FloatVector a8 = FloatVector.zero(S);
        FloatVector b0 = FloatVector.zero(S);
        FloatVector b1 = FloatVector.zero(S);
        FloatVector b2 = FloatVector.zero(S);
        FloatVector b3 = FloatVector.zero(S);
        FloatVector b4 = FloatVector.zero(S);
        FloatVector b5 = FloatVector.zero(S);
        FloatVector b6 = FloatVector.zero(S);
        FloatVector b7 = FloatVector.zero(S);
        FloatVector b8 = FloatVector.zero(S);
        FloatVector c0 = FloatVector.zero(S);
        FloatVector c1 = FloatVector.zero(S);
        FloatVector c2 = FloatVector.zero(S);
        FloatVector c3 = FloatVector.zero(S);
        FloatVector c4 = FloatVector.zero(S);
        FloatVector c5 = FloatVector.zero(S);
        FloatVector c6 = FloatVector.zero(S);
        FloatVector c7 = FloatVector.zero(S);
        FloatVector c8 = FloatVector.zero(S);
        for (int i = 0; i < n; i++) {
            int from = xs[i];
            int at = ds[i];
            FloatVector u = FloatVector.fromArray(S, d, d0 + at);
            FloatVector v = FloatVector.fromArray(S, d, d1 + at);
            FloatVector w = FloatVector.fromArray(S, d, d2 + at);
            FloatVector s = FloatVector.fromArray(S, x, from);
            a0 = u.fma(s, a0);
            b0 = v.fma(s, b0);
            c0 = w.fma(s, c0);
            s = FloatVector.fromArray(S, x, from + 1);
            a1 = u.fma(s, a1);
            b1 = v.fma(s, b1);
            c1 = w.fma(s, c1);
            s = FloatVector.fromArray(S, x, from + 2);
            a2 = u.fma(s, a2);
            b2 = v.fma(s, b2);
            c2 = w.fma(s, c2);
            s = FloatVector.fromArray(S, x, from + pitch);
            a3 = u.fma(s, a3);
            b3 = v.fma(s, b3);
            c3 = w.fma(s, c3);
            s = FloatVector.fromArray(S, x, from + pitch + 1);
            a4 = u.fma(s, a4);
            b4 = v.fma(s, b4);
            c4 = w.fma(s, c4);
            s = FloatVector.fromArray(S, x, from + pitch + 2);
            a5 = u.fma(s, a5);
            b5 = v.fma(s, b5);
            c5 = w.fma(s, c5);
            s = FloatVector.fromArray(S, x, from + 2 * pitch);
            a6 = u.fma(s, a6);
            b6 = v.fma(s, b6);
            c6 = w.fma(s, c6);
            s = FloatVector.fromArray(S, x, from + 2 * pitch + 1);
            a7 = u.fma(s, a7);
            b7 = v.fma(s, b7);
            c7 = w.fma(s, c7);
            s = FloatVector.fromArray(S, x, from + 2 * pitch + 2);
            a8 = u.fma(s, a8);
            b8 = v.fma(s, b8);
            c8 = w.fma(s, c8);
        }
        a0.intoArray(t, 0);
        a1.intoArray(t, L);
        a2.intoArray(t, 2 * L);
        a3.intoArray(t, 3 * L);
        a4.intoArray(t, 4 * L);
        a5.intoArray(t, 5 * L);
        a6.intoArray(t, 6 * L);
        a7.intoArray(t, 7 * L);
        a8.intoArray(t, 8 * L);
        b0.intoArray(t, 9 * L);
        b1.intoArray(t, 10 * L);
        b2.intoArray(t, 11 * L);
        b3.intoArray(t, 12 * L);
        b4.intoArray(t, 13 * L);
        b5.intoArray(t, 14 * L);
        b6.intoArray(t, 15 * L);
        b7.intoArray(t, 16 * L);
        b8.intoArray(t, 17 * L);
        c0.intoArray(t, 18 * L);
        c1.intoArray(t, 19 * L);
        c2.intoArray(t, 20 * L);
        c3.intoArray(t, 21 * L);
        c4.intoArray(t, 22 * L);
        c5.intoArray(t, 23 * L);
        c6.intoArray(t, 24 * L);
        c7.intoArray(t, 25 * L);
        c8.intoArray(t, 26 * L);
    }

    /** The same for vectors of which this many elements count: what stands behind may be NaN. */
    private static void tails(
            int part,
            int n,
            int[] xs,
            int[] ds,
            float[] x,
            int pitch,
            float[] d,
            int d0,
            int d1,
            int d2,
            float[] t) {
        VectorMask<Float> mask = S.indexInRange(0, part);
        FloatVector a0 = FloatVector.zero(S);
        FloatVector a1 = FloatVector.zero(S);
        FloatVector a2 = FloatVector.zero(S);
        FloatVector a3 = FloatVector.zero(S);
        FloatVector a4 = FloatVector.zero(S);
        FloatVector a5 = FloatVector.zero(S);
        FloatVector a6 = FloatVector.zero(S);
        FloatVector a7 = FloatVector.zero(S);
        FloatVector a8 = FloatVector.zero(S);
        FloatVector b0 = FloatVector.zero(S);
        FloatVector b1 = FloatVector.zero(S);
        FloatVector b2 = FloatVector.zero(S);
        FloatVector b3 = FloatVector.zero(S);
        FloatVector b4 = FloatVector.zero(S);
        FloatVector b5 = FloatVector.zero(S);
        FloatVector b6 = FloatVector.zero(S);
        FloatVector b7 = FloatVector.zero(S);
        FloatVector b8 = FloatVector.zero(S);
        FloatVector c0 = FloatVector.zero(S);
        FloatVector c1 = FloatVector.zero(S);
        FloatVector c2 = FloatVector.zero(S);
        FloatVector c3 = FloatVector.zero(S);
        FloatVector c4 = FloatVector.zero(S);
        FloatVector c5 = FloatVector.zero(S);
        FloatVector c6 = FloatVector.zero(S);
        FloatVector c7 = FloatVector.zero(S);
        FloatVector c8 = FloatVector.zero(S);
        for (int i = 0; i < n; i++) {
            int from = xs[i];
            int at = ds[i];
            FloatVector u = FloatVector.fromArray(S, d, d0 + at, mask);
            FloatVector v = FloatVector.fromArray(S, d, d1 + at, mask);
            FloatVector w = FloatVector.fromArray(S, d, d2 + at, mask);
            FloatVector s = FloatVector.fromArray(S, x, from, mask);
            a0 = u.fma(s, a0);
            b0 = v.fma(s, b0);
            c0 = w.fma(s, c0);
            s = FloatVector.fromArray(S, x, from + 1, mask);
            a1 = u.fma(s, a1);
            b1 = v.fma(s, b1);
            c1 = w.fma(s, c1);
            s = FloatVector.fromArray(S, x, from + 2, mask);
            a2 = u.fma(s, a2);
            b2 = v.fma(s, b2);
            c2 = w.fma(s, c2);
            s = FloatVector.fromArray(S, x, from + pitch, mask);
            a3 = u.fma(s, a3);
            b3 = v.fma(s, b3);
            c3 = w.fma(s, c3);
            s = FloatVector.fromArray(S, x, from + pitch + 1, mask);
            a4 = u.fma(s, a4);
            b4 = v.fma(s, b4);
            c4 = w.fma(s, c4);
            s = FloatVector.fromArray(S, x, from + pitch + 2, mask);
            a5 = u.fma(s, a5);
            b5 = v.fma(s, b5);
            c5 = w.fma(s, c5);
            s = FloatVector.fromArray(S, x, from + 2 * pitch, mask);
            a6 = u.fma(s, a6);
            b6 = v.fma(s, b6);
            c6 = w.fma(s, c6);
            s = FloatVector.fromArray(S, x, from + 2 * pitch + 1, mask);
            a7 = u.fma(s, a7);
            b7 = v.fma(s, b7);
            c7 = w.fma(s, c7);
            s = FloatVector.fromArray(S, x, from + 2 * pitch + 2, mask);
            a8 = u.fma(s, a8);
            b8 = v.fma(s, b8);
            c8 = w.fma(s, c8);
        }
        a0.intoArray(t, 0);
        a1.intoArray(t, L);
        a2.intoArray(t, 2 * L);
        a3.intoArray(t, 3 * L);
        a4.intoArray(t, 4 * L);
        a5.intoArray(t, 5 * L);
        a6.intoArray(t, 6 * L);
        a7.intoArray(t, 7 * L);
        a8.intoArray(t, 8 * L);
        b0.intoArray(t, 9 * L);
        b1.intoArray(t, 10 * L);
        b2.intoArray(t, 11 * L);
        b3.intoArray(t, 12 * L);
        b4.intoArray(t, 13 * L);
        b5.intoArray(t, 14 * L);
        b6.intoArray(t, 15 * L);
        b7.intoArray(t, 16 * L);
        b8.intoArray(t, 17 * L);
        c0.intoArray(t, 18 * L);
        c1.intoArray(t, 19 * L);
        c2.intoArray(t, 20 * L);
        c3.intoArray(t, 21 * L);
        c4.intoArray(t, 22 * L);
        c5.intoArray(t, 23 * L);
        c6.intoArray(t, 24 * L);
        c7.intoArray(t, 25 * L);
        c8.intoArray(t, 26 * L);
    }
}
