package io.tatara.tornado;

import io.tatara.runtime.spi.Memory;

/**
 * A place in one of a device's heaps.
 *
 * @param device whose heap it is
 * @param ints whether it is the heap of int32
 * @param at first word
 * @param words 32-bit words that are the tensor's
 */
record HeapMemory(TornadoDevice device, boolean ints, int at, int words) implements Memory {
    @Override
    public long bytes() {
        return 4L * words;
    }

    @Override
    public boolean equals(Object o) {
        return this == o;
    }

    @Override
    public int hashCode() {
        return at;
    }
}
