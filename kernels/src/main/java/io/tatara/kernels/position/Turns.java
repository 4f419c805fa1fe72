package io.tatara.kernels.position;

/**
 * The frequencies base^(−2i/R) for device code: the factors base^(−2^(k+1)/R) as fractions of 2⁶⁴,
 * of which those of the bits of i are multiplied; see angles.cl.
 */
final class Turns {
    private Turns() {}

    /**
     * Number of factors that pairs 0 … pairs − 1 need.
     *
     * @param pairs at least 1
     */
    static int levels(int pairs) {
        return Math.max(1, 32 - Integer.numberOfLeadingZeros(pairs - 1));
    }

    /** The factors as the initializer of an array of uints, high and low words in turn. */
    static String factors(int pairs, int rotated, float base) {
        StringBuilder s = new StringBuilder("{");
        for (int k = 0; k < levels(pairs); k++) {
            double f = Math.pow(base, -2.0 * (1L << k) / rotated);
            // Just under 1 where rounding made it 1.
            double scaled = Math.min(f, Math.nextDown(1.0)) * 0x1p32;
            long high = (long) scaled;
            long low = (long) ((scaled - high) * 0x1p32);
            s.append(k == 0 ? "" : ",").append(high).append("u,").append(low).append('u');
        }
        return s.append('}').toString();
    }
}
