package io.tatara.kernels.causal;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops on the vector unit. A tile's sums are local variables, since only those stay in
 * registers: 8 rows of 3 vectors fill a register file of 32 (AVX-512), 4 of 2 fit one of 16. The
 * columns of a strip stay in the first cache while all panels of weights pass by.
 */
final class VectorTiles implements CausalTiles {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final boolean WIDE = L >= 16;
    private static final int ROWS = WIDE ? 8 : 4;
    private static final int STRIP = WIDE ? 3 * L : 2 * L;

    @Override
    public int rows() {
        return ROWS;
    }

    @Override
    public int step() {
        return L;
    }

    @Override
    public int width() {
        return STRIP;
    }

    @Override
    public void spread(int n, float[] x, int from, float[] panels, int at, int apart) {
        int whole = n / STRIP;
        for (int q = 0; q < whole; q++) {
            int to = at + q * apart;
            for (int i = 0; i < STRIP; i += L) {
                FloatVector.fromArray(S, x, from + q * STRIP + i).intoArray(panels, to + i);
            }
        }
        int done = whole * STRIP;
        if (done < n) {
            System.arraycopy(x, from + done, panels, at + whole * apart, n - done);
        }
    }

    @Override
    public void product(
            int panels,
            int depth,
            float[] a,
            int ao,
            float[] b,
            float[] after,
            float[] c,
            int co,
            int ldc,
            int cols) {
        int j = 0;
        int apart = apart(depth);
        for (; j + STRIP <= cols; j += STRIP) {
            int at = j / STRIP * apart;
            for (int p = 0; p < panels; p++) {
                int from = ao + p * depth * ROWS;
                int to = co + p * ROWS * ldc + j;
                if (WIDE) {
                    tile8x3(depth, a, from, b, at, after, p * ROWS, c, to, ldc);
                } else {
                    tile4x2(depth, a, from, b, at, after, p * ROWS, c, to, ldc);
                }
            }
        }
        int last = j;
        for (; j < cols; j += L) {
            int at = last / STRIP * apart + j - last;
            for (int p = 0; p < panels; p++) {
                int from = ao + p * depth * ROWS;
                int to = co + p * ROWS * ldc + j;
                if (WIDE) {
                    tile8x1(depth, a, from, b, at, after, p * ROWS, c, to, ldc);
                } else {
                    tile4x1(depth, a, from, b, at, after, p * ROWS, c, to, ldc);
                }
            }
        }
    }

    @Override
    public void vector(int n, int depth, float[] v, float[] w, int wo, float[] y, int yo) {
        VectorSums.vector(n, depth, v, w, wo, y, yo);
    }

    @Override
    public void vector(int n, int depth, float[] v, int[] w, int wo, float[] y, int yo) {
        VectorSums.vector(n, depth, v, w, wo, y, yo);
    }

    private static void tile8x3(
            int depth,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] after,
            int first,
            float[] c,
            int co,
            int ldc) {
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
        for (int r = 0; r < depth; r++) {
            int at = ao + r * 8;
            int from = bo + r * STRIP;
            FloatVector x = FloatVector.fromArray(S, b, from);
            FloatVector y = FloatVector.fromArray(S, b, from + L);
            FloatVector z = FloatVector.fromArray(S, b, from + 2 * L);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            z0 = v.fma(z, z0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            z1 = v.fma(z, z1);
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            z2 = v.fma(z, z2);
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            z3 = v.fma(z, z3);
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            z4 = v.fma(z, z4);
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
            z5 = v.fma(z, z5);
            v = FloatVector.broadcast(S, a[at + 6]);
            x6 = v.fma(x, x6);
            y6 = v.fma(y, y6);
            z6 = v.fma(z, z6);
            v = FloatVector.broadcast(S, a[at + 7]);
            x7 = v.fma(x, x7);
            y7 = v.fma(y, y7);
            z7 = v.fma(z, z7);
        }
        FloatVector add = FloatVector.broadcast(S, after[first]);
        x0.add(add).intoArray(c, co);
        y0.add(add).intoArray(c, co + L);
        z0.add(add).intoArray(c, co + 2 * L);
        add = FloatVector.broadcast(S, after[first + 1]);
        x1.add(add).intoArray(c, co + ldc);
        y1.add(add).intoArray(c, co + ldc + L);
        z1.add(add).intoArray(c, co + ldc + 2 * L);
        add = FloatVector.broadcast(S, after[first + 2]);
        x2.add(add).intoArray(c, co + 2 * ldc);
        y2.add(add).intoArray(c, co + 2 * ldc + L);
        z2.add(add).intoArray(c, co + 2 * ldc + 2 * L);
        add = FloatVector.broadcast(S, after[first + 3]);
        x3.add(add).intoArray(c, co + 3 * ldc);
        y3.add(add).intoArray(c, co + 3 * ldc + L);
        z3.add(add).intoArray(c, co + 3 * ldc + 2 * L);
        add = FloatVector.broadcast(S, after[first + 4]);
        x4.add(add).intoArray(c, co + 4 * ldc);
        y4.add(add).intoArray(c, co + 4 * ldc + L);
        z4.add(add).intoArray(c, co + 4 * ldc + 2 * L);
        add = FloatVector.broadcast(S, after[first + 5]);
        x5.add(add).intoArray(c, co + 5 * ldc);
        y5.add(add).intoArray(c, co + 5 * ldc + L);
        z5.add(add).intoArray(c, co + 5 * ldc + 2 * L);
        add = FloatVector.broadcast(S, after[first + 6]);
        x6.add(add).intoArray(c, co + 6 * ldc);
        y6.add(add).intoArray(c, co + 6 * ldc + L);
        z6.add(add).intoArray(c, co + 6 * ldc + 2 * L);
        add = FloatVector.broadcast(S, after[first + 7]);
        x7.add(add).intoArray(c, co + 7 * ldc);
        y7.add(add).intoArray(c, co + 7 * ldc + L);
        z7.add(add).intoArray(c, co + 7 * ldc + 2 * L);
    }

    private static void tile8x1(
            int depth,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] after,
            int first,
            float[] c,
            int co,
            int ldc) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector x6 = FloatVector.zero(S);
        FloatVector x7 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            int at = ao + r * 8;
            int from = bo + r * STRIP;
            FloatVector x = FloatVector.fromArray(S, b, from);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
            v = FloatVector.broadcast(S, a[at + 6]);
            x6 = v.fma(x, x6);
            v = FloatVector.broadcast(S, a[at + 7]);
            x7 = v.fma(x, x7);
        }
        FloatVector add = FloatVector.broadcast(S, after[first]);
        x0.add(add).intoArray(c, co);
        add = FloatVector.broadcast(S, after[first + 1]);
        x1.add(add).intoArray(c, co + ldc);
        add = FloatVector.broadcast(S, after[first + 2]);
        x2.add(add).intoArray(c, co + 2 * ldc);
        add = FloatVector.broadcast(S, after[first + 3]);
        x3.add(add).intoArray(c, co + 3 * ldc);
        add = FloatVector.broadcast(S, after[first + 4]);
        x4.add(add).intoArray(c, co + 4 * ldc);
        add = FloatVector.broadcast(S, after[first + 5]);
        x5.add(add).intoArray(c, co + 5 * ldc);
        add = FloatVector.broadcast(S, after[first + 6]);
        x6.add(add).intoArray(c, co + 6 * ldc);
        add = FloatVector.broadcast(S, after[first + 7]);
        x7.add(add).intoArray(c, co + 7 * ldc);
    }

    private static void tile4x2(
            int depth,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] after,
            int first,
            float[] c,
            int co,
            int ldc) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector y2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector y3 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            int at = ao + r * 4;
            int from = bo + r * STRIP;
            FloatVector x = FloatVector.fromArray(S, b, from);
            FloatVector y = FloatVector.fromArray(S, b, from + L);
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
        FloatVector add = FloatVector.broadcast(S, after[first]);
        x0.add(add).intoArray(c, co);
        y0.add(add).intoArray(c, co + L);
        add = FloatVector.broadcast(S, after[first + 1]);
        x1.add(add).intoArray(c, co + ldc);
        y1.add(add).intoArray(c, co + ldc + L);
        add = FloatVector.broadcast(S, after[first + 2]);
        x2.add(add).intoArray(c, co + 2 * ldc);
        y2.add(add).intoArray(c, co + 2 * ldc + L);
        add = FloatVector.broadcast(S, after[first + 3]);
        x3.add(add).intoArray(c, co + 3 * ldc);
        y3.add(add).intoArray(c, co + 3 * ldc + L);
    }

    private static void tile4x1(
            int depth,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] after,
            int first,
            float[] c,
            int co,
            int ldc) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        for (int r = 0; r < depth; r++) {
            int at = ao + r * 4;
            int from = bo + r * STRIP;
            FloatVector x = FloatVector.fromArray(S, b, from);
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
        }
        FloatVector add = FloatVector.broadcast(S, after[first]);
        x0.add(add).intoArray(c, co);
        add = FloatVector.broadcast(S, after[first + 1]);
        x1.add(add).intoArray(c, co + ldc);
        add = FloatVector.broadcast(S, after[first + 2]);
        x2.add(add).intoArray(c, co + 2 * ldc);
        add = FloatVector.broadcast(S, after[first + 3]);
        x3.add(add).intoArray(c, co + 3 * ldc);
    }
}
