package io.tatara.kernels.conv;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The tiles on the vector unit: 8 × 3 sums, which fit a register file of 32. */
final class VectorRowTiles extends RowTiles {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final int WIDTH = VECTORS * L;

    @Override
    int lanes() {
        return L;
    }

    @Override
    boolean fit() {
        return L != 8; // 256-bit x86 has 16 registers, 512-bit x86 and 128-bit ARM have 32
    }

    @Override
    void tile(int vectors, int k, float[] w, int wo, float[] d, int[] base, int at, float[] t) {
        switch (vectors) {
            case 1 -> one(k, w, wo, d, base, at, t);
            case 2 -> two(k, w, wo, d, base, at, t);
            default -> three(k, w, wo, d, base, at, t);
        }
    }

    private static void three(int k, float[] w, int wo, float[] d, int[] base, int at, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector z0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        FloatVector z1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector y2 = FloatVector.zero(S);
        FloatVector z2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector y3 = FloatVector.zero(S);
        FloatVector z3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector y4 = FloatVector.zero(S);
        FloatVector z4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector y5 = FloatVector.zero(S);
        FloatVector z5 = FloatVector.zero(S);
        FloatVector x6 = FloatVector.zero(S);
        FloatVector y6 = FloatVector.zero(S);
        FloatVector z6 = FloatVector.zero(S);
        FloatVector x7 = FloatVector.zero(S);
        FloatVector y7 = FloatVector.zero(S);
        FloatVector z7 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int from = base[p] + at;
            int a = wo + p * HEIGHT;
            FloatVector x = FloatVector.fromArray(S, d, from);
            FloatVector y = FloatVector.fromArray(S, d, from + L);
            FloatVector z = FloatVector.fromArray(S, d, from + 2 * L);
            FloatVector v = FloatVector.broadcast(S, w[a]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            z0 = v.fma(z, z0);
            v = FloatVector.broadcast(S, w[a + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            z1 = v.fma(z, z1);
            v = FloatVector.broadcast(S, w[a + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            z2 = v.fma(z, z2);
            v = FloatVector.broadcast(S, w[a + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            z3 = v.fma(z, z3);
            v = FloatVector.broadcast(S, w[a + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            z4 = v.fma(z, z4);
            v = FloatVector.broadcast(S, w[a + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
            z5 = v.fma(z, z5);
            v = FloatVector.broadcast(S, w[a + 6]);
            x6 = v.fma(x, x6);
            y6 = v.fma(y, y6);
            z6 = v.fma(z, z6);
            v = FloatVector.broadcast(S, w[a + 7]);
            x7 = v.fma(x, x7);
            y7 = v.fma(y, y7);
            z7 = v.fma(z, z7);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        z0.intoArray(t, 2 * L);
        x1.intoArray(t, WIDTH);
        y1.intoArray(t, WIDTH + L);
        z1.intoArray(t, WIDTH + 2 * L);
        x2.intoArray(t, 2 * WIDTH);
        y2.intoArray(t, 2 * WIDTH + L);
        z2.intoArray(t, 2 * WIDTH + 2 * L);
        x3.intoArray(t, 3 * WIDTH);
        y3.intoArray(t, 3 * WIDTH + L);
        z3.intoArray(t, 3 * WIDTH + 2 * L);
        x4.intoArray(t, 4 * WIDTH);
        y4.intoArray(t, 4 * WIDTH + L);
        z4.intoArray(t, 4 * WIDTH + 2 * L);
        x5.intoArray(t, 5 * WIDTH);
        y5.intoArray(t, 5 * WIDTH + L);
        z5.intoArray(t, 5 * WIDTH + 2 * L);
        x6.intoArray(t, 6 * WIDTH);
        y6.intoArray(t, 6 * WIDTH + L);
        z6.intoArray(t, 6 * WIDTH + 2 * L);
        x7.intoArray(t, 7 * WIDTH);
        y7.intoArray(t, 7 * WIDTH + L);
        z7.intoArray(t, 7 * WIDTH + 2 * L);
    }

    private static void two(int k, float[] w, int wo, float[] d, int[] base, int at, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector y2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector y3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector y4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector y5 = FloatVector.zero(S);
        FloatVector x6 = FloatVector.zero(S);
        FloatVector y6 = FloatVector.zero(S);
        FloatVector x7 = FloatVector.zero(S);
        FloatVector y7 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int from = base[p] + at;
            int a = wo + p * HEIGHT;
            FloatVector x = FloatVector.fromArray(S, d, from);
            FloatVector y = FloatVector.fromArray(S, d, from + L);
            FloatVector v = FloatVector.broadcast(S, w[a]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, w[a + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, w[a + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, w[a + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            v = FloatVector.broadcast(S, w[a + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            v = FloatVector.broadcast(S, w[a + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
            v = FloatVector.broadcast(S, w[a + 6]);
            x6 = v.fma(x, x6);
            y6 = v.fma(y, y6);
            v = FloatVector.broadcast(S, w[a + 7]);
            x7 = v.fma(x, x7);
            y7 = v.fma(y, y7);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        x1.intoArray(t, WIDTH);
        y1.intoArray(t, WIDTH + L);
        x2.intoArray(t, 2 * WIDTH);
        y2.intoArray(t, 2 * WIDTH + L);
        x3.intoArray(t, 3 * WIDTH);
        y3.intoArray(t, 3 * WIDTH + L);
        x4.intoArray(t, 4 * WIDTH);
        y4.intoArray(t, 4 * WIDTH + L);
        x5.intoArray(t, 5 * WIDTH);
        y5.intoArray(t, 5 * WIDTH + L);
        x6.intoArray(t, 6 * WIDTH);
        y6.intoArray(t, 6 * WIDTH + L);
        x7.intoArray(t, 7 * WIDTH);
        y7.intoArray(t, 7 * WIDTH + L);
    }

    private static void one(int k, float[] w, int wo, float[] d, int[] base, int at, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector x6 = FloatVector.zero(S);
        FloatVector x7 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int from = base[p] + at;
            int a = wo + p * HEIGHT;
            FloatVector x = FloatVector.fromArray(S, d, from);
            FloatVector v = FloatVector.broadcast(S, w[a]);
            x0 = v.fma(x, x0);
            v = FloatVector.broadcast(S, w[a + 1]);
            x1 = v.fma(x, x1);
            v = FloatVector.broadcast(S, w[a + 2]);
            x2 = v.fma(x, x2);
            v = FloatVector.broadcast(S, w[a + 3]);
            x3 = v.fma(x, x3);
            v = FloatVector.broadcast(S, w[a + 4]);
            x4 = v.fma(x, x4);
            v = FloatVector.broadcast(S, w[a + 5]);
            x5 = v.fma(x, x5);
            v = FloatVector.broadcast(S, w[a + 6]);
            x6 = v.fma(x, x6);
            v = FloatVector.broadcast(S, w[a + 7]);
            x7 = v.fma(x, x7);
        }
        x0.intoArray(t, 0);
        x1.intoArray(t, WIDTH);
        x2.intoArray(t, 2 * WIDTH);
        x3.intoArray(t, 3 * WIDTH);
        x4.intoArray(t, 4 * WIDTH);
        x5.intoArray(t, 5 * WIDTH);
        x6.intoArray(t, 6 * WIDTH);
        x7.intoArray(t, 7 * WIDTH);
    }
}
