package io.tatara.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The part of the driver that is called by {@code java.lang.foreign}; see {@link NativeCalls} for
 * which and why. No call allocates on the hot path.
 */
abstract class ForeignCalls implements CudaDriver {
    private static final int POOL_RELEASE_THRESHOLD = 4;

    private static final int JIT_ERROR_LOG = 5;

    private static final int JIT_ERROR_LOG_SIZE = 6;

    private static final int LOG = 16 << 10;

    static void check(String call, int code) {
        if (code != 0) {
            throw new CudaFailure(call, code, name(code));
        }
    }

    private static String name(int code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment p = arena.allocate(ADDRESS);
            return (int) NativeCalls.GET_ERROR_NAME.invokeExact(code, p) == 0
                    ? NativeText.of(p.get(ADDRESS, 0))
                    : "CUresult " + code;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static RuntimeException unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            return e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(t);
    }

    @Override
    public long currentContext() {
        long[] c = new long[1];
        try {
            check("cuCtxGetCurrent", (int) NativeCalls.GET_CURRENT.invokeExact(segment(c)));
        } catch (Throwable t) {
            throw unexpected(t);
        }
        return c[0];
    }

    private static MemorySegment segment(long[] a) {
        return MemorySegment.ofArray(a);
    }

    @Override
    public void makeCurrent(long context) {
        try {
            check("cuCtxSetCurrent", (int) NativeCalls.SET_CURRENT.invokeExact(context));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static long pool(int device, Arena arena) throws Throwable {
        MemorySegment p = arena.allocate(JAVA_LONG);
        check(
                "cuDeviceGetDefaultMemPool",
                (int) NativeCalls.DEFAULT_MEM_POOL.invokeExact(p, device));
        return p.get(JAVA_LONG, 0);
    }

    @Override
    public void keepPool(int device) {
        if (NativeCalls.DEFAULT_MEM_POOL == null || NativeCalls.POOL_SET_ATTRIBUTE == null) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment most = arena.allocateFrom(JAVA_LONG, -1L); // cuuint64_t: the largest
            check(
                    "cuMemPoolSetAttribute",
                    (int)
                            NativeCalls.POOL_SET_ATTRIBUTE.invokeExact(
                                    pool(device, arena), POOL_RELEASE_THRESHOLD, most));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void trimPool(int device) {
        if (NativeCalls.DEFAULT_MEM_POOL == null || NativeCalls.POOL_TRIM == null) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            check(
                    "cuMemPoolTrimTo",
                    (int) NativeCalls.POOL_TRIM.invokeExact(pool(device, arena), 0L));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void upload(long to, MemorySegment from, long bytes, long stream) {
        try {
            check(
                    "cuMemcpyHtoDAsync",
                    (int) NativeCalls.UPLOAD.invokeExact(to, from, bytes, stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void download(MemorySegment to, long from, long bytes, long stream) {
        try {
            check(
                    "cuMemcpyDtoHAsync",
                    (int) NativeCalls.DOWNLOAD.invokeExact(to, from, bytes, stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void copy(long to, long from, long bytes, long stream) {
        try {
            check("cuMemcpyDtoDAsync", (int) NativeCalls.COPY.invokeExact(to, from, bytes, stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void fill(long pointer, int value, long count, long stream) {
        try {
            check(
                    "cuMemsetD32Async",
                    (int) NativeCalls.FILL.invokeExact(pointer, value, count, stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void synchronizeStream(long stream) {
        try {
            check("cuStreamSynchronize", (int) NativeCalls.STREAM_SYNCHRONIZE.invokeExact(stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void record(long event, long stream) {
        try {
            check("cuEventRecord", (int) NativeCalls.EVENT_RECORD.invokeExact(event, stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void waitFor(long stream, long event) {
        try {
            check(
                    "cuStreamWaitEvent",
                    (int) NativeCalls.STREAM_WAIT_EVENT.invokeExact(stream, event, 0));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public boolean done(long event) {
        try {
            int code = (int) NativeCalls.EVENT_QUERY.invokeExact(event);
            if (code == CudaErrors.NOT_READY) {
                return false;
            }
            check("cuEventQuery", code);
            return true;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void synchronizeEvent(long event) {
        try {
            check("cuEventSynchronize", (int) NativeCalls.EVENT_SYNCHRONIZE.invokeExact(event));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public long load(byte[] cubin) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment image = arena.allocate(cubin.length, 64);
            MemorySegment.copy(cubin, 0, image, JAVA_BYTE, 0, cubin.length);
            MemorySegment module = arena.allocate(JAVA_LONG);
            check(
                    "cuModuleLoadData",
                    (int) NativeCalls.MODULE_LOAD_DATA.invokeExact(module, image));
            return module.get(JAVA_LONG, 0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public long loadPtx(byte[] ptx, StringBuilder log) {
        byte[] terminated = Arrays.copyOf(ptx, ptx.length + 1);
        if (NativeCalls.MODULE_LOAD_DATA_EX == null) {
            return load(terminated);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment image = arena.allocate(terminated.length, 64);
            MemorySegment.copy(terminated, 0, image, JAVA_BYTE, 0, terminated.length);
            MemorySegment text = arena.allocate(LOG);
            MemorySegment module = arena.allocate(JAVA_LONG);
            MemorySegment options = arena.allocateFrom(JAVA_INT, JIT_ERROR_LOG, JIT_ERROR_LOG_SIZE);
            MemorySegment values = arena.allocateFrom(JAVA_LONG, text.address(), LOG);
            int code =
                    (int)
                            NativeCalls.MODULE_LOAD_DATA_EX.invokeExact(
                                    module, image, 2, options, values);
            text.set(JAVA_BYTE, LOG - 1, (byte) 0);
            log.append(text.getString(0));
            check("cuModuleLoadDataEx", code);
            return module.get(JAVA_LONG, 0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int[] parameters(long function) {
        if (NativeCalls.FUNCTION_PARAMETER == null) {
            return null;
        }
        int[] sizes = new int[64];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocate(JAVA_LONG);
            MemorySegment size = arena.allocate(JAVA_LONG);
            for (int i = 0; ; i++) {
                int code =
                        (int)
                                NativeCalls.FUNCTION_PARAMETER.invokeExact(
                                        function, (long) i, offset, size);
                if (code == CudaErrors.INVALID_VALUE) {
                    return Arrays.copyOf(sizes, i);
                }
                if (code != 0) {
                    return null; // there by name, but not for this device
                }
                if (i == sizes.length) {
                    sizes = Arrays.copyOf(sizes, 2 * i);
                }
                sizes[i] = (int) size.get(JAVA_LONG, 0);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void launch(
            long function,
            int[] g,
            int dynamicShared,
            boolean cooperative,
            long stream,
            MemorySegment parameters) {
        try {
            if (cooperative) {
                if (NativeCalls.LAUNCH_COOPERATIVE == null) {
                    throw new CudaFailure("cuLaunchCooperativeKernel", 801, "absent");
                }
                check(
                        "cuLaunchCooperativeKernel",
                        (int)
                                NativeCalls.LAUNCH_COOPERATIVE.invokeExact(
                                        function,
                                        g[0],
                                        g[1],
                                        g[2],
                                        g[3],
                                        g[4],
                                        g[5],
                                        dynamicShared,
                                        stream,
                                        parameters));
            } else {
                check(
                        "cuLaunchKernel",
                        (int)
                                NativeCalls.LAUNCH.invokeExact(
                                        function,
                                        g[0],
                                        g[1],
                                        g[2],
                                        g[3],
                                        g[4],
                                        g[5],
                                        dynamicShared,
                                        stream,
                                        parameters,
                                        MemorySegment.NULL));
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public boolean launchesEarly() {
        return NativeCalls.LAUNCH_EX != null;
    }

    @Override
    public void launchEarly(long function, MemorySegment config, MemorySegment parameters) {
        try {
            check(
                    "cuLaunchKernelEx",
                    (int)
                            NativeCalls.LAUNCH_EX.invokeExact(
                                    config, function, parameters, MemorySegment.NULL));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void encodeTiled(
            MemorySegment map,
            int type,
            int rank,
            long address,
            MemorySegment shape,
            MemorySegment box,
            int swizzle) {
        if (NativeCalls.ENCODE_TILED == null) {
            throw new CudaFailure(
                    "cuTensorMapEncodeTiled", 801, "absent: the driver is older than 12.0");
        }
        try {
            int interleave = 0;
            int promotion = 3; // CU_TENSOR_MAP_L2_PROMOTION_L2_256B
            int fill = 0; // zeros outside
            check(
                    "cuTensorMapEncodeTiled",
                    (int)
                            NativeCalls.ENCODE_TILED.invokeExact(
                                    map,
                                    type,
                                    rank,
                                    address,
                                    shape,
                                    shape.asSlice(rank * 8L),
                                    box,
                                    box.asSlice(rank * 4L),
                                    interleave,
                                    swizzle,
                                    promotion,
                                    fill));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void launchGraph(long executable, long stream) {
        try {
            check("cuGraphLaunch", (int) NativeCalls.GRAPH_LAUNCH.invokeExact(executable, stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }
}
