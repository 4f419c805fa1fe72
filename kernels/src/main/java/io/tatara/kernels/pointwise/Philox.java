package io.tatara.kernels.pointwise;

/**
 * Philox4x32-10, a counter-based generator: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers:
 * As Easy as 1, 2, 3", 2011. Element e of stream s takes word e mod 4 of the block with counter (e
 * / 4, 0, s, 0) and the seed as key; its upper 24 bits are a float in [0, 1) without rounding.
 * {@code functions.cl} computes the same bits.
 */
public final class Philox {
    static final long MULTIPLIER_0 = 0xD2511F53L;
    static final long MULTIPLIER_1 = 0xCD9E8D57L;
    static final int WEYL_0 = 0x9E3779B9;
    static final int WEYL_1 = 0xBB67AE85;
    static final int ROUNDS = 10;
    static final float STEP = 0x1p-24f;

    private Philox() {}

    /** The four words of a block. */
    public static int[] block(int k0, int k1, int c0, int c1, int c2, int c3) {
        int[] c = {c0, c1, c2, c3};
        for (int r = 0; r < ROUNDS; r++) {
            long p0 = MULTIPLIER_0 * (c[0] & 0xffffffffL);
            long p1 = MULTIPLIER_1 * (c[2] & 0xffffffffL);
            c =
                    new int[] {
                        (int) (p1 >>> 32) ^ c[1] ^ k0,
                        (int) p1,
                        (int) (p0 >>> 32) ^ c[3] ^ k1,
                        (int) p0
                    };
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return c;
    }

    /** The uniform number of one element. */
    public static float uniform(int seed0, int seed1, int stream, int element) {
        return (block(seed0, seed1, element >>> 2, 0, stream, 0)[element & 3] >>> 8) * STEP;
    }
}
