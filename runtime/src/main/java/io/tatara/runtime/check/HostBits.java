package io.tatara.runtime.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Rounding;
import java.lang.foreign.MemorySegment;

/**
 * Elements of a dtype as their bits, on the way between the reference's doubles and a device's
 * memory.
 */
final class HostBits {
    private HostBits() {}

    static int encode(double v, DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> Float.floatToRawIntBits((float) v);
            case INT32 -> (int) v;
            case FLOAT16 -> Float.floatToFloat16((float) v) & 0xffff;
            case BFLOAT16 -> Rounding.floatToBfloat16((float) v) & 0xffff;
            case FLOAT64 -> throw new TataraException("float64 is the reference's alone");
        };
    }

    static double decode(int bits, DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> Float.intBitsToFloat(bits);
            case INT32 -> bits;
            case FLOAT16 -> Float.float16ToFloat((short) bits);
            case BFLOAT16 -> Rounding.bfloat16ToFloat((short) bits);
            case FLOAT64 -> throw new TataraException("float64 is the reference's alone");
        };
    }

    /** A float[], int[] or short[] of these bits. */
    static MemorySegment segment(int[] bits, DType dtype) {
        if (dtype.bytes() == 2) {
            short[] s = new short[bits.length];
            for (int i = 0; i < s.length; i++) {
                s[i] = (short) bits[i];
            }
            return MemorySegment.ofArray(s);
        }
        return MemorySegment.ofArray(bits);
    }

    /** The bits that {@code fill} puts into a segment of this dtype. */
    static int[] read(int n, DType dtype, java.util.function.Consumer<MemorySegment> fill) {
        if (dtype.bytes() == 2) {
            short[] s = new short[n];
            fill.accept(MemorySegment.ofArray(s));
            int[] bits = new int[n];
            for (int i = 0; i < n; i++) {
                bits[i] = s[i] & 0xffff;
            }
            return bits;
        }
        int[] bits = new int[n];
        fill.accept(MemorySegment.ofArray(bits));
        return bits;
    }
}
