package io.tatara.runtime.cuda;

import io.tatara.runtime.natives.NativeFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.IntSupplier;
import jcuda.CudaException;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
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
 * The driver through JCuda, and through {@link ForeignCalls} for what JCuda lacks or where it
 * costs. Error codes are looked at after each call; JCuda's own exceptions, which the program
 * around us may have switched on, are translated to the same failure.
 */
final class JCudaBinding extends ForeignCalls {
    private static final int CAPTURE_RELAXED = 2;

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
        String library = LibUtils.createPlatformLibraryName("JCudaDriver-" + JCudaVersion.get());
        NativeFile.place(LibUtils.class, LibUtils.createLibraryFileName(library));
        jcuda("cuInit", () -> JCudaDriver.cuInit(0));
        Objects.requireNonNull(NativeCalls.LAUNCH); // what an old driver lacks shows here
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
    public float elapsed(long from, long to) {
        float[] ms = new float[1];
        jcuda(
                "cuEventElapsedTime",
                () -> JCudaDriver.cuEventElapsedTime(ms, Handles.event(from), Handles.event(to)));
        return ms[0];
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
