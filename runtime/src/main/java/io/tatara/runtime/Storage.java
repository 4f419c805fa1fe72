package io.tatara.runtime;

import io.tatara.kernels.DType;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.Weight;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Memory that tensors share (a tensor and its reshaped views), given back when the last of them
 * closes.
 */
final class Storage {
    final Device device;
    final DType dtype;
    final Memory memory;
    final Weight weight;
    private final boolean owned;
    private final AtomicInteger references = new AtomicInteger(1);

    Storage(Device device, DType dtype, Memory memory, Weight weight) {
        this(device, dtype, memory, weight, true);
    }

    /**
     * @param owned false for memory of the caller's, which is not the pool's
     */
    Storage(Device device, DType dtype, Memory memory, Weight weight, boolean owned) {
        this.owned = owned;
        this.device = device;
        this.dtype = dtype;
        this.memory = memory;
        this.weight = weight;
    }

    void retain() {
        references.incrementAndGet();
    }

    void release() {
        if (references.decrementAndGet() == 0 && owned) {
            device.pool().release(dtype, memory);
        }
    }

    /** How many refer to it now. */
    int references() {
        return references.get();
    }

    /** Whether it is the pool's, not the caller's own. */
    boolean isOwned() {
        return owned;
    }

    void written() {
        if (weight != null) {
            weight.written();
        }
    }
}
