package io.tatara.bench.cli;

import io.tatara.bench.release.PtxPackager;
import io.tatara.kernels.gpu.GpuProgram;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tatara ptx}: for those who package a release. */
@Command(
        name = "ptx",
        hidden = true,
        description = "Compile the CUDA kernels ahead, into the kernels' jar (needs nvcc).")
final class PtxCommand extends BaseCommand {
    @Parameters(paramLabel = "JAR", description = "the kernels' jar, which gets the files")
    private Path jar;

    @Option(names = "--op", paramLabel = "NAME", description = "only this op's kernels")
    private String op;

    @Option(
            names = "--nvcc",
            paramLabel = "FILE",
            defaultValue = "nvcc",
            description = "the CUDA compiler (default: nvcc)")
    private Path nvcc;

    @Override
    public Integer call() {
        List<GpuProgram> programs = PtxPackager.programs(op);
        new PtxPackager(nvcc)
                .run(
                        programs,
                        jar,
                        done -> {
                            if (done % 100 == 0 || done == programs.size()) {
                                say("%d of %d programs", done, programs.size());
                            }
                        });
        return 0;
    }
}
