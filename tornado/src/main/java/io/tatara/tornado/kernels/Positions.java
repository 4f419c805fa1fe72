package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sinusoidal encodings added, and rotary embeddings, as {@code position.cl} has them: angles are
 * kept as fractions of a turn in 64 bits, so that they are as exact for any position as for small
 * ones.
 */
public final class Positions {
    private static final long WORD = 0xffffffffL;

    private Positions() {}

    /** The product of two fractions of 2^64, short by less than 3 · 2^-64. */
    static long fractionTimes(long x, long y) {
        long xh = (x >> 32) & WORD;
        long xl = x & WORD;
        long yh = (y >> 32) & WORD;
        long yl = y & WORD;
        long p = (xh * yl >> 32) & WORD;
        long q = (xl * yh >> 32) & WORD;
        return xh * yh + p + q;
    }

    /**
     * x, starts, y, all, blocks, items, heads, d, rotated, sequence_stride, head_stride, stride,
     * ratio_high, ratio_low, scale, STARTS, ROTARY, HALVES.
     */
    public static void positionsOf(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int blocks = a.get(4);
        int items = a.get(5);
        int heads = a.get(6);
        int d = a.get(7);
        int rotated = a.get(8);
        int headStride = a.get(10);
        int sequence = c.groupIdx / blocks;
        int e = (c.groupIdx - sequence * blocks) * c.localGroupSizeX + c.localIdx;
        if (e < a.get(3)) {
            int t = e / items;
            int i = e - t * items;
            int position = t;
            if (a.get(15) == 1) {
                position = g.get(a.get(1) + sequence) + t;
            }
            int row = sequence * a.get(9) + t * a.get(11);
            // 0: add, 1: turn, 2: copy what stands behind the rotated columns.
            int kind = a.get(16);
            int halves = a.get(17);
            if (2 * i > rotated - 1) {
                kind = 2 * kind;
                halves = 0;
            }
            // ratio^i / (2 pi) in 2^-64 turns, by squaring.
            long ratio = ((a.get(12) & WORD) << 32) | (a.get(13) & WORD);
            long frequency = 0x28be60db9391054aL;
            int power = i;
            while (power > 0) {
                long more = fractionTimes(frequency, ratio);
                if ((power & 1) == 1) {
                    frequency = more;
                }
                ratio = fractionTimes(ratio, ratio);
                power = power >> 1;
            }
            // The nearest quarter turn is split off, so that the rest is at most an eighth.
            long high = (frequency >> 32) & WORD;
            long low = frequency & WORD;
            long p = position & WORD;
            long turn = p * high + ((p * low >> 32) & WORD);
            if (position < 0) {
                turn = turn - low;
            }
            turn = turn & WORD;
            int quarter = (int) (((turn + 0x20000000L) & WORD) >> 30);
            int left = (int) (turn - ((long) quarter << 30));
            float rest = (float) left * 1.4629180792671596e-9f;
            float s = TornadoMath.sin(rest);
            float k = TornadoMath.cos(rest);
            float sine = s;
            float cosine = k;
            if (quarter == 1) {
                sine = k;
                cosine = -s;
            } else if (quarter == 2) {
                sine = -s;
                cosine = -k;
            } else if (quarter == 3) {
                sine = -k;
                cosine = s;
            }
            float scale = x.get(14);
            int first = 2 * i;
            int second = 2 * i + 1;
            if (halves == 1) {
                first = i;
                second = i + rotated / 2;
            }
            for (int n = 0; n < heads; n++) {
                int at = row + n * headStride;
                float u = h.get(a.get(0) + at + first);
                float v = 0.0f;
                if (second < d) {
                    v = h.get(a.get(0) + at + second);
                }
                float yu = u;
                float yv = v;
                if (kind == 0) {
                    yu = u * scale + sine;
                    yv = v * scale + cosine;
                }
                if (kind == 1) {
                    yu = u * cosine - v * (sine * scale);
                    yv = v * cosine + u * (sine * scale);
                }
                h.set(a.get(2) + at + first, yu);
                if (second < d) {
                    h.set(a.get(2) + at + second, yv);
                }
            }
        }
    }
}
