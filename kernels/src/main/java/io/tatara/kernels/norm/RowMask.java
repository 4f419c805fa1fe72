package io.tatara.kernels.norm;

import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.PhiloxRun;

/** Dropout of runs of a tensor's elements on the JVM. Not for several threads. */
final class RowMask {
    private static final int BLOCK = 1024;

    private final PhiloxRun random = new PhiloxRun();
    private final float[] uniform = new float[BLOCK];
    private final float[] grown = new float[BLOCK];
    private final float[] zeros = new float[BLOCK];
    private final float p;
    private final float keep;
    private final int[] seed;

    RowMask(float p, int[] seed) {
        this.p = p;
        this.seed = seed;
        keep = NormCall.keep(p);
    }

    /** y = dropout(x) for elements [at, at + n) of both; they may be the same array. */
    void apply(float[] x, float[] y, int at, int n, Lanes lanes) {
        int end = at + n;
        for (int i = at; i < end; ) {
            // Random numbers come in fours.
            int base = i & ~3;
            int len = Math.min(BLOCK, end - base) - (i - base);
            int skip = i - base;
            random.fill(seed[0], seed[1], 0, base, uniform, 0, skip + len);
            lanes.binaryScalar(BinaryOp.GREATER_EQUAL, uniform, skip, p, uniform, skip, len);
            lanes.binaryScalar(BinaryOp.MUL, x, i, keep, grown, 0, len);
            lanes.select(uniform, skip, grown, 0, zeros, 0, y, i, len);
            i += len;
        }
    }
}
