package io.tatara.kernels.sdpa;

import static io.tatara.kernels.sdpa.VectorScoreTiles.L;
import static io.tatara.kernels.sdpa.VectorScoreTiles.NR;
import static io.tatara.kernels.sdpa.VectorScoreTiles.S;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/** The inner loops on the vector unit, whatever its width. */
final class VectorPanelMath extends PanelMath {
    /** 256-bit x86 has 16 registers, 512-bit x86 and 128-bit ARM have 32. */
    private static final int MR = L == 8 ? 4 : 12;

    private static final FloatVector V0 = FloatVector.broadcast(S, 1f);
    private static final FloatVector V1 = FloatVector.broadcast(S, C1);
    private static final FloatVector V2 = FloatVector.broadcast(S, C2);
    private static final FloatVector V3 = FloatVector.broadcast(S, C3);
    private static final FloatVector V4 = FloatVector.broadcast(S, C4);
    private static final FloatVector V5 = FloatVector.broadcast(S, C5);
    private static final FloatVector ROUNDING = FloatVector.broadcast(S, ROUND);

    @Override
    int mr() {
        return MR;
    }

    @Override
    int nr() {
        return NR;
    }

    @Override
    void tile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t, int to) {
        switch (h) {
            case 12 -> VectorScoreTiles.rows12(k, a, ao, b, bo, t, to);
            case 8 -> VectorScoreTiles.rows8(k, a, ao, b, bo, t, to);
            case 4 -> VectorScoreTiles.rows4(k, a, ao, b, bo, t, to);
            default -> throw new IllegalArgumentException("tile of " + h + " rows");
        }
    }

    @Override
    void cross(float[] a, int ao, float[] b, int bo, float[] t, int to) {
        if (MR == 12) {
            VectorCrossTiles.cross12(a, ao, b, bo, t, to);
        } else {
            VectorCrossTiles.cross4(a, ao, b, bo, t, to);
        }
    }

    @Override
    void max(int rows, float[] s, int so, float[] m, int mo) {
        maxima(rows, s, so, m, mo);
    }

    private static void maxima(int rows, float[] s, int so, float[] m, int mo) {
        FloatVector a = FloatVector.fromArray(S, m, mo);
        FloatVector b = FloatVector.fromArray(S, m, mo + L);
        FloatVector c = a;
        FloatVector d = b;
        int r = 0;
        for (; r + 2 <= rows; r += 2) {
            int at = so + r * NR;
            FloatVector x = FloatVector.fromArray(S, s, at);
            FloatVector y = FloatVector.fromArray(S, s, at + L);
            a = a.blend(x, x.compare(GT, a));
            b = b.blend(y, y.compare(GT, b));
            x = FloatVector.fromArray(S, s, at + NR);
            y = FloatVector.fromArray(S, s, at + NR + L);
            c = c.blend(x, x.compare(GT, c));
            d = d.blend(y, y.compare(GT, d));
        }
        for (; r < rows; r++) {
            FloatVector x = FloatVector.fromArray(S, s, so + r * NR);
            FloatVector y = FloatVector.fromArray(S, s, so + r * NR + L);
            a = a.blend(x, x.compare(GT, a));
            b = b.blend(y, y.compare(GT, b));
        }
        a.blend(c, c.compare(GT, a)).intoArray(m, mo);
        b.blend(d, d.compare(GT, b)).intoArray(m, mo + L);
    }

    private static FloatVector exp2(FloatVector x) {
        FloatVector t = x.add(ROUNDING);
        FloatVector r = x.sub(t.sub(ROUNDING));
        FloatVector p = V5.fma(r, V4).fma(r, V3).fma(r, V2).fma(r, V1).fma(r, V0);
        // The shift drops the bits of ROUND.
        FloatVector y =
                p.reinterpretAsInts()
                        .add(t.reinterpretAsInts().lanewise(LSHL, 23))
                        .reinterpretAsFloats();
        return y.blend(0f, x.compare(LT, LEAST));
    }

    @Override
    void exp(int rows, float[] s, int so, float[] m, int mo, float[] sum, int sumOffset) {
        exponentials(rows, s, so, m, mo, sum, sumOffset);
        exponentials(rows, s, so + L, m, mo + L, sum, sumOffset + L);
    }

    private static void exponentials(
            int rows, float[] s, int so, float[] m, int mo, float[] sum, int sumOffset) {
        FloatVector shift = FloatVector.fromArray(S, m, mo);
        FloatVector total = FloatVector.fromArray(S, sum, sumOffset);
        for (int r = 0; r < rows; r++) {
            int at = so + r * NR;
            FloatVector y = exp2(FloatVector.fromArray(S, s, at).sub(shift));
            total = total.add(y);
            y.intoArray(s, at);
        }
        total.intoArray(sum, sumOffset);
    }

    @Override
    void merge(int rows, float[] t, float[] y, int yo, float[] alpha, int ao) {
        FloatVector a = FloatVector.fromArray(S, alpha, ao);
        FloatVector b = FloatVector.fromArray(S, alpha, ao + L);
        for (int r = 0; r < rows; r++) {
            int at = yo + r * NR;
            FloatVector u = FloatVector.fromArray(S, t, r * NR);
            FloatVector v = FloatVector.fromArray(S, t, r * NR + L);
            FloatVector.fromArray(S, y, at).fma(a, u).intoArray(y, at);
            FloatVector.fromArray(S, y, at + L).fma(b, v).intoArray(y, at + L);
        }
    }

    @Override
    void scoreGradient(
            int rows, float[] p, int po, float[] ds, int so, float[] delta, int deltaOffset) {
        FloatVector a = FloatVector.fromArray(S, delta, deltaOffset);
        FloatVector b = FloatVector.fromArray(S, delta, deltaOffset + L);
        for (int r = 0; r < rows; r++) {
            int at = so + r * NR;
            FloatVector u = FloatVector.fromArray(S, ds, at).sub(a);
            FloatVector v = FloatVector.fromArray(S, ds, at + L).sub(b);
            u.mul(FloatVector.fromArray(S, p, po + r * NR)).intoArray(ds, at);
            v.mul(FloatVector.fromArray(S, p, po + r * NR + L)).intoArray(ds, at + L);
        }
    }

    @Override
    void add(int n, float[] t, int to, float[] y, int yo) {
        int j = 0;
        for (; j + L <= n; j += L) {
            FloatVector x = FloatVector.fromArray(S, t, to + j);
            x.add(FloatVector.fromArray(S, y, yo + j)).intoArray(y, yo + j);
        }
        for (; j < n; j++) {
            y[yo + j] += t[to + j];
        }
    }
}
