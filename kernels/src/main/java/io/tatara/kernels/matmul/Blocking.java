package io.tatara.kernels.matmul;

/** Block sizes: measured on a core with 48 KB of L1 and 1 MB of L2, tame elsewhere. */
final class Blocking {
    /** Depth of a block where k is cut: a panel of A is 12 · KC floats, one of B 32 · KC. */
    private static final int KC = 512;

    /** Depth that is not cut: C is then written once. */
    private static final int WHOLE = 1024;

    /** Rows of all panels of B in a group: they take half of L2. */
    private static final int GROUP_ROWS = 4096;

    /** Floats of a packed A that the second-level cache and its prefetcher no longer cope with. */
    static final int LARGE_A = 3 << 19;

    /** Rows that a task should have at least, so that packing its part of B pays. */
    static final int LEAST_ROWS = 96;

    /** Largest part of a product that is packed at once, so that scratch memory stays bounded. */
    static final int MAX_M = 2304;

    static final int MAX_N = 4096;
    static final int MAX_K = 4096;

    /** Multiplications below which waking a second thread does not pay. */
    static final long SERIAL = 1 << 19;

    private Blocking() {}

    /** Depth of a block of a product. */
    static int depth(int k) {
        return k <= WHOLE ? k : KC;
    }

    /** Most panels of B in a group. */
    static int group(int k) {
        return Math.clamp(GROUP_ROWS / depth(k), 4, 8);
    }

    static int ceil(int x, int step) {
        return (x + step - 1) / step;
    }

    static int up(int x, int step) {
        return ceil(x, step) * step;
    }
}
