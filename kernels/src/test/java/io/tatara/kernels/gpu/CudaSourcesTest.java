package io.tatara.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.check.ProgramCensus;
import io.tatara.kernels.check.ProgramCensus.Found;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every GPU source, with the sets of parameters that the cases ask for, compiles as CUDA C for
 * every architecture of {@link GpuTraits#CUDA_ARCHES}, without a GPU. Errors, ignored directives,
 * register spills, more registers than the block's threads can have, and more shared memory than
 * the chip has are failures.
 *
 * <p>There are more than two thousand programs, an hour for two cores: by default 400 are taken,
 * from each source in turn and the same ones each time. {@code -Dtatara.nvcc.programs=N} takes more
 * or fewer (at least one of each source), {@code -Dtatara.op=NAME} one op's cases alone, {@code
 * -Dtatara.nvcc.seconds=N} limits the time (600). What is left out is counted.
 */
class CudaSourcesTest {
    private static final int PROGRAMS = Integer.getInteger("tatara.nvcc.programs", 260);
    private static final int SECONDS = Integer.getInteger("tatara.nvcc.seconds", 600);
    private static final int REGISTERS = 65536;

    @TempDir Path folder;

    @Test
    void everySourceCompilesAsCuda() throws Exception {
        Path nvcc = Nvcc.find();
        if (nvcc == null) {
            String where =
                    "nvcc is neither on PATH nor in CUDA_HOME/bin nor in /usr/local/cuda/bin";
            System.out.println(
                    "CudaSourcesTest SKIPPED, none of "
                            + programs().size()
                            + " CUDA programs was compiled: "
                            + where);
            Assumptions.abort(where);
        }
        Nvcc compiler = new Nvcc(nvcc);
        long start = System.nanoTime();
        List<Found> all = programs();
        List<Found> units = sample(all);
        List<Callable<List<String>>> work = new ArrayList<>();
        int[] left = new int[1];
        for (Found u : units) {
            work.add(() -> {
                if (System.nanoTime() - start > SECONDS * 1_000_000_000L) {
                    synchronized (left) {
                        left[0]++;
                    }
                    return List.of();
                }
                return compile(compiler, u);
            });
        }
        List<String> failures = new ArrayList<>();
        int threads = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 16);
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (Future<List<String>> f : pool.invokeAll(work)) {
                failures.addAll(f.get());
            }
        }
        System.out.printf(
                "CudaSourcesTest: %d of %d programs of %d sources, %d for sm_%s, in %.0f s%s%n",
                units.size() - left[0],
                all.size(),
                units.stream().map(u -> u.program().name()).distinct().count(),
                units.stream().mapToInt(u -> u.arches().size()).sum(),
                Arrays.toString(GpuTraits.CUDA_ARCHES),
                (System.nanoTime() - start) * 1e-9,
                left[0] == 0 ? "" : ", " + left[0] + " left out for time");
        assertThat(failures).as("programs that nvcc does not compile cleanly").isEmpty();
    }

    @Test
    void badSourcesAreSeen() throws Exception {
        Path nvcc = Nvcc.find();
        Assumptions.assumeTrue(nvcc != null, "no nvcc");
        Nvcc compiler = new Nvcc(nvcc);
        String spill =
                """
                KERNEL void __launch_bounds__(1024, 2) k(GLOBAL float* x) {
                  float a[64];
                  UNROLL
                  for (int i = 0; i < 64; i++) a[i] = x[i * 1024 + LOCAL_ID(0)];
                  BARRIER();
                  UNROLL
                  for (int i = 0; i < 64; i++) x[i * 1024 + LOCAL_ID(0)] = a[63 - i] * a[i];
                }
                """;
        String greedy =
                """
                KERNEL void k(GLOBAL float* x) {
                  float a[96];
                  UNROLL
                  for (int i = 0; i < 96; i++) a[i] = x[i * 1024 + LOCAL_ID(0)];
                  BARRIER();
                  UNROLL
                  for (int i = 0; i < 96; i++) x[i * 1024 + LOCAL_ID(0)] = (i + 2) * a[i] + a[95 - i];
                }
                """;
        String shared =
                "KERNEL void k(GLOBAL float* x) { SHARED float s[8192]; s[LOCAL_ID(0)] = x[0];"
                        + " BARRIER(); x[1] = s[LOCAL_ID(0) ^ 1]; }\n";
        assertThat(failures(compiler, "KERNEL void k(GLOBAL float* x) { x[0] = 1.0f; }\n", 256, 0))
                .isEmpty();
        assertThat(failures(compiler, "KERNEL void k(GLOBAL float* x) { x[0] = nothing; }\n", 1, 0))
                .contains("nothing");
        assertThat(failures(compiler, spill, 1024, 0)).contains("spill");
        assertThat(
                        failures(
                                compiler,
                                "KERNEL void k(GLOBAL float* x) {\n  UNROLL\n  x[0] = 1.0f;\n}\n",
                                1,
                                0))
                .contains("unroll");
        assertThat(failures(compiler, greedy, 256, 0)).isEmpty();
        assertThat(failures(compiler, greedy, 1024, 0)).contains("registers");
        assertThat(failures(compiler, shared, 256, 60 << 10)).isEmpty();
        assertThat(failures(compiler, shared, 256, 200 << 10)).contains("shared memory");
    }

    private String failures(Nvcc compiler, String source, int threads, int dynamic)
            throws IOException, InterruptedException {
        Found u =
                new Found(GpuProgram.of("test/bad.cl", source), "test")
                        .add("k", 90, new ProgramCensus.Use(threads, dynamic));
        return String.join("\n", compile(compiler, u));
    }

    private static List<Found> programs() {
        return ProgramCensus.take(System.getProperty("tatara.op"), GpuTraits.CUDA_ARCHES);
    }

    /**
     * What is compiled at one time: Hopper's own functions need a front end for it alone; all
     * others are PTX of the oldest architecture that has them, the same for all.
     */
    private static List<List<Integer>> compilations(Found f) {
        return f.program().headers().contains("hopper.cuh")
                ? f.arches().stream().map(List::of).toList()
                : List.of(List.copyOf(f.arches()));
    }

    /** At most PROGRAMS of them, taken in turn from each source, so that every source is there. */
    private static List<Found> sample(List<Found> units) {
        Map<String, Deque<Found>> bySource = new TreeMap<>();
        for (Found u : units) {
            bySource.computeIfAbsent(u.program().name(), n -> new ArrayDeque<>()).add(u);
        }
        List<Found> chosen = new ArrayList<>();
        for (boolean first = true; chosen.size() < units.size(); first = false) {
            for (Deque<Found> source : bySource.values()) {
                if (!first && chosen.size() >= PROGRAMS) {
                    return chosen;
                }
                if (!source.isEmpty()) {
                    // From both ends in turn: neighbours in the table differ little.
                    chosen.add(chosen.size() % 2 == 0 ? source.pollFirst() : source.pollLast());
                }
            }
        }
        return chosen;
    }

    /** What is wrong with a program on its architectures. */
    private List<String> compile(Nvcc compiler, Found u) throws IOException, InterruptedException {
        Path to = Files.createTempDirectory(folder, "cu");
        Path file = to.resolve("p.cu");
        Files.writeString(
                file, GpuSources.prologue(GpuTraits.Api.CUDA, u.program()) + u.program().source());
        List<String> failures = new ArrayList<>();
        for (List<Integer> arches : compilations(u)) {
            Nvcc.Outcome o = compiler.compile(file, arches);
            List<String> bad = new ArrayList<>();
            if (o.complaint() != null) {
                bad.add(o.complaint());
            }
            o.entries().forEach(e -> fit(u, e, bad));
            if (!bad.isEmpty()) {
                failures.add(
                        "%s for sm_%s, used by %s, defines %s:%n%s"
                                .formatted(
                                        u.program().name(),
                                        arches,
                                        u.user(),
                                        u.program().defines(),
                                        String.join("\n", bad)));
            }
        }
        return failures;
    }

    /** Whether the launches that plans ask for fit the chip. */
    private static void fit(Found u, Nvcc.Entry e, List<String> bad) {
        ProgramCensus.Use use = u.use(e.name(), e.arch());
        if (use == null) {
            return;
        }
        int warps = (use.threads() + 31) / 32;
        int registers = warps * 32 * ((e.registers() + 7) / 8 * 8);
        if (registers > REGISTERS) {
            bad.add(
                    "%s for sm_%d: %d registers for each of %d threads"
                            .formatted(e.name(), e.arch(), e.registers(), use.threads()));
        }
        int most = use.dynamicShared() == 0 ? 49152 : GpuTraits.cuda(e.arch(), 1).maxShared();
        if (e.shared() + use.dynamicShared() > most) {
            bad.add(
                    "%s for sm_%d: %d + %d bytes of shared memory, at most %d"
                            .formatted(e.name(), e.arch(), e.shared(), use.dynamicShared(), most));
        }
    }
}
