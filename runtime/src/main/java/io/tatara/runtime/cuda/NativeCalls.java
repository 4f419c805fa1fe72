package io.tatara.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The driver's functions that are called by {@code java.lang.foreign}: those that JCuda 12.6.0
 * lacks (tensor maps, pool attributes, parameter sizes), and those of the hot path, where JCuda
 * builds objects for each argument. Handles and addresses are longs here, as they are to the
 * driver. The handles are constants to the JIT compiler; the class may be touched only after {@link
 * CudaLibrary} has loaded the driver.
 *
 * <p>Only {@code cuCtxGetCurrent} is linked as critical: it reads a thread-local variable. A launch
 * may wait for room in the driver's queue, and must not hold the garbage collector up meanwhile.
 */
final class NativeCalls {
    private static final SymbolLookup LIBRARY = CudaLibrary.driver();

    static final MethodHandle GET_ERROR_NAME = need("cuGetErrorName", JAVA_INT, ADDRESS);
    static final MethodHandle GET_CURRENT =
            link("cuCtxGetCurrent", new Linker.Option[] {Linker.Option.critical(true)}, ADDRESS);
    static final MethodHandle SET_CURRENT = need("cuCtxSetCurrent", JAVA_LONG);
    static final MethodHandle UPLOAD =
            need("cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
    static final MethodHandle DOWNLOAD =
            need("cuMemcpyDtoHAsync_v2", ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle COPY =
            need("cuMemcpyDtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final MethodHandle FILL =
            need("cuMemsetD32Async", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle STREAM_SYNCHRONIZE = need("cuStreamSynchronize", JAVA_LONG);
    static final MethodHandle STREAM_WAIT_EVENT =
            need("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);
    static final MethodHandle EVENT_RECORD = need("cuEventRecord", JAVA_LONG, JAVA_LONG);
    static final MethodHandle EVENT_QUERY = need("cuEventQuery", JAVA_LONG);
    static final MethodHandle EVENT_SYNCHRONIZE = need("cuEventSynchronize", JAVA_LONG);
    static final MethodHandle MODULE_LOAD_DATA = need("cuModuleLoadData", ADDRESS, ADDRESS);
    static final MethodHandle LAUNCH =
            need(
                    "cuLaunchKernel",
                    JAVA_LONG,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_LONG,
                    ADDRESS,
                    ADDRESS);
    static final MethodHandle GRAPH_LAUNCH = need("cuGraphLaunch", JAVA_LONG, JAVA_LONG);

    /** What follows is null where the driver is too old for it. */
    static final MethodHandle LAUNCH_COOPERATIVE =
            link(
                    "cuLaunchCooperativeKernel",
                    new Linker.Option[0],
                    JAVA_LONG,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_LONG,
                    ADDRESS);

    static final MethodHandle LAUNCH_EX =
            want("cuLaunchKernelEx", ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
    static final MethodHandle MODULE_LOAD_DATA_EX =
            want("cuModuleLoadDataEx", ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    static final MethodHandle DEFAULT_MEM_POOL =
            want("cuDeviceGetDefaultMemPool", ADDRESS, JAVA_INT);
    static final MethodHandle POOL_SET_ATTRIBUTE =
            want("cuMemPoolSetAttribute", JAVA_LONG, JAVA_INT, ADDRESS);
    static final MethodHandle POOL_TRIM = want("cuMemPoolTrimTo", JAVA_LONG, JAVA_LONG);
    static final MethodHandle FUNCTION_PARAMETER =
            want("cuFuncGetParamInfo", JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
    static final MethodHandle ENCODE_TILED =
            want(
                    "cuTensorMapEncodeTiled",
                    ADDRESS,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_LONG,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT,
                    JAVA_INT);

    private NativeCalls() {}

    private static MethodHandle need(String name, MemoryLayout... arguments) {
        MethodHandle h = want(name, arguments);
        if (h == null) {
            throw new UnsatisfiedLinkError("the CUDA driver has no " + name);
        }
        return h;
    }

    private static MethodHandle want(String name, MemoryLayout... arguments) {
        return link(name, new Linker.Option[0], arguments);
    }

    private static MethodHandle link(
            String name, Linker.Option[] options, MemoryLayout... arguments) {
        return LIBRARY.find(name)
                .map(f ->
                        Linker.nativeLinker()
                                .downcallHandle(
                                        f, FunctionDescriptor.of(JAVA_INT, arguments), options))
                .orElse(null);
    }
}
