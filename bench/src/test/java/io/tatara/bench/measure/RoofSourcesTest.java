package io.tatara.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.check.ProgramCensus;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The measuring kernels are CUDA C that fits into registers, where there is a compiler to ask. */
class RoofSourcesTest {
    @TempDir private Path folder;

    private static MatrixRoofs roofs() {
        return new MatrixRoofs(GpuTraits.cuda(90, 132), true, p -> 1);
    }

    @Test
    void mmaCompiles() throws Exception {
        for (int kind = 1; kind <= 3; kind++) {
            compile("sm_80", roofs().mma(kind));
        }
    }

    @Test
    void wgmmaCompiles() throws Exception {
        compile("sm_90a", roofs().wgmma(1));
        compile("sm_90a", roofs().wgmma(2));
    }

    @Test
    void portableOnesCompile() throws Exception {
        GpuProgram p = GpuProgram.resource(RoofSourcesTest.class, "roofs.cl", "ON_CPU", 0);
        assertThat(compile("sm_75", p)).contains("roof_copy").contains("roof_fma");
    }

    @Test
    void programsThatAreCompiledAheadAreThoseThatRun() {
        List<ProgramCensus.Found> found = MeasuringPrograms.take(75, 80, 90);
        assertThat(found).extracting(f -> f.program().name()).contains("measure/roofs.cl");
        assertThat(found)
                .filteredOn(f -> f.program().name().endsWith("roof_wgmma.cu"))
                .hasSize(4) // two types, quick or not
                .allSatisfy(f -> assertThat(f.arches()).containsExactly(90));
        assertThat(found)
                .filteredOn(f -> f.program().name().endsWith("roof_mma.cu"))
                .hasSize(6)
                .allSatisfy(f -> assertThat(f.arches()).containsExactly(80, 90));
    }

    private void compile(String arch, GpuPlan plan) throws Exception {
        GpuPlan.Launch l = plan.launches().getFirst();
        assertThat(compile(arch, l.program())).contains(l.entry());
    }

    private String compile(String arch, GpuProgram p) throws Exception {
        Path source = folder.resolve("roof.cu");
        Files.writeString(source, GpuSources.prologue(GpuTraits.Api.CUDA, p) + p.source());
        Path log = folder.resolve("log");
        Process nvcc;
        try {
            nvcc =
                    new ProcessBuilder(
                                    List.of(
                                            "nvcc",
                                            "-cubin",
                                            "-arch=" + arch,
                                            "-Xptxas",
                                            "-v",
                                            "-o",
                                            folder.resolve("roof.cubin").toString(),
                                            source.toString()))
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
        } catch (IOException e) {
            Assumptions.abort("no nvcc: " + e.getMessage());
            return "";
        }
        assertThat(nvcc.waitFor(120, TimeUnit.SECONDS)).isTrue();
        String text = Files.readString(log);
        assertThat(nvcc.exitValue()).as(text).isZero();
        assertThat(text).contains("0 bytes spill stores, 0 bytes spill loads");
        assertThat(text).doesNotContainPattern("[1-9]\\d* bytes spill");
        return text;
    }
}
