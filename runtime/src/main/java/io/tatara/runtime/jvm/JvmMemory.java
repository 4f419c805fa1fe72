package io.tatara.runtime.jvm;

import io.tatara.runtime.spi.Memory;
import java.lang.foreign.MemorySegment;

/**
 * A heap array: float[] or int[] (measured: large unrolled kernels over segments may never be
 * compiled).
 */
record JvmMemory(float[] f, int[] i) implements Memory {
    @Override
    public long bytes() {
        return 4L * (f != null ? f.length : i.length);
    }

    MemorySegment segment() {
        return f != null ? MemorySegment.ofArray(f) : MemorySegment.ofArray(i);
    }
}
