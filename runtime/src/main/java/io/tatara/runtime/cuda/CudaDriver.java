package io.tatara.runtime.cuda;

import java.lang.foreign.MemorySegment;

/**
 * What this back end asks of the driver: as much of the CUDA driver API as it uses, in plain longs
 * for handles and addresses. Every call throws {@link CudaFailure} for what the driver refuses.
 * Callers make a context current first (all but the calls about devices), and pass no handle that
 * is 0 or given back: the driver does not check.
 */
interface CudaDriver {
    /** {@code CUdevice_attribute}s. */
    int MAX_THREADS_PER_BLOCK = 1;

    int MAX_BLOCK_X = 2;
    int MAX_GRID_X = 5;
    int MAX_SHARED_PER_BLOCK = 8;
    int WARP_SIZE = 10;
    int CLOCK_RATE = 13;
    int MULTIPROCESSORS = 16;
    int MAJOR = 75;
    int MINOR = 76;
    int COOPERATIVE_LAUNCH = 95;
    int MAX_SHARED_OPTIN = 97;
    int MEMORY_POOLS = 115;

    /** {@code CUfunction_attribute}s. */
    int FUNCTION_MAX_THREADS = 0;

    int FUNCTION_SHARED = 1;
    int FUNCTION_MAX_DYNAMIC_SHARED = 8;
    int FUNCTION_NON_PORTABLE_CLUSTER = 14;

    // Devices

    /** The driver's newest CUDA version, 12040 for 12.4. */
    int version();

    int deviceCount();

    int device(int ordinal);

    String deviceName(int device);

    long deviceMemory(int device);

    int attribute(int attribute, int device);

    // Contexts

    long retainPrimary(int device);

    void releasePrimary(int device);

    /** The calling thread's context, 0 for none. */
    long currentContext();

    void makeCurrent(long context);

    /** Device of the current context. */
    int currentDevice();

    // Memory

    long allocate(long bytes);

    void free(long pointer);

    long allocateAsync(long bytes, long stream);

    void freeAsync(long pointer, long stream);

    /** Free and total bytes. */
    long[] memory();

    /** Lets the device's default pool keep freed memory instead of giving it back at each wait. */
    void keepPool(int device);

    /** Gives what the pool keeps back to the device. */
    void trimPool(int device);

    /** Page-locked host memory. */
    MemorySegment allocateHost(long bytes);

    void freeHost(MemorySegment host);

    void upload(long to, MemorySegment from, long bytes, long stream);

    void download(MemorySegment to, long from, long bytes, long stream);

    void copy(long to, long from, long bytes, long stream);

    /** Sets {@code count} 32-bit words. */
    void fill(long pointer, int value, long count, long stream);

    // Streams and events

    /** A stream that does not wait for the default stream. */
    long createStream();

    void destroyStream(long stream);

    void synchronizeStream(long stream);

    /**
     * @param timing whether {@link #elapsed} may use it
     */
    long createEvent(boolean timing);

    void destroyEvent(long event);

    void record(long event, long stream);

    void waitFor(long stream, long event);

    boolean done(long event);

    void synchronizeEvent(long event);

    /** Milliseconds between two events. */
    float elapsed(long from, long to);

    // Programs

    /** Loads a cubin. */
    long load(byte[] cubin);

    /**
     * Compiles PTX and loads it.
     *
     * @param log gets the driver's log where it refuses
     */
    long loadPtx(byte[] ptx, StringBuilder log);

    void unload(long module);

    long function(long module, String name);

    int functionAttribute(int attribute, long function);

    void setFunctionAttribute(int attribute, long function, int value);

    /** Bytes of each parameter; null where the driver cannot tell (before CUDA 12.4). */
    int[] parameters(long function);

    /** Blocks that a multiprocessor holds at once. */
    int occupancy(long function, int threads, int dynamicShared);

    /**
     * Launches a kernel.
     *
     * @param grid extents of the grid, then of the block
     * @param parameters array of pointers to the arguments' values
     */
    void launch(
            long function,
            int[] grid,
            int dynamicShared,
            boolean cooperative,
            long stream,
            MemorySegment parameters);

    /**
     * Launches a kernel that may begin before the one before it in the stream has ended.
     *
     * @param config of {@link EarlyLaunch}
     * @param parameters array of pointers to the arguments' values
     */
    void launchEarly(long function, MemorySegment config, MemorySegment parameters);

    /** Whether the driver has {@link #launchEarly}. */
    boolean launchesEarly();

    /**
     * Writes a tensor map of 128 bytes; see {@link io.tatara.kernels.gpu.GpuPlan.Arg.TensorMap}.
     *
     * @param map 64-byte aligned
     * @param type {@code CUtensorMapDataType}
     * @param shape extents as longs, then strides in bytes from axis 1 as longs
     * @param box box extents as ints, then element strides as ints
     * @param swizzle {@code CUtensorMapSwizzle}
     */
    void encodeTiled(
            MemorySegment map,
            int type,
            int rank,
            long address,
            MemorySegment shape,
            MemorySegment box,
            int swizzle);

    // Graphs

    void beginCapture(long stream);

    /** Ends a capture; gives the graph. */
    long endCapture(long stream);

    /** Makes a graph launchable. */
    long instantiate(long graph);

    void launchGraph(long executable, long stream);

    void destroyGraph(long graph);

    void destroyExecutable(long executable);
}
