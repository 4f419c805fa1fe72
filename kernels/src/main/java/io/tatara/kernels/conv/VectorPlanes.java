package io.tatara.kernels.conv;

import java.util.function.IntUnaryOperator;
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
    private static final float[] EVEN = lanes(i -> 2 * i);
    private static final float[] ODD = lanes(i -> 2 * i + 1);

    /** Of two vectors, the first one's from the second lane on, then the second one's last. */
    private static final float[] NEXT = lanes(i -> i + 1 < L ? i + 1 : 2 * L - 1);

    private static float[] lanes(IntUnaryOperator from) {
        float[] f = new float[L];
        for (int i = 0; i < L; i++) {
            f[i] = from.applyAsInt(i);
        }
        return f;
    }

    @Override
    int lanes() {
        return L;
    }

    /** Lanes whose column of the image, a stride apart from this one, at least -1, is not there. */
    private static VectorMask<Float> outside(Nine g, int column) {
        int count = Math.clamp((g.width() - column + g.stride() - 1L) / g.stride(), 0, L);
        long behind = count == Long.SIZE ? 0 : -1L << count;
        return VectorMask.fromLong(S, column < 0 ? behind | 1 : behind);
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
        int source = xo + top * g.width() + c;
        int target = yo + row * g.columns() + column;
        if (g.stride() == 1) {
            one(g, from, to, end - row, top, x, source, before, behind, y, target);
        } else {
            two(g, from, to, end - row, top, x, source, before, behind, y, target);
        }
    }

    private static FloatVector finish(FloatVector s, boolean relu) {
        return relu ? s.blend(0f, s.compare(VectorOperators.LE, 0f)) : s;
    }

    /** Channels at stride 1: s is a sum of two rows so far, t the next one of one. */
    private static void one(
            Nine g,
            int first,
            int end,
            int rows,
            int top,
            float[] x,
            int xs,
            VectorMask<Float> before,
            VectorMask<Float> behind,
            float[] y,
            int ys) {
        float[] w = g.w();
        float[] bias = g.bias();
        boolean relu = g.relu();
        int height = g.height();
        int width = g.width();
        int columns = g.columns();
        int step = g.backwards() ? -1 : 1;
        int least = g.backwards() ? 8 : 0;
        int kernel = first % g.count();
        int seen = first % g.each();
        int source = xs;
        int target = ys;
        for (int p = first; p < end; p++) {
            int k = kernel * 9 + least;
            FloatVector w0 = FloatVector.broadcast(S, w[k]);
            FloatVector w1 = FloatVector.broadcast(S, w[k + step]);
            FloatVector w2 = FloatVector.broadcast(S, w[k + 2 * step]);
            FloatVector w3 = FloatVector.broadcast(S, w[k + 3 * step]);
            FloatVector w4 = FloatVector.broadcast(S, w[k + 4 * step]);
            FloatVector w5 = FloatVector.broadcast(S, w[k + 5 * step]);
            FloatVector w6 = FloatVector.broadcast(S, w[k + 6 * step]);
            FloatVector w7 = FloatVector.broadcast(S, w[k + 7 * step]);
            FloatVector w8 = FloatVector.broadcast(S, w[k + 8 * step]);
            FloatVector z = FloatVector.broadcast(S, bias == null ? 0 : bias[kernel]);
            int xo = source;
            int yo = target;
            FloatVector s = z;
            FloatVector t = z;
            if (top >= 0 && top < height) {
                s = w0.fma(FloatVector.fromArray(S, x, xo).blend(0f, before), s);
                s = w1.fma(FloatVector.fromArray(S, x, xo + 1), s);
                s = w2.fma(FloatVector.fromArray(S, x, xo + 2).blend(0f, behind), s);
            }
            xo += width;
            if (top + 1 < height) {
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
            int whole = Math.min(rows, height - top - 2);
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
            target += g.result();
            kernel = kernel + 1 == g.count() ? 0 : kernel + 1;
            if (++seen == g.each()) {
                seen = 0;
                source += g.size();
            }
        }
    }

    /**
     * Channels at stride 2: s is a sum of one row so far. The taps are every other column from the
     * first, the second and the third on: those of the third are the first one's a lane further,
     * with one more for the last lane where that counts.
     */
    private static void two(
            Nine g,
            int first,
            int end,
            int rows,
            int top,
            float[] x,
            int xs,
            VectorMask<Float> before,
            VectorMask<Float> behind,
            float[] y,
            int ys) {
        float[] w = g.w();
        float[] bias = g.bias();
        boolean relu = g.relu();
        int height = g.height();
        int width = g.width();
        int columns = g.columns();
        int kernel = first % g.count();
        int seen = first % g.each();
        int source = xs;
        int target = ys;
        FloatVector even = FloatVector.fromArray(S, EVEN, 0);
        FloatVector odd = FloatVector.fromArray(S, ODD, 0);
        FloatVector next = FloatVector.fromArray(S, NEXT, 0);
        boolean narrow = columns < L;
        boolean single = 2 * columns < L;
        for (int p = first; p < end; p++) {
            int k = kernel * 9;
            FloatVector w0 = FloatVector.broadcast(S, w[k]);
            FloatVector w1 = FloatVector.broadcast(S, w[k + 1]);
            FloatVector w2 = FloatVector.broadcast(S, w[k + 2]);
            FloatVector w3 = FloatVector.broadcast(S, w[k + 3]);
            FloatVector w4 = FloatVector.broadcast(S, w[k + 4]);
            FloatVector w5 = FloatVector.broadcast(S, w[k + 5]);
            FloatVector w6 = FloatVector.broadcast(S, w[k + 6]);
            FloatVector w7 = FloatVector.broadcast(S, w[k + 7]);
            FloatVector w8 = FloatVector.broadcast(S, w[k + 8]);
            FloatVector z = FloatVector.broadcast(S, bias == null ? 0 : bias[kernel]);
            int xo = source;
            int yo = target;
            FloatVector s = z;
            if (top >= 0 && top < height) {
                FloatVector u = FloatVector.fromArray(S, x, xo);
                FloatVector v = single ? u : FloatVector.fromArray(S, x, xo + L);
                FloatVector a = even.selectFrom(u, v);
                s = w0.fma(a.blend(0f, before), s);
                s = w1.fma(odd.selectFrom(u, v), s);
                v = narrow ? v : FloatVector.fromArray(S, x, xo + 1 + L);
                s = w2.fma(next.selectFrom(a, v).blend(0f, behind), s);
            }
            int whole = Math.min(rows, (height - top - 1) / 2);
            int r = 0;
            for (; r < whole; r++) {
                xo += width;
                FloatVector u = FloatVector.fromArray(S, x, xo);
                FloatVector v = single ? u : FloatVector.fromArray(S, x, xo + L);
                FloatVector a = even.selectFrom(u, v);
                s = w3.fma(a.blend(0f, before), s);
                s = w4.fma(odd.selectFrom(u, v), s);
                v = narrow ? v : FloatVector.fromArray(S, x, xo + 1 + L);
                s = w5.fma(next.selectFrom(a, v).blend(0f, behind), s);
                xo += width;
                u = FloatVector.fromArray(S, x, xo);
                v = single ? u : FloatVector.fromArray(S, x, xo + L);
                a = even.selectFrom(u, v);
                FloatVector b = odd.selectFrom(u, v);
                v = narrow ? v : FloatVector.fromArray(S, x, xo + 1 + L);
                FloatVector c = next.selectFrom(a, v).blend(0f, behind);
                a = a.blend(0f, before);
                s = w6.fma(a, s);
                s = w7.fma(b, s);
                s = w8.fma(c, s);
                finish(s, relu).intoArray(y, yo);
                yo += columns;
                s = w0.fma(a, z);
                s = w1.fma(b, s);
                s = w2.fma(c, s);
            }
            if (r < rows && top + 2 * r + 1 < height) {
                xo += width;
                FloatVector u = FloatVector.fromArray(S, x, xo);
                FloatVector v = single ? u : FloatVector.fromArray(S, x, xo + L);
                FloatVector a = even.selectFrom(u, v);
                s = w3.fma(a.blend(0f, before), s);
                s = w4.fma(odd.selectFrom(u, v), s);
                v = narrow ? v : FloatVector.fromArray(S, x, xo + 1 + L);
                s = w5.fma(next.selectFrom(a, v).blend(0f, behind), s);
            }
            for (; r < rows; r++) {
                finish(s, relu).intoArray(y, yo);
                yo += columns;
                s = z;
            }
            target += g.result();
            kernel = kernel + 1 == g.count() ? 0 : kernel + 1;
            if (++seen == g.each()) {
                seen = 0;
                source += g.size();
            }
        }
    }
}
