package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.check.ProgramCensus;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.cache.ProgramText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * NVIDIA's real compiler, which needs no GPU: that of {@code -Dtatara.nvrtc} or of the machine's
 * usual places. {@code -Dtatara.nvrtc.seconds=N} is the time for the library's programs, of which
 * one of each source comes first.
 */
class NvrtcTest {
    private static final int SECONDS = Integer.getInteger("tatara.nvrtc.seconds", 60);
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

    /** The programs of all cases' plans, one of each source first. */
    private static List<GpuProgram> programs(int arch) {
        Map<GpuProgram, Integer> turn = new LinkedHashMap<>();
        Map<String, Integer> seen = new HashMap<>();
        for (ProgramCensus.Found f : ProgramCensus.take(null, arch)) {
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
