package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Recurrence.*;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The backward step of the LSTM cell and the sums for its peepholes. */
public final class LstmGradient {
    private LstmGradient() {}

    /**
     * delta, dh, dc, gates, cells, c0, lengths, w, peep, dy, dhN, dcN, dGates, dCells, dh0, dc0, T,
     * N, H, s, truncation, and definitions; s = -1 writes dh0 and dc0.
     */
    public static void lstmBack(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int delta = a.get(0);
        int dh = a.get(1);
        int dc = a.get(2);
        int gates = a.get(3);
        int cells = a.get(4);
        int c0 = a.get(5);
        int lengths = a.get(6);
        int w = a.get(7);
        int peep = a.get(8);
        int dy = a.get(9);
        int dhN = a.get(10);
        int dcN = a.get(11);
        int dGates = a.get(12);
        int dCells = a.get(13);
        int dh0 = a.get(14);
        int dc0 = a.get(15);
        int steps = a.get(16);
        int rows = a.get(17);
        int width = a.get(18);
        int s = a.get(19);
        int truncation = a.get(20);
        int optional = a.get(21);
        int reverse = a.get(22);
        int directions = a.get(23);
        int tileRows = a.get(24);
        int split = a.get(25);
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
            depth = 4 * width;
        }
        int weights = w + d * 4 * width * width;
        float sum = backProduct(c, h, delta, row, weights, depth, depth, width, tileRows, split);
        if (lid < 16 * tileRows && n < rows && j < width) {
            int i = (d * rows + n) * width + j;
            float v = 0.0f;
            float cell = 0.0f;
            if (s + 1 < steps) {
                v = h.get(dh + i);
                cell = h.get(dc + i);
            } else {
                if (has(optional, DHN)) {
                    v = h.get(dhN + i);
                }
                if (has(optional, DCN)) {
                    cell = h.get(dcN + i);
                }
            }
            v = v + sum;
            if (s < 0) {
                h.set(dh0 + i, v);
                h.set(dc0 + i, cell);
            } else {
                int t = stepTime(reverse, d, s, steps);
                int k = ((d * steps + t) * rows + n) * width;
                int o = 4 * k + j;
                int length = rowLength(g, lengths, optional, n, steps);
                float d0 = 0.0f;
                float d1 = 0.0f;
                float d2 = 0.0f;
                float d3 = 0.0f;
                if (t < length) {
                    if (has(optional, DY)) {
                        v = v + h.get(dy + ((t * rows + n) * directions + d) * width + j);
                    }
                    if (has(optional, DGATES)) {
                        d0 = h.get(dGates + o);
                        d1 = h.get(dGates + o + width);
                        d2 = h.get(dGates + o + 2 * width);
                        d3 = h.get(dGates + o + 3 * width);
                    }
                    float i0 = h.get(gates + o);
                    float f0 = h.get(gates + o + width);
                    float g0 = h.get(gates + o + 2 * width);
                    float o0 = h.get(gates + o + 3 * width);
                    int from = cellBefore(optional, reverse, d, t, n, length, steps, rows, width);
                    float old = element(h, cells, c0, from, j);
                    float th = TornadoMath.tanh(h.get(cells + k + j));
                    int peeps = peep + d * 3 * width + j;
                    d3 = (d3 + v * th) * o0 * (1.0f - o0);
                    cell = cell + v * o0 * (1.0f - th * th);
                    if (has(optional, DCELLS)) {
                        cell = cell + h.get(dCells + k + j);
                    }
                    if (has(optional, PEEPHOLE)) {
                        cell = cell + d3 * h.get(peeps + 2 * width);
                    }
                    d0 = (d0 + cell * g0) * i0 * (1.0f - i0);
                    d1 = (d1 + cell * old) * f0 * (1.0f - f0);
                    d2 = (d2 + cell * i0) * (1.0f - g0 * g0);
                    cell = cell * f0;
                    if (has(optional, PEEPHOLE)) {
                        cell = cell + d0 * h.get(peeps) + d1 * h.get(peeps + width);
                    }
                    if (cut(reverse, d, t, length, truncation)) {
                        cell = 0.0f;
                    }
                    v = 0.0f;
                }
                h.set(delta + o, d0);
                h.set(delta + o + width, d1);
                h.set(delta + o + 2 * width, d2);
                h.set(delta + o + 3 * width, d3);
                h.set(dh + i, v);
                h.set(dc + i, cell);
            }
        }
    }

    /**
     * delta, cells, c0, lengths, d, dpeep, T, N, H, SUM_LANES, OPTIONAL, REVERSE; second grid axis:
     * the gate (i, f, o).
     */
    public static void peepholeSums(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int delta = a.get(0);
        int cells = a.get(1);
        int c0 = a.get(2);
        int lengths = a.get(3);
        int d = a.get(4);
        int dpeep = a.get(5);
        int steps = a.get(6);
        int rows = a.get(7);
        int width = a.get(8);
        int lanes = a.get(9);
        int optional = a.get(10);
        int reverse = a.get(11);
        int lid = c.localIdx;
        int j = c.groupIdx * 16 + lid % 16;
        int gate = c.groupIdy;
        float s = 0.0f;
        if (j < width) {
            for (int row = lid / 16; row < steps * rows; row = row + lanes) {
                int t = row / rows;
                int n = row - t * rows;
                int length = rowLength(g, lengths, optional, n, steps);
                int k = ((d * steps + t) * rows + n) * width;
                if (t < length) {
                    int from = k;
                    int column = 3;
                    if (gate != 2) {
                        from = cellBefore(optional, reverse, d, t, n, length, steps, rows, width);
                        column = gate;
                    }
                    float v = element(h, cells, c0, from, j);
                    s = s + h.get(delta + 4 * k + column * width + j) * v;
                }
            }
        }
        s = Sums.columnSum(c, lanes, s);
        if (lid < 16 && j < width) {
            h.set(dpeep + (d * 3 + gate) * width + j, s);
        }
    }
}
