package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Recurrence.*;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The LSTM cell, gates i, f, g, o, with optional peepholes. The tiles are those of {@link
 * Recurrence#stepProduct}, written out: an item has four sums, those of a unit's gates, and a
 * method one result.
 */
public final class Lstm {
    private Lstm() {}

    /** gates, cells, y, hN, cN, h0, c0, lengths, w, bias, peep, T, N, H, s, and definitions. */
    public static void lstmStep(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int gates = a.get(0);
        int cells = a.get(1);
        int y = a.get(2);
        int hN = a.get(3);
        int cN = a.get(4);
        int h0 = a.get(5);
        int c0 = a.get(6);
        int lengths = a.get(7);
        int w = a.get(8);
        int bias = a.get(9);
        int peep = a.get(10);
        int steps = a.get(11);
        int rows = a.get(12);
        int width = a.get(13);
        int s = a.get(14);
        int optional = a.get(15);
        int reverse = a.get(16);
        int directions = a.get(17);
        int tileRows = a.get(18);
        int split = a.get(19);
        int[] at = c.allocateIntLocalArray(16);
        float[] xs = c.allocateFloatLocalArray(528);
        float[] ws = c.allocateFloatLocalArray(2112);
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
        int weights = w + d * 4 * width * width;
        float s0 = 0.0f;
        float s1 = 0.0f;
        float s2 = 0.0f;
        float s3 = 0.0f;
        for (int k0 = 0; k0 < width; k0 = k0 + 32) {
            for (int i = lid; i < tileRows * 32; i = i + 256) {
                xs[i / 32 * 33 + i % 32] = elementWithin(h, y, h0, at[i / 32], k0 + i % 32, width);
            }
            for (int i = lid; i < 4 * 512; i = i + 256) {
                int row = i / 32;
                int unit = unit0 + row % 16;
                ws[row * 33 + i % 32] = weight(h, weights, row / 16, unit, k0 + i % 32, width);
            }
            c.localBarrier();
            for (int k = part; k < 32; k = k + split) {
                float v = xs[r * 33 + k];
                s0 = s0 + v * ws[u * 33 + k];
                s1 = s1 + v * ws[(16 + u) * 33 + k];
                s2 = s2 + v * ws[(32 + u) * 33 + k];
                s3 = s3 + v * ws[(48 + u) * 33 + k];
            }
            c.localBarrier();
        }
        ws[lid] = s0;
        ws[256 + lid] = s1;
        ws[512 + lid] = s2;
        ws[768 + lid] = s3;
        c.localBarrier();
        int joined = 0;
        if (lid < 16 * tileRows) {
            joined = split;
        }
        s0 = 0.0f;
        s1 = 0.0f;
        s2 = 0.0f;
        s3 = 0.0f;
        for (int p = 0; p < joined; p++) {
            s0 = s0 + ws[p * 16 * tileRows + lid];
            s1 = s1 + ws[256 + p * 16 * tileRows + lid];
            s2 = s2 + ws[512 + p * 16 * tileRows + lid];
            s3 = s3 + ws[768 + p * 16 * tileRows + lid];
        }
        if (lid < 16 * tileRows && n < rows && j < width) {
            int k = ((d * steps + t) * rows + n) * width;
            int o = gates + 4 * k + j;
            int yo = y + ((t * rows + n) * directions + d) * width + j;
            int length = rowLength(g, lengths, optional, n, steps);
            float v0 = 0.0f;
            float v1 = 0.0f;
            float v2 = 0.0f;
            float v3 = 0.0f;
            float cell = 0.0f;
            float state = 0.0f;
            if (t < length) {
                v0 = s0 + h.get(o);
                v1 = s1 + h.get(o + width);
                v2 = s2 + h.get(o + 2 * width);
                v3 = s3 + h.get(o + 3 * width);
                if (has(optional, BIAS)) {
                    int b = bias + d * 4 * width + j;
                    v0 = v0 + h.get(b);
                    v1 = v1 + h.get(b + width);
                    v2 = v2 + h.get(b + 2 * width);
                    v3 = v3 + h.get(b + 3 * width);
                }
                int from = cellBefore(optional, reverse, d, t, n, length, steps, rows, width);
                float old = element(h, cells, c0, from, j);
                int peeps = peep + d * 3 * width + j;
                if (has(optional, PEEPHOLE)) {
                    v0 = v0 + h.get(peeps) * old;
                    v1 = v1 + h.get(peeps + width) * old;
                }
                v0 = Fn.logistic(v0);
                v1 = Fn.logistic(v1);
                v2 = TornadoMath.tanh(v2);
                cell = v1 * old + v0 * v2;
                if (has(optional, PEEPHOLE)) {
                    v3 = v3 + h.get(peeps + 2 * width) * cell;
                }
                v3 = Fn.logistic(v3);
                state = v3 * TornadoMath.tanh(cell);
                if (has(optional, FINAL) && lastStep(reverse, d, t, length)) {
                    h.set(hN + (d * rows + n) * width + j, state);
                    h.set(cN + (d * rows + n) * width + j, cell);
                }
            }
            h.set(o, v0);
            h.set(o + width, v1);
            h.set(o + 2 * width, v2);
            h.set(o + 3 * width, v3);
            h.set(cells + k + j, cell);
            h.set(yo, state);
        }
    }
}
