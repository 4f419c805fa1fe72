package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Recurrence.*;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Backward steps of the GRU cell, in both reset conventions. */
public final class GruGradient {
    private GruGradient() {}

    /**
     * delta, dh, y, gates, h0, lengths, w, dy, dhN, dGates, dh0, T, N, H, s, truncation, and
     * definitions; s = -1 writes dh0.
     */
    public static void gruBack(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int delta = a.get(0);
        int dh = a.get(1);
        int y = a.get(2);
        int gates = a.get(3);
        int h0 = a.get(4);
        int lengths = a.get(5);
        int w = a.get(6);
        int dy = a.get(7);
        int dhN = a.get(8);
        int dGates = a.get(9);
        int dh0 = a.get(10);
        int steps = a.get(11);
        int rows = a.get(12);
        int width = a.get(13);
        int s = a.get(14);
        int truncation = a.get(15);
        int resetAfter = a.get(16);
        int optional = a.get(17);
        int reverse = a.get(18);
        int directions = a.get(19);
        int tileRows = a.get(20);
        int split = a.get(21);
        int lid = c.localIdx;
        int d = c.groupIdz;
        int row0 = c.groupIdy * tileRows;
        int j = c.groupIdx * 16 + lid % 16;
        int n = row0 + lid / 16 % tileRows;
        int row =
                deltaRow(
                        g,
                        lengths,
                        optional,
                        reverse,
                        d,
                        s + 1,
                        row0 + lid,
                        steps,
                        rows,
                        4 * width,
                        truncation);
        int depth = 0;
        if (s + 1 < steps) {
            depth = (2 + resetAfter) * width;
        }
        int weights = w + d * 3 * width * width;
        float sum =
                backProduct(c, h, delta, row, weights, depth, 2 * width, width, tileRows, split);
        if (lid < 16 * tileRows && n < rows && j < width) {
            int i = (d * rows + n) * width + j;
            float v = 0.0f;
            if (s + 1 < steps) {
                v = h.get(dh + i);
            } else if (has(optional, DHN)) {
                v = h.get(dhN + i);
            }
            v = v + sum;
            if (s < 0) {
                h.set(dh0 + i, v);
            } else {
                int t = stepTime(reverse, d, s, steps);
                int o = ((d * steps + t) * rows + n) * 4 * width + j;
                int length = rowLength(g, lengths, optional, n, steps);
                if (t < length) {
                    if (has(optional, DY)) {
                        v = v + h.get(dy + ((t * rows + n) * directions + d) * width + j);
                    }
                    float reset = h.get(gates + o);
                    float z = h.get(gates + o + width);
                    float cand = h.get(gates + o + 2 * width);
                    float q = h.get(gates + o + 3 * width);
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
                    float dz = v * (old - cand);
                    float dn = v * (1.0f - z);
                    float dr = 0.0f;
                    float dq = 0.0f;
                    if (has(optional, DGATES)) {
                        dr = h.get(dGates + o);
                        dz = dz + h.get(dGates + o + width);
                        dn = dn + h.get(dGates + o + 2 * width);
                        dq = h.get(dGates + o + 3 * width);
                    }
                    dn = dn * (1.0f - cand * cand);
                    h.set(delta + o + width, dz * z * (1.0f - z));
                    h.set(delta + o + 2 * width, dn);
                    float rest = v;
                    if (resetAfter == 1) {
                        h.set(delta + o, (dr + dn * q) * reset * (1.0f - reset));
                        h.set(delta + o + 3 * width, dq + dn * reset);
                        rest = v * z;
                        if (cut(reverse, d, t, length, truncation)) {
                            rest = 0.0f;
                        }
                    }
                    h.set(dh + i, rest);
                } else {
                    h.set(delta + o, 0.0f);
                    h.set(delta + o + width, 0.0f);
                    h.set(delta + o + 2 * width, 0.0f);
                    h.set(delta + o + 3 * width, 0.0f);
                    h.set(dh + i, v);
                }
            }
        }
    }

    /**
     * delta, dh, y, gates, h0, lengths, w, dGates, T, N, H, s, truncation, and definitions: delta
     * of r and the rest of dh where the reset comes before the product.
     */
    public static void gruBackReset(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int delta = a.get(0);
        int dh = a.get(1);
        int y = a.get(2);
        int gates = a.get(3);
        int h0 = a.get(4);
        int lengths = a.get(5);
        int w = a.get(6);
        int dGates = a.get(7);
        int steps = a.get(8);
        int rows = a.get(9);
        int width = a.get(10);
        int s = a.get(11);
        int truncation = a.get(12);
        int optional = a.get(13);
        int reverse = a.get(14);
        int directions = a.get(15);
        int tileRows = a.get(16);
        int split = a.get(17);
        int lid = c.localIdx;
        int d = c.groupIdz;
        int row0 = c.groupIdy * tileRows;
        int j = c.groupIdx * 16 + lid % 16;
        int n = row0 + lid / 16 % tileRows;
        int t = stepTime(reverse, d, s, steps);
        int row = -1;
        if (row0 + lid < rows) {
            row = ((d * steps + t) * rows + row0 + lid) * 4 * width + 2 * width;
        }
        int weights = w + (d * 3 + 2) * width * width;
        float sum = backProduct(c, h, delta, row, weights, width, width, width, tileRows, split);
        if (lid < 16 * tileRows && n < rows && j < width) {
            int length = rowLength(g, lengths, optional, n, steps);
            if (t < length) {
                int i = dh + (d * rows + n) * width + j;
                int o = ((d * steps + t) * rows + n) * 4 * width + j;
                float reset = h.get(gates + o);
                float dq = sum;
                float dr = 0.0f;
                if (has(optional, DGATES)) {
                    dr = h.get(dGates + o);
                    dq = dq + h.get(dGates + o + 3 * width);
                }
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
                dr = dr + dq * old;
                h.set(delta + o, dr * reset * (1.0f - reset));
                float rest = h.get(i) * h.get(gates + o + width) + dq * reset;
                if (cut(reverse, d, t, length, truncation)) {
                    rest = 0.0f;
                }
                h.set(i, rest);
            }
        }
    }
}
