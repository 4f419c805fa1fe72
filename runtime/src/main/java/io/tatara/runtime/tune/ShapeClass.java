package io.tatara.runtime.tune;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * Calls that share one choice: the same op with the same attributes, the same types, and extents of
 * the same magnitude. Extents up to 32 count as they are; larger ones as the nearest power of two
 * (by ratio), those that are no multiple of 8 apart from the others ({@code 1024+}), since wide
 * loads need aligned rows.
 *
 * @param text for people and as a key, such as {@code matmul MatMul[…] float32[1024, 64]
 *     float32[64, 512+]}
 */
public record ShapeClass(String text) {
    private static final int EXACT = 32;

    /**
     * @param in null where absent
     */
    public static ShapeClass of(Op op, TensorSpec[] in) {
        StringBuilder s = new StringBuilder(op.name()).append(' ').append(op);
        for (TensorSpec t : in) {
            s.append(' ');
            if (t == null) {
                s.append('-');
                continue;
            }
            s.append(t.dtype().toString().toLowerCase(java.util.Locale.ROOT)).append('[');
            for (int i = 0; i < t.shape().rank(); i++) {
                s.append(i > 0 ? ", " : "").append(extent(t.shape().dim(i)));
            }
            s.append(']');
        }
        return new ShapeClass(s.toString());
    }

    static String extent(int n) {
        if (n <= EXACT) {
            return String.valueOf(n);
        }
        int low = Integer.highestOneBit(n);
        // Nearer to low than to 2 · low by ratio: n² < 2 · low².
        long power = (long) n * n < 2L * low * low ? low : 2L * low;
        return n % 8 == 0 ? String.valueOf(power) : power + "+";
    }

    @Override
    public String toString() {
        return text;
    }
}
