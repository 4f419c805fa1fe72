package io.tatara.bench.peers;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** OpenBLAS as its Maven artifact ships it, called through java.lang.foreign. */
final class OpenBlas implements Contestant {
    private static final String FOLDER = "org/bytedeco/openblas/linux-x86_64/";

    /** What it needs comes before it. */
    private static final List<String> FILES =
            List.of("libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");

    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;

    private final MethodHandle gemm;
    private final Map<String, String> facts = new LinkedHashMap<>();

    OpenBlas() {
        SymbolLookup library = load();
        Linker linker = Linker.nativeLinker();
        var i = ValueLayout.JAVA_INT;
        var f = ValueLayout.JAVA_FLOAT;
        var p = ValueLayout.ADDRESS;
        gemm =
                linker.downcallHandle(
                        library.findOrThrow("cblas_sgemm"),
                        FunctionDescriptor.ofVoid(i, i, i, i, i, i, f, p, i, p, i, f, p, i));
        MethodHandle config =
                linker.downcallHandle(
                        library.findOrThrow("openblas_get_config"), FunctionDescriptor.of(p));
        MethodHandle threads =
                linker.downcallHandle(
                        library.findOrThrow("openblas_get_num_threads"), FunctionDescriptor.of(i));
        try {
            MemorySegment text = (MemorySegment) config.invokeExact();
            facts.put("version", text.reinterpret(256).getString(0));
            facts.put("threads", Integer.toString((int) threads.invokeExact()));
        } catch (Throwable t) {
            throw new TataraException("OpenBLAS: " + t, t);
        }
    }

    private static SymbolLookup load() {
        Path jar = Path.of(System.getProperty("tatara.peers.openblas", ""));
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            Path folder = Files.createTempDirectory("tatara-openblas");
            folder.toFile().deleteOnExit();
            SymbolLookup last = null;
            for (String name : FILES) {
                ZipEntry entry = zip.getEntry(FOLDER + name);
                if (entry == null) {
                    throw new TataraException(jar + " holds no " + FOLDER + name);
                }
                Path file = folder.resolve(name);
                try (InputStream in = zip.getInputStream(entry)) {
                    Files.copy(in, file);
                }
                file.toFile().deleteOnExit();
                System.load(file.toString());
                last = SymbolLookup.libraryLookup(file, Arena.global());
            }
            return last;
        } catch (IOException e) {
            throw new TataraException("OpenBLAS cannot be unpacked from " + jar + ": " + e, e);
        }
    }

    @Override
    public Map<String, String> facts() {
        return facts;
    }

    @Override
    public Work prepare(PeerCase c) {
        return switch (c.kind()) {
            case MATMUL, MATMUL_WEIGHT -> new Product(c);
            default -> null;
        };
    }

    private final class Product implements Work {
        private final int m;
        private final int n;
        private final int k;
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment a;
        private final MemorySegment b;
        private final MemorySegment c;

        Product(PeerCase p) {
            m = p.size("m");
            n = p.size("n");
            k = p.size("k");
            a = matrix(m * k);
            b = matrix(k * n);
            c = matrix(m * n);
            a.copyFrom(MemorySegment.ofArray(Inputs.normal("a", 1, m * k)));
            b.copyFrom(MemorySegment.ofArray(Inputs.normal("b", 1, k * n)));
        }

        private MemorySegment matrix(int size) {
            return arena.allocate(4L * size, 64);
        }

        @Override
        public void run() {
            int no = NO_TRANSPOSE;
            try {
                gemm.invokeExact(ROW_MAJOR, no, no, m, n, k, 1f, a, k, b, n, 0f, c, n);
            } catch (Throwable t) {
                throw new TataraException("cblas_sgemm: " + t, t);
            }
        }

        @Override
        public float[] result() {
            return c.toArray(ValueLayout.JAVA_FLOAT);
        }

        @Override
        public String how() {
            return "cblas_sgemm, row-major, buffers outside the heap";
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
