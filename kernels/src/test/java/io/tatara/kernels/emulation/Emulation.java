package io.tatara.kernels.emulation;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The CUDA emulation ({@code emulator/}) in this process: programs, memory and launches through its
 * C interface. Built once by g++ ({@link EmulationLibrary}).
 */
public final class Emulation {
    /** A kernel did something that a GPU would punish or, worse, let pass. */
    public static final class EmulationException extends RuntimeException {
        EmulationException(String message) {
            super(message);
        }
    }

    private static Emulation instance;

    private final Arena arena = Arena.ofShared();
    private final Path cache;
    private final Path include;
    private final MethodHandle report;
    private final MethodHandle setOptions;
    private final MethodHandle compile;
    private final MethodHandle alloc;
    private final MethodHandle free;
    private final MethodHandle launch;
    private final MethodHandle tensorMap;
    private final Map<Object, MemorySegment> modules = new HashMap<>();

    private Emulation(EmulationLibrary library) {
        SymbolLookup lookup = SymbolLookup.libraryLookup(library.file(), arena);
        cache = library.cache();
        include = library.include();
        report = function(lookup, "tatara_emu_report", ADDRESS);
        setOptions = function(lookup, "tatara_emu_options", null, JAVA_LONG, JAVA_DOUBLE);
        compile =
                function(
                        lookup,
                        "tatara_emu_compile",
                        ADDRESS,
                        ADDRESS,
                        ADDRESS,
                        JAVA_INT,
                        JAVA_INT,
                        ADDRESS,
                        ADDRESS);
        alloc = function(lookup, "tatara_emu_alloc", ADDRESS, JAVA_LONG);
        free = function(lookup, "tatara_emu_free", JAVA_INT, ADDRESS);
        launch =
                function(
                        lookup,
                        "tatara_emu_launch",
                        JAVA_INT,
                        ADDRESS,
                        ADDRESS,
                        ADDRESS,
                        ADDRESS,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        ADDRESS);
        tensorMap =
                function(
                        lookup,
                        "tatara_emu_tensor_map",
                        JAVA_INT,
                        ADDRESS,
                        JAVA_INT,
                        JAVA_INT,
                        ADDRESS,
                        ADDRESS,
                        ADDRESS,
                        ADDRESS,
                        JAVA_INT);
    }

    /**
     * The emulation, built where needed; skips the calling test with the reason where g++ is
     * absent.
     */
    public static synchronized Emulation open() {
        if (instance == null) {
            instance = new Emulation(EmulationLibrary.build());
        }
        return instance;
    }

    private static MethodHandle function(
            SymbolLookup lookup, String name, MemoryLayout result, MemoryLayout... arguments) {
        FunctionDescriptor type =
                result == null
                        ? FunctionDescriptor.ofVoid(arguments)
                        : FunctionDescriptor.of(result, arguments);
        return Linker.nativeLinker().downcallHandle(lookup.findOrThrow(name), type);
    }

    private interface Call<T> {
        T run() throws Throwable;
    }

    private static <T> T call(Call<T> c) {
        try {
            return c.run();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private String report() {
        MemorySegment s = call(() -> (MemorySegment) report.invokeExact());
        return s.reinterpret(1 << 20).getString(0);
    }

    /**
     * Threads of a block run in order (seed 0), or in an order drawn from the seed, changed also
     * between barriers, so that missing ones show.
     */
    public void order(long seed) {
        call(() -> {
            setOptions.invokeExact(seed, 120.0);
            return null;
        });
    }

    /** A program, compiled once; whether plain accesses are checked. */
    public synchronized MemorySegment program(GpuProgram program, int arch, boolean checked) {
        return modules.computeIfAbsent(
                java.util.List.of(program, arch, checked),
                k ->
                        compile(
                                GpuSources.prologue(GpuTraits.Api.CUDA, program) + program.source(),
                                program.name(),
                                arch,
                                checked));
    }

    /** A program from its whole text. */
    public MemorySegment compile(String text, String name, int arch, boolean checked) {
        try (Arena a = Arena.ofConfined()) {
            MemorySegment m =
                    call(() ->
                            (MemorySegment)
                                    compile.invokeExact(
                                            a.allocateFrom(text),
                                            a.allocateFrom(name),
                                            arch,
                                            checked ? 1 : 0,
                                            a.allocateFrom(cache.toString()),
                                            a.allocateFrom(include.toString())));
            if (m.address() == 0) {
                throw new EmulationException(name + " does not compile:\n" + report());
            }
            return m;
        }
    }

    /** Device memory of exactly so many bytes, all ones (NaN). */
    public MemorySegment allocate(long bytes) {
        return call(() -> (MemorySegment) alloc.invokeExact(bytes)).reinterpret(bytes);
    }

    public void free(MemorySegment memory) {
        int rc = call(() -> (int) free.invokeExact(memory));
        if (rc != 0) {
            throw new EmulationException("not an allocation: " + memory);
        }
    }

    /**
     * Runs a kernel to its end.
     *
     * @param parameters the parameters' bytes, each in a segment
     * @throws EmulationException with the report if the launch is refused or the kernel fails
     */
    public void launch(
            MemorySegment program,
            String entry,
            int[] groups,
            int[] local,
            int dynamicShared,
            boolean cooperative,
            int sharedLimit,
            MemorySegment... parameters) {
        try (Arena a = Arena.ofConfined()) {
            MemorySegment list = a.allocate(ADDRESS, parameters.length + 1);
            for (int i = 0; i < parameters.length; i++) {
                list.setAtIndex(ADDRESS, i, parameters[i]);
            }
            int rc =
                    call(() ->
                            (int)
                                    launch.invokeExact(
                                            program,
                                            a.allocateFrom(entry),
                                            a.allocateFrom(JAVA_INT, groups),
                                            a.allocateFrom(JAVA_INT, local),
                                            dynamicShared,
                                            cooperative ? 1 : 0,
                                            sharedLimit,
                                            parameters.length,
                                            list));
            if (rc != 0) {
                throw new EmulationException(report());
            }
        }
    }

    /**
     * Encodes a tensor map into 128 bytes.
     *
     * @param type 0 float32, 1 float16, 2 bfloat16, 3 int32
     */
    public void tensorMap(
            MemorySegment map,
            int type,
            MemorySegment base,
            long[] extents,
            long[] strides,
            int[] box,
            int swizzle) {
        try (Arena a = Arena.ofConfined()) {
            int rc =
                    call(() ->
                            (int)
                                    tensorMap.invokeExact(
                                            map,
                                            type,
                                            extents.length,
                                            base,
                                            a.allocateFrom(JAVA_LONG, extents),
                                            a.allocateFrom(JAVA_LONG, strides),
                                            a.allocateFrom(JAVA_INT, box),
                                            swizzle));
            if (rc != 0) {
                throw new EmulationException(report());
            }
        }
    }
}
