package io.tatara.runtime.jvm;

import io.tatara.kernels.DType;
import io.tatara.runtime.spi.Memory;
import java.lang.foreign.MemorySegment;

/**
 * A heap array: float[], int[] or, for the 16-bit types, short[] (measured: large unrolled kernels
 * over segments may never be compiled). The others are null.
 */
record JvmMemory(float[] f, int[] i, short[] s) implements Memory {
    static JvmMemory of(DType dtype, int elements) {
        return switch (dtype) {
            case INT32 -> new JvmMemory(null, new int[elements], null);
            case FLOAT16, BFLOAT16 -> new JvmMemory(null, null, new short[elements]);
            default -> new JvmMemory(new float[elements], null, null);
        };
    }

    @Override
    public long bytes() {
        return s != null ? 2L * s.length : 4L * (f != null ? f.length : i.length);
    }

    MemorySegment segment() {
        return f != null
                ? MemorySegment.ofArray(f)
                : i != null ? MemorySegment.ofArray(i) : MemorySegment.ofArray(s);
    }
}
