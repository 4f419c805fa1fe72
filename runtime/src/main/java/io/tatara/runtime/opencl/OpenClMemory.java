package io.tatara.runtime.opencl;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.spi.Memory;
import org.jocl.cl_mem;

/** A buffer of an {@link OpenClDevice}. */
final class OpenClMemory implements Memory {
    final OpenClDevice device;
    private final long bytes;
    private cl_mem mem; // null when released; guarded by the device's queue lock

    OpenClMemory(OpenClDevice device, cl_mem mem, long bytes) {
        this.device = device;
        this.mem = mem;
        this.bytes = bytes;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    cl_mem mem() {
        if (mem == null) {
            throw new DeviceException(
                    device.info().id() + ": memory is used after it was released");
        }
        return mem;
    }

    /** Takes the buffer out; null the second time. */
    cl_mem take() {
        cl_mem m = mem;
        mem = null;
        return m;
    }
}
