package io.tatara.kernels.pointwise;

import static io.tatara.kernels.pointwise.Philox.MULTIPLIER_0;
import static io.tatara.kernels.pointwise.Philox.MULTIPLIER_1;
import static io.tatara.kernels.pointwise.Philox.ROUNDS;
import static io.tatara.kernels.pointwise.Philox.STEP;
import static io.tatara.kernels.pointwise.Philox.WEYL_0;
import static io.tatara.kernels.pointwise.Philox.WEYL_1;

/**
 * {@link Philox} for runs of elements. 256 counters go through each round together, their four
 * words in the four quarters of an array, from one array into another: in that form the compiler
 * turns the rounds into vector code by itself (three times as fast as one counter after the other).
 * Not for several threads.
 */
public final class PhiloxRun {
    /** Counters that go together. */
    private static final int Q = 256;

    private static final long LOW = 0xffffffffL;

    private long[] now = new long[4 * Q];
    private long[] next = new long[4 * Q];

    /** The uniform numbers of elements [from, from + n), from a multiple of 4, n at most 1024. */
    public void fill(int seed0, int seed1, int stream, int from, float[] y, int yo, int n) {
        int whole = n < Q ? 0 : n & ~3;
        if (whole > 0) {
            start(from >>> 2, stream);
            int k0 = seed0;
            int k1 = seed1;
            for (int r = 0; r < ROUNDS; r++) {
                round(now, next, k0 & LOW, k1 & LOW);
                long[] t = now;
                now = next;
                next = t;
                k0 += WEYL_0;
                k1 += WEYL_1;
            }
            convert(now, y, yo, whole / 4);
        }
        for (int i = whole; i < n; i++) {
            y[yo + i] = Philox.uniform(seed0, seed1, stream, from + i);
        }
    }

    private void start(int counter, int stream) {
        for (int i = 0; i < Q; i++) {
            now[i] = (counter + i) & LOW;
            now[i + Q] = 0;
            now[i + 2 * Q] = stream & LOW;
            now[i + 3 * Q] = 0;
        }
    }

    private static void round(long[] c, long[] d, long k0, long k1) {
        for (int i = 0; i < Q; i++) {
            long p = MULTIPLIER_1 * (c[i + 2 * Q] & LOW);
            d[i] = (p >>> 32) ^ c[i + Q] ^ k0;
            d[i + Q] = p & LOW;
        }
        for (int i = 0; i < Q; i++) {
            long p = MULTIPLIER_0 * (c[i] & LOW);
            d[i + 2 * Q] = (p >>> 32) ^ c[i + 3 * Q] ^ k1;
            d[i + 3 * Q] = p & LOW;
        }
    }

    private static void convert(long[] c, float[] y, int yo, int counters) {
        for (int i = 0; i < counters; i++) {
            int at = yo + 4 * i;
            y[at] = ((int) c[i] >>> 8) * STEP;
            y[at + 1] = ((int) c[i + Q] >>> 8) * STEP;
            y[at + 2] = ((int) c[i + 2 * Q] >>> 8) * STEP;
            y[at + 3] = ((int) c[i + 3 * Q] >>> 8) * STEP;
        }
    }
}
