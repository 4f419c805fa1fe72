package io.tatara.kernels.conv;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The transforms on the vector unit. Points A = 3/4 and B = 3/2 beside their negatives, 0 and ∞:
 * all constants but G's are exact, and nearer to one size than with 1 and 2, so that less is lost.
 */
final class VectorWinograd extends WinogradLines {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final float A = 0.75f;
    private static final float B = 1.5f;
    private static final float A2 = A * A;
    private static final float B2 = B * B;
    private static final float A3 = A2 * A;
    private static final float B3 = B2 * B;

    /** Of G: 1 / (2 A² (A² − B²)) and 1 / (2 B² (B² − A²)). */
    private static final double GA = 1 / (2.0 * A2 * (A2 - B2));

    private static final double GB = 1 / (2.0 * B2 * (B2 - A2));
    private static final float[] EVEN = indices(0);
    private static final float[] ODD = indices(1);
    private static final float[] LOW = zipped(0);
    private static final float[] HIGH = zipped(L / 2);

    private static float[] indices(int from) {
        float[] f = new float[L];
        for (int i = 0; i < L; i++) {
            f[i] = from + 2 * i;
        }
        return f;
    }

    private static float[] zipped(int from) {
        float[] f = new float[L];
        for (int i = 0; i < L; i++) {
            f[i] = from + i / 2 + (i % 2 == 0 ? 0 : L);
        }
        return f;
    }

    @Override
    int lanes() {
        return L;
    }

    @Override
    void source(int[] from, int[] to, float[] x, int xo, int xs, int n, float[] y, int yo, int ys) {
        FloatVector ends = FloatVector.broadcast(S, A2 * B2);
        FloatVector middle = FloatVector.broadcast(S, -(A2 + B2));
        FloatVector minusA2 = FloatVector.broadcast(S, -A2);
        FloatVector minusB2 = FloatVector.broadcast(S, -B2);
        FloatVector a = FloatVector.broadcast(S, A);
        FloatVector b = FloatVector.broadcast(S, B);
        for (int k = 0; k < from.length; k++) {
            for (int i = 0; i < n; i += L) {
                int at = from[k] + xo + i;
                int out = to[k] + yo + i;
                FloatVector d0 = FloatVector.fromArray(S, x, at);
                FloatVector d1 = FloatVector.fromArray(S, x, at + xs);
                FloatVector d2 = FloatVector.fromArray(S, x, at + 2 * xs);
                FloatVector d3 = FloatVector.fromArray(S, x, at + 3 * xs);
                FloatVector d4 = FloatVector.fromArray(S, x, at + 4 * xs);
                FloatVector d5 = FloatVector.fromArray(S, x, at + 5 * xs);
                d0.fma(ends, d2.fma(middle, d4)).intoArray(y, out);
                FloatVector even = d2.fma(minusB2, d4);
                FloatVector odd = d1.fma(minusB2, d3);
                odd.fma(a, even).intoArray(y, out + ys);
                even.sub(odd.mul(a)).intoArray(y, out + 2 * ys);
                even = d2.fma(minusA2, d4);
                odd = d1.fma(minusA2, d3);
                odd.fma(b, even).intoArray(y, out + 3 * ys);
                even.sub(odd.mul(b)).intoArray(y, out + 4 * ys);
                d1.fma(ends, d3.fma(middle, d5)).intoArray(y, out + 5 * ys);
            }
        }
    }

    @Override
    void result(int[] from, int[] to, float[] x, int xo, int xs, int n, float[] y, int yo, int ys) {
        FloatVector a = FloatVector.broadcast(S, A);
        FloatVector b = FloatVector.broadcast(S, B);
        FloatVector a2 = FloatVector.broadcast(S, A2);
        FloatVector b2 = FloatVector.broadcast(S, B2);
        FloatVector a3 = FloatVector.broadcast(S, A3);
        FloatVector b3 = FloatVector.broadcast(S, B3);
        for (int k = 0; k < from.length; k++) {
            for (int i = 0; i < n; i += L) {
                int at = from[k] + xo + i;
                int out = to[k] + yo + i;
                FloatVector u = FloatVector.fromArray(S, x, at + xs);
                FloatVector v = FloatVector.fromArray(S, x, at + 2 * xs);
                FloatVector even = u.add(v);
                FloatVector odd = u.sub(v);
                u = FloatVector.fromArray(S, x, at + 3 * xs);
                v = FloatVector.fromArray(S, x, at + 4 * xs);
                FloatVector even2 = u.add(v);
                FloatVector odd2 = u.sub(v);
                FloatVector first = FloatVector.fromArray(S, x, at);
                FloatVector last = FloatVector.fromArray(S, x, at + 5 * xs);
                first.add(even).add(even2).intoArray(y, out);
                odd.fma(a, odd2.mul(b)).intoArray(y, out + ys);
                even.fma(a2, even2.mul(b2)).intoArray(y, out + 2 * ys);
                odd.fma(a3, odd2.fma(b3, last)).intoArray(y, out + 3 * ys);
            }
        }
    }

    @Override
    void taps(int[] from, int[] to, float[] x, int xo, int xs, int n, float[] y, int yo, int ys) {
        FloatVector a = FloatVector.broadcast(S, A);
        FloatVector b = FloatVector.broadcast(S, B);
        FloatVector a2 = FloatVector.broadcast(S, A2);
        FloatVector b2 = FloatVector.broadcast(S, B2);
        FloatVector ga = FloatVector.broadcast(S, (float) GA);
        FloatVector gb = FloatVector.broadcast(S, (float) GB);
        FloatVector g0 = FloatVector.broadcast(S, 1 / (A2 * B2));
        for (int k = 0; k < from.length; k++) {
            for (int i = 0; i < n; i += L) {
                int at = from[k] + xo + i;
                int out = to[k] + yo + i;
                FloatVector u = FloatVector.fromArray(S, x, at);
                FloatVector v = FloatVector.fromArray(S, x, at + xs);
                FloatVector w = FloatVector.fromArray(S, x, at + 2 * xs);
                u.mul(g0).intoArray(y, out);
                FloatVector even = w.fma(a2, u);
                FloatVector odd = v.mul(a);
                even.add(odd).mul(ga).intoArray(y, out + ys);
                even.sub(odd).mul(ga).intoArray(y, out + 2 * ys);
                even = w.fma(b2, u);
                odd = v.mul(b);
                even.add(odd).mul(gb).intoArray(y, out + 3 * ys);
                even.sub(odd).mul(gb).intoArray(y, out + 4 * ys);
                w.intoArray(y, out + 5 * ys);
            }
        }
    }

    @Override
    void part(int rows, int w, float[] x, int xo, float[] y, int yo, int ys, int[] places) {
        int whole = w / (4 * L) * L;
        for (int r = 0; r < rows; r++) {
            int from = xo + r * w;
            int to = yo + r * ys;
            for (int i = 0; i < whole; i += L) {
                quarters(x, from + 4 * i, y, to + i, places);
            }
        }
        if (4 * whole < w) {
            tails(rows, w, 4 * whole, x, xo + 4 * whole, y, yo + whole, ys, places);
        }
    }

    private static void quarters(float[] x, int from, float[] y, int to, int[] places) {
        FloatVector even = FloatVector.fromArray(S, EVEN, 0);
        FloatVector odd = FloatVector.fromArray(S, ODD, 0);
        FloatVector a = FloatVector.fromArray(S, x, from);
        FloatVector b = FloatVector.fromArray(S, x, from + L);
        FloatVector c = FloatVector.fromArray(S, x, from + 2 * L);
        FloatVector d = FloatVector.fromArray(S, x, from + 3 * L);
        FloatVector u = even.selectFrom(a, b);
        FloatVector v = even.selectFrom(c, d);
        even.selectFrom(u, v).intoArray(y, to + places[0]);
        odd.selectFrom(u, v).intoArray(y, to + places[2]);
        u = odd.selectFrom(a, b);
        v = odd.selectFrom(c, d);
        even.selectFrom(u, v).intoArray(y, to + places[1]);
        odd.selectFrom(u, v).intoArray(y, to + places[3]);
    }

    /** The columns from {@code done} on, fewer than four vectors of them. */
    private static void tails(
            int rows, int w, int done, float[] x, int xo, float[] y, int yo, int ys, int[] places) {
        int n = w - done;
        VectorMask<Float> m0 = S.indexInRange(0, n);
        VectorMask<Float> m1 = S.indexInRange(L, n);
        VectorMask<Float> m2 = S.indexInRange(2 * L, n);
        VectorMask<Float> m3 = S.indexInRange(3 * L, n);
        FloatVector even = FloatVector.fromArray(S, EVEN, 0);
        FloatVector odd = FloatVector.fromArray(S, ODD, 0);
        for (int r = 0; r < rows; r++) {
            int from = xo + r * w;
            int to = yo + r * ys;
            FloatVector a = FloatVector.fromArray(S, x, from, m0);
            FloatVector b = FloatVector.fromArray(S, x, from + L, m1);
            FloatVector c = FloatVector.fromArray(S, x, from + 2 * L, m2);
            FloatVector d = FloatVector.fromArray(S, x, from + 3 * L, m3);
            FloatVector u = even.selectFrom(a, b);
            FloatVector v = even.selectFrom(c, d);
            even.selectFrom(u, v).intoArray(y, to + places[0]);
            odd.selectFrom(u, v).intoArray(y, to + places[2]);
            u = odd.selectFrom(a, b);
            v = odd.selectFrom(c, d);
            even.selectFrom(u, v).intoArray(y, to + places[1]);
            odd.selectFrom(u, v).intoArray(y, to + places[3]);
        }
    }

    @Override
    void weave(
            int rows, float[] x, int xo, int xs, int n, float bias, float[] y, int yo, int limit) {
        FloatVector low = FloatVector.fromArray(S, LOW, 0);
        FloatVector high = FloatVector.fromArray(S, HIGH, 0);
        FloatVector more = FloatVector.broadcast(S, bias);
        for (int r = 0; r < rows; r++) {
            int at = xo + 4 * r * xs;
            int to = yo + r * n;
            int i = 0;
            for (; i < n && to + i + 4 * L <= limit; i += 4 * L) {
                int from = at + i / 4;
                FloatVector a = FloatVector.fromArray(S, x, from).add(more);
                FloatVector b = FloatVector.fromArray(S, x, from + xs).add(more);
                FloatVector c = FloatVector.fromArray(S, x, from + 2 * xs).add(more);
                FloatVector d = FloatVector.fromArray(S, x, from + 3 * xs).add(more);
                FloatVector u = low.selectFrom(a, c);
                FloatVector v = low.selectFrom(b, d);
                low.selectFrom(u, v).intoArray(y, to + i);
                high.selectFrom(u, v).intoArray(y, to + i + L);
                u = high.selectFrom(a, c);
                v = high.selectFrom(b, d);
                low.selectFrom(u, v).intoArray(y, to + i + 2 * L);
                high.selectFrom(u, v).intoArray(y, to + i + 3 * L);
            }
            for (int j = i; j < n; j++) {
                y[to + j] = x[at + j % 4 * xs + j / 4] + bias;
            }
        }
    }
}
