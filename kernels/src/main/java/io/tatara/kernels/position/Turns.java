package io.tatara.kernels.position;

/**
 * The ratio base^(−2/R) of neighbouring frequencies for device code, as a fraction of 2⁶⁴ in two
 * words; see angles.cl.
 */
record Turns(int high, int low) {
    static Turns of(int rotated, float base) {
        // Just under 1 where rounding made it 1.
        double ratio = Math.min(Math.pow(base, -2.0 / rotated), Math.nextDown(1.0));
        double scaled = ratio * 0x1p32;
        long high = (long) scaled;
        return new Turns((int) high, (int) (long) ((scaled - high) * 0x1p32));
    }
}
