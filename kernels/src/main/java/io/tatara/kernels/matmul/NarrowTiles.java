package io.tatara.kernels.matmul;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Tiles for a register file of 16 vectors, otherwise as in {@link VectorTiles}: 6 × 2 sums, two
 * vectors of B and one of A leave one register free.
 *
 * <p>C2 likes to load early and would put sums on the stack for it. The fences, which are no
 * instruction on x86, keep each load of A behind the one before.
 */
final class NarrowTiles {
    private static final VectorSpecies<Float> S = VectorTiles.S;
    private static final int L = VectorTiles.L;
    private static final int NR = VectorTiles.NR;

    private NarrowTiles() {}

    static void rows6(int k, float[] a, int ao, float[] b, int bo, float[] t) {
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
        for (int p = 0; p < k; p++) {
            int at = ao + p * 6;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            VarHandle.loadLoadFence();
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
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
    }

    /** As {@link #rows6}, with what follows, see {@link MicroKernels#tileTo}. */
    static void rows6To(
            int k,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] bias,
            int first,
            boolean relu,
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
        FloatVector x4 = FloatVector.zero(S);
        FloatVector y4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        FloatVector y5 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p * 6;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * NR + L);
            VarHandle.loadLoadFence();
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            y4 = v.fma(y, y4);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
            y5 = v.fma(y, y5);
        }
        FloatVector least = FloatVector.broadcast(S, relu ? 0f : Float.NEGATIVE_INFINITY);
        FloatVector add = FloatVector.broadcast(S, bias[first]);
        x0.add(add).max(least).intoArray(c, co);
        y0.add(add).max(least).intoArray(c, co + L);
        add = FloatVector.broadcast(S, bias[first + 1]);
        x1.add(add).max(least).intoArray(c, co + ldc);
        y1.add(add).max(least).intoArray(c, co + ldc + L);
        add = FloatVector.broadcast(S, bias[first + 2]);
        x2.add(add).max(least).intoArray(c, co + 2 * ldc);
        y2.add(add).max(least).intoArray(c, co + 2 * ldc + L);
        add = FloatVector.broadcast(S, bias[first + 3]);
        x3.add(add).max(least).intoArray(c, co + 3 * ldc);
        y3.add(add).max(least).intoArray(c, co + 3 * ldc + L);
        add = FloatVector.broadcast(S, bias[first + 4]);
        x4.add(add).max(least).intoArray(c, co + 4 * ldc);
        y4.add(add).max(least).intoArray(c, co + 4 * ldc + L);
        add = FloatVector.broadcast(S, bias[first + 5]);
        x5.add(add).max(least).intoArray(c, co + 5 * ldc);
        y5.add(add).max(least).intoArray(c, co + 5 * ldc + L);
    }

    /** The first half of the columns of {@link #rows6}'s tile. */
    static void rows6Half(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector x4 = FloatVector.zero(S);
        FloatVector x5 = FloatVector.zero(S);
        for (int p = 0; p < k; p++) {
            int at = ao + p * 6;
            FloatVector x = FloatVector.fromArray(S, b, bo + p * NR);
            VarHandle.loadLoadFence();
            FloatVector v = FloatVector.broadcast(S, a[at]);
            x0 = v.fma(x, x0);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 1]);
            x1 = v.fma(x, x1);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 2]);
            x2 = v.fma(x, x2);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 3]);
            x3 = v.fma(x, x3);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 4]);
            x4 = v.fma(x, x4);
            VarHandle.loadLoadFence();
            v = FloatVector.broadcast(S, a[at + 5]);
            x5 = v.fma(x, x5);
        }
        x0.intoArray(t, 0);
        x1.intoArray(t, NR);
        x2.intoArray(t, 2 * NR);
        x3.intoArray(t, 3 * NR);
        x4.intoArray(t, 4 * NR);
        x5.intoArray(t, 5 * NR);
    }
}
