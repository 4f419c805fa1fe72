package io.tatara.runtime.cuda;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.spi.Memory;

/** A piece of device memory. What is not final is guarded by the device's monitor. */
final class CudaMemory implements Memory {
    final CudaDevice device;
    private final long bytes;
    private final boolean owned;
    private long pointer; // 0 when released

    /** Number of its last use on the compute stream and of its last upload; see {@link Order}. */
    long use;

    long upload;

    /** Whether others have the raw pointer. */
    boolean shared;

    /**
     * @param owned false for the caller's own memory, which is never freed here
     */
    CudaMemory(CudaDevice device, long pointer, long bytes, boolean owned) {
        this.device = device;
        this.pointer = pointer;
        this.bytes = bytes;
        this.owned = owned;
        this.shared = !owned;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    boolean owned() {
        return owned;
    }

    /** The address; never 0. */
    long pointer() {
        if (pointer == 0) {
            throw new DeviceException(
                    device.info().id() + ": memory is used after it was released");
        }
        return pointer;
    }

    /** Takes the address out; 0 the second time. */
    long take() {
        long p = pointer;
        pointer = 0;
        return p;
    }
}
