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
        int lid = c.localIdx;
        int d = c.groupIdz;
        int row0 = c.groupIdy * tileRows;
        int j = c.groupIdx * 16 + lid % 16;
        int n = row0 + lid / 16 % tileRows;
        int t = stepTime(reverse, d, s, steps);
        int state =
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
        int weights = w + d * width * width;
        float s0 = stepProduct(c, h, y, h0, state, weights, width, tileRows, split);
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
                        width,
                        truncation);
        int depth = 0;
        if (s + 1 < steps) {
            depth = width;
        }
        int weights = w + d * width * width;
        float sum = backProduct(c, h, delta, row, weights, depth, depth, width, tileRows, split);
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
