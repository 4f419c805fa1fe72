package io.tatara.kernels.causal;

import io.tatara.kernels.jvm.JvmArray;
import java.util.function.Supplier;

/**
 * Matrices of weights that are multiplied by one vector after the other, so that reading them is
 * the roof: [matrix][input][output], each vector of them loaded for one multiply-add (two, where
 * all weights are bfloat16 numbers, which take half the room; the products have the same bits
 * either way).
 *
 * @param depth inputs
 * @param padded outputs, filled up to what {@link CausalTiles#vector} takes
 * @param floats the weights, or null
 * @param pairs the weights as {@link CausalTiles#vector} takes those in 16 bits, or null
 */
record Packed(int depth, int padded, float[] floats, int[] pairs) {
    private static final int LOWER = 0xffff;

    private record Key(int count, int rows, int channels, int taps) {}

    /**
     * @param weight [count, rows, channels, taps]; inputs are packed [taps, channels]
     */
    static Packed of(
            CausalTiles tiles, JvmArray weight, int count, int rows, int channels, int taps) {
        Supplier<Packed> make = () -> make(tiles, weight.f(), count, rows, channels, taps);
        return weight.packs() == null
                ? make.get()
                : weight.packs().get(new Key(count, rows, channels, taps), make);
    }

    private static Packed make(
            CausalTiles tiles, float[] from, int count, int rows, int channels, int taps) {
        int depth = channels * taps;
        boolean halves = areHalves(from, count * rows * depth);
        int step = tiles.step();
        int padded = ShiftedProduct.up(rows, halves ? 2 * step : step);
        int size = Math.multiplyExact(count * depth, padded);
        float[] floats = halves ? null : new float[size];
        int[] pairs = halves ? new int[size / 2] : null;
        for (int i = 0; i < count * rows * depth; i++) {
            int row = i / depth % rows;
            int input = i % taps * channels + i / taps % channels;
            int to = (i / depth / rows * depth + input) * padded;
            if (halves) {
                int upper = row / step % 2;
                int bits = Float.floatToRawIntBits(from[i]);
                int word = to / 2 + row / (2 * step) * step + row % step;
                pairs[word] |= upper == 1 ? bits : bits >>> 16;
            } else {
                floats[to + row] = from[i];
            }
        }
        return new Packed(depth, padded, floats, pairs);
    }

    private static boolean areHalves(float[] values, int n) {
        for (int i = 0; i < n; i++) {
            if ((Float.floatToRawIntBits(values[i]) & LOWER) != 0) {
                return false;
            }
        }
        return true;
    }

    /** y[0 … padded) = a matrix times v. */
    void times(CausalTiles tiles, int matrix, float[] v, float[] y) {
        int from = matrix * depth * padded;
        if (pairs == null) {
            tiles.vector(padded, depth, v, floats, from, y, 0);
        } else {
            tiles.vector(padded, depth, v, pairs, from / 2, y, 0);
        }
    }
}
