package io.tatara.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntSupplier;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * The driver through JCuda, and through {@link NativeCalls} for what JCuda lacks or where it costs.
 * Error codes are looked at after each call; JCuda's own exceptions, which the program around us
 * may have switched on, are translated to the same failure.
 */
final class JCudaBinding implements CudaDriver {
    private static final int CAPTURE_RELAXED = 2;
    private static final int POOL_RELEASE_THRESHOLD = 4;
    private static final int JIT_ERROR_LOG = 5;
    private static final int JIT_ERROR_LOG_SIZE = 6;
    private static final int LOG = 16 << 10;

    private static void check(String call, int code) {
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

    /** A call through JCuda. */
    private static void jcuda(String call, IntSupplier action) {
        int code;
        try {
            code = action.getAsInt();
        } catch (CudaException e) {
            code = code(e);
        }
        check(call, code);
    }

    /** JCuda's exception carries its code as the constant's name alone. */
    private static int code(CudaException e) {
        for (int c = 1; c < 1000; c++) {
            if (CUresult.stringFor(c).equals(e.getMessage())) {
                return c;
            }
        }
        throw e;
    }

    /** Starts the driver. */
    static JCudaBinding init() {
        jcuda("cuInit", () -> JCudaDriver.cuInit(0));
        return new JCudaBinding();
    }

    @Override
    public int version() {
        int[] v = new int[1];
        jcuda("cuDriverGetVersion", () -> JCudaDriver.cuDriverGetVersion(v));
        return v[0];
    }

    @Override
    public int deviceCount() {
        int[] n = new int[1];
        jcuda("cuDeviceGetCount", () -> JCudaDriver.cuDeviceGetCount(n));
        return n[0];
    }

    /** JCuda's CUdevice keeps an int that is the ordinal, as NVIDIA's driver gives it. */
    private static CUdevice handle(int ordinal) {
        CUdevice d = new CUdevice();
        jcuda("cuDeviceGet", () -> JCudaDriver.cuDeviceGet(d, ordinal));
        return d;
    }

    @Override
    public int device(int ordinal) {
        handle(ordinal);
        return ordinal;
    }

    @Override
    public String deviceName(int device) {
        byte[] b = new byte[256];
        jcuda("cuDeviceGetName", () -> JCudaDriver.cuDeviceGetName(b, b.length, handle(device)));
        int n = 0;
        while (n < b.length && b[n] != 0) {
            n++;
        }
        return new String(b, 0, n, StandardCharsets.UTF_8);
    }

    @Override
    public long deviceMemory(int device) {
        long[] n = new long[1];
        jcuda("cuDeviceTotalMem", () -> JCudaDriver.cuDeviceTotalMem(n, handle(device)));
        return n[0];
    }

    @Override
    public int attribute(int attribute, int device) {
        int[] v = new int[1];
        jcuda(
                "cuDeviceGetAttribute " + attribute,
                () -> JCudaDriver.cuDeviceGetAttribute(v, attribute, handle(device)));
        return v[0];
    }

    @Override
    public long retainPrimary(int device) {
        CUcontext c = new CUcontext();
        jcuda(
                "cuDevicePrimaryCtxRetain",
                () -> JCudaDriver.cuDevicePrimaryCtxRetain(c, handle(device)));
        return Handles.raw(c);
    }

    @Override
    public void releasePrimary(int device) {
        jcuda(
                "cuDevicePrimaryCtxRelease",
                () -> JCudaDriver.cuDevicePrimaryCtxRelease(handle(device)));
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

    @Override
    public int currentDevice() {
        CUdevice d = new CUdevice();
        jcuda("cuCtxGetDevice", () -> JCudaDriver.cuCtxGetDevice(d));
        for (int i = 0, n = deviceCount(); i < n; i++) {
            if (handle(i).equals(d)) {
                return i;
            }
        }
        throw new IllegalStateException("the context's device " + d + " is none of the driver's");
    }

    @Override
    public long allocate(long bytes) {
        CUdeviceptr p = new CUdeviceptr();
        jcuda("cuMemAlloc", () -> JCudaDriver.cuMemAlloc(p, bytes));
        return Handles.raw(p);
    }

    @Override
    public void free(long pointer) {
        jcuda("cuMemFree", () -> JCudaDriver.cuMemFree(Handles.pointer(pointer)));
    }

    @Override
    public long allocateAsync(long bytes, long stream) {
        CUdeviceptr p = new CUdeviceptr();
        jcuda(
                "cuMemAllocAsync",
                () -> JCudaDriver.cuMemAllocAsync(p, bytes, Handles.stream(stream)));
        return Handles.raw(p);
    }

    @Override
    public void freeAsync(long pointer, long stream) {
        jcuda(
                "cuMemFreeAsync",
                () -> JCudaDriver.cuMemFreeAsync(Handles.pointer(pointer), Handles.stream(stream)));
    }

    @Override
    public long[] memory() {
        long[] free = new long[1];
        long[] total = new long[1];
        jcuda("cuMemGetInfo", () -> JCudaDriver.cuMemGetInfo(free, total));
        return new long[] {free[0], total[0]};
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
    public MemorySegment allocateHost(long bytes) {
        Pointer p = new Pointer();
        jcuda("cuMemHostAlloc", () -> JCudaDriver.cuMemHostAlloc(p, bytes, 0));
        return MemorySegment.ofAddress(Handles.raw(p)).reinterpret(bytes);
    }

    @Override
    public void freeHost(MemorySegment host) {
        jcuda("cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(Handles.host(host.address())));
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
    public long createStream() {
        CUstream s = new CUstream();
        int nonBlocking = 1;
        jcuda("cuStreamCreate", () -> JCudaDriver.cuStreamCreate(s, nonBlocking));
        return Handles.raw(s);
    }

    @Override
    public void destroyStream(long stream) {
        jcuda("cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(Handles.stream(stream)));
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
    public long createEvent(boolean timing) {
        CUevent e = new CUevent();
        int flags = timing ? 0 : 2; // CU_EVENT_DISABLE_TIMING
        jcuda("cuEventCreate", () -> JCudaDriver.cuEventCreate(e, flags));
        return Handles.raw(e);
    }

    @Override
    public void destroyEvent(long event) {
        jcuda("cuEventDestroy", () -> JCudaDriver.cuEventDestroy(Handles.event(event)));
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
    public float elapsed(long from, long to) {
        float[] ms = new float[1];
        jcuda(
                "cuEventElapsedTime",
                () -> JCudaDriver.cuEventElapsedTime(ms, Handles.event(from), Handles.event(to)));
        return ms[0];
    }

    @Override
    public long load(byte[] cubin) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment image = arena.allocate(cubin.length, 64);
            MemorySegment.copy(
                    cubin, 0, image, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, cubin.length);
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
            MemorySegment.copy(
                    terminated,
                    0,
                    image,
                    java.lang.foreign.ValueLayout.JAVA_BYTE,
                    0,
                    terminated.length);
            MemorySegment text = arena.allocate(LOG);
            MemorySegment module = arena.allocate(JAVA_LONG);
            MemorySegment options = arena.allocateFrom(JAVA_INT, JIT_ERROR_LOG, JIT_ERROR_LOG_SIZE);
            MemorySegment values = arena.allocateFrom(JAVA_LONG, text.address(), LOG);
            int code =
                    (int)
                            NativeCalls.MODULE_LOAD_DATA_EX.invokeExact(
                                    module, image, 2, options, values);
            text.set(java.lang.foreign.ValueLayout.JAVA_BYTE, LOG - 1, (byte) 0);
            log.append(text.getString(0));
            check("cuModuleLoadDataEx", code);
            return module.get(JAVA_LONG, 0);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void unload(long module) {
        jcuda("cuModuleUnload", () -> JCudaDriver.cuModuleUnload(Handles.module(module)));
    }

    @Override
    public long function(long module, String name) {
        CUfunction f = new CUfunction();
        jcuda(
                "cuModuleGetFunction " + name,
                () -> JCudaDriver.cuModuleGetFunction(f, Handles.module(module), name));
        return Handles.raw(f);
    }

    @Override
    public int functionAttribute(int attribute, long function) {
        int[] v = new int[1];
        jcuda(
                "cuFuncGetAttribute " + attribute,
                () -> JCudaDriver.cuFuncGetAttribute(v, attribute, Handles.function(function)));
        return v[0];
    }

    @Override
    public void setFunctionAttribute(int attribute, long function, int value) {
        jcuda(
                "cuFuncSetAttribute " + attribute + " to " + value,
                () -> JCudaDriver.cuFuncSetAttribute(Handles.function(function), attribute, value));
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
    public int occupancy(long function, int threads, int dynamicShared) {
        int[] n = new int[1];
        jcuda(
                "cuOccupancyMaxActiveBlocksPerMultiprocessor",
                () ->
                        JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(
                                n, Handles.function(function), threads, dynamicShared));
        return n[0];
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
    public void beginCapture(long stream) {
        // Relaxed: other threads go on allocating, and nothing that this one does waits.
        jcuda(
                "cuStreamBeginCapture",
                () -> JCudaDriver.cuStreamBeginCapture(Handles.stream(stream), CAPTURE_RELAXED));
    }

    @Override
    public long endCapture(long stream) {
        CUgraph g = new CUgraph();
        jcuda(
                "cuStreamEndCapture",
                () -> JCudaDriver.cuStreamEndCapture(Handles.stream(stream), g));
        return Handles.raw(g);
    }

    @Override
    public long instantiate(long graph) {
        CUgraphExec e = new CUgraphExec();
        jcuda(
                "cuGraphInstantiate",
                () -> JCudaDriver.cuGraphInstantiate(e, Handles.graph(graph), 0L));
        return Handles.raw(e);
    }

    @Override
    public void launchGraph(long executable, long stream) {
        try {
            check("cuGraphLaunch", (int) NativeCalls.GRAPH_LAUNCH.invokeExact(executable, stream));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void destroyGraph(long graph) {
        jcuda("cuGraphDestroy", () -> JCudaDriver.cuGraphDestroy(Handles.graph(graph)));
    }

    @Override
    public void destroyExecutable(long executable) {
        jcuda(
                "cuGraphExecDestroy",
                () -> JCudaDriver.cuGraphExecDestroy(Handles.executable(executable)));
    }
}
