package io.tatara.kernels.matmul;

/**
 * Stands in for the vector unit until the compiler has got to it: a tile that is still interpreted
 * makes an object of each vector and is a hundred times slower than these loops, which are machine
 * code after a few calls. Same order of the same operations, so the bits are the same. Each height
 * of tile leaves for good when it has been seen to run faster on vectors.
 */
final class FirstTiles {
    /** One call in so many tries the vectors. */
    private static final int TRY = 8;

    /** Depth whose time says something; the first layer of an image network has 27. */
    private static final int LEAST = 8;

    private final boolean[] left = new boolean[VectorKernels.MAX_ROWS + 1];
    private final long[] plain = new long[VectorKernels.MAX_ROWS + 1];
    private int calls;

    /** Whether tiles of this height run on vectors; races between threads do no harm. */
    boolean left(int h) {
        return left[h];
    }

    void tile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t) {
        boolean vector = ++calls % TRY == 0 && plain[h] > 0;
        long start = System.nanoTime();
        if (vector) {
            VectorKernels.vectorTile(h, k, a, ao, b, bo, t);
        } else {
            plainTile(h, k, a, ao, b, bo, t);
        }
        // Picoseconds a step, so that depths can be compared; at least 1, since 0 means none yet.
        long time = 1 + (System.nanoTime() - start) * 1000 / Math.max(1, k);
        if (!vector) {
            plain[h] = plain[h] == 0 ? time : Math.min(plain[h], time);
        } else if (k >= LEAST && time < plain[h]) {
            left[h] = true;
        }
    }

    private static void plainTile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t) {
        int nr = VectorTiles.NR;
        for (int i = 0; i < h; i++) {
            java.util.Arrays.fill(t, i * nr, (i + 1) * nr, 0);
            for (int p = 0; p < k; p++) {
                row(a[ao + p * h + i], b, bo + p * nr, t, i * nr, nr);
            }
        }
    }

    private static void row(float s, float[] b, int bo, float[] t, int to, int n) {
        for (int j = 0; j < n; j++) {
            t[to + j] = Math.fma(s, b[bo + j], t[to + j]);
        }
    }
}
