package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Recurrence.*;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The plain recurrent cell, h = activation(W x + U h + b): a group has some rows of the batch and
 * 16 units; state and weights pass through local memory, so that the activation follows the product
 * in registers.
 */
public final class Rnn {
    private Rnn() {}

    /** y, hN, h0, lengths, w, bias, T, N, H, s, and definitions. */
    public static void rnnStep(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int y = a.get(0);
        int hN = a.get(1);
        int h0 = a.get(2);
        int lengths = a.get(3);
        int w = a.get(4);
        int bias = a.get(5);
        int steps = a.get(6);
        int rows = a.get(7);
        int width = a.get(8);
        int s = a.get(9);
        int activation = a.get(10);
        int optional = a.get(11);
        int reverse = a.get(12);
        int directions = a.get(13);
        int tileRows = a.get(14);
        int split = a.get(15);
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
        float s0 = 0.0f;
        for (int k0 = 0; k0 < width; k0 = k0 + 32) {
            for (int i = lid; i < tileRows * 32; i = i + 256) {
                int k = i % 32;
                int row = i / 32;
                float v = 0.0f;
                if (k0 + k < width) {
                    v = element(h, y, h0, at[row], k0 + k);
                }
                xs[row * 33 + k] = v;
            }
            for (int i = lid; i < 1 * 512; i = i + 256) {
                int k = i % 32;
                int row = i / 32;
                int unit = unit0 + row % 16;
                float v = 0.0f;
                if (k0 + k < width && unit < width) {
                    v = h.get(w + d * width * width + (row / 16 * width + unit) * width + k0 + k);
                }
                ws[row * 33 + k] = v;
            }
            c.localBarrier();
            for (int k = part; k < 32; k = k + split) {
                float v = xs[r * 33 + k];
                s0 = s0 + v * ws[(0 + u) * 33 + k];
            }
            c.localBarrier();
        }
        ws[0 + lid] = s0;
        c.localBarrier();
        int joined = 0;
        if (lid < 16 * tileRows) {
            joined = split;
        }
        s0 = 0.0f;
        for (int p = 0; p < joined; p++) {
            s0 = s0 + ws[0 + p * 16 * tileRows + lid];
        }
        if (lid < 16 * tileRows && n < rows && j < width) {
            int o = y + ((t * rows + n) * directions + d) * width + j;
            int length = rowLength(g, lengths, optional, n, steps);
            float v = 0.0f;
            if (t < length) {
                v = h.get(o) + s0;
                if (has(optional, BIAS)) {
                    v = v + h.get(bias + d * width + j);
                }
                v = Fn.activate(activation, v);
                if (has(optional, FINAL) && lastStep(reverse, d, t, length)) {
                    h.set(hN + (d * rows + n) * width + j, v);
                }
            }
            h.set(o, v);
        }
    }

    /**
     * delta, dh, y, lengths, w, dy, dhN, dh0, T, N, H, s, truncation, and definitions; s = -1
     * writes dh0.
     */
    public static void rnnBack(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int delta = a.get(0);
        int dh = a.get(1);
        int y = a.get(2);
        int lengths = a.get(3);
        int w = a.get(4);
        int dy = a.get(5);
        int dhN = a.get(6);
        int dh0 = a.get(7);
        int steps = a.get(8);
        int rows = a.get(9);
        int width = a.get(10);
        int s = a.get(11);
        int truncation = a.get(12);
        int activation = a.get(13);
        int optional = a.get(14);
        int reverse = a.get(15);
        int directions = a.get(16);
        int tileRows = a.get(17);
        int split = a.get(18);
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
                            width,
                            truncation);
        }
        c.localBarrier();
        int whole = 0;
        if (s + 1 < steps) {
            whole = width;
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
                    if (k >= whole) {
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
                    v = h.get(w + d * width * width + k * width + unit);
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
                int o = delta + ((d * steps + t) * rows + n) * width + j;
                if (t < rowLength(g, lengths, optional, n, steps)) {
                    int at0 = ((t * rows + n) * directions + d) * width + j;
                    if (has(optional, DY)) {
                        v = v + h.get(dy + at0);
                    }
                    h.set(o, v * Fn.slope(activation, h.get(y + at0)));
                    h.set(dh + i, 0.0f);
                } else {
                    h.set(o, 0.0f);
                    h.set(dh + i, v);
                }
            }
        }
    }
}
