package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Recurrence.*;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Backward steps of the GRU cell, in both reset conventions; tiles as in {@link Rnn}. */
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
        int[] at = c.allocateIntLocalArray(16);
        float[] xs = c.allocateFloatLocalArray(528);
        float[] ws = c.allocateFloatLocalArray(528);
        int lid = c.localIdx;
        int d = c.groupIdz;
        int unit0 = c.groupIdx * 16;
        int row0 = c.groupIdy * tileRows;
        int u = lid % 16;
        int r = lid / 16 % tileRows;
        int part = lid / (16 * tileRows);
        int j = unit0 + u;
        int n = row0 + r;
        if (lid < tileRows) {
            at[lid] =
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
        }
        c.localBarrier();
        int whole = 0;
        if (s + 1 < steps) {
            whole = (2 + resetAfter) * width;
        }
        int depth = whole;
        float sum = 0.0f;
        for (int k0 = 0; k0 < depth; k0 = k0 + 32) {
            for (int i = lid; i < tileRows * 32; i = i + 256) {
                int k = k0 + i % 32;
                int row = i / 32;
                float v = 0.0f;
                if (k < depth && at[row] >= 0) {
                    int column = k;
                    if (k >= 2 * width) {
                        column = k + width;
                    }
                    v = h.get(delta + at[row] + column);
                }
                xs[row * 33 + i % 32] = v;
            }
            for (int i = lid; i < 512; i = i + 256) {
                int k = k0 + i / 16;
                int unit = unit0 + i % 16;
                float v = 0.0f;
                if (k < depth && unit < width) {
                    v = h.get(w + d * 3 * width * width + k * width + unit);
                }
                ws[i] = v;
            }
            c.localBarrier();
            for (int k = part; k < 32; k = k + split) {
                sum = sum + xs[r * 33 + k] * ws[k * 16 + u];
            }
            c.localBarrier();
        }
        ws[lid] = sum;
        c.localBarrier();
        int joined = 0;
        if (lid < 16 * tileRows) {
            joined = split;
        }
        sum = 0.0f;
        for (int p = 0; p < joined; p++) {
            sum = sum + ws[p * 16 * tileRows + lid];
        }
        if (lid < 16 * tileRows && n < rows && j < width) {
            int i = (d * rows + n) * width + j;
            float v = 0.0f;
            if (s + 1 < steps) {
                v = h.get(dh + i);
            } else if (has(optional, DHN)) {
                v = h.get(dhN + i);
            }
            if (at[r] >= 0) {
                v = v + sum;
            }
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
        int[] at = c.allocateIntLocalArray(16);
        float[] xs = c.allocateFloatLocalArray(528);
        float[] ws = c.allocateFloatLocalArray(528);
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
        if (lid < tileRows) {
            int v = -1;
            if (row0 + lid < rows) {
                v = ((d * steps + t) * rows + row0 + lid) * 4 * width + 2 * width;
            }
            at[lid] = v;
        }
        c.localBarrier();
        int depth = width;
        float sum = 0.0f;
        for (int k0 = 0; k0 < depth; k0 = k0 + 32) {
            for (int i = lid; i < tileRows * 32; i = i + 256) {
                int k = k0 + i % 32;
                int row = i / 32;
                float v = 0.0f;
                if (k < depth && at[row] >= 0) {
                    int column = k;
                    if (k >= width) {
                        column = k + 0;
                    }
                    v = h.get(delta + at[row] + column);
                }
                xs[row * 33 + i % 32] = v;
            }
            for (int i = lid; i < 512; i = i + 256) {
                int k = k0 + i / 16;
                int unit = unit0 + i % 16;
                float v = 0.0f;
                if (k < depth && unit < width) {
                    v = h.get(w + (d * 3 + 2) * width * width + k * width + unit);
                }
                ws[i] = v;
            }
            c.localBarrier();
            for (int k = part; k < 32; k = k + split) {
                sum = sum + xs[r * 33 + k] * ws[k * 16 + u];
            }
            c.localBarrier();
        }
        ws[lid] = sum;
        c.localBarrier();
        int joined = 0;
        if (lid < 16 * tileRows) {
            joined = split;
        }
        sum = 0.0f;
        for (int p = 0; p < joined; p++) {
            sum = sum + ws[p * 16 * tileRows + lid];
        }
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
