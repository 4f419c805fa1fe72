package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.check.ProgramCensus;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.CompilationException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.cache.ProgramText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * NVIDIA's real compiler, which needs no GPU: that of {@code -Dtatara.nvrtc} or of the machine's
 * usual places. {@code -Dtatara.nvrtc.seconds=N} is the time for the library's programs, of which
 * one of each source comes first; {@code -Dtatara.op=NAME} one op alone.
 */
class NvrtcTest {
    private static final int SECONDS = Integer.getInteger("tatara.nvrtc.seconds", 30);
    private static final int DRIVER = 13000;

    private Nvrtc nvrtc;

    @BeforeEach
    void needsNvrtc() {
        Compilers.Result r = Compilers.find(90, DRIVER);
        if (r.nvrtc() == null) {
            String why = "no NVRTC: tried " + r.tried() + "; " + Compilers.REMEDY;
            System.out.println("NvrtcTest SKIPPED, nothing was compiled: " + why);
            Assumptions.abort(why);
        }
        nvrtc = r.nvrtc();
    }

    private Nvrtc.Compiled compile(String source, int arch, boolean cubin) {
        ProgramText text = ProgramText.of(GpuTraits.Api.CUDA, GpuProgram.of("test/t.cl", source));
        return nvrtc.compile(text.name(), text.text(), CudaPrograms.options(arch, cubin), cubin);
    }

    @Test
    void knowsItself() {
        assertThat(nvrtc.major()).isBetween(11, 20);
        assertThat(nvrtc.toString()).contains(nvrtc.version(), nvrtc.path());
        assertThat(nvrtc.compiles(80)).isTrue();
        assertThat(nvrtc.compiles(81)).isFalse();
        assertThat(nvrtc.newest(81)).isEqualTo(80);
        assertThat(nvrtc.newest(20)).isZero();
    }

    @Test
    void machineCodeAndPtx() {
        String source = "KERNEL void t(GLOBAL float* y) { y[LOCAL_ID(0)] = EXPF(1.0f); }";
        byte[] cubin = compile(source, 90, true).image();
        assertThat(cubin).startsWith(0x7f, 'E', 'L', 'F');
        byte[] ptx = compile(source, 80, false).image();
        assertThat(new String(ptx, StandardCharsets.UTF_8)).contains(".target sm_80", ".entry t(");
    }

    @Test
    void errorsAndWarningsAreInTheLog() {
        Nvrtc.Compiled wrong =
                compile("// one\nKERNEL void t(GLOBAL float* y) { y = no; }", 80, true);
        assertThat(wrong.image()).isNull();
        assertThat(wrong.log()).contains("test/t.cl(2)", "no");
        Nvrtc.Compiled doubtful =
                compile("#warning spoken\nKERNEL void t(GLOBAL float* y) { y[0] = 1; }", 80, true);
        assertThat(doubtful.image()).isNotNull();
        assertThat(doubtful.log()).contains("spoken");
    }

    /** A device over a driver that computes nothing, compiled for by the real NVRTC. */
    private CudaPrograms programs(FakeDriver fake, int arch, ProgramCache cache) {
        CudaDevices.Found f = fake.found();
        return new CudaPrograms(
                new CudaDevices.Found(
                        f.driver(),
                        0,
                        f.info(),
                        GpuTraits.cuda(nvrtc.newest(arch), 4),
                        arch,
                        true,
                        true,
                        nvrtc,
                        null,
                        List.of()),
                cache);
    }

    private static GpuProgram speaking(String word) {
        return GpuProgram.of(
                "test/w.cl", "#warning " + word + "\nKERNEL void t(GLOBAL float* y) { y[0] = 1; }");
    }

    @Test
    void aChipThatTheCompilerDoesNotKnowGetsPtx() {
        FakeDriver fake = new FakeDriver();
        GpuProgram p = GpuProgram.of("test/p.cl", "KERNEL void t(GLOBAL float* y) { y[0] = 1; }");
        programs(fake, 999, ProgramCache.OFF).get(p);
        programs(fake, 80, ProgramCache.OFF).get(p);
        assertThat(fake.drain("load", "loadPtx"))
                .satisfiesExactly(
                        c -> assertThat(c).startsWith("loadPtx["),
                        c -> assertThat(c).startsWith("load["));
        fake.fail("loadPtx", CudaErrors.INVALID_PTX);
        assertThatThrownBy(() -> programs(fake, 999, ProgramCache.OFF).get(p))
                .isInstanceOf(CompilationException.class)
                .hasMessageContaining("test/p.cl");
    }

    @Test
    void warningsAreErrorsForTheStrict() {
        FakeDriver fake = new FakeDriver();
        programs(fake, 80, ProgramCache.OFF).get(speaking("gently"));
        assertThat(fake.drain("load")).hasSize(1);
        System.setProperty("tatara.cuda.strict", "true");
        try {
            assertThatThrownBy(() -> programs(fake, 80, ProgramCache.OFF).get(speaking("harshly")))
                    .isInstanceOf(CompilationException.class)
                    .hasMessageContaining("harshly");
        } finally {
            System.clearProperty("tatara.cuda.strict");
        }
    }

    @Test
    void keptBinariesAreUsedUnlessTheDriverRefusesThem(@TempDir Path folder) throws Exception {
        FakeDriver fake = new FakeDriver();
        ProgramCache cache = new ProgramCache(folder);
        GpuProgram p = GpuProgram.of("test/k.cl", "KERNEL void t(GLOBAL float* y) { y[0] = 1; }");
        programs(fake, 80, cache).get(p);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
        programs(fake, 80, cache).get(p);
        assertThat(fake.drain("load")).hasSize(2);
        fake.fail("load", CudaErrors.INVALID_IMAGE);
        programs(fake, 80, cache).get(p);
        assertThat(fake.drain("load")).as("refused, then compiled anew").hasSize(2);
        fake.answers.put(
                "load",
                a -> {
                    throw new CudaFailure("cuModuleLoadData", 209, "CUDA_ERROR_NO_BINARY_FOR_GPU");
                });
        assertThatThrownBy(() -> programs(fake, 80, ProgramCache.OFF).get(p))
                .isInstanceOf(CompilationException.class)
                .hasMessageContaining("no newer than the driver");
    }

    /** The programs of all cases' plans, one of each source first. */
    private static List<GpuProgram> programs(int arch) {
        Map<GpuProgram, Integer> turn = new LinkedHashMap<>();
        Map<String, Integer> seen = new HashMap<>();
        for (ProgramCensus.Found f : ProgramCensus.take(System.getProperty("tatara.op"), arch)) {
            GpuProgram p = f.program();
            turn.put(p, seen.merge(p.name() + p.source().hashCode(), 1, Integer::sum));
        }
        List<GpuProgram> list = new ArrayList<>(turn.keySet());
        list.sort(Comparator.comparing(turn::get));
        return list;
    }

    @Test
    void theLibrarysProgramsCompileWithoutAWord() {
        List<GpuProgram> all = programs(90);
        List<String> wrong = new ArrayList<>();
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        int done = 0;
        for (GpuProgram p : all) {
            if (System.nanoTime() > end) {
                break;
            }
            ProgramText t = ProgramText.of(GpuTraits.Api.CUDA, p);
            Nvrtc.Compiled c =
                    nvrtc.compile(t.name(), t.text(), CudaPrograms.options(90, true), true);
            done++;
            if (c.image() == null || !c.log().isBlank()) {
                wrong.add(p.name() + " " + p.defines() + ": " + c.log() + t.excerpt(c.log()));
            }
        }
        System.out.println(
                "NvrtcTest: " + done + " of " + all.size() + " programs compiled by " + nvrtc);
        assertThat(all).isNotEmpty();
        assertThat(wrong).isEmpty();
    }
}
