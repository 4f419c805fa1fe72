package io.tatara.kernels.conv;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The transforms on the vector unit. */
final class VectorPairLines extends PairLines {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();

    @Override
    int lanes() {
        return L;
    }

    @Override
    void source(
            TileForm form,
            int rows,
            int n,
            float[] x,
            int xo,
            int xs,
            int[] from,
            float[] y,
            int yo,
            int[] ys,
            int[] to) {
        if (form.stride() == 1) {
            four(rows, n, x, xo, xs, from, y, yo, ys, to);
        } else {
            five(rows, n, x, xo, xs, from, y, yo, ys, to);
        }
    }

    private static void four(
            int rows,
            int n,
            float[] x,
            int xo,
            int xs,
            int[] from,
            float[] y,
            int yo,
            int[] ys,
            int[] to) {
        int x0 = xo + from[0];
        int x1 = xo + from[1];
        int x2 = xo + from[2];
        int x3 = xo + from[3];
        int y0 = yo + to[0];
        int y1 = yo + to[1];
        int y2 = yo + to[2];
        int y3 = yo + to[3];
        for (int r = 0; r < rows; r++) {
            int at = r * xs;
            for (int i = 0; i < n; i += L) {
                FloatVector d0 = FloatVector.fromArray(S, x, x0 + at + i);
                FloatVector d1 = FloatVector.fromArray(S, x, x1 + at + i);
                FloatVector d2 = FloatVector.fromArray(S, x, x2 + at + i);
                FloatVector d3 = FloatVector.fromArray(S, x, x3 + at + i);
                d0.sub(d2).intoArray(y, y0 + i);
                d1.add(d2).intoArray(y, y1 + i);
                d2.sub(d1).intoArray(y, y2 + i);
                d3.sub(d1).intoArray(y, y3 + i);
            }
            y0 += ys[0];
            y1 += ys[1];
            y2 += ys[2];
            y3 += ys[3];
        }
    }

    private static void five(
            int rows,
            int n,
            float[] x,
            int xo,
            int xs,
            int[] from,
            float[] y,
            int yo,
            int[] ys,
            int[] to) {
        int x0 = xo + from[0];
        int x1 = xo + from[1];
        int x2 = xo + from[2];
        int x3 = xo + from[3];
        int x4 = xo + from[4];
        int y0 = yo + to[0];
        int y1 = yo + to[1];
        int y2 = yo + to[2];
        int y3 = yo + to[3];
        int y4 = yo + to[4];
        for (int r = 0; r < rows; r++) {
            int at = r * xs;
            for (int i = 0; i < n; i += L) {
                FloatVector d2 = FloatVector.fromArray(S, x, x2 + at + i);
                d2.intoArray(y, y2 + i);
                FloatVector d0 = FloatVector.fromArray(S, x, x0 + at + i);
                d0.sub(d2).intoArray(y, y0 + i);
                FloatVector d4 = FloatVector.fromArray(S, x, x4 + at + i);
                d4.sub(d2).intoArray(y, y3 + i);
                FloatVector.fromArray(S, x, x1 + at + i).intoArray(y, y1 + i);
                FloatVector.fromArray(S, x, x3 + at + i).intoArray(y, y4 + i);
            }
            y0 += ys[0];
            y1 += ys[1];
            y2 += ys[2];
            y3 += ys[3];
            y4 += ys[4];
        }
    }

    @Override
    void pixels(
            TileForm form,
            int tiles,
            int c,
            float[] x,
            int xo,
            int[] from,
            float[] y,
            int yo,
            int w) {
        for (int i = 0; i < tiles; i++) {
            boolean both = 2 * i + 1 < w;
            for (int k = 0; k < c; k += L) {
                int at = xo + i * c + k;
                int to = yo + 2 * i * c + k;
                if (form.stride() == 1) {
                    sixteen(x, at, from, y, to, w * c, both ? c : 0);
                } else {
                    nine(x, at, from, y, to, w * c, both ? c : 0);
                }
            }
        }
    }

    /** Down the columns, then along the rows; {@code next} is 0 where there is no second column. */
    private static void nine(float[] x, int at, int[] from, float[] y, int to, int row, int next) {
        FloatVector m = FloatVector.fromArray(S, x, at + from[3]);
        FloatVector a0 = FloatVector.fromArray(S, x, at + from[0]).add(m);
        FloatVector b0 = FloatVector.fromArray(S, x, at + from[6]).add(m);
        m = FloatVector.fromArray(S, x, at + from[4]);
        FloatVector a1 = FloatVector.fromArray(S, x, at + from[1]).add(m);
        FloatVector b1 = FloatVector.fromArray(S, x, at + from[7]).add(m);
        if (next != 0) {
            m = FloatVector.fromArray(S, x, at + from[5]);
            FloatVector.fromArray(S, x, at + from[2]).add(m).add(a1).intoArray(y, to + next);
            FloatVector.fromArray(S, x, at + from[8]).add(m).add(b1).intoArray(y, to + row + next);
        }
        a0.add(a1).intoArray(y, to);
        b0.add(b1).intoArray(y, to + row);
    }

    private static void sixteen(
            float[] x, int at, int[] from, float[] y, int to, int row, int next) {
        FloatVector a0 = upper(x, at, from, 0);
        FloatVector b0 = lower(x, at, from, 0);
        FloatVector a1 = upper(x, at, from, 1);
        FloatVector b1 = lower(x, at, from, 1);
        FloatVector a2 = upper(x, at, from, 2);
        FloatVector b2 = lower(x, at, from, 2);
        if (next != 0) {
            a1.sub(a2).add(upper(x, at, from, 3)).intoArray(y, to + next);
            b1.sub(b2).add(lower(x, at, from, 3)).intoArray(y, to + row + next);
        }
        a0.add(a1).add(a2).intoArray(y, to);
        b0.add(b1).add(b2).intoArray(y, to + row);
    }

    private static FloatVector upper(float[] x, int at, int[] from, int column) {
        FloatVector m = FloatVector.fromArray(S, x, at + from[4 + column]);
        FloatVector n = FloatVector.fromArray(S, x, at + from[8 + column]);
        return FloatVector.fromArray(S, x, at + from[column]).add(m).add(n);
    }

    private static FloatVector lower(float[] x, int at, int[] from, int column) {
        FloatVector m = FloatVector.fromArray(S, x, at + from[4 + column]);
        FloatVector n = FloatVector.fromArray(S, x, at + from[8 + column]);
        return m.sub(n).add(FloatVector.fromArray(S, x, at + from[12 + column]));
    }
}
