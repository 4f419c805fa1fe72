package io.tatara.kernels.emulation;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The stand-ins for libcuda and NVRTC, called as a back end calls them. */
class DriverShimTest {
    private static final String SOURCE =
            """
            extern "C" __global__ void add(float* a, int n) {
              int i = blockIdx.x * blockDim.x + threadIdx.x;
              if (i < n) a[i] += 1.0f;
            }
            extern "C" __global__ void __launch_bounds__(64) bounded(float* a) {
              __shared__ float s[128];
              extern __shared__ float d[];
              s[threadIdx.x] = d[threadIdx.x] = 2.0f;
              __syncthreads();
              a[threadIdx.x] = s[threadIdx.x] + d[threadIdx.x];
            }
            extern "C" __global__ void stuck() { if (threadIdx.x == 0) __syncthreads(); }
            """;

    private Arena arena;
    private SymbolLookup cuda;
    private SymbolLookup nvrtc;
    private MemorySegment stream;

    @BeforeEach
    void open() {
        EmulationLibrary library = EmulationLibrary.build();
        arena = Arena.ofConfined();
        cuda = SymbolLookup.libraryLookup(library.file(), Arena.global());
        nvrtc =
                SymbolLookup.libraryLookup(
                        library.file().resolveSibling("libnvrtc.so.13"), Arena.global());
        ok("cuInit", 0);
        MemorySegment context = arena.allocate(ADDRESS);
        ok("cuDevicePrimaryCtxRetain", context, 0);
        ok("cuCtxSetCurrent", context.get(ADDRESS, 0));
        stream = handle("cuStreamCreate", 1);
    }

    @AfterEach
    void close() {
        if (arena != null) {
            call(cuda, "cuDevicePrimaryCtxRelease_v2", 0);
            arena.close();
        }
    }

    private static int call(SymbolLookup library, String name, Object... args) {
        MemoryLayout[] types =
                Arrays.stream(args)
                        .map(a ->
                                a instanceof Integer
                                        ? JAVA_INT
                                        : a instanceof Long ? JAVA_LONG : ADDRESS)
                        .toArray(MemoryLayout[]::new);
        try {
            return (int)
                    Linker.nativeLinker()
                            .downcallHandle(
                                    library.findOrThrow(name),
                                    FunctionDescriptor.of(JAVA_INT, types))
                            .invokeWithArguments(args);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private void ok(String name, Object... args) {
        assertThat(call(cuda, name, args)).as(name).isZero();
    }

    /** The handle that a function writes to its first argument. */
    private MemorySegment handle(String name, Object... more) {
        MemorySegment p = arena.allocate(ADDRESS);
        Object[] args = new Object[more.length + 1];
        args[0] = p;
        System.arraycopy(more, 0, args, 1, more.length);
        ok(name, args);
        return p.get(ADDRESS, 0);
    }

    /** Compiles; the image, or null with the log in log. */
    private MemorySegment compile(String text, StringBuilder log, String architecture) {
        MemorySegment p = arena.allocate(ADDRESS);
        MemorySegment none = MemorySegment.NULL;
        assertThat(
                        call(
                                nvrtc,
                                "nvrtcCreateProgram",
                                p,
                                arena.allocateFrom(text),
                                arena.allocateFrom("shim.cu"),
                                0,
                                none,
                                none))
                .isZero();
        MemorySegment program = p.get(ADDRESS, 0);
        MemorySegment options = arena.allocate(ADDRESS);
        options.set(ADDRESS, 0, arena.allocateFrom("--gpu-architecture=" + architecture));
        int rc = call(nvrtc, "nvrtcCompileProgram", program, 1, options);
        MemorySegment size = arena.allocate(JAVA_LONG);
        call(nvrtc, "nvrtcGetProgramLogSize", program, size);
        MemorySegment words = arena.allocate(size.get(JAVA_LONG, 0));
        call(nvrtc, "nvrtcGetProgramLog", program, words);
        log.append(rc).append(' ').append(words.getString(0));
        MemorySegment image = null;
        if (rc == 0) {
            call(nvrtc, "nvrtcGetCUBINSize", program, size);
            image = arena.allocate(size.get(JAVA_LONG, 0), 16);
            assertThat(call(nvrtc, "nvrtcGetCUBIN", program, image)).isZero();
        }
        assertThat(call(nvrtc, "nvrtcDestroyProgram", p)).isZero();
        return image;
    }

    private MemorySegment function(String name) {
        MemorySegment module =
                handle("cuModuleLoadData", compile(SOURCE, new StringBuilder(), "sm_90a"));
        return handle("cuModuleGetFunction", module, arena.allocateFrom(name));
    }

    private long allocate(long bytes) {
        MemorySegment p = arena.allocate(JAVA_LONG);
        ok("cuMemAlloc_v2", p, bytes);
        return p.get(JAVA_LONG, 0);
    }

    private int launch(MemorySegment f, int groups, int threads, int shared, Object... args) {
        MemorySegment list = arena.allocate(ADDRESS, args.length + 1);
        for (int i = 0; i < args.length; i++) {
            list.setAtIndex(
                    ADDRESS,
                    i,
                    args[i] instanceof Long l
                            ? arena.allocateFrom(JAVA_LONG, l)
                            : arena.allocateFrom(JAVA_INT, (int) args[i]));
        }
        return call(
                cuda,
                "cuLaunchKernel",
                f,
                groups,
                1,
                1,
                threads,
                1,
                1,
                shared,
                stream,
                list,
                MemorySegment.NULL);
    }

    private float[] download(long from, int n) {
        MemorySegment host = arena.allocate(JAVA_FLOAT, n);
        ok("cuMemcpyDtoHAsync_v2", host, from, 4L * n, stream);
        ok("cuStreamSynchronize", stream);
        return host.toArray(JAVA_FLOAT);
    }

    @Test
    void launchesAndGraphs() {
        MemorySegment add = function("add");
        long a = allocate(400);
        ok("cuMemsetD32Async", a, 0, 100L, stream);
        assertThat(launch(add, 4, 32, 0, a, 100)).isZero();
        ok("cuStreamBeginCapture_v2", stream, 1);
        assertThat(launch(add, 4, 32, 0, a, 100)).isZero();
        ok("cuMemsetD32Async", a, Float.floatToIntBits(7), 1L, stream);
        MemorySegment graph = arena.allocate(ADDRESS);
        ok("cuStreamEndCapture", stream, graph);
        assertThat(download(a, 100)).containsOnly(1);
        MemorySegment exec = handle("cuGraphInstantiateWithFlags", graph.get(ADDRESS, 0), 0L);
        for (int i = 0; i < 3; i++) {
            ok("cuGraphLaunch", exec, stream);
        }
        assertThat(Arrays.copyOf(download(a, 100), 3)).containsExactly(7, 4, 4);
        ok("cuGraphExecDestroy", exec);
        assertThat(call(cuda, "cuGraphLaunch", exec, stream)).isEqualTo(400);
        ok("cuMemFree_v2", a);
    }

    @Test
    void recordingRefusesWhatCannotBeRecorded() {
        ok("cuStreamBeginCapture_v2", stream, 1);
        assertThat(call(cuda, "cuStreamSynchronize", stream)).isEqualTo(900);
        MemorySegment graph = arena.allocate(ADDRESS);
        assertThat(call(cuda, "cuStreamEndCapture", stream, graph)).isEqualTo(901);
        ok("cuStreamSynchronize", stream);
    }

    @Test
    void limitsOfLaunches() {
        MemorySegment f = function("bounded");
        long a = allocate(256);
        assertThat(launch(f, 1, 128, 512, a)).isEqualTo(701);
        assertThat(launch(f, 1, 64, 60000, a)).isEqualTo(1);
        ok("cuFuncSetAttribute", f, 8, 60000);
        assertThat(launch(f, 1, 64, 60000, a)).isZero();
        assertThat(download(a, 64)).containsOnly(4);
        MemorySegment value = arena.allocate(JAVA_INT);
        ok("cuFuncGetAttribute", value, 1, f);
        assertThat(value.get(JAVA_INT, 0)).isEqualTo(512);
        MemorySegment offset = arena.allocate(JAVA_LONG);
        assertThat(call(cuda, "cuFuncGetParamInfo", f, 1L, offset, MemorySegment.NULL))
                .isEqualTo(1);
        ok("cuMemFree_v2", a);
    }

    @Test
    void faultsStayUntilTheContextGoes() {
        MemorySegment add = function("add");
        long a = allocate(400);
        assertThat(launch(add, 4, 32, 0, a, 101)).isZero();
        assertThat(call(cuda, "cuStreamSynchronize", stream)).isEqualTo(700);
        assertThat(launch(add, 4, 32, 0, a, 100)).isEqualTo(700);
        ok("cuDevicePrimaryCtxRelease_v2", 0);
        MemorySegment context = handle("cuDevicePrimaryCtxRetain", 0);
        ok("cuCtxSetCurrent", context);
        stream = handle("cuStreamCreate", 1);
        assertThat(launch(function("stuck"), 1, 32, 0)).isZero();
        assertThat(call(cuda, "cuStreamSynchronize", stream)).isEqualTo(702);
    }

    @Test
    void memoryRunsOut() {
        MemorySegment p = arena.allocate(JAVA_LONG);
        assertThat(call(cuda, "cuMemAlloc_v2", p, 1L << 40)).isEqualTo(2);
        long a = allocate(1 << 20);
        MemorySegment free = arena.allocate(JAVA_LONG);
        MemorySegment total = arena.allocate(JAVA_LONG);
        ok("cuMemGetInfo_v2", free, total);
        assertThat(total.get(JAVA_LONG, 0) - free.get(JAVA_LONG, 0))
                .isGreaterThanOrEqualTo(1 << 20);
        ok("cuMemFree_v2", a);
        assertThat(call(cuda, "cuMemFree_v2", a)).isEqualTo(1);
    }

    @Test
    void imagesThatDoNotFit() {
        MemorySegment m = arena.allocate(ADDRESS);
        StringBuilder log = new StringBuilder();
        assertThat(call(cuda, "cuModuleLoadData", m, arena.allocate(64))).isEqualTo(200);
        assertThat(call(cuda, "cuModuleLoadData", m, compile(SOURCE, log, "sm_120")))
                .isEqualTo(209);
        assertThat(compile("\nextern \"C\" __global__ void k() { nothing(); }", log, "sm_90a"))
                .isNull();
        assertThat(log).contains("6 ").contains("shim.cu:2: error:").contains("nothing");
    }
}
