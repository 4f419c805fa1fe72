package io.tatara.runtime.memory;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.runtime.OutOfDeviceMemoryException;
import io.tatara.runtime.events.AllocationEvent;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Memory;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * A caching pool over a device's raw memory. Sizes are rounded up to four classes an octave (at
 * most a quarter is wasted); freed memory is kept for the next request of its class. Reuse needs no
 * waiting, since a device's work takes effect in order. Thread-safe.
 */
public final class MemoryPool {
    private static final long SMALLEST = 64;

    private record Key(Object storage, long bytes) {}

    private final BackEndDevice device;
    private final long limit;
    private final Map<Key, ArrayDeque<Memory>> free = new HashMap<>();
    private long held;
    private long cached;
    private long peak;
    private long deviceAllocations;
    private boolean closed;

    /**
     * @param limit most bytes to hold at once, in use and kept; 0 for no limit but the device's
     */
    public MemoryPool(BackEndDevice device, long limit) {
        this.device = device;
        this.limit = limit;
    }

    /** Bytes in use, kept for reuse, most ever in use, and how often the device was asked. */
    public record Stats(long inUse, long cached, long peak, long deviceAllocations) {}

    public synchronized Stats stats() {
        return new Stats(held - cached, cached, peak, deviceAllocations);
    }

    /**
     * Memory for this many elements; at least one.
     *
     * @throws OutOfDeviceMemoryException after one trim and retry
     */
    public synchronized Memory acquire(DType dtype, int elements) {
        long bytes = roundUp(Math.max(1L, elements) * dtype.bytes());
        bytes = Math.min(bytes, (long) Shape.MAX_SIZE * dtype.bytes());
        ArrayDeque<Memory> list = free.get(new Key(device.storageClass(dtype), bytes));
        Memory m = list == null ? null : list.pollLast();
        if (m != null) {
            cached -= m.bytes();
        } else {
            m = allocate(dtype, (int) (bytes / dtype.bytes()), bytes);
            held += m.bytes();
        }
        peak = Math.max(peak, held - cached);
        return m;
    }

    private Memory allocate(DType dtype, int elements, long bytes) {
        if (limit > 0 && held + bytes > limit) {
            trim();
            if (held + bytes > limit) {
                throw new OutOfDeviceMemoryException(
                        device.info().id()
                                + ": "
                                + bytes
                                + " bytes asked for, "
                                + held
                                + " in use, the limit is "
                                + limit);
            }
        }
        deviceAllocations++;
        AllocationEvent event = new AllocationEvent();
        event.begin();
        try {
            return device.allocate(dtype, elements);
        } catch (OutOfDeviceMemoryException first) {
            trim();
            try {
                return device.allocate(dtype, elements);
            } catch (OutOfDeviceMemoryException second) {
                throw new OutOfDeviceMemoryException(
                        second.getMessage()
                                + " ("
                                + bytes
                                + " bytes asked for, "
                                + held
                                + " in use; kept memory was given back and did not help)",
                        second);
            }
        } finally {
            if (event.shouldCommit()) {
                event.device = device.info().id();
                event.bytes = bytes;
                event.commit();
            }
        }
    }

    /** Gives memory back for reuse. */
    public synchronized void release(DType dtype, Memory memory) {
        if (closed) {
            return;
        }
        cached += memory.bytes();
        free.computeIfAbsent(
                        new Key(device.storageClass(dtype), memory.bytes()),
                        k -> new ArrayDeque<>())
                .addLast(memory);
    }

    /** Gives all kept memory back to the device. */
    public synchronized void trim() {
        for (ArrayDeque<Memory> list : free.values()) {
            for (Memory m : list) {
                held -= m.bytes();
                device.release(m);
            }
        }
        free.clear();
        cached = 0;
    }

    /** Trims and takes nothing more back; the device is about to close. */
    public synchronized void close() {
        trim();
        closed = true;
    }

    static long roundUp(long bytes) {
        if (bytes <= SMALLEST) {
            return SMALLEST;
        }
        long octave = Long.highestOneBit(bytes - 1);
        long step = Math.max(16, octave / 4);
        return (bytes + step - 1) / step * step;
    }
}
