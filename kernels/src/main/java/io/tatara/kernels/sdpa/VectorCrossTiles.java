package io.tatara.kernels.sdpa;

import static io.tatara.kernels.sdpa.VectorScoreTiles.L;
import static io.tatara.kernels.sdpa.VectorScoreTiles.NR;
import static io.tatara.kernels.sdpa.VectorScoreTiles.S;

import jdk.incubator.vector.FloatVector;

/**
 * Tiles whose left operand is a block of scores as it stands, [h][NR], and whose sums run along its
 * rows: keys times the queries of a panel.
 */
final class VectorCrossTiles {
    private VectorCrossTiles() {}

    static void cross12(float[] a, int ao, float[] b, int bo, float[] t, int to) {
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
        for (int p = 0; p < NR; p++) {
            int at = ao + p;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[at + NR]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, a[at + 2 * NR]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, a[at + 3 * NR]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            v = FloatVector.broadcast(S, a[at + 4 * NR]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            v = FloatVector.broadcast(S, a[at + 5 * NR]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
            v = FloatVector.broadcast(S, a[at + 6 * NR]);
            x6 = v.fma(x, x6);
            y6 = v.fma(y, y6);
            v = FloatVector.broadcast(S, a[at + 7 * NR]);
            x7 = v.fma(x, x7);
            y7 = v.fma(y, y7);
            v = FloatVector.broadcast(S, a[at + 8 * NR]);
            x8 = v.fma(x, x8);
            y8 = v.fma(y, y8);
            v = FloatVector.broadcast(S, a[at + 9 * NR]);
            x9 = v.fma(x, x9);
            y9 = v.fma(y, y9);
            v = FloatVector.broadcast(S, a[at + 10 * NR]);
            x10 = v.fma(x, x10);
            y10 = v.fma(y, y10);
            v = FloatVector.broadcast(S, a[at + 11 * NR]);
            x11 = v.fma(x, x11);
            y11 = v.fma(y, y11);
        }
        x0.intoArray(t, to);
        y0.intoArray(t, to + L);
        x1.intoArray(t, to + NR);
        y1.intoArray(t, to + NR + L);
        x2.intoArray(t, to + 2 * NR);
        y2.intoArray(t, to + 2 * NR + L);
        x3.intoArray(t, to + 3 * NR);
        y3.intoArray(t, to + 3 * NR + L);
        x4.intoArray(t, to + 4 * NR);
        y4.intoArray(t, to + 4 * NR + L);
        x5.intoArray(t, to + 5 * NR);
        y5.intoArray(t, to + 5 * NR + L);
        x6.intoArray(t, to + 6 * NR);
        y6.intoArray(t, to + 6 * NR + L);
        x7.intoArray(t, to + 7 * NR);
        y7.intoArray(t, to + 7 * NR + L);
        x8.intoArray(t, to + 8 * NR);
        y8.intoArray(t, to + 8 * NR + L);
        x9.intoArray(t, to + 9 * NR);
        y9.intoArray(t, to + 9 * NR + L);
        x10.intoArray(t, to + 10 * NR);
        y10.intoArray(t, to + 10 * NR + L);
        x11.intoArray(t, to + 11 * NR);
        y11.intoArray(t, to + 11 * NR + L);
    }

    static void cross4(float[] a, int ao, float[] b, int bo, float[] t, int to) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector y2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector y3 = FloatVector.zero(S);
        for (int p = 0; p < NR; p++) {
            int at = ao + p;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[at + NR]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, a[at + 2 * NR]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, a[at + 3 * NR]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
        }
        x0.intoArray(t, to);
        y0.intoArray(t, to + L);
        x1.intoArray(t, to + NR);
        y1.intoArray(t, to + NR + L);
        x2.intoArray(t, to + 2 * NR);
        y2.intoArray(t, to + 2 * NR + L);
        x3.intoArray(t, to + 3 * NR);
        y3.intoArray(t, to + 3 * NR + L);
    }
}
