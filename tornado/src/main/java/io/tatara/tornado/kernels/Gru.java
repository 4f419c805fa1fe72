package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Recurrence.*;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The GRU cell, gates r, z, n, in both reset conventions. Where the reset comes before the product
 * a step is two launches. The first one's tiles are those of {@link Recurrence#stepProduct},
 * written out: an item has two or three sums, a method one result.
 */
public final class Gru {
    private Gru() {}

    /** Both biases of a gate. */
    static float biases(FloatArray h, int optional, int bIh, int bHh, int i) {
        float b = 0.0f;
        if (has(optional, BIAS)) {
            b = b + h.get(bIh + i);
        }
        if (has(optional, BIAS_HH)) {
            b = b + h.get(bHh + i);
        }
        return b;
    }

    /** gates, y, hN, h0, lengths, w, bIh, bHh, T, N, H, s, and definitions. */
    public static void gruStep(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int gates = a.get(0);
        int y = a.get(1);
        int hN = a.get(2);
        int h0 = a.get(3);
        int lengths = a.get(4);
        int w = a.get(5);
        int bIh = a.get(6);
        int bHh = a.get(7);
        int steps = a.get(8);
        int rows = a.get(9);
        int width = a.get(10);
        int s = a.get(11);
        int resetAfter = a.get(12);
        int optional = a.get(13);
        int reverse = a.get(14);
        int directions = a.get(15);
        int tileRows = a.get(16);
        int split = a.get(17);
        int[] at = c.allocateIntLocalArray(16);
        float[] xs = c.allocateFloatLocalArray(528);
        float[] ws = c.allocateFloatLocalArray(1584);
        int lid = c.localIdx;
        int d = c.groupIdz;
        int unit0 = c.groupIdx * 16;
        int row0 = c.groupIdy * tileRows;
        int u = lid % 16;
        int r = lid / 16 % tileRows;
        int part = lid / (16 * tileRows);
        int j = unit0 + u;
        int n = row0 + r;
        int t = stepTime(reverse, d, s, steps);
        int count = 2 + resetAfter;
        if (lid < tileRows) {
            at[lid] =
                    stateBefore(
                            g,
                            lengths,
                            optional,
                            reverse,
                            directions,
                            d,
                            t,
                            row0 + lid,
                            steps,
                            rows,
                            width);
        }
        c.localBarrier();
        int weights = w + d * 3 * width * width;
        float s0 = 0.0f;
        float s1 = 0.0f;
        float s2 = 0.0f;
        for (int k0 = 0; k0 < width; k0 = k0 + 32) {
            for (int i = lid; i < tileRows * 32; i = i + 256) {
                xs[i / 32 * 33 + i % 32] = elementWithin(h, y, h0, at[i / 32], k0 + i % 32, width);
            }
            for (int i = lid; i < count * 512; i = i + 256) {
                int row = i / 32;
                int unit = unit0 + row % 16;
                ws[row * 33 + i % 32] = weight(h, weights, row / 16, unit, k0 + i % 32, width);
            }
            c.localBarrier();
            for (int k = part; k < 32; k = k + split) {
                float v = xs[r * 33 + k];
                s0 = s0 + v * ws[u * 33 + k];
                s1 = s1 + v * ws[(16 + u) * 33 + k];
                if (count > 2) {
                    s2 = s2 + v * ws[(32 + u) * 33 + k];
                }
            }
            c.localBarrier();
        }
        ws[lid] = s0;
        ws[256 + lid] = s1;
        if (count > 2) {
            ws[512 + lid] = s2;
        }
        c.localBarrier();
        int joined = 0;
        if (lid < 16 * tileRows) {
            joined = split;
        }
        s0 = 0.0f;
        s1 = 0.0f;
        s2 = 0.0f;
        for (int p = 0; p < joined; p++) {
            s0 = s0 + ws[p * 16 * tileRows + lid];
            s1 = s1 + ws[256 + p * 16 * tileRows + lid];
            if (count > 2) {
                s2 = s2 + ws[512 + p * 16 * tileRows + lid];
            }
        }
        if (lid < 16 * tileRows && n < rows && j < width) {
            int o = gates + ((d * steps + t) * rows + n) * 4 * width + j;
            int b = d * 3 * width + j;
            int length = rowLength(g, lengths, optional, n, steps);
            if (t < length) {
                float old =
                        element(
                                h,
                                y,
                                h0,
                                stateBefore(
                                        g,
                                        lengths,
                                        optional,
                                        reverse,
                                        directions,
                                        d,
                                        t,
                                        n,
                                        steps,
                                        rows,
                                        width),
                                j);
                float reset = Fn.logistic(h.get(o) + s0 + biases(h, optional, bIh, bHh, b));
                float z =
                        Fn.logistic(
                                h.get(o + width) + s1 + biases(h, optional, bIh, bHh, b + width));
                h.set(o, reset);
                h.set(o + width, z);
                if (resetAfter == 1) {
                    float v = h.get(o + 2 * width);
                    float q = s2;
                    if (has(optional, BIAS)) {
                        v = v + h.get(bIh + b + 2 * width);
                    }
                    if (has(optional, BIAS_HH)) {
                        q = q + h.get(bHh + b + 2 * width);
                    }
                    float cand = TornadoMath.tanh(v + reset * q);
                    h.set(o + 2 * width, cand);
                    h.set(o + 3 * width, q);
                    float state = cand + z * (old - cand);
                    h.set(y + ((t * rows + n) * directions + d) * width + j, state);
                    if (has(optional, FINAL) && lastStep(reverse, d, t, length)) {
                        h.set(hN + (d * rows + n) * width + j, state);
                    }
                } else {
                    h.set(o + 3 * width, reset * old);
                }
            } else {
                h.set(o, 0.0f);
                h.set(o + width, 0.0f);
                h.set(o + 2 * width, 0.0f);
                h.set(o + 3 * width, 0.0f);
                h.set(y + ((t * rows + n) * directions + d) * width + j, 0.0f);
            }
        }
    }

    /**
     * gates, y, hN, h0, lengths, w, bIh, bHh, T, N, H, s, and definitions: the second half where
     * the reset comes before the product.
     */
    public static void gruCandidate(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int gates = a.get(0);
        int y = a.get(1);
        int hN = a.get(2);
        int h0 = a.get(3);
        int lengths = a.get(4);
        int w = a.get(5);
        int bIh = a.get(6);
        int bHh = a.get(7);
        int steps = a.get(8);
        int rows = a.get(9);
        int width = a.get(10);
        int s = a.get(11);
        int optional = a.get(12);
        int reverse = a.get(13);
        int directions = a.get(14);
        int tileRows = a.get(15);
        int split = a.get(16);
        int lid = c.localIdx;
        int d = c.groupIdz;
        int row0 = c.groupIdy * tileRows;
        int j = c.groupIdx * 16 + lid % 16;
        int n = row0 + lid / 16 % tileRows;
        int t = stepTime(reverse, d, s, steps);
        int state = -1;
        if (row0 + lid < rows) {
            state = ((d * steps + t) * rows + row0 + lid) * 4 * width + 3 * width;
        }
        int weights = w + (d * 3 + 2) * width * width;
        float s0 = stepProduct(c, h, gates, gates, state, weights, width, tileRows, split);
        if (lid < 16 * tileRows && n < rows && j < width) {
            int o = gates + ((d * steps + t) * rows + n) * 4 * width + j;
            int length = rowLength(g, lengths, optional, n, steps);
            if (t < length) {
                int b = (d * 3 + 2) * width + j;
                float cand =
                        TornadoMath.tanh(
                                h.get(o + 2 * width) + s0 + biases(h, optional, bIh, bHh, b));
                float z = h.get(o + width);
                float old =
                        element(
                                h,
                                y,
                                h0,
                                stateBefore(
                                        g,
                                        lengths,
                                        optional,
                                        reverse,
                                        directions,
                                        d,
                                        t,
                                        n,
                                        steps,
                                        rows,
                                        width),
                                j);
                h.set(o + 2 * width, cand);
                float next = cand + z * (old - cand);
                h.set(y + ((t * rows + n) * directions + d) * width + j, next);
                if (has(optional, FINAL) && lastStep(reverse, d, t, length)) {
                    h.set(hN + (d * rows + n) * width + j, next);
                }
            }
        }
    }
}
