package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Selection.comesFirst;
import static io.tatara.tornado.kernels.Selection.groupFirst;
import static io.tatara.tornado.kernels.Sums.groupLargest;
import static io.tatara.tornado.kernels.Sums.groupSum;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A step of beam search, as {@code beam.cl} has it: the order is by key, then beam, then token; no
 * key is NaN.
 */
public final class Beams {
    private static final float NONE = Float.NEGATIVE_INFINITY;

    private Beams() {}

    /** x, sums, v: the row's largest and the log of the sum behind it. */
    public static void beamRows(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int n = a.get(2);
        int row = a.get(0) + c.groupIdx * n;
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        float m = NONE;
        for (int i = lid; i < n; i = i + group) {
            float v = h.get(row + i);
            if (v > m) {
                m = v;
            }
        }
        m = groupLargest(c, m);
        float s = 0.0f;
        for (int i = lid; i < n; i = i + group) {
            s = s + TornadoMath.exp(h.get(row + i) - m);
        }
        s = groupSum(c, s);
        if (lid == 0) {
            h.set(a.get(1) + 2 * c.groupIdx, m);
            h.set(a.get(1) + 2 * c.groupIdx + 1, TornadoMath.log(s));
        }
    }

    /**
     * x, sums, mask, scores, finished, lengths, keys, scores out, tokens, v, chunks, kept, alpha,
     * end, LOGITS, PER.
     */
    public static void beamChunks(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] values = c.allocateFloatLocalArray(2048);
        int v = a.get(9);
        int chunks = a.get(10);
        int kept = a.get(11);
        float alpha = x.get(12);
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        int chunk = group * a.get(15);
        int row = c.groupIdx / chunks;
        int from = (c.groupIdx - row * chunks) * chunk;
        int n = v - from;
        if (n > chunk) {
            n = chunk;
        }
        float score = h.get(a.get(3) + row);
        int done = g.get(a.get(4) + row);
        int length = g.get(a.get(5) + row);
        if (done == 0) {
            length = length + 1;
        }
        float penalty = 1.0f;
        if (alpha != 0.0f) {
            penalty = TornadoMath.pow((5.0f + (float) length) / 6.0f, alpha);
        }
        for (int i = lid; i < n; i = i + group) {
            float y = h.get(a.get(0) + row * v + from + i);
            if (a.get(2) >= 0) {
                y = y + h.get(a.get(2) + from + i);
            }
            if (a.get(14) == 1) {
                y = (y - h.get(a.get(1) + 2 * row)) - h.get(a.get(1) + 2 * row + 1);
            }
            y = y + score;
            if (done != 0) {
                y = NONE;
                if (from + i == a.get(13)) {
                    y = score;
                }
            }
            // NaN too becomes nothing.
            float key = y / penalty;
            float kept0 = NONE;
            if (key > NONE) {
                kept0 = y;
            }
            values[i] = kept0;
        }
        c.localBarrier();
        float last = 0.0f;
        int taken = -1;
        for (int j = 0; j < kept; j++) {
            float best = 0.0f;
            int at = -1;
            for (int i = lid; i < n; i = i + group) {
                float key = values[i] / penalty;
                int open = 1;
                if (taken >= 0) {
                    open = comesFirst(last, taken, key, i);
                }
                if (open + comesFirst(key, i, best, at) == 2) {
                    best = key;
                    at = i;
                }
            }
            int found = groupFirst(c, best, at);
            int place = c.groupIdx * kept + j;
            float y = NONE;
            float key = NONE;
            int token = -1;
            // After the last element nothing comes: the list ends.
            if (j < n) {
                taken = found;
                y = values[taken];
                key = y / penalty;
                last = key;
                token = from + taken;
            }
            if (lid == 0) {
                h.set(a.get(6) + place, key);
                h.set(a.get(7) + place, y);
                g.set(a.get(8) + place, token);
            }
        }
    }

    /**
     * keys, scores, tokens, finished, lengths, scores out, parents, tokens out, finished out,
     * lengths out, beams, list, results, end.
     */
    public static void beamMerge(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int beams = a.get(10);
        int list = a.get(11);
        int results = a.get(12);
        int base = c.groupIdx * beams * list;
        int lid = c.localIdx;
        int group = c.localGroupSizeX;
        float last = 0.0f;
        int taken = -1;
        for (int j = 0; j < results; j++) {
            float best = 0.0f;
            int at = -1;
            for (int i = lid; i < beams * list; i = i + group) {
                float key = h.get(a.get(0) + base + i);
                int open = 1;
                if (taken >= 0) {
                    open = comesFirst(last, taken, key, i);
                }
                if (g.get(a.get(2) + base + i) < 0) {
                    open = 0;
                }
                if (open + comesFirst(key, i, best, at) == 2) {
                    best = key;
                    at = i;
                }
            }
            taken = groupFirst(c, best, at);
            last = h.get(a.get(0) + base + taken);
            if (lid == 0) {
                int beam = taken / list;
                int row = c.groupIdx * beams + beam;
                int token = g.get(a.get(2) + base + taken);
                int to = c.groupIdx * results + j;
                int done = g.get(a.get(3) + row);
                int length = g.get(a.get(4) + row);
                int finished = 1;
                if (done == 0) {
                    length = length + 1;
                    if (token != a.get(13)) {
                        finished = 0;
                    }
                }
                h.set(a.get(5) + to, h.get(a.get(1) + base + taken));
                g.set(a.get(6) + to, beam);
                g.set(a.get(7) + to, token);
                g.set(a.get(8) + to, finished);
                g.set(a.get(9) + to, length);
            }
        }
    }
}
