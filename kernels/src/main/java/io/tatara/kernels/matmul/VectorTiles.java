package io.tatara.kernels.matmul;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tiles of C in registers: h rows, two vectors wide, from packed panels A [k][h] and B [k][NR]. One
 * method a height, since only accumulators that are local variables stay in registers; 12 × 2 sums
 * fill a register file of 32; for one of 16 there are {@link NarrowTiles}.
 *
 * <p>The sums go to t, [h][NR], and another method takes them to C: with that in here, rows12 would
 * pass the number of nodes beyond which C2 stops inlining, and every sum would become an object at
 * the end.
 */
final class VectorTiles {
    static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    static final int L = S.length();
    static final int NR = 2 * L;

    private VectorTiles() {}

    /** Takes a tile to C. */
    static void merge(int rows, float[] t, float[] c, int co, int ldc, boolean add) {
        for (int i = 0; i < rows; i++) {
            FloatVector x = FloatVector.fromArray(S, t, i * NR);
            FloatVector y = FloatVector.fromArray(S, t, i * NR + L);
            int at = co + i * ldc;
            if (add) {
                x = x.add(FloatVector.fromArray(S, c, at));
                y = y.add(FloatVector.fromArray(S, c, at + L));
            }
            x.intoArray(c, at);
            y.intoArray(c, at + L);
        }
    }

    static void rows12(int k, float[] a, int ao, float[] b, int bo, float[] t) {
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
        FloatVector x8 = FloatVector.zero(S);
        FloatVector y8 = FloatVector.zero(S);
        FloatVector x9 = FloatVector.zero(S);
        FloatVector y9 = FloatVector.zero(S);
        FloatVector x10 = FloatVector.zero(S);
        FloatVector y10 = FloatVector.zero(S);
        FloatVector x11 = FloatVector.zero(S);
        FloatVector y11 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p * 12;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
            v = FloatVector.broadcast(S, a[at + 6]);
            x6 = v.fma(x, x6);
            y6 = v.fma(y, y6);
            v = FloatVector.broadcast(S, a[at + 7]);
            x7 = v.fma(x, x7);
            y7 = v.fma(y, y7);
            v = FloatVector.broadcast(S, a[at + 8]);
            x8 = v.fma(x, x8);
            y8 = v.fma(y, y8);
            v = FloatVector.broadcast(S, a[at + 9]);
            x9 = v.fma(x, x9);
            y9 = v.fma(y, y9);
            v = FloatVector.broadcast(S, a[at + 10]);
            x10 = v.fma(x, x10);
            y10 = v.fma(y, y10);
            v = FloatVector.broadcast(S, a[at + 11]);
            x11 = v.fma(x, x11);
            y11 = v.fma(y, y11);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        x1.intoArray(t, NR);
        y1.intoArray(t, NR + L);
        x2.intoArray(t, 2 * NR);
        y2.intoArray(t, 2 * NR + L);
        x3.intoArray(t, 3 * NR);
        y3.intoArray(t, 3 * NR + L);
        x4.intoArray(t, 4 * NR);
        y4.intoArray(t, 4 * NR + L);
        x5.intoArray(t, 5 * NR);
        y5.intoArray(t, 5 * NR + L);
        x6.intoArray(t, 6 * NR);
        y6.intoArray(t, 6 * NR + L);
        x7.intoArray(t, 7 * NR);
        y7.intoArray(t, 7 * NR + L);
        x8.intoArray(t, 8 * NR);
        y8.intoArray(t, 8 * NR + L);
        x9.intoArray(t, 9 * NR);
        y9.intoArray(t, 9 * NR + L);
        x10.intoArray(t, 10 * NR);
        y10.intoArray(t, 10 * NR + L);
        x11.intoArray(t, 11 * NR);
        y11.intoArray(t, 11 * NR + L);
    }

    /**
     * As {@link #rows12}; besides, one float a step is read from {@code next} on, two apart, so
     * that A's next panel comes from the third-level cache meanwhile: Java has no other prefetch.
     * Costs 4 % where that cache is not needed.
     */
    static void rows12Ahead(int k, float[] a, int ao, float[] b, int bo, float[] t, int next) {
        float s = 0;
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
        FloatVector x8 = FloatVector.zero(S);
        FloatVector y8 = FloatVector.zero(S);
        FloatVector x9 = FloatVector.zero(S);
        FloatVector y9 = FloatVector.zero(S);
        FloatVector x10 = FloatVector.zero(S);
        FloatVector y10 = FloatVector.zero(S);
        FloatVector x11 = FloatVector.zero(S);
        FloatVector y11 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p * 12;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
            v = FloatVector.broadcast(S, a[at + 6]);
            x6 = v.fma(x, x6);
            y6 = v.fma(y, y6);
            v = FloatVector.broadcast(S, a[at + 7]);
            x7 = v.fma(x, x7);
            y7 = v.fma(y, y7);
            v = FloatVector.broadcast(S, a[at + 8]);
            x8 = v.fma(x, x8);
            y8 = v.fma(y, y8);
            v = FloatVector.broadcast(S, a[at + 9]);
            x9 = v.fma(x, x9);
            y9 = v.fma(y, y9);
            v = FloatVector.broadcast(S, a[at + 10]);
            x10 = v.fma(x, x10);
            y10 = v.fma(y, y10);
            v = FloatVector.broadcast(S, a[at + 11]);
            x11 = v.fma(x, x11);
            y11 = v.fma(y, y11);
            s += a[next + 2 * p];
        }
        t[12 * NR] = s; // or the reads would be left out
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        x1.intoArray(t, NR);
        y1.intoArray(t, NR + L);
        x2.intoArray(t, 2 * NR);
        y2.intoArray(t, 2 * NR + L);
        x3.intoArray(t, 3 * NR);
        y3.intoArray(t, 3 * NR + L);
        x4.intoArray(t, 4 * NR);
        y4.intoArray(t, 4 * NR + L);
        x5.intoArray(t, 5 * NR);
        y5.intoArray(t, 5 * NR + L);
        x6.intoArray(t, 6 * NR);
        y6.intoArray(t, 6 * NR + L);
        x7.intoArray(t, 7 * NR);
        y7.intoArray(t, 7 * NR + L);
        x8.intoArray(t, 8 * NR);
        y8.intoArray(t, 8 * NR + L);
        x9.intoArray(t, 9 * NR);
        y9.intoArray(t, 9 * NR + L);
        x10.intoArray(t, 10 * NR);
        y10.intoArray(t, 10 * NR + L);
        x11.intoArray(t, 11 * NR);
        y11.intoArray(t, 11 * NR + L);
    }

    /** The first half of the columns of {@link #rows12}'s tile. */
    static void rows12Half(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector x6 = FloatVector.zero(S);
        FloatVector x7 = FloatVector.zero(S);
        FloatVector x8 = FloatVector.zero(S);
        FloatVector x9 = FloatVector.zero(S);
        FloatVector x10 = FloatVector.zero(S);
        FloatVector x11 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p * 12;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            x0 = FloatVector.broadcast(S, a[at]).fma(x, x0);
            x1 = FloatVector.broadcast(S, a[at + 1]).fma(x, x1);
            x2 = FloatVector.broadcast(S, a[at + 2]).fma(x, x2);
            x3 = FloatVector.broadcast(S, a[at + 3]).fma(x, x3);
            x4 = FloatVector.broadcast(S, a[at + 4]).fma(x, x4);
            x5 = FloatVector.broadcast(S, a[at + 5]).fma(x, x5);
            x6 = FloatVector.broadcast(S, a[at + 6]).fma(x, x6);
            x7 = FloatVector.broadcast(S, a[at + 7]).fma(x, x7);
            x8 = FloatVector.broadcast(S, a[at + 8]).fma(x, x8);
            x9 = FloatVector.broadcast(S, a[at + 9]).fma(x, x9);
            x10 = FloatVector.broadcast(S, a[at + 10]).fma(x, x10);
            x11 = FloatVector.broadcast(S, a[at + 11]).fma(x, x11);
        }
        x0.intoArray(t, 0);
        x1.intoArray(t, NR);
        x2.intoArray(t, 2 * NR);
        x3.intoArray(t, 3 * NR);
        x4.intoArray(t, 4 * NR);
        x5.intoArray(t, 5 * NR);
        x6.intoArray(t, 6 * NR);
        x7.intoArray(t, 7 * NR);
        x8.intoArray(t, 8 * NR);
        x9.intoArray(t, 9 * NR);
        x10.intoArray(t, 10 * NR);
        x11.intoArray(t, 11 * NR);
    }

    static void rows8(int k, float[] a, int ao, float[] b, int bo, float[] t) {
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
            int at = ao + p * 8;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
            v = FloatVector.broadcast(S, a[at + 6]);
            x6 = v.fma(x, x6);
            y6 = v.fma(y, y6);
            v = FloatVector.broadcast(S, a[at + 7]);
            x7 = v.fma(x, x7);
            y7 = v.fma(y, y7);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        x1.intoArray(t, NR);
        y1.intoArray(t, NR + L);
        x2.intoArray(t, 2 * NR);
        y2.intoArray(t, 2 * NR + L);
        x3.intoArray(t, 3 * NR);
        y3.intoArray(t, 3 * NR + L);
        x4.intoArray(t, 4 * NR);
        y4.intoArray(t, 4 * NR + L);
        x5.intoArray(t, 5 * NR);
        y5.intoArray(t, 5 * NR + L);
        x6.intoArray(t, 6 * NR);
        y6.intoArray(t, 6 * NR + L);
        x7.intoArray(t, 7 * NR);
        y7.intoArray(t, 7 * NR + L);
    }

    static void rows4(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector y2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector y3 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p * 4;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        x1.intoArray(t, NR);
        y1.intoArray(t, NR + L);
        x2.intoArray(t, 2 * NR);
        y2.intoArray(t, 2 * NR + L);
        x3.intoArray(t, 3 * NR);
        y3.intoArray(t, 3 * NR + L);
    }

    static void rows2(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p * 2;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        x1.intoArray(t, NR);
        y1.intoArray(t, NR + L);
    }

    static void rows1(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
    }

    /** Tiles of one row with the panels at bo and co, beside each other in t. */
    static void row1Pair(int k, float[] a, int ao, float[] b, int bo, int co, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            FloatVector v = FloatVector.broadcast(S, a[ao + p]);
            x0 = v.fma(FloatVector.fromArray(S, b, bo + p * NR), x0);
            y0 = v.fma(FloatVector.fromArray(S, b, bo + p * NR + L), y0);
            x1 = v.fma(FloatVector.fromArray(S, b, co + p * NR), x1);
            y1 = v.fma(FloatVector.fromArray(S, b, co + p * NR + L), y1);
        }
        x0.intoArray(t, 0);
        y0.intoArray(t, L);
        x1.intoArray(t, NR);
        y1.intoArray(t, NR + L);
    }
}
