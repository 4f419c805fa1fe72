package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * WaveNet's samples one after the other, as {@code generate.cl} has them: a group makes all of a
 * stream; what is between the products is in scratch memory. Dilations and definitions stand where
 * {@link WaveSteps} has them.
 */
public final class WaveSamples {
    private WaveSamples() {}

    /** clock, count: moves the clock on, behind all streams. */
    public static void waveClock(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        if (c.globalIdx == 0) {
            g.set(a.get(0), g.get(a.get(0)) + a.get(1));
        }
    }

    /** Row r of a matrix times a vector, and a bias where there is one. */
    static float row(IntArray a, FloatArray h, int matrix, int bias, int r, int vector, int n) {
        float v = 0.0f;
        int at = a.get(matrix) + r * n;
        for (int i = 0; i < n; i++) {
            v = v + h.get(at + i) * h.get(vector + i);
        }
        if (a.get(bias) >= 0) {
            v = v + h.get(a.get(bias) + r);
        }
        return v;
    }

    /**
     * history, queue, clock, seed, table, first_bias, added, weight, bias, condition, residual,
     * residual_bias, skip_weight, skip_bias, hidden_weight, hidden_bias, last_weight, last_bias,
     * levels, logits, scratch, layers, size, count, temperature; TAPS, CHANNELS, HALF_ROWS, SKIPS,
     * HIDDEN, LEVELS, FIRST, SAMPLING.
     */
    public static void waveSamples(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int[] best = c.allocateIntLocalArray(1);
        int taps = a.get(Optimizers.DEFINES);
        int channels = a.get(Optimizers.DEFINES + 1);
        int half = a.get(Optimizers.DEFINES + 2);
        int skips = a.get(Optimizers.DEFINES + 3);
        int hidden = a.get(Optimizers.DEFINES + 4);
        int levels = a.get(Optimizers.DEFINES + 5);
        int first = a.get(Optimizers.DEFINES + 6);
        int sampling = a.get(Optimizers.DEFINES + 7);
        int layers = a.get(21);
        int count = a.get(23);
        int n = c.groupIdx;
        int lane = c.localIdx;
        int width = c.localGroupSizeX;
        int numbers = channels * (1 + taps) + 2 * half + skips + hidden + levels;
        int present = a.get(20) + n * numbers;
        int seen = present + channels;
        int total = seen + channels * taps + 2 * half;
        int middle = total + skips;
        int score = middle + hidden;
        int history = a.get(0) + n * first;
        for (int t = 0; t < count; t++) {
            int ring = a.get(1) + n * a.get(22);
            for (int k = lane; k < channels; k = k + width) {
                float v = 0.0f;
                if (a.get(5) >= 0) {
                    v = h.get(a.get(5) + k);
                }
                if (a.get(6) >= 0) {
                    v = v + h.get(a.get(6) + (n * count + t) * channels + k);
                }
                for (int j = 0; j < first; j++) {
                    int level = g.get(history + j);
                    if (level >= 0) {
                        if (level < levels) {
                            v = v + h.get(a.get(4) + (j * levels + level) * channels + k);
                        }
                    }
                }
                h.set(present + k, v);
            }
            for (int s = lane; s < skips; s = s + width) {
                h.set(total + s, 0.0f);
            }
            c.globalBarrier();
            for (int l = 0; l < layers; l++) {
                int dilation = a.get(WaveSteps.DILATIONS + l);
                int reach = (taps - 1) * dilation;
                int slot = 0;
                if (reach > 0) {
                    slot = WaveSteps.slotOf(g.get(a.get(2)) + t, reach);
                }
                for (int k = lane; k < channels; k = k + width) {
                    for (int tap = 0; tap < taps - 1; tap++) {
                        int from = ring + (slot + tap * dilation) % reach * channels + k;
                        h.set(seen + k * taps + tap, h.get(from));
                    }
                    float v = h.get(present + k);
                    h.set(seen + k * taps + taps - 1, v);
                    if (reach > 0) {
                        h.set(ring + slot * channels + k, v);
                    }
                }
                ring = ring + reach * channels;
                c.globalBarrier();
                WaveSteps.layerProducts(
                        c, a, h, 7, l, layers, n, present, taps, channels, half, skips);
            }
            for (int s = lane; s < skips; s = s + width) {
                float v = h.get(total + s);
                h.set(total + s, v < 0.0f ? 0.0f : v);
            }
            c.globalBarrier();
            for (int r = lane; r < hidden; r = r + width) {
                float v = row(a, h, 14, 15, r, total, skips);
                h.set(middle + r, v < 0.0f ? 0.0f : v);
            }
            c.globalBarrier();
            for (int r = lane; r < levels; r = r + width) {
                float v = row(a, h, 16, 17, r, middle, hidden);
                h.set(score + r, v);
                if (t == count - 1) {
                    h.set(a.get(19) + n * levels + r, v);
                }
            }
            c.globalBarrier();
            // Loops of the first item, empty for the others: they stand outside of branches.
            int mine = lane == 0 ? levels : 0;
            int top = 0;
            for (int i = 1; i < mine; i++) {
                top = h.get(score + i) > h.get(score + top) ? i : top;
            }
            if (lane == 0) {
                best[0] = top;
            }
            c.localBarrier();
            int likeliest = best[0];
            float greatest = h.get(score + likeliest);
            c.globalBarrier();
            for (int r = lane; r < levels * sampling; r = r + width) {
                h.set(score + r, TornadoMath.exp((h.get(score + r) - greatest) / x.get(24)));
            }
            c.globalBarrier();
            float sum = 0.0f;
            for (int i = 0; i < mine * sampling; i++) {
                sum = sum + h.get(score + i);
            }
            int now = g.get(a.get(2)) + t;
            float place = 0.0f;
            if (sampling == 1) {
                place = sum * Fn.uniform(g.get(a.get(3)), g.get(a.get(3) + 1), n, now);
            }
            sum = 0.0f;
            int drawn = 0;
            int done = 0;
            for (int i = 0; i < mine * sampling - 1; i++) {
                sum = sum + h.get(score + i);
                if (sum > place) {
                    done = 1;
                }
                if (done == 0) {
                    drawn = i + 1;
                }
            }
            int level = sampling == 1 ? drawn : likeliest;
            int moved = lane == 0 ? first - 1 : 0;
            for (int j = 0; j < moved; j++) {
                g.set(history + j, g.get(history + j + 1));
            }
            if (lane == 0) {
                g.set(a.get(18) + n * count + t, level);
                g.set(history + first - 1, level);
            }
            c.globalBarrier();
        }
    }
}
