package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * One sample through a stack of WaveNet's layers, as {@code step.cl} has it; what is between the
 * layers is in scratch memory. The dilations stand from {@link #DILATIONS} on in the arguments, the
 * definitions from {@link Optimizers#DEFINES} on.
 */
public final class WaveSteps {
    /** Index of the first layer's dilation. */
    public static final int DILATIONS = 64;

    private WaveSteps() {}

    static int slotOf(int slot, int reach) {
        int s = slot % reach;
        if (s < 0) {
            s = s + reach;
        }
        return s;
    }

    /**
     * A layer's gates, then residual and skips, as {@code stack.cl} has them.
     *
     * @param first index of weight, bias, condition, residual, residual_bias, skip_weight,
     *     skip_bias
     * @param present where the scratch memory begins: present, seen, gates, total
     */
    static void layerProducts(
            KernelContext c,
            IntArray a,
            FloatArray h,
            int first,
            int l,
            int layers,
            int n,
            int present,
            int taps,
            int channels,
            int half,
            int skips) {
        int lane = c.localIdx;
        int width = c.localGroupSizeX;
        int seen = present + channels;
        int gates = seen + channels * taps;
        int total = gates + 2 * half;
        for (int r = lane; r < 2 * half; r = r + width) {
            int at = a.get(first) + (l * 2 * half + r) * channels * taps;
            float v = 0.0f;
            for (int i = 0; i < channels * taps; i++) {
                v = v + h.get(at + i) * h.get(seen + i);
            }
            if (a.get(first + 1) >= 0) {
                v = v + h.get(a.get(first + 1) + l * 2 * half + r);
            }
            if (a.get(first + 2) >= 0) {
                v = v + h.get(a.get(first + 2) + (n * layers + l) * 2 * half + r);
            }
            float u = Fn.logistic(v);
            if (r < half) {
                u = TornadoMath.tanh(v);
            }
            h.set(gates + r, u);
        }
        c.globalBarrier();
        for (int d = lane; d < half; d = d + width) {
            h.set(gates + d, h.get(gates + d) * h.get(gates + half + d));
        }
        c.globalBarrier();
        for (int r = lane; r < channels + skips; r = r + width) {
            int weights = a.get(first + 3) + (l * channels + r) * half;
            int bias = a.get(first + 4) + l * channels + r;
            int has = a.get(first + 4);
            int to = present + r;
            if (r >= channels) {
                weights = a.get(first + 5) + (l * skips + r - channels) * half;
                bias = a.get(first + 6) + l * skips + r - channels;
                has = a.get(first + 6);
                to = total + r - channels;
            }
            float v = 0.0f;
            for (int d = 0; d < half; d++) {
                v = v + h.get(weights + d) * h.get(gates + d);
            }
            if (has >= 0) {
                v = v + h.get(bias);
            }
            h.set(to, h.get(to) + v);
        }
        c.globalBarrier();
    }

    /** slots, layers; TAPS: moves the rings on. */
    public static void waveAdvance(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int l = c.globalIdx;
        if (l < a.get(1)) {
            int reach = (a.get(Optimizers.DEFINES) - 1) * a.get(DILATIONS + l);
            int next = 0;
            if (reach > 0) {
                next = (slotOf(g.get(a.get(0) + l), reach) + 1) % reach;
            }
            g.set(a.get(0) + l, next);
        }
    }

    /**
     * x, queue, slots, weight, bias, condition, residual, residual_bias, skip_weight, skip_bias,
     * skip, y, scratch, layers, size; TAPS, CHANNELS, HALF_ROWS, SKIPS.
     */
    public static void waveOneSample(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int taps = a.get(Optimizers.DEFINES);
        int channels = a.get(Optimizers.DEFINES + 1);
        int half = a.get(Optimizers.DEFINES + 2);
        int skips = a.get(Optimizers.DEFINES + 3);
        int layers = a.get(13);
        int n = c.groupIdx;
        int lane = c.localIdx;
        int width = c.localGroupSizeX;
        int ring = a.get(1) + n * a.get(14);
        int present = a.get(12) + n * (channels * (1 + taps) + 2 * half + skips);
        int seen = present + channels;
        int total = seen + channels * taps + 2 * half;
        for (int k = lane; k < channels; k = k + width) {
            h.set(present + k, h.get(a.get(0) + n * channels + k));
        }
        for (int s = lane; s < skips; s = s + width) {
            h.set(total + s, 0.0f);
        }
        c.globalBarrier();
        for (int l = 0; l < layers; l++) {
            int dilation = a.get(DILATIONS + l);
            int reach = (taps - 1) * dilation;
            int slot = 0;
            if (reach > 0) {
                slot = slotOf(g.get(a.get(2) + l), reach);
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
            layerProducts(c, a, h, 3, l, layers, n, present, taps, channels, half, skips);
        }
        for (int k = lane; k < channels; k = k + width) {
            h.set(a.get(11) + n * channels + k, h.get(present + k));
        }
        for (int s = lane; s < skips; s = s + width) {
            h.set(a.get(10) + n * skips + s, h.get(total + s));
        }
    }
}
