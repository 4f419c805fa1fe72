package io.tatara.runtime.cuda;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.runtime.OutOfDeviceMemoryException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * The device's memory: from the driver's stream-ordered pool where it has one (so that an
 * allocation costs no wait and a release takes effect behind the work enqueued), else by plain
 * allocation. All calls are made in the context; its monitor guards what is here.
 */
final class CudaBuffers {
    private final CudaDevice device;
    private final CudaContext context;
    private final CudaDriver driver;
    private final Order order;
    private final boolean pooled;
    private final String name;
    private final Set<CudaMemory> live = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Scratch scratch = scratch();
    private final long total;
    private long used;
    private long semaphores;
    private boolean poison;

    CudaBuffers(CudaDevice device, CudaDevices.Found found, CudaContext context, Order order) {
        this.device = device;
        this.context = context;
        this.driver = context.driver();
        this.order = order;
        this.name = found.info().id() + " (" + found.info().name() + ")";
        this.total = found.info().memory();
        this.pooled = driver.attribute(CudaDriver.MEMORY_POOLS, context.device()) != 0;
        if (pooled) {
            driver.keepPool(context.device());
        }
    }

    CudaMemory allocate(long asked) {
        long bytes = Math.max(4, asked);
        synchronized (context) {
            long p;
            try {
                p = create(bytes);
            } catch (OutOfDeviceMemoryException e) {
                if (!scratch.trim()) {
                    throw e;
                }
                p = create(bytes);
            }
            CudaMemory memory = new CudaMemory(device, p, bytes, true);
            order.next();
            order.use(memory);
            live.add(memory);
            return memory;
        }
    }

    void release(CudaMemory memory) {
        synchronized (context) {
            if (!memory.owned()) {
                memory.take();
                return;
            }
            order.next();
            order.use(memory); // behind its uploads
            long p = memory.take();
            if (p != 0) {
                live.remove(memory);
                free(p, memory.bytes());
            }
        }
    }

    /** Buffers for the temporaries of plans that run together. */
    Scratch scratch() {
        return new Scratch(this::create, this::free);
    }

    /** Temporaries for one plan on the compute stream; the monitor is held until it is enqueued. */
    long[] temporaries(List<Long> bytes) {
        return temporaries(scratch, bytes, context.compute());
    }

    /** The same from other buffers, for work on another stream. */
    long[] temporaries(Scratch from, List<Long> bytes, long stream) {
        long[] p = from.take(bytes);
        for (int i = 0; poison && i < p.length; i++) {
            driver.fill(p[i], -1, bytes.get(i) / 4, stream);
        }
        return p;
    }

    /** For tests: temporaries are full of NaN before each plan. */
    void poisonTemporaries() {
        synchronized (context) {
            poison = true;
        }
    }

    /** The ints that are 0 between launches. */
    long semaphores() {
        if (semaphores == 0) {
            semaphores = create(GpuPlan.SEMAPHORES * 4L);
            driver.fill(semaphores, 0, GpuPlan.SEMAPHORES, context.compute());
        }
        return semaphores;
    }

    private long create(long bytes) {
        long p;
        try {
            p = raw(bytes);
        } catch (CudaFailure e) {
            if (!CudaErrors.memory(e)) {
                throw e;
            }
            p = again(bytes);
        }
        used += bytes;
        return p;
    }

    private long raw(long bytes) {
        if (bytes > total) { // a driver may take that for a wrong argument
            throw new CudaFailure(
                    "cuMemAlloc", CudaErrors.OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY");
        }
        return pooled ? driver.allocateAsync(bytes, context.compute()) : driver.allocate(bytes);
    }

    /** Once more, after the driver's pool gave back what nobody uses. */
    private long again(long bytes) {
        if (pooled) {
            context.synchronize();
            driver.trimPool(context.device());
        }
        try {
            return raw(bytes);
        } catch (CudaFailure e) {
            if (!CudaErrors.memory(e)) {
                throw e;
            }
            long[] m = driver.memory();
            throw new OutOfDeviceMemoryException(
                    name
                            + ": "
                            + bytes
                            + " bytes asked, "
                            + used
                            + " in use here, "
                            + m[0]
                            + " of "
                            + m[1]
                            + " free on the device",
                    e);
        }
    }

    private void free(long pointer, long bytes) {
        used -= bytes;
        if (pooled) {
            driver.freeAsync(pointer, context.compute());
        } else {
            driver.free(pointer);
        }
    }

    /** Frees everything, also what was never given back. */
    void close() {
        synchronized (context) {
            scratch.trim();
            if (semaphores != 0) {
                free(semaphores, GpuPlan.SEMAPHORES * 4L);
                semaphores = 0;
            }
            for (CudaMemory m : live) {
                free(m.take(), m.bytes());
            }
            live.clear();
            context.synchronize();
            if (pooled) {
                driver.trimPool(context.device());
            }
        }
    }
}
