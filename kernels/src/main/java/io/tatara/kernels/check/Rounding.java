package io.tatara.kernels.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;

/** Rounds doubles to what a dtype can hold. */
public final class Rounding {
    private Rounding() {}

    public static double round(double x, DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> x;
            case FLOAT32 -> (float) x;
            case INT32 -> (int) x;
            case FLOAT16 -> Float.float16ToFloat(Float.floatToFloat16((float) x));
            case BFLOAT16 -> bfloat16ToFloat(floatToBfloat16((float) x));
        };
    }

    public static void round(RefArray a) {
        double[] d = a.data();
        for (int i = 0; i < d.length; i++) {
            d[i] = round(d[i], a.spec().dtype());
        }
    }

    /** Upper half of a float's bits, rounded to nearest even; NaN stays NaN. */
    public static short floatToBfloat16(float f) {
        int u = Float.floatToRawIntBits(f);
        if ((u & 0x7fffffff) > 0x7f800000) {
            return (short) ((u >> 16) | 0x40);
        }
        return (short) ((u + 0x7fff + ((u >> 16) & 1)) >>> 16);
    }

    public static float bfloat16ToFloat(short h) {
        return Float.intBitsToFloat(h << 16);
    }
}
