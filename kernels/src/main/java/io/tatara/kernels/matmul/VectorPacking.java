package io.tatara.kernels.matmul;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposing pack on the vector unit: squares of L × L elements. A pass interleaves vector i with
 * vector i + L/2 into vectors 2i and 2i + 1, which rotates the bits of an element's place (row,
 * column) by one; after log2 L passes row and column have changed places. Passes are done two at a
 * time in registers.
 */
final class VectorPacking {
    private static final VectorSpecies<Float> S = VectorTiles.S;
    private static final int L = VectorTiles.L;
    private static final int PASSES = Integer.numberOfTrailingZeros(L);
    private static final float[] LOW = interleave(0);
    private static final float[] HIGH = interleave(L / 2);

    private VectorPacking() {}

    private static float[] interleave(int from) {
        float[] f = new float[L];
        for (int i = 0; i < L; i++) {
            f[i] = from + i / 2 + (i % 2 == 0 ? 0 : L);
        }
        return f;
    }

    /**
     * One row of B to its place in each of several panels; for so few floats a copying call costs
     * more.
     */
    static void row(int count, float[] x, int xo, float[] panels, int po, int step) {
        for (int q = 0; q < count; q++) {
            FloatVector a = FloatVector.fromArray(S, x, xo + q * 2 * L);
            FloatVector b = FloatVector.fromArray(S, x, xo + q * 2 * L + L);
            a.intoArray(panels, po + q * step);
            b.intoArray(panels, po + q * step + L);
        }
    }

    /** As {@link MicroKernels#packTransposed}. */
    static void pack(int rows, int k, float[] x, int xo, int ld, int width, float[] panel, int po) {
        // Squares are as wide as a vector; where the panel is narrower, each row of a square spills
        // into
        // the next, which is written after it. The last rows of the panel must not spill: plain
        // loops.
        int spill = Math.max(0, L - width % L) % L;
        int end = k - (spill + width - 1) / width;
        float[] t = new float[L * L];
        int done = 0;
        for (; done + L <= end; done += L) {
            for (int i = 0; i < rows; i += L) {
                int from = xo + i * ld + done;
                int to = po + done * width + i;
                int last = Math.min(L, rows - i) - 1;
                if (PASSES == 2) {
                    first(last, x, from, ld, panel, to, width);
                } else {
                    first(last, x, from, ld, t, 0, L);
                    if (PASSES == 3) {
                        single(t, panel, to, width);
                    } else {
                        twice(t, panel, to, width);
                    }
                }
            }
        }
        Packing.transposed(0, rows, done, k, x, xo, ld, width, panel, po);
        Packing.clear(rows, k, width, panel, po);
    }

    /**
     * Two passes from the square as it stands; rows that are not there are read as the last one.
     */
    private static void first(int last, float[] x, int xo, int ld, float[] to, int at, int step) {
        FloatVector low = FloatVector.fromArray(S, LOW, 0);
        FloatVector high = FloatVector.fromArray(S, HIGH, 0);
        for (int i = 0; i < L / 4; i++) {
            FloatVector a = FloatVector.fromArray(S, x, xo + Math.min(i, last) * ld);
            FloatVector b = FloatVector.fromArray(S, x, xo + Math.min(i + L / 4, last) * ld);
            FloatVector c = FloatVector.fromArray(S, x, xo + Math.min(i + L / 2, last) * ld);
            FloatVector d =
                    FloatVector.fromArray(S, x, xo + Math.min(i + L / 2 + L / 4, last) * ld);
            four(low, high, a, b, c, d, to, at + 4 * i * step, step);
        }
    }

    private static void twice(float[] t, float[] to, int at, int step) {
        FloatVector low = FloatVector.fromArray(S, LOW, 0);
        FloatVector high = FloatVector.fromArray(S, HIGH, 0);
        for (int i = 0; i < L / 4; i++) {
            FloatVector a = FloatVector.fromArray(S, t, i * L);
            FloatVector b = FloatVector.fromArray(S, t, (i + L / 4) * L);
            FloatVector c = FloatVector.fromArray(S, t, (i + L / 2) * L);
            FloatVector d = FloatVector.fromArray(S, t, (i + L / 2 + L / 4) * L);
            four(low, high, a, b, c, d, to, at + 4 * i * step, step);
        }
    }

    private static void four(
            FloatVector low,
            FloatVector high,
            FloatVector a,
            FloatVector b,
            FloatVector c,
            FloatVector d,
            float[] to,
            int at,
            int step) {
        FloatVector p = low.selectFrom(a, c);
        FloatVector q = low.selectFrom(b, d);
        low.selectFrom(p, q).intoArray(to, at);
        high.selectFrom(p, q).intoArray(to, at + step);
        p = high.selectFrom(a, c);
        q = high.selectFrom(b, d);
        low.selectFrom(p, q).intoArray(to, at + 2 * step);
        high.selectFrom(p, q).intoArray(to, at + 3 * step);
    }

    private static void single(float[] t, float[] to, int at, int step) {
        FloatVector low = FloatVector.fromArray(S, LOW, 0);
        FloatVector high = FloatVector.fromArray(S, HIGH, 0);
        for (int i = 0; i < L / 2; i++) {
            FloatVector a = FloatVector.fromArray(S, t, i * L);
            FloatVector b = FloatVector.fromArray(S, t, (i + L / 2) * L);
            low.selectFrom(a, b).intoArray(to, at + 2 * i * step);
            high.selectFrom(a, b).intoArray(to, at + (2 * i + 1) * step);
        }
    }
}
