package io.tatara.bench.release;

import io.tatara.bench.measure.MeasuringPrograms;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.ProgramCensus;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.gpu.PtxIndex;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/**
 * Compiles the programs that the cases' plans and the benchmarks ask for to PTX by {@code nvcc},
 * and puts them, packed, with their {@link PtxIndex} into the kernels' jar. A program is compiled
 * once, for the oldest architecture that has what its headers need: drivers make machine code for
 * newer ones of it.
 */
public final class PtxPackager {
    /** The oldest that have what a kernel may ask for; newer ones run their PTX. */
    private static final int[] ARCHES = {75, 80, 90};

    /** PTX of one source's programs that is packed together at most, bytes. */
    private static final int TOGETHER = 4 << 20;

    private final Path nvcc;

    /** A program's PTX as the compiler gave it. */
    private record Compiled(GpuProgram program, int arch, boolean exact, Path file) {}

    /**
     * @param nvcc the compiler, a path or a name for the system to find
     */
    public PtxPackager(Path nvcc) {
        this.nvcc = nvcc;
    }

    /**
     * Everything that would be compiled: all portable programs, so that every op runs, and those of
     * a chip's own kernels that the standard benchmarks ask for; all of these would be several
     * times as much.
     *
     * @param op name of the one op whose programs are taken, null for all
     */
    public static List<GpuProgram> programs(String op) {
        Set<GpuProgram> all = new LinkedHashSet<>();
        ProgramCensus.take(op, ARCHES).stream()
                .map(ProgramCensus.Found::program)
                .filter(p -> p.headers().isEmpty())
                .forEach(all::add);
        ProgramCensus.take(op, c -> "standard".equals(c.suite()), ARCHES)
                .forEach(f -> all.add(f.program()));
        MeasuringPrograms.take(ARCHES).forEach(f -> all.add(f.program()));
        return List.copyOf(all);
    }

    /**
     * Compiles and writes.
     *
     * @param jar the kernels' jar, to which files are added (older ones are replaced)
     * @param progress is told how many programs are done
     * @throws TataraException if there is no compiler, or it refuses a program; the jar is
     *     unchanged then
     */
    public void run(List<GpuProgram> programs, Path jar, IntConsumer progress) {
        if (!Files.isRegularFile(jar)) {
            throw new TataraException("no jar at " + jar);
        }
        Path work = null;
        try {
            work = Files.createTempDirectory("tatara-ptx");
            write(pack(compile(programs, work, progress), work), work, jar);
        } catch (IOException e) {
            throw new TataraException("compiling ahead into " + jar + ": " + e.getMessage(), e);
        } finally {
            delete(work);
        }
    }

    private List<Compiled> compile(List<GpuProgram> programs, Path work, IntConsumer progress) {
        List<Callable<Compiled>> tasks = new ArrayList<>();
        int[] done = new int[1];
        for (int i = 0; i < programs.size(); i++) {
            GpuProgram p = programs.get(i);
            String file = "p" + i;
            tasks.add(() -> {
                Compiled e = compile(p, work, file);
                synchronized (done) {
                    progress.accept(++done[0]);
                }
                return e;
            });
        }
        int threads = Runtime.getRuntime().availableProcessors();
        List<Compiled> entries = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Compiled>> results = tasks.stream().map(pool::submit).toList();
            try {
                for (Future<Compiled> f : results) {
                    entries.add(f.get());
                }
            } catch (ExecutionException e) {
                pool.shutdownNow();
                throw e.getCause() instanceof TataraException t
                        ? t
                        : new TataraException("compiling ahead: " + e.getCause(), e.getCause());
            } catch (InterruptedException e) {
                pool.shutdownNow();
                Thread.currentThread().interrupt();
                throw new TataraException("compiling ahead was interrupted");
            }
        }
        return entries;
    }

    private Compiled compile(GpuProgram p, Path work, String name)
            throws IOException, InterruptedException {
        boolean exact = p.headers().contains("hopper.cuh");
        int arch = exact ? 90 : p.headers().contains("tensor.cuh") ? 80 : 75;
        Path source = work.resolve(name + ".cu");
        Path log = work.resolve(name + ".log");
        Files.writeString(source, GpuSources.prologue(GpuTraits.Api.CUDA, p) + p.source());
        List<String> command =
                List.of(
                        nvcc.toString(),
                        "-ptx",
                        "-x",
                        "cu",
                        "-std=c++17",
                        "-arch=compute_" + arch + (exact ? "a" : ""),
                        "-o",
                        name + ".ptx",
                        name + ".cu");
        Process process;
        try {
            process =
                    new ProcessBuilder(command)
                            .directory(work.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
        } catch (IOException e) {
            throw new TataraException(
                    "the CUDA compiler " + nvcc + " does not start: " + e.getMessage(), e);
        }
        int code;
        try {
            code = process.waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw e;
        }
        if (code != 0) {
            throw new TataraException(
                    p.name()
                            + " does not compile for compute_"
                            + arch
                            + ":\n"
                            + Files.readString(log));
        }
        Files.delete(source);
        return new Compiled(p, arch, exact, work.resolve(name + ".ptx"));
    }

    /** The PTX of each source in files of its own, of at most so much together. */
    private static List<PtxIndex.Entry> pack(List<Compiled> all, Path work) throws IOException {
        Map<String, List<Compiled>> sources = new LinkedHashMap<>();
        for (Compiled c : all) {
            sources.computeIfAbsent(c.program().name(), n -> new ArrayList<>()).add(c);
        }
        List<PtxIndex.Entry> entries = new ArrayList<>();
        int files = 0;
        for (List<Compiled> source : sources.values()) {
            ByteArrayOutputStream held = new ByteArrayOutputStream();
            for (Compiled c : source) {
                byte[] ptx = Files.readAllBytes(c.file());
                if (held.size() > 0 && held.size() + ptx.length > TOGETHER) {
                    xz(held, work.resolve("p" + files++ + ".xz"));
                    held.reset();
                }
                String key = PtxIndex.key(c.program());
                String file = "p" + files + ".xz";
                entries.add(
                        new PtxIndex.Entry(
                                key, c.arch(), c.exact(), file, held.size(), ptx.length));
                held.writeBytes(ptx);
            }
            xz(held, work.resolve("p" + files++ + ".xz"));
        }
        return entries;
    }

    private static void xz(ByteArrayOutputStream held, Path file) throws IOException {
        LZMA2Options options = new LZMA2Options(LZMA2Options.PRESET_MAX);
        // More than a file holds would only cost memory.
        options.setDictSize(TOGETHER);
        try (XZOutputStream out = new XZOutputStream(Files.newOutputStream(file), options)) {
            held.writeTo(out);
        }
    }

    private static void write(List<PtxIndex.Entry> entries, Path work, Path jar)
            throws IOException {
        Path copy = work.resolve("kernels.jar");
        Files.copy(jar, copy);
        try (FileSystem zip =
                FileSystems.newFileSystem(URI.create("jar:" + copy.toUri()), Map.of())) {
            Path folder = zip.getPath(PtxIndex.FOLDER);
            delete(folder);
            Files.createDirectories(folder);
            List<String> files = entries.stream().map(PtxIndex.Entry::file).distinct().toList();
            for (String file : files) {
                Files.copy(work.resolve(file), folder.resolve(file));
            }
            Files.write(
                    zip.getPath(PtxIndex.RESOURCE),
                    new PtxIndex(entries).text().getBytes(StandardCharsets.UTF_8));
        }
        // Beside its place first: a reader finds the old jar or the new one.
        Path part = jar.resolveSibling(jar.getFileName() + ".part");
        Files.copy(copy, part, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.move(
                part,
                jar,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    private static void delete(Path folder) {
        if (folder == null || !Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path f : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(f);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
