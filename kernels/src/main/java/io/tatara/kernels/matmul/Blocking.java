package io.tatara.kernels.matmul;

/** Block sizes: measured on a core with 48 KB of L1 and 1 MB of L2, tame elsewhere. */
final class Blocking {
    /** Depth of a block: a panel of A is 12 · KC floats, one of B 32 · KC. */
    static final int KC = 512;

    /** Panels of B in a group: with KC they take half of L2. */
    static final int GROUP = 8;

    /** Rows that a task should have at least, so that packing its part of B pays. */
    static final int LEAST_ROWS = 96;

    /** Largest part of a product that is packed at once, so that scratch memory stays bounded. */
    static final int MAX_M = 2304;

    static final int MAX_N = 4096;
    static final int MAX_K = 4096;

    /** Multiplications below which waking a second thread does not pay. */
    static final long SERIAL = 1 << 19;

    private Blocking() {}

    static int ceil(int x, int step) {
        return (x + step - 1) / step;
    }

    static int up(int x, int step) {
        return ceil(x, step) * step;
    }
}
