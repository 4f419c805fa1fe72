package io.tatara.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The driver's {@code CUlaunchConfig} with one {@code CUlaunchAttribute}, programmatic stream
 * serialization: the kernel may begin before the one before it in the stream has ended, from where
 * that one allows it (CUDA C++ Programming Guide, "Programmatic Dependent Launch").
 */
final class EarlyLaunch {
    /** Programmatic launches are captured in graphs from CUDA 12.3 on. */
    static final int DRIVER = 12030;

    private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;

    // CUlaunchConfig as cuda.h has it, and the attribute behind it.
    private static final long SHARED = 24;
    private static final long STREAM = 32;
    private static final long ATTRIBUTES = 40;
    private static final long COUNT = 48;
    private static final long ATTRIBUTE = 56;
    private static final long VALUE = ATTRIBUTE + 8;
    private static final long BYTES = ATTRIBUTE + 72;

    private final MemorySegment config;

    /**
     * Allocates it once for all launches.
     *
     * @param grid extents of the grid, then of the block
     */
    EarlyLaunch(int[] grid, int dynamicShared, Arena arena) {
        config = arena.allocate(BYTES, Long.BYTES);
        MemorySegment.copy(grid, 0, config, JAVA_INT, 0, grid.length);
        config.set(JAVA_INT, SHARED, dynamicShared);
        config.set(ADDRESS, ATTRIBUTES, config.asSlice(ATTRIBUTE));
        config.set(JAVA_INT, COUNT, 1);
        config.set(JAVA_INT, ATTRIBUTE, PROGRAMMATIC_STREAM_SERIALIZATION);
        config.set(JAVA_INT, VALUE, 1);
    }

    MemorySegment on(long stream) {
        config.set(JAVA_LONG, STREAM, stream);
        return config;
    }
}
