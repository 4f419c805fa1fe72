package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * 16-bit numbers as storage: two in a word of the int32 heap, the even one in its low half. What
 * computes takes float32.
 *
 * <p>The conversions are arithmetic alone: TornadoVM 5.2 compiles its own half types for CUDA only,
 * and no bits of computed ints as floats. m is the number of mantissa bits, 10 for float16 and 7
 * for bfloat16; the exponent has the rest.
 */
public final class Halves {
    private Halves() {}

    /** h[a1 + i] = the number i behind the word a0, i < a2; a3 is m. */
    public static void unpackHalves(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int word = g.get(a.get(0) + (i >> 1));
            h.set(a.get(1) + i, toFloat((word >> ((i & 1) << 4)) & 0xffff, a.get(3)));
        }
    }

    /** The reverse, an item a word: floats from a0, words from a1. A half word behind a2 stays. */
    public static void packHalves(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int w = c.globalIdx;
        int n = a.get(2);
        int m = a.get(3);
        int from = a.get(0) + 2 * w;
        int to = a.get(1) + w;
        if (2 * w < n) {
            int low = toBits(h.get(from), m);
            int high = g.get(to) & 0xffff0000;
            if (2 * w + 1 < n) {
                high = toBits(h.get(from + 1), m) << 16;
            }
            g.set(to, low | high);
        }
    }

    /** v · 2ⁿ; exact where the result is no subnormal number. */
    static float scale(float v, int n) {
        float r = v;
        float step = n < 0 ? 0.5f : 2.0f;
        int left = n < 0 ? -n : n;
        for (int b = 0; b < 8; b++) {
            if ((left & 1) == 1) {
                r = r * step;
            }
            left = left >> 1;
            step = step * step;
        }
        return r;
    }

    /** The number with these 16 bits. */
    public static float toFloat(int bits, int m) {
        int top = (1 << (15 - m)) - 1;
        int e = (bits >> m) & top;
        int f = bits & ((1 << m) - 1);
        int normal = e > 0 ? 1 : 0;
        float v = scale((float) (f + (normal << m)), e + 1 - normal - (top >> 1) - m);
        if (e == top) {
            // 65536 or more: its eighth power is infinite.
            v = v * v;
            v = v * v;
            v = v * v;
            if (f > 0) {
                v = Fn.notANumber(f);
            }
        }
        if ((bits & 0x8000) > 0) {
            v = -v;
        }
        return v;
    }

    /** The nearest such number, the even one of two; beyond the largest infinity. */
    static int toBits(float v, int m) {
        int top = (1 << (15 - m)) - 1;
        int bias = top >> 1;
        // |v| = t · 2^e, t from 1 to 2; written out: TornadoVM fails at ifs that its unrolling
        // decides.
        float t = TornadoMath.abs(v);
        int e = 0;
        if (t > 3.4028235e38f) {
            t = 1.0f;
            e = 128;
        }
        if (t >= 0x1p64f) {
            t = t * 0x1p-64f;
            e = e + 64;
        }
        if (t >= 0x1p32f) {
            t = t * 0x1p-32f;
            e = e + 32;
        }
        if (t >= 0x1p16f) {
            t = t * 0x1p-16f;
            e = e + 16;
        }
        if (t >= 256.0f) {
            t = t * 0x1p-8f;
            e = e + 8;
        }
        if (t >= 16.0f) {
            t = t * 0.0625f;
            e = e + 4;
        }
        if (t >= 4.0f) {
            t = t * 0.25f;
            e = e + 2;
        }
        if (t >= 2.0f) {
            t = t * 0.5f;
            e = e + 1;
        }
        if (t < 0x1p-63f) {
            t = t * 0x1p64f;
            e = e - 64;
        }
        if (t < 0x1p-63f) {
            t = t * 0x1p64f;
            e = e - 64;
        }
        if (t < 0x1p-31f) {
            t = t * 0x1p32f;
            e = e - 32;
        }
        if (t < 0x1p-15f) {
            t = t * 0x1p16f;
            e = e - 16;
        }
        if (t < 0x1p-7f) {
            t = t * 256.0f;
            e = e - 8;
        }
        if (t < 0.125f) {
            t = t * 16.0f;
            e = e - 4;
        }
        if (t < 0.5f) {
            t = t * 4.0f;
            e = e - 2;
        }
        if (t < 1.0f) {
            t = t * 2.0f;
            e = e - 1;
        }
        int exponent = e > 1 - bias ? e : 1 - bias;
        float units = scale(t, m + e - exponent);
        int whole = (int) units;
        float rest = units - (float) whole;
        if (rest > 0.5f) {
            whole = whole + 1;
        } else if (rest == 0.5f) {
            whole = whole + (whole & 1);
        }
        int sign = v < 0.0f ? 0x8000 : 0;
        if (v == 0.0f) {
            sign = 1.0f / v < 0.0f ? 0x8000 : 0;
        }
        int bits = ((exponent + bias - 1) << m) + whole;
        int infinity = top << m;
        if (bits > infinity) {
            bits = infinity;
        }
        bits = bits + sign;
        if (v != v) {
            bits = infinity + (1 << (m - 1));
        }
        return bits;
    }
}
