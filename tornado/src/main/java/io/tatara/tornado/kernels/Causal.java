package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Sums.groupSum;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dilated causal convolution, its gradients and WaveNet's gated layer, as {@code causal.cl} and
 * {@code layer.cl} have them: an item has some channels of one sample, so that a sample is loaded
 * once for them.
 */
public final class Causal {
    private static final int OUTPUTS = 8;
    private static final int PAIRS = 4;

    private Causal() {}

    /**
     * Sample i of a row: of the input, of the state before it where i < 0 and there is one, else 0.
     */
    static float sampleAt(FloatArray h, int x, int state, int row, int i, int length, int reach) {
        float v = 0.0f;
        if (i >= 0) {
            if (i < length) {
                v = h.get(x + row * length + i);
            }
        } else if (state >= 0 && i >= -reach) {
            v = h.get(state + row * reach + reach + i);
        }
        return v;
    }

    /**
     * x, state, weight, bias, carried, y, blocks, outputs, rows, taps, length, reach, columns,
     * first, each, weight_output, weight_row, offset, carried_from, carried_length.
     */
    public static void causalShifted(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int blocks = a.get(6);
        int outputs = a.get(7);
        int rows = a.get(8);
        int taps = a.get(9);
        int length = a.get(10);
        int reach = a.get(11);
        int columns = a.get(12);
        int first = a.get(13);
        int each = a.get(14);
        int perOutput = a.get(15);
        int perRow = a.get(16);
        int tiles = (outputs + OUTPUTS - 1) / OUTPUTS;
        int rest = c.groupIdx / blocks;
        int n = rest / tiles;
        int o = (rest - n * tiles) * OUTPUTS;
        int i = (c.groupIdx - rest * blocks) * c.localGroupSizeX + c.localIdx;
        if (i < columns) {
            float[] sum = new float[OUTPUTS];
            for (int j = 0; j < OUTPUTS; j++) {
                sum[j] = 0.0f;
            }
            for (int r = 0; r < rows; r++) {
                for (int k = 0; k < taps; k++) {
                    int place = i + first + k * each;
                    float v = sampleAt(h, a.get(0), a.get(1), n * rows + r, place, length, reach);
                    for (int j = 0; j < OUTPUTS; j++) {
                        int at = o + j;
                        if (at >= outputs) {
                            at = outputs - 1;
                        }
                        sum[j] = sum[j] + h.get(a.get(2) + at * perOutput + r * perRow + k) * v;
                    }
                }
            }
            int there = i + a.get(17) - a.get(18);
            for (int j = 0; j < OUTPUTS; j++) {
                if (o + j < outputs) {
                    float v = sum[j];
                    if (a.get(3) >= 0) {
                        v = v + h.get(a.get(3) + o + j);
                    }
                    if (a.get(4) >= 0 && there >= 0) {
                        v = v + h.get(a.get(4) + (n * outputs + o + j) * a.get(19) + there);
                    }
                    h.set(a.get(5) + (n * outputs + o + j) * columns + i, v);
                }
            }
        }
    }

    /** x, state, out, all, length, reach: the last samples of each row. */
    public static void causalCarry(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            int length = a.get(4);
            int reach = a.get(5);
            int row = i / reach;
            int place = length - reach + i - row * reach;
            h.set(a.get(2) + i, sampleAt(h, a.get(0), a.get(1), row, place, length, reach));
        }
    }

    /**
     * x, state, dy, dw, sequences, inputs, outputs, taps, length, reach, dilation: a group 4 x 4
     * channels of a tap, its items walk over sequences and time.
     */
    public static void causalWeightGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int inputs = a.get(5);
        int outputs = a.get(6);
        int taps = a.get(7);
        int length = a.get(8);
        int reach = a.get(9);
        int lane = c.localIdx;
        int group = c.localGroupSizeX;
        int across = (inputs + 3) / 4;
        int rest = c.groupIdx / taps;
        int k = c.groupIdx - rest * taps;
        int tile = rest / across;
        int c0 = (rest - tile * across) * 4;
        int m0 = tile * 4;
        int back = (taps - 1 - k) * a.get(10);
        for (int j = 0; j < 16; j++) {
            int m = m0 + j / 4;
            int channel = c0 + j % 4;
            float s = 0.0f;
            if (m < outputs && channel < inputs) {
                for (int n = 0; n < a.get(4); n++) {
                    int dy = a.get(2) + (n * outputs + m) * length;
                    for (int t = lane; t < length; t = t + group) {
                        float v =
                                sampleAt(
                                        h,
                                        a.get(0),
                                        a.get(1),
                                        n * inputs + channel,
                                        t - back,
                                        length,
                                        reach);
                        s = s + h.get(dy + t) * v;
                    }
                }
            }
            s = groupSum(c, s);
            if (lane == 0 && m < outputs && channel < inputs) {
                h.set(a.get(3) + (m * inputs + channel) * taps + k, s);
            }
        }
    }

    /**
     * x, state, weight, bias, condition, z, kept, blocks, channels, half_rows, taps, length,
     * dilation, CONDITION: 1 for each sequence, 2 for each sample.
     */
    public static void causalGates(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int blocks = a.get(7);
        int channels = a.get(8);
        int half = a.get(9);
        int taps = a.get(10);
        int length = a.get(11);
        int dilation = a.get(12);
        int condition = a.get(13);
        int kept = a.get(6);
        int reach = (taps - 1) * dilation;
        int tiles = (half + PAIRS - 1) / PAIRS;
        int rest = c.groupIdx / blocks;
        int n = rest / tiles;
        int d = (rest - n * tiles) * PAIRS;
        int t = (c.groupIdx - rest * blocks) * c.localGroupSizeX + c.localIdx;
        if (t < length) {
            float[] f = new float[PAIRS];
            float[] e = new float[PAIRS];
            for (int j = 0; j < PAIRS; j++) {
                f[j] = 0.0f;
                e[j] = 0.0f;
            }
            for (int k = 0; k < channels; k++) {
                for (int tap = 0; tap < taps; tap++) {
                    int place = t - reach + tap * dilation;
                    float v =
                            sampleAt(h, a.get(0), a.get(1), n * channels + k, place, length, reach);
                    for (int j = 0; j < PAIRS; j++) {
                        int at = d + j;
                        if (at >= half) {
                            at = half - 1;
                        }
                        int w = a.get(2) + (at * channels + k) * taps + tap;
                        f[j] = f[j] + h.get(w) * v;
                        e[j] = e[j] + h.get(w + half * channels * taps) * v;
                    }
                }
            }
            for (int j = 0; j < PAIRS; j++) {
                if (d + j < half) {
                    int row = n * 2 * half + d + j;
                    float u = f[j];
                    float v = e[j];
                    if (a.get(3) >= 0) {
                        u = u + h.get(a.get(3) + d + j);
                        v = v + h.get(a.get(3) + half + d + j);
                    }
                    if (condition == 1) {
                        u = u + h.get(a.get(4) + row);
                        v = v + h.get(a.get(4) + row + half);
                    }
                    if (condition == 2) {
                        u = u + h.get(a.get(4) + row * length + t);
                        v = v + h.get(a.get(4) + (row + half) * length + t);
                    }
                    u = TornadoMath.tanh(u);
                    v = Fn.logistic(v);
                    if (kept >= 0) {
                        h.set(kept + row * length + t, u);
                        h.set(kept + (row + half) * length + t, v);
                    }
                    h.set(a.get(5) + (n * half + d + j) * length + t, u * v);
                }
            }
        }
    }

    /** z, weight, bias, base, y, blocks, rows, half_rows, length. */
    public static void causalOutputs(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int blocks = a.get(5);
        int rows = a.get(6);
        int half = a.get(7);
        int length = a.get(8);
        int tiles = (rows + OUTPUTS - 1) / OUTPUTS;
        int rest = c.groupIdx / blocks;
        int n = rest / tiles;
        int o = (rest - n * tiles) * OUTPUTS;
        int t = (c.groupIdx - rest * blocks) * c.localGroupSizeX + c.localIdx;
        if (t < length) {
            float[] sum = new float[OUTPUTS];
            for (int j = 0; j < OUTPUTS; j++) {
                sum[j] = 0.0f;
            }
            for (int d = 0; d < half; d++) {
                float v = h.get(a.get(0) + (n * half + d) * length + t);
                for (int j = 0; j < OUTPUTS; j++) {
                    int at = o + j;
                    if (at >= rows) {
                        at = rows - 1;
                    }
                    sum[j] = sum[j] + h.get(a.get(1) + at * half + d) * v;
                }
            }
            for (int j = 0; j < OUTPUTS; j++) {
                if (o + j < rows) {
                    int at = (n * rows + o + j) * length + t;
                    float v = sum[j];
                    if (a.get(2) >= 0) {
                        v = v + h.get(a.get(2) + o + j);
                    }
                    if (a.get(3) >= 0) {
                        v = v + h.get(a.get(3) + at);
                    }
                    h.set(a.get(4) + at, v);
                }
            }
        }
    }

    /** kept, dz, more, da, z, all, half_size. */
    public static void gatedActivationGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(5)) {
            int half = a.get(6);
            int f = i + i / half * half;
            int e = f + half;
            float u = h.get(a.get(0) + f);
            float v = h.get(a.get(0) + e);
            float d = h.get(a.get(1) + i);
            float df = d * v;
            float dg = d * u;
            if (a.get(2) >= 0) {
                df = df + h.get(a.get(2) + f);
                dg = dg + h.get(a.get(2) + e);
            }
            h.set(a.get(3) + f, df * (1.0f - u) * (1.0f + u));
            h.set(a.get(3) + e, dg * v * (1.0f - v));
            h.set(a.get(4) + i, u * v);
        }
    }
}
