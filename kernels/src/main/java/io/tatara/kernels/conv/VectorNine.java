package io.tatara.kernels.conv;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Depthwise sums of 3 × 3 taps, {@link ConvRows#sums}, by the width of the rows: a sum of nine taps
 * is a chain of nine multiply-adds, and C2 lets short loops wait for it.
 */
final class VectorNine {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();

    /** Vectors of a row from which on rows are better summed along than across. */
    private static final int WIDE = 4;

    private VectorNine() {}

    static void sums(
            int rows,
            int n,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            int xs,
            float[] y,
            int yo,
            int ys) {
        boolean next = off[3] - off[0] == xs && off[6] - off[3] == xs;
        if (n <= WIDE * L && rows >= 4 && next && alike(off)) {
            shared(rows, n, off, w, wo, bias, x, xo, xs, y, yo, ys);
        } else if (n <= L) {
            narrow(rows, n, off, w, wo, bias, x, xo, xs, y, yo, ys);
        } else {
            wide(rows, n, off, w, wo, bias, x, xo, xs, y, yo, ys);
        }
    }

    /** 3 × 3 taps stay in registers; the last vector of a row is stored in part. */
    private static void wide(
            int rows,
            int n,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            int xs,
            float[] y,
            int yo,
            int ys) {
        FloatVector w0 = FloatVector.broadcast(S, w[wo]);
        FloatVector w1 = FloatVector.broadcast(S, w[wo + 1]);
        FloatVector w2 = FloatVector.broadcast(S, w[wo + 2]);
        FloatVector w3 = FloatVector.broadcast(S, w[wo + 3]);
        FloatVector w4 = FloatVector.broadcast(S, w[wo + 4]);
        FloatVector w5 = FloatVector.broadcast(S, w[wo + 5]);
        FloatVector w6 = FloatVector.broadcast(S, w[wo + 6]);
        FloatVector w7 = FloatVector.broadcast(S, w[wo + 7]);
        FloatVector w8 = FloatVector.broadcast(S, w[wo + 8]);
        FloatVector b = FloatVector.broadcast(S, bias);
        VectorMask<Float> tail = S.indexInRange(0, n % L);
        int x0 = xo + off[0];
        int x1 = xo + off[1];
        int x2 = xo + off[2];
        int x3 = xo + off[3];
        int x4 = xo + off[4];
        int x5 = xo + off[5];
        int x6 = xo + off[6];
        int x7 = xo + off[7];
        int x8 = xo + off[8];
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < n; j += L) {
                int m = r * xs + j;
                FloatVector s = w0.fma(FloatVector.fromArray(S, x, x0 + m), b);
                s = w1.fma(FloatVector.fromArray(S, x, x1 + m), s);
                s = w2.fma(FloatVector.fromArray(S, x, x2 + m), s);
                s = w3.fma(FloatVector.fromArray(S, x, x3 + m), s);
                s = w4.fma(FloatVector.fromArray(S, x, x4 + m), s);
                s = w5.fma(FloatVector.fromArray(S, x, x5 + m), s);
                s = w6.fma(FloatVector.fromArray(S, x, x6 + m), s);
                s = w7.fma(FloatVector.fromArray(S, x, x7 + m), s);
                s = w8.fma(FloatVector.fromArray(S, x, x8 + m), s);
                int to = yo + r * ys + j;
                if (j + L <= n) {
                    s.intoArray(y, to);
                } else {
                    s.intoArray(y, to, tail);
                }
            }
        }
    }

    /** Whether the taps of each row of a 3 × 3 kernel are alike. */
    private static boolean alike(int[] off) {
        return off[4] - off[3] == off[1] - off[0]
                && off[7] - off[6] == off[1] - off[0]
                && off[5] - off[3] == off[2] - off[0]
                && off[8] - off[6] == off[2] - off[0];
    }

    /**
     * As {@link #wide} for rows of one vector: two rows at a time, whose sums do not wait for each
     * other.
     */
    private static void narrow(
            int rows,
            int n,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            int xs,
            float[] y,
            int yo,
            int ys) {
        FloatVector w0 = FloatVector.broadcast(S, w[wo]);
        FloatVector w1 = FloatVector.broadcast(S, w[wo + 1]);
        FloatVector w2 = FloatVector.broadcast(S, w[wo + 2]);
        FloatVector w3 = FloatVector.broadcast(S, w[wo + 3]);
        FloatVector w4 = FloatVector.broadcast(S, w[wo + 4]);
        FloatVector w5 = FloatVector.broadcast(S, w[wo + 5]);
        FloatVector w6 = FloatVector.broadcast(S, w[wo + 6]);
        FloatVector w7 = FloatVector.broadcast(S, w[wo + 7]);
        FloatVector w8 = FloatVector.broadcast(S, w[wo + 8]);
        FloatVector b = FloatVector.broadcast(S, bias);
        VectorMask<Float> tail = S.indexInRange(0, n);
        int x0 = xo + off[0];
        int x1 = xo + off[1];
        int x2 = xo + off[2];
        int x3 = xo + off[3];
        int x4 = xo + off[4];
        int x5 = xo + off[5];
        int x6 = xo + off[6];
        int x7 = xo + off[7];
        int x8 = xo + off[8];
        int r = 0;
        for (; r + 1 < rows; r += 2) {
            int m = r * xs;
            int k = m + xs;
            FloatVector s = w0.fma(FloatVector.fromArray(S, x, x0 + m), b);
            FloatVector u = w0.fma(FloatVector.fromArray(S, x, x0 + k), b);
            s = w1.fma(FloatVector.fromArray(S, x, x1 + m), s);
            u = w1.fma(FloatVector.fromArray(S, x, x1 + k), u);
            s = w2.fma(FloatVector.fromArray(S, x, x2 + m), s);
            u = w2.fma(FloatVector.fromArray(S, x, x2 + k), u);
            s = w3.fma(FloatVector.fromArray(S, x, x3 + m), s);
            u = w3.fma(FloatVector.fromArray(S, x, x3 + k), u);
            s = w4.fma(FloatVector.fromArray(S, x, x4 + m), s);
            u = w4.fma(FloatVector.fromArray(S, x, x4 + k), u);
            s = w5.fma(FloatVector.fromArray(S, x, x5 + m), s);
            u = w5.fma(FloatVector.fromArray(S, x, x5 + k), u);
            s = w6.fma(FloatVector.fromArray(S, x, x6 + m), s);
            u = w6.fma(FloatVector.fromArray(S, x, x6 + k), u);
            s = w7.fma(FloatVector.fromArray(S, x, x7 + m), s);
            u = w7.fma(FloatVector.fromArray(S, x, x7 + k), u);
            s = w8.fma(FloatVector.fromArray(S, x, x8 + m), s);
            u = w8.fma(FloatVector.fromArray(S, x, x8 + k), u);
            s.intoArray(y, yo + r * ys, tail);
            u.intoArray(y, yo + r * ys + ys, tail);
        }
        if (r < rows) {
            wide(1, n, off, w, wo, bias, x, xo + r * xs, xs, y, yo + r * ys, ys);
        }
    }

    /**
     * As {@link #wide} where a row's taps are the next row's one further down: of four rows at a
     * time, which share what is read and do not wait for each other. Where fewer are left the last
     * four are summed, some again.
     */
    private static void shared(
            int rows,
            int n,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            int xs,
            float[] y,
            int yo,
            int ys) {
        FloatVector w0 = FloatVector.broadcast(S, w[wo]);
        FloatVector w1 = FloatVector.broadcast(S, w[wo + 1]);
        FloatVector w2 = FloatVector.broadcast(S, w[wo + 2]);
        FloatVector w3 = FloatVector.broadcast(S, w[wo + 3]);
        FloatVector w4 = FloatVector.broadcast(S, w[wo + 4]);
        FloatVector w5 = FloatVector.broadcast(S, w[wo + 5]);
        FloatVector w6 = FloatVector.broadcast(S, w[wo + 6]);
        FloatVector w7 = FloatVector.broadcast(S, w[wo + 7]);
        FloatVector w8 = FloatVector.broadcast(S, w[wo + 8]);
        FloatVector z = FloatVector.broadcast(S, bias);
        int right = off[1] - off[0];
        int further = off[2] - off[0];
        for (int j = 0; j < n; j += L) {
            VectorMask<Float> mask = S.indexInRange(j, n);
            int first = xo + off[0] + j;
            for (int r = 0; r < rows; r += 4) {
                int top = Math.min(r, rows - 4);
                int p = first + top * xs;
                FloatVector a = FloatVector.fromArray(S, x, p);
                FloatVector b = FloatVector.fromArray(S, x, p + right);
                FloatVector c = FloatVector.fromArray(S, x, p + further);
                FloatVector s0 = w0.fma(a, z);
                s0 = w1.fma(b, s0);
                s0 = w2.fma(c, s0);
                p += xs;
                a = FloatVector.fromArray(S, x, p);
                b = FloatVector.fromArray(S, x, p + right);
                c = FloatVector.fromArray(S, x, p + further);
                s0 = w3.fma(a, s0);
                s0 = w4.fma(b, s0);
                s0 = w5.fma(c, s0);
                FloatVector s1 = w0.fma(a, z);
                s1 = w1.fma(b, s1);
                s1 = w2.fma(c, s1);
                p += xs;
                a = FloatVector.fromArray(S, x, p);
                b = FloatVector.fromArray(S, x, p + right);
                c = FloatVector.fromArray(S, x, p + further);
                s0 = w6.fma(a, s0);
                s0 = w7.fma(b, s0);
                s0 = w8.fma(c, s0);
                s1 = w3.fma(a, s1);
                s1 = w4.fma(b, s1);
                s1 = w5.fma(c, s1);
                FloatVector s2 = w0.fma(a, z);
                s2 = w1.fma(b, s2);
                s2 = w2.fma(c, s2);
                p += xs;
                a = FloatVector.fromArray(S, x, p);
                b = FloatVector.fromArray(S, x, p + right);
                c = FloatVector.fromArray(S, x, p + further);
                s1 = w6.fma(a, s1);
                s1 = w7.fma(b, s1);
                s1 = w8.fma(c, s1);
                s2 = w3.fma(a, s2);
                s2 = w4.fma(b, s2);
                s2 = w5.fma(c, s2);
                FloatVector s3 = w0.fma(a, z);
                s3 = w1.fma(b, s3);
                s3 = w2.fma(c, s3);
                p += xs;
                a = FloatVector.fromArray(S, x, p);
                b = FloatVector.fromArray(S, x, p + right);
                c = FloatVector.fromArray(S, x, p + further);
                s2 = w6.fma(a, s2);
                s2 = w7.fma(b, s2);
                s2 = w8.fma(c, s2);
                s3 = w3.fma(a, s3);
                s3 = w4.fma(b, s3);
                s3 = w5.fma(c, s3);
                p += xs;
                a = FloatVector.fromArray(S, x, p);
                b = FloatVector.fromArray(S, x, p + right);
                c = FloatVector.fromArray(S, x, p + further);
                s3 = w6.fma(a, s3);
                s3 = w7.fma(b, s3);
                s3 = w8.fma(c, s3);
                int to = yo + top * ys + j;
                s0.intoArray(y, to, mask);
                s1.intoArray(y, to + ys, mask);
                s2.intoArray(y, to + 2 * ys, mask);
                s3.intoArray(y, to + 3 * ys, mask);
            }
        }
    }
}
