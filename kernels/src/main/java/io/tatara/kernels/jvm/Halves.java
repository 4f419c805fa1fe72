package io.tatara.kernels.jvm;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;

/** Conversions between float and the 16-bit types that need no vector module. */
final class Halves {
    private Halves() {}

    static void checkBfloat16(DType type) {
        if (type != DType.BFLOAT16) {
            throw new TataraException("float16 or bfloat16 is needed, given " + type);
        }
    }

    /** From float16. The compiler makes vector instructions of the loop where the chip has them. */
    static void widen(short[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = Float.float16ToFloat(x[xo + i]);
        }
    }

    /** To float16; as {@link #widen}. */
    static void narrow(float[] x, int xo, short[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = Float.floatToFloat16(x[xo + i]);
        }
    }

    static float fromBfloat16(short h) {
        return Float.intBitsToFloat(h << 16);
    }

    /** Upper half of the bits, to nearest even; the carry may run into the exponent. */
    static short toBfloat16(float f) {
        int u = Float.floatToRawIntBits(f);
        int upper = u >>> 16;
        return (short) (f == f ? (u + 0x7fff + (upper & 1)) >>> 16 : upper | 0x40);
    }
}
