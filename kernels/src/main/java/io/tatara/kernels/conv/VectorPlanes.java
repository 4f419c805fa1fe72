package io.tatara.kernels.conv;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Planes} on the vector unit: a vector's worth of columns goes down the rows, so that each
 * row of the image is read once for the three rows of the result that see it. Vectors are read and
 * written whole, without masks, which C2 makes many nodes of and would soon keep as objects: what
 * stands beside a row is blended away after reading.
 */
final class VectorPlanes extends Planes {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final float[] EVEN = every(0);
    private static final float[] ODD = every(1);

    private static float[] every(int first) {
        float[] f = new float[L];
        for (int i = 0; i < L; i++) {
            f[i] = first + 2 * i;
        }
        return f;
    }

    @Override
    int lanes() {
        return L;
    }

    /** Lanes whose column of the image, a stride apart, is not there. */
    private static VectorMask<Float> outside(Nine g, int column) {
        long lanes = 0;
        for (int i = 0; i < L; i++) {
            int c = column + i * g.stride();
            if (c < 0 || c >= g.width()) {
                lanes |= 1L << i;
            }
        }
        return VectorMask.fromLong(S, lanes);
    }

    @Override
    void sums(
            Nine g,
            int from,
            int to,
            int row,
            int end,
            int column,
            float[] x,
            int xo,
            float[] y,
            int yo) {
        int c = g.left() + column * g.stride();
        int top = g.top() + row * g.stride();
        VectorMask<Float> before = outside(g, c);
        VectorMask<Float> behind = outside(g, c + 2);
        int first = from / g.each();
        for (int p = from; p < to; p++) {
            int k = p % g.count();
            int source = xo + (p / g.each() - first) * g.size() + top * g.width() + c;
            int target = yo + (p - from) * g.result() + row * g.columns() + column;
            if (g.stride() == 1) {
                one(g, k, end - row, top, x, source, before, behind, y, target);
            } else {
                two(g, k, end - row, top, x, source, before, behind, y, target);
            }
        }
    }

    private static FloatVector finish(FloatVector s, boolean relu) {
        return relu ? s.blend(0f, s.compare(VectorOperators.LE, 0f)) : s;
    }

    /** A channel at stride 1: s is a sum of two rows so far, t the next one of one. */
    private static void one(
            Nine g,
            int kernel,
            int rows,
            int top,
            float[] x,
            int from,
            VectorMask<Float> before,
            VectorMask<Float> behind,
            float[] y,
            int to) {
        float[] w = g.w();
        int step = g.backwards() ? -1 : 1;
        int first = g.backwards() ? kernel * 9 + 8 : kernel * 9;
        FloatVector w0 = FloatVector.broadcast(S, w[first]);
        FloatVector w1 = FloatVector.broadcast(S, w[first + step]);
        FloatVector w2 = FloatVector.broadcast(S, w[first + 2 * step]);
        FloatVector w3 = FloatVector.broadcast(S, w[first + 3 * step]);
        FloatVector w4 = FloatVector.broadcast(S, w[first + 4 * step]);
        FloatVector w5 = FloatVector.broadcast(S, w[first + 5 * step]);
        FloatVector w6 = FloatVector.broadcast(S, w[first + 6 * step]);
        FloatVector w7 = FloatVector.broadcast(S, w[first + 7 * step]);
        FloatVector w8 = FloatVector.broadcast(S, w[first + 8 * step]);
        FloatVector z = FloatVector.broadcast(S, g.bias(kernel));
        boolean relu = g.relu();
        int width = g.width();
        int columns = g.columns();
        int xo = from;
        int yo = to;
        FloatVector s = z;
        FloatVector t = z;
        if (top >= 0 && top < g.height()) {
            s = w0.fma(FloatVector.fromArray(S, x, xo).blend(0f, before), s);
            s = w1.fma(FloatVector.fromArray(S, x, xo + 1), s);
            s = w2.fma(FloatVector.fromArray(S, x, xo + 2).blend(0f, behind), s);
        }
        xo += width;
        if (top + 1 < g.height()) {
            FloatVector a = FloatVector.fromArray(S, x, xo).blend(0f, before);
            FloatVector b = FloatVector.fromArray(S, x, xo + 1);
            FloatVector c = FloatVector.fromArray(S, x, xo + 2).blend(0f, behind);
            s = w3.fma(a, s);
            t = w0.fma(a, t);
            s = w4.fma(b, s);
            t = w1.fma(b, t);
            s = w5.fma(c, s);
            t = w2.fma(c, t);
        }
        int whole = Math.min(rows, g.height() - top - 2);
        int r = 0;
        for (; r < whole; r++) {
            xo += width;
            FloatVector a = FloatVector.fromArray(S, x, xo).blend(0f, before);
            FloatVector b = FloatVector.fromArray(S, x, xo + 1);
            FloatVector c = FloatVector.fromArray(S, x, xo + 2).blend(0f, behind);
            s = w6.fma(a, s);
            s = w7.fma(b, s);
            s = w8.fma(c, s);
            finish(s, relu).intoArray(y, yo);
            yo += columns;
            s = w3.fma(a, t);
            s = w4.fma(b, s);
            s = w5.fma(c, s);
            t = w0.fma(a, z);
            t = w1.fma(b, t);
            t = w2.fma(c, t);
        }
        for (; r < rows; r++) {
            finish(s, relu).intoArray(y, yo);
            yo += columns;
            s = t;
            t = z;
        }
    }

    /** A channel at stride 2: s is a sum of one row so far. */
    private static void two(
            Nine g,
            int kernel,
            int rows,
            int top,
            float[] x,
            int from,
            VectorMask<Float> before,
            VectorMask<Float> behind,
            float[] y,
            int to) {
        float[] w = g.w();
        int first = kernel * 9;
        FloatVector w0 = FloatVector.broadcast(S, w[first]);
        FloatVector w1 = FloatVector.broadcast(S, w[first + 1]);
        FloatVector w2 = FloatVector.broadcast(S, w[first + 2]);
        FloatVector w3 = FloatVector.broadcast(S, w[first + 3]);
        FloatVector w4 = FloatVector.broadcast(S, w[first + 4]);
        FloatVector w5 = FloatVector.broadcast(S, w[first + 5]);
        FloatVector w6 = FloatVector.broadcast(S, w[first + 6]);
        FloatVector w7 = FloatVector.broadcast(S, w[first + 7]);
        FloatVector w8 = FloatVector.broadcast(S, w[first + 8]);
        FloatVector z = FloatVector.broadcast(S, g.bias(kernel));
        FloatVector even = FloatVector.fromArray(S, EVEN, 0);
        FloatVector odd = FloatVector.fromArray(S, ODD, 0);
        boolean relu = g.relu();
        int width = g.width();
        int columns = g.columns();
        int xo = from;
        int yo = to;
        FloatVector s = z;
        if (top >= 0 && top < g.height()) {
            FloatVector u = FloatVector.fromArray(S, x, xo);
            FloatVector v = FloatVector.fromArray(S, x, xo + L);
            s = w0.fma(even.selectFrom(u, v).blend(0f, before), s);
            s = w1.fma(odd.selectFrom(u, v), s);
            u = FloatVector.fromArray(S, x, xo + 1);
            v = FloatVector.fromArray(S, x, xo + 1 + L);
            s = w2.fma(odd.selectFrom(u, v).blend(0f, behind), s);
        }
        int whole = Math.min(rows, (g.height() - top - 1) / 2);
        int r = 0;
        for (; r < whole; r++) {
            xo += width;
            FloatVector u = FloatVector.fromArray(S, x, xo);
            FloatVector v = FloatVector.fromArray(S, x, xo + L);
            s = w3.fma(even.selectFrom(u, v).blend(0f, before), s);
            s = w4.fma(odd.selectFrom(u, v), s);
            u = FloatVector.fromArray(S, x, xo + 1);
            v = FloatVector.fromArray(S, x, xo + 1 + L);
            s = w5.fma(odd.selectFrom(u, v).blend(0f, behind), s);
            xo += width;
            u = FloatVector.fromArray(S, x, xo);
            v = FloatVector.fromArray(S, x, xo + L);
            FloatVector a = even.selectFrom(u, v).blend(0f, before);
            FloatVector b = odd.selectFrom(u, v);
            u = FloatVector.fromArray(S, x, xo + 1);
            v = FloatVector.fromArray(S, x, xo + 1 + L);
            FloatVector c = odd.selectFrom(u, v).blend(0f, behind);
            s = w6.fma(a, s);
            s = w7.fma(b, s);
            s = w8.fma(c, s);
            finish(s, relu).intoArray(y, yo);
            yo += columns;
            s = w0.fma(a, z);
            s = w1.fma(b, s);
            s = w2.fma(c, s);
        }
        if (r < rows && top + 2 * r + 1 < g.height()) {
            xo += width;
            FloatVector u = FloatVector.fromArray(S, x, xo);
            FloatVector v = FloatVector.fromArray(S, x, xo + L);
            s = w3.fma(even.selectFrom(u, v).blend(0f, before), s);
            s = w4.fma(odd.selectFrom(u, v), s);
            u = FloatVector.fromArray(S, x, xo + 1);
            v = FloatVector.fromArray(S, x, xo + 1 + L);
            s = w5.fma(odd.selectFrom(u, v).blend(0f, behind), s);
        }
        for (; r < rows; r++) {
            finish(s, relu).intoArray(y, yo);
            yo += columns;
            s = z;
        }
    }
}
