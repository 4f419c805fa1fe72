package io.tatara.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * NVIDIA's run-time compiler, any of 11.2 to 13, by {@code java.lang.foreign}: JCuda's own binding
 * insists on version 12. One compilation at a time: the library is not documented to be reentrant
 * in all of these versions.
 */
final class Nvrtc {
    private static final long STACK = 64 << 20;
    private static final int COMPILATION = 6; // NVRTC_ERROR_COMPILATION

    private final String path;
    private final long size;
    private final int major;
    private final int minor;
    private final int[] architectures;
    private final SymbolLookup library;
    private final MethodHandle create;
    private final MethodHandle compile;
    private final MethodHandle destroy;
    private final MethodHandle errorString;

    /**
     * What a compilation gave.
     *
     * @param image cubin or PTX; null where the source was refused
     * @param log what the compiler said, also where it succeeded
     */
    record Compiled(byte[] image, String log) {}

    private Nvrtc(String path, long size, SymbolLookup library) {
        this.path = path;
        this.size = size;
        this.library = library;
        this.create =
                link("nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
        this.compile = link("nvrtcCompileProgram", JAVA_LONG, JAVA_INT, ADDRESS);
        this.destroy = link("nvrtcDestroyProgram", ADDRESS);
        this.errorString =
                Linker.nativeLinker()
                        .downcallHandle(
                                library.findOrThrow("nvrtcGetErrorString"),
                                FunctionDescriptor.of(ADDRESS, JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment v = arena.allocate(JAVA_INT, 2);
            check(
                    "nvrtcVersion",
                    (int) link("nvrtcVersion", ADDRESS, ADDRESS).invokeExact(v, v.asSlice(4)));
            this.major = v.getAtIndex(JAVA_INT, 0);
            this.minor = v.getAtIndex(JAVA_INT, 1);
            check(
                    "nvrtcGetNumSupportedArchs",
                    (int) link("nvrtcGetNumSupportedArchs", ADDRESS).invokeExact(v));
            MemorySegment a = arena.allocate(JAVA_INT, v.get(JAVA_INT, 0));
            check(
                    "nvrtcGetSupportedArchs",
                    (int) link("nvrtcGetSupportedArchs", ADDRESS).invokeExact(a));
            // Hopper's own instructions, for which 90 stands here (sm_90a), came with version 12.
            this.architectures =
                    Arrays.stream(a.toArray(JAVA_INT))
                            .filter(x -> x != 90 || major >= 12)
                            .toArray();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /**
     * Loads the library at this path, its built-in functions first: it looks for them by name alone
     * and has no path of its own to look in.
     *
     * @throws IllegalArgumentException if it does not load or lacks a function
     */
    static Nvrtc load(Path file) {
        for (Path b : NvrtcPaths.builtins(file)) {
            SymbolLookup.libraryLookup(b.toAbsolutePath(), Arena.global());
        }
        long size;
        try {
            size = Files.size(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(e.toString(), e);
        }
        return open(
                file.toString(),
                size,
                SymbolLookup.libraryLookup(file.toAbsolutePath(), Arena.global()));
    }

    /** By the loader's own paths. */
    static Nvrtc load(String name) {
        return open(name, 0, SymbolLookup.libraryLookup(name, Arena.global()));
    }

    private static Nvrtc open(String path, long size, SymbolLookup library) {
        try {
            return new Nvrtc(path, size, library);
        } catch (java.util.NoSuchElementException | IllegalStateException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
        }
    }

    private MethodHandle link(String name, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        library.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }

    String version() {
        return major + "." + minor;
    }

    int major() {
        return major;
    }

    String path() {
        return path;
    }

    /** For the program cache: two libraries of one version are not always one compiler. */
    String identity() {
        return version() + "|" + size;
    }

    /** Whether it makes machine code for this compute capability (× 10). */
    boolean compiles(int arch) {
        for (int a : architectures) {
            if (a == arch) {
                return true;
            }
        }
        return false;
    }

    /** The newest architecture whose code this one runs, 0 where even the oldest is beyond it. */
    int newest(int arch) {
        return newest(architectures, arch);
    }

    /**
     * The same of these architectures. 90 is for itself alone: kernels for it use what later chips
     * do not have.
     */
    static int newest(int[] architectures, int arch) {
        int best = 0;
        for (int a : architectures) {
            if (a <= arch && a > best && (a != 90 || arch == 90)) {
                best = a;
            }
        }
        return best;
    }

    /**
     * Compiles.
     *
     * @param name the source's name in messages
     * @param cubin whether machine code is wanted; else PTX
     * @throws IllegalStateException if NVRTC itself fails
     */
    synchronized Compiled compile(String name, String text, List<String> options, boolean cubin) {
        // On a thread of its own: a compiler's recursion may be deeper than a Java thread's stack.
        FutureTask<Compiled> task = new FutureTask<>(() -> run(name, text, options, cubin));
        new Thread(null, task, "tatara-nvrtc", STACK).start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true; // the compiler cannot be stopped
                } catch (ExecutionException e) {
                    throw unexpected(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Compiled run(String name, String text, List<String> options, boolean cubin) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(JAVA_LONG);
            check(
                    "nvrtcCreateProgram",
                    (int)
                            create.invokeExact(
                                    handle,
                                    arena.allocateFrom(text),
                                    arena.allocateFrom(name),
                                    0,
                                    MemorySegment.NULL,
                                    MemorySegment.NULL));
            long program = handle.get(JAVA_LONG, 0);
            try {
                MemorySegment list = arena.allocate(ADDRESS, Math.max(1, options.size()));
                for (int i = 0; i < options.size(); i++) {
                    list.setAtIndex(ADDRESS, i, arena.allocateFrom(options.get(i)));
                }
                int code = (int) compile.invokeExact(program, options.size(), list);
                String log =
                        new String(
                                        bytes(
                                                program,
                                                "nvrtcGetProgramLogSize",
                                                "nvrtcGetProgramLog",
                                                arena),
                                        StandardCharsets.UTF_8)
                                .replace("\0", "");
                if (code == COMPILATION) {
                    return new Compiled(null, log);
                }
                if (code != 0) {
                    throw new IllegalStateException(
                            "nvrtcCompileProgram "
                                    + options
                                    + ": "
                                    + text(code)
                                    + " "
                                    + log.strip());
                }
                return new Compiled(
                        cubin
                                ? bytes(program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN", arena)
                                : bytes(program, "nvrtcGetPTXSize", "nvrtcGetPTX", arena),
                        log);
            } finally {
                int ignored = (int) destroy.invokeExact(handle);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private byte[] bytes(long program, String size, String get, Arena arena) throws Throwable {
        MemorySegment n = arena.allocate(JAVA_LONG);
        check(size, (int) link(size, JAVA_LONG, ADDRESS).invokeExact(program, n));
        MemorySegment b = arena.allocate(Math.max(1, n.get(JAVA_LONG, 0)));
        check(get, (int) link(get, JAVA_LONG, ADDRESS).invokeExact(program, b));
        return b.asSlice(0, n.get(JAVA_LONG, 0)).toArray(JAVA_BYTE);
    }

    private void check(String call, int code) {
        if (code != 0) {
            throw new IllegalStateException(call + ": " + text(code));
        }
    }

    private String text(int code) {
        try {
            return NativeText.of((MemorySegment) errorString.invokeExact(code)) + " (" + code + ")";
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
    public String toString() {
        return "NVRTC " + version() + " (" + path + ")";
    }
}
