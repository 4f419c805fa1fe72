package io.tatara.kernels.pool;

import io.tatara.kernels.Checks;

/**
 * Places along one axis as fractions of integers: output o stands at max(0, o · step + start) / den
 * of the input. A floor in floats could fall on the wrong element, and weights would lose digits.
 *
 * @param in extent of the input
 * @param out extent of the output
 */
record UpsampleAxis(int in, int out, int step, int start, int den) {
    static UpsampleAxis of(UpsampleMode mode, int in, int out) {
        return switch (mode) {
            case NEAREST -> new UpsampleAxis(in, out, in, 0, out);
            case BILINEAR -> new UpsampleAxis(in, out, 2 * in, in - out, 2 * out);
            case BILINEAR_ALIGNED ->
                    new UpsampleAxis(in, out, out == 1 ? 0 : in - 1, 0, Math.max(1, out - 1));
        };
    }

    static void check(Checks check, String arg, int in, int out) {
        check.that(
                in > 0 && out > 0 && 4L * (in + 1L) * (out + 1L) < Integer.MAX_VALUE,
                arg,
                in + " to " + out,
                "extents of at least 1 whose product is below 2^29");
    }

    /** Input element at or before output o's place. */
    int low(int o) {
        return Math.min(Math.max(0, o * step + start) / den, in - 1);
    }

    /** Distance of output o's place from {@link #low}, in [0, 1). */
    float fraction(int o) {
        return (float) (Math.max(0, o * step + start) % den) / den;
    }

    int[] lows() {
        int[] a = new int[out];
        java.util.Arrays.setAll(a, this::low);
        return a;
    }

    /** Fractions of all outputs: 0 where there is nothing to blend with. */
    float[] fractions(boolean blend) {
        float[] f = new float[out];
        for (int o = 0; o < out && blend; o++) {
            f[o] = low(o) + 1 < in ? fraction(o) : 0;
        }
        return f;
    }
}
