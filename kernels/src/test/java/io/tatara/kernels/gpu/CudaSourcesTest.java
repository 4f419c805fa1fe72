package io.tatara.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
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
 * Every GPU source compiles as CUDA C without a GPU: the programs of all cases' plans go through
 * nvcc, and errors, ignored directives and register spills are failures. {@code
 * -Dtatara.nvcc.programs=N} sets how many distinct programs of an architecture at most (at least
 * one of each source), {@code -Dtatara.nvcc.seconds=N} the time.
 */
class CudaSourcesTest {
    private static final int[] ARCHES = {75, 90};
    private static final int PROGRAMS = Integer.getInteger("tatara.nvcc.programs", 80);
    private static final int SECONDS = Integer.getInteger("tatara.nvcc.seconds", 120);
    private static final int BATCH = 8;

    /** A program, for an architecture, and the first case whose plan asks for it. */
    private record Unit(GpuProgram program, int arch, String user) {}

    @TempDir Path folder;

    @Test
    void everySourceCompilesAsCuda() throws Exception {
        Path nvcc = Nvcc.find();
        if (nvcc == null) {
            String where =
                    "nvcc is neither on PATH nor in CUDA_HOME/bin nor in /usr/local/cuda/bin";
            System.out.println("CudaSourcesTest SKIPPED, no CUDA source was compiled: " + where);
            Assumptions.abort(where);
        }
        Nvcc compiler = new Nvcc(nvcc);
        long start = System.nanoTime();
        List<Unit> units = new ArrayList<>();
        int distinct = 0;
        for (int arch : ARCHES) {
            List<Unit> all = units(arch);
            distinct += all.size();
            units.addAll(sample(all));
        }
        List<Callable<List<String>>> work = new ArrayList<>();
        int[] left = new int[1];
        for (List<Unit> batch : batches(units)) {
            work.add(() -> {
                if (System.nanoTime() - start > SECONDS * 1_000_000_000L) {
                    synchronized (left) {
                        left[0] += batch.size();
                    }
                    return List.of();
                }
                return compile(compiler, batch);
            });
        }
        List<String> failures = new ArrayList<>();
        try (ExecutorService two = Executors.newFixedThreadPool(2)) {
            for (Future<List<String>> f : two.invokeAll(work)) {
                failures.addAll(f.get());
            }
        }
        long sources = units.stream().map(u -> u.program.name()).distinct().count();
        System.out.printf(
                "CudaSourcesTest: %d of %d programs, %d sources, in %.0f s%s%n",
                units.size() - left[0],
                distinct,
                sources,
                (System.nanoTime() - start) * 1e-9,
                left[0] == 0 ? "" : ", " + left[0] + " left out for time");
        assertThat(failures).as("programs that nvcc does not compile cleanly").isEmpty();
    }

    @Test
    void badSourcesAreSeen() throws Exception {
        Path nvcc = Nvcc.find();
        Assumptions.assumeTrue(nvcc != null, "no nvcc");
        Nvcc compiler = new Nvcc(nvcc);
        String right = "KERNEL void right(GLOBAL float* x) { x[GLOBAL_ID(0)] = 1.0f; }\n";
        String error = "KERNEL void error(GLOBAL float* x) { x[0] = nothing; }\n";
        String spill =
                """
                KERNEL void __launch_bounds__(1024, 2) spill(GLOBAL float* x) {
                  float a[64];
                  UNROLL
                  for (int i = 0; i < 64; i++) a[i] = x[i * 1024 + LOCAL_ID(0)];
                  BARRIER();
                  UNROLL
                  for (int i = 0; i < 64; i++) x[i * 1024 + LOCAL_ID(0)] = a[63 - i] * a[i];
                }
                """;
        String ignored =
                "KERNEL void ignored(GLOBAL float* x) {\n  UNROLL\n  x[GLOBAL_ID(0)] = 1.0f;\n}\n";
        List<Unit> units = new ArrayList<>();
        for (String s : List.of(right, error, spill, ignored)) {
            units.add(
                    new Unit(
                            GpuProgram.of("test/" + units.size() + ".cl", s),
                            90,
                            "test/" + units.size()));
        }
        List<String> failures = compile(compiler, units);
        assertThat(failures).hasSize(3);
        assertThat(failures.get(0)).contains("test/1").contains("nothing");
        assertThat(failures.get(1)).contains("test/2").contains("spill");
        assertThat(failures.get(2)).contains("test/3").contains("unroll");
    }

    /** The distinct programs of all plans, in the table's order. */
    private static List<Unit> units(int arch) {
        GpuTraits traits = GpuTraits.cuda(arch, arch == 75 ? 40 : 132);
        Map<GpuProgram, Unit> units = new LinkedHashMap<>();
        for (OpEntry<?> e : OpTable.all()) {
            for (Case c : e.cases().get()) {
                add(units, e, c, traits);
            }
        }
        return List.copyOf(units.values());
    }

    private static <O extends Op> void add(
            Map<GpuProgram, Unit> units, OpEntry<O> e, Case c, GpuTraits traits) {
        O op = e.type().cast(c.op());
        for (GpuKernel<O> k : e.gpu()) {
            String user = c + " " + k.variant();
            try {
                TensorSpec[] out = op.infer(c.specs());
                if (k.supports(op, c.specs(), traits)) {
                    for (GpuPlan.Launch l : k.plan(op, c.specs(), out, traits).launches()) {
                        units.putIfAbsent(l.program(), new Unit(l.program(), traits.arch(), user));
                    }
                }
            } catch (RuntimeException x) {
                throw new AssertionError(user + ": no plan for sm_" + traits.arch(), x);
            }
        }
    }

    /** At most PROGRAMS of them, taken in turn from each source, so that every source is there. */
    private static List<Unit> sample(List<Unit> units) {
        Map<String, Deque<Unit>> bySource = new TreeMap<>();
        for (Unit u : units) {
            bySource.computeIfAbsent(u.program.name(), n -> new ArrayDeque<>()).add(u);
        }
        List<Unit> chosen = new ArrayList<>();
        for (boolean first = true; chosen.size() < units.size(); first = false) {
            for (Deque<Unit> source : bySource.values()) {
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

    /** Pieces for one nvcc process each, of one architecture. */
    private static List<List<Unit>> batches(List<Unit> units) {
        Map<Integer, List<List<Unit>>> byArch = new TreeMap<>();
        for (Unit u : units) {
            List<List<Unit>> b = byArch.computeIfAbsent(u.arch, a -> new ArrayList<>());
            if (b.isEmpty() || b.getLast().size() == BATCH) {
                b.add(new ArrayList<>());
            }
            b.getLast().add(u);
        }
        // Architectures in turn, so that a time limit cuts both alike.
        List<List<Unit>> all = new ArrayList<>();
        int most = byArch.values().stream().mapToInt(List::size).max().orElse(0);
        for (int i = 0; i < most; i++) {
            for (List<List<Unit>> b : byArch.values()) {
                if (i < b.size()) {
                    all.add(b.get(i));
                }
            }
        }
        return all;
    }

    /** What is wrong with these programs; each by itself if the batch as a whole is not clean. */
    private List<String> compile(Nvcc compiler, List<Unit> units)
            throws IOException, InterruptedException {
        if (compiler.complaint(write(units), units.get(0).arch) == null) {
            return List.of();
        }
        List<String> failures = new ArrayList<>();
        for (Unit u : units) {
            String complaint = compiler.complaint(write(List.of(u)), u.arch);
            if (complaint != null) {
                failures.add(
                        "%s for sm_%d, used by %s, defines %s:%n%s"
                                .formatted(
                                        u.program.name(),
                                        u.arch,
                                        u.user,
                                        u.program.defines(),
                                        complaint));
            }
        }
        return failures;
    }

    /** A fresh folder of .cu files. */
    private Path write(List<Unit> units) throws IOException {
        Path to = Files.createTempDirectory(folder, "cu");
        for (int i = 0; i < units.size(); i++) {
            GpuProgram p = units.get(i).program;
            String text = GpuSources.prologue(GpuTraits.Api.CUDA, p) + p.source();
            Files.writeString(to.resolve("p" + i + ".cu"), text);
        }
        return to;
    }
}
