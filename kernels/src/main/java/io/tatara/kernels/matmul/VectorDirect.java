package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.VectorReduce;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** Inner loops on operands as they stand in memory: small products, and products with a vector. */
final class VectorDirect {
    private static final VectorSpecies<Float> S = VectorTiles.S;
    private static final int L = VectorTiles.L;

    private VectorDirect() {}

    /** Four rows, two vectors wide. */
    static void four(
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int ldc,
            boolean add) {
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        FloatVector y0 = FloatVector.zero(S);
        FloatVector y1 = FloatVector.zero(S);
        FloatVector y2 = FloatVector.zero(S);
        FloatVector y3 = FloatVector.zero(S);
        int a1 = ao + ars;
        int a2 = a1 + ars;
        int a3 = a2 + ars;
        for (int p = 0; p < k; p++) {
            FloatVector x = FloatVector.fromArray(S, b, bo + p * ldb);
            FloatVector y = FloatVector.fromArray(S, b, bo + p * ldb + L);
            FloatVector v = FloatVector.broadcast(S, a[ao + p * acs]);
            x0 = v.fma(x, x0);
            y0 = v.fma(y, y0);
            v = FloatVector.broadcast(S, a[a1 + p * acs]);
            x1 = v.fma(x, x1);
            y1 = v.fma(y, y1);
            v = FloatVector.broadcast(S, a[a2 + p * acs]);
            x2 = v.fma(x, x2);
            y2 = v.fma(y, y2);
            v = FloatVector.broadcast(S, a[a3 + p * acs]);
            x3 = v.fma(x, x3);
            y3 = v.fma(y, y3);
        }
        put(c, co, x0, add);
        put(c, co + L, y0, add);
        put(c, co + ldc, x1, add);
        put(c, co + ldc + L, y1, add);
        put(c, co + 2 * ldc, x2, add);
        put(c, co + 2 * ldc + L, y2, add);
        put(c, co + 3 * ldc, x3, add);
        put(c, co + 3 * ldc + L, y3, add);
    }

    /**
     * Small enough to be inlined into cold ends of methods too: a call would put every sum into an
     * object.
     */
    private static void put(float[] c, int at, FloatVector x, boolean add) {
        (add ? x.add(FloatVector.fromArray(S, c, at)) : x).intoArray(c, at);
    }

    /** Four rows of at most one vector: the first n elements. */
    static void fourPart(
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int ldc,
            boolean add) {
        VectorMask<Float> mask = S.indexInRange(0, n);
        FloatVector x0 = FloatVector.zero(S);
        FloatVector x1 = FloatVector.zero(S);
        FloatVector x2 = FloatVector.zero(S);
        FloatVector x3 = FloatVector.zero(S);
        int a1 = ao + ars;
        int a2 = a1 + ars;
        int a3 = a2 + ars;
        for (int p = 0; p < k; p++) {
            FloatVector x = FloatVector.fromArray(S, b, bo + p * ldb, mask);
            x0 = FloatVector.broadcast(S, a[ao + p * acs]).fma(x, x0);
            x1 = FloatVector.broadcast(S, a[a1 + p * acs]).fma(x, x1);
            x2 = FloatVector.broadcast(S, a[a2 + p * acs]).fma(x, x2);
            x3 = FloatVector.broadcast(S, a[a3 + p * acs]).fma(x, x3);
        }
        put(c, co, x0, mask, add);
        put(c, co + ldc, x1, mask, add);
        put(c, co + 2 * ldc, x2, mask, add);
        put(c, co + 3 * ldc, x3, mask, add);
    }

    private static void put(float[] c, int at, FloatVector x, VectorMask<Float> mask, boolean add) {
        (add ? x.add(FloatVector.fromArray(S, c, at, mask)) : x).intoArray(c, at, mask);
    }

    /** c (+)= a0 · row 0 of b + … + a7 · row 7 of b: one pass over c, eight streams of b. */
    static void stream8(
            int n,
            float[] a,
            int ao,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            boolean add) {
        FloatVector v0 = FloatVector.broadcast(S, a[ao]);
        FloatVector v1 = FloatVector.broadcast(S, a[ao + acs]);
        FloatVector v2 = FloatVector.broadcast(S, a[ao + 2 * acs]);
        FloatVector v3 = FloatVector.broadcast(S, a[ao + 3 * acs]);
        FloatVector v4 = FloatVector.broadcast(S, a[ao + 4 * acs]);
        FloatVector v5 = FloatVector.broadcast(S, a[ao + 5 * acs]);
        FloatVector v6 = FloatVector.broadcast(S, a[ao + 6 * acs]);
        FloatVector v7 = FloatVector.broadcast(S, a[ao + 7 * acs]);
        int b1 = bo + ldb;
        int b2 = b1 + ldb;
        int b3 = b2 + ldb;
        int b4 = b3 + ldb;
        int b5 = b4 + ldb;
        int b6 = b5 + ldb;
        int b7 = b6 + ldb;
        int end = S.loopBound(n);
        for (int j = 0; j < end; j += L) {
            FloatVector x = add ? FloatVector.fromArray(S, c, co + j) : FloatVector.zero(S);
            FloatVector y = v4.mul(FloatVector.fromArray(S, b, b4 + j));
            x = v0.fma(FloatVector.fromArray(S, b, bo + j), x);
            y = v5.fma(FloatVector.fromArray(S, b, b5 + j), y);
            x = v1.fma(FloatVector.fromArray(S, b, b1 + j), x);
            y = v6.fma(FloatVector.fromArray(S, b, b6 + j), y);
            x = v2.fma(FloatVector.fromArray(S, b, b2 + j), x);
            y = v7.fma(FloatVector.fromArray(S, b, b7 + j), y);
            x = v3.fma(FloatVector.fromArray(S, b, b3 + j), x);
            x.add(y).intoArray(c, co + j);
        }
        if (end < n) {
            for (int q = 0; q < 8; q++) {
                stream1(n - end, a[ao + q * acs], b, bo + q * ldb + end, c, co + end, add || q > 0);
            }
        }
    }

    /** c (+)= s · b. */
    static void stream1(int n, float s, float[] b, int bo, float[] c, int co, boolean add) {
        FloatVector v = FloatVector.broadcast(S, s);
        int end = S.loopBound(n);
        for (int j = 0; j < end; j += L) {
            FloatVector x = add ? FloatVector.fromArray(S, c, co + j) : FloatVector.zero(S);
            v.fma(FloatVector.fromArray(S, b, bo + j), x).intoArray(c, co + j);
        }
        if (end < n) {
            VectorMask<Float> mask = S.indexInRange(end, n);
            put(c, co + end, v.mul(FloatVector.fromArray(S, b, bo + end, mask)), mask, add);
        }
    }

    /** One row of A times four rows of B. */
    static void dot4(
            int k,
            float[] a,
            int ao,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int ccs,
            boolean add) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = FloatVector.zero(S);
        FloatVector s2 = FloatVector.zero(S);
        FloatVector s3 = FloatVector.zero(S);
        int b1 = bo + ldb;
        int b2 = b1 + ldb;
        int b3 = b2 + ldb;
        int end = S.loopBound(k);
        for (int p = 0; p < end; p += L) {
            FloatVector x = FloatVector.fromArray(S, a, ao + p);
            s0 = x.fma(FloatVector.fromArray(S, b, bo + p), s0);
            s1 = x.fma(FloatVector.fromArray(S, b, b1 + p), s1);
            s2 = x.fma(FloatVector.fromArray(S, b, b2 + p), s2);
            s3 = x.fma(FloatVector.fromArray(S, b, b3 + p), s3);
        }
        if (end < k) {
            VectorMask<Float> mask = S.indexInRange(end, k);
            FloatVector x = FloatVector.fromArray(S, a, ao + end, mask);
            s0 = x.fma(FloatVector.fromArray(S, b, bo + end, mask), s0);
            s1 = x.fma(FloatVector.fromArray(S, b, b1 + end, mask), s1);
            s2 = x.fma(FloatVector.fromArray(S, b, b2 + end, mask), s2);
            s3 = x.fma(FloatVector.fromArray(S, b, b3 + end, mask), s3);
        }
        putSum(c, co, s0, add);
        putSum(c, co + ccs, s1, add);
        putSum(c, co + 2 * ccs, s2, add);
        putSum(c, co + 3 * ccs, s3, add);
    }

    private static void putSum(float[] c, int at, FloatVector x, boolean add) {
        float s = VectorReduce.addLanes(x);
        c[at] = add ? c[at] + s : s;
    }

    static float dot(int k, float[] a, int ao, float[] b, int bo) {
        FloatVector s = FloatVector.zero(S);
        int end = S.loopBound(k);
        for (int p = 0; p < end; p += L) {
            s = FloatVector.fromArray(S, a, ao + p).fma(FloatVector.fromArray(S, b, bo + p), s);
        }
        if (end < k) {
            VectorMask<Float> mask = S.indexInRange(end, k);
            s =
                    FloatVector.fromArray(S, a, ao + end, mask)
                            .fma(FloatVector.fromArray(S, b, bo + end, mask), s);
        }
        return VectorReduce.addLanes(s);
    }
}
