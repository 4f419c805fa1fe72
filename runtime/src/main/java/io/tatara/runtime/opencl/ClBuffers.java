package io.tatara.runtime.opencl;

import io.tatara.runtime.OutOfDeviceMemoryException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/**
 * The device's buffers, counted: a driver that would rather swap or die than refuse is not asked.
 */
final class ClBuffers {
    private final OpenClDevice device;
    private final ClQueue queue; // its monitor guards what follows
    private final String name;
    private final long largest;
    private final long total;
    private final Set<OpenClMemory> live = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Scratch scratch = new Scratch(this::create, this::free);
    private long used;
    private volatile boolean poison;

    ClBuffers(OpenClDevice device, ClDevices.Found found, ClQueue queue) {
        this.device = device;
        this.queue = queue;
        this.name = found.info().id() + " (" + found.info().name() + ")";
        this.total = found.info().memory();
        this.largest = ClInfo.number(found.device(), CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    }

    OpenClMemory allocate(long asked) {
        long bytes = Math.max(4, asked);
        synchronized (queue) {
            cl_mem m;
            try {
                m = create(bytes);
            } catch (OutOfDeviceMemoryException e) {
                if (!scratch.trim()) {
                    throw e;
                }
                m = create(bytes);
            }
            OpenClMemory memory = new OpenClMemory(device, m, bytes);
            live.add(memory);
            return memory;
        }
    }

    /** The driver deletes a buffer when the commands that use it are done. */
    void release(OpenClMemory memory) {
        synchronized (queue) {
            cl_mem m = memory.take();
            if (m != null) {
                live.remove(memory);
                free(m, memory.bytes());
            }
        }
    }

    /** Temporaries for one plan; the monitor is held until it is enqueued. */
    cl_mem[] temporaries(List<Long> bytes) {
        cl_mem[] mems = scratch.take(bytes);
        for (int i = 0; poison && i < mems.length; i++) {
            long n = (bytes.get(i) + 3) / 4 * 4; // buffers come in larger grains
            CL.clEnqueueFillBuffer(
                    queue.raw(), mems[i], Pointer.to(new int[] {-1}), 4, 0, n, 0, null, null);
        }
        return mems;
    }

    /** For tests: temporaries are full of NaN before each plan. */
    void poisonTemporaries() {
        poison = true;
    }

    private cl_mem create(long bytes) {
        if (bytes > largest || bytes > total - used) {
            throw none(bytes, null);
        }
        cl_mem m = null;
        try {
            m = CL.clCreateBuffer(queue.context(), CL.CL_MEM_READ_WRITE, bytes, null, null);
            // Some drivers allocate at first use, where a refusal would come too late.
            CL.clEnqueueMigrateMemObjects(
                    queue.raw(),
                    1,
                    new cl_mem[] {m},
                    CL.CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED,
                    0,
                    null,
                    null);
        } catch (CLException e) {
            if (m != null && ClErrors.memory(e)) {
                CL.clReleaseMemObject(m);
            }
            if (ClErrors.memory(e)) {
                throw none(bytes, e);
            }
            if (m == null) {
                throw e;
            }
        }
        used += bytes;
        return m;
    }

    private OutOfDeviceMemoryException none(long bytes, CLException cause) {
        return new OutOfDeviceMemoryException(
                name
                        + ": "
                        + bytes
                        + " bytes asked, "
                        + used
                        + " of "
                        + total
                        + " in use, at most "
                        + largest
                        + " in one piece"
                        + (cause == null
                                ? ""
                                : " (" + CL.stringFor_errorCode(cause.getStatus()) + ")"),
                cause);
    }

    private void free(cl_mem m, long bytes) {
        used -= bytes;
        CL.clReleaseMemObject(m);
    }

    void close() {
        synchronized (queue) {
            scratch.trim();
            for (OpenClMemory m : live) {
                CL.clReleaseMemObject(m.take());
            }
            live.clear();
        }
    }
}
