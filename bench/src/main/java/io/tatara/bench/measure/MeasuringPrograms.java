package io.tatara.bench.measure;

import io.tatara.kernels.check.ProgramCensus;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The GPU programs that a benchmark runs besides the ops': roofs and delays. With {@link
 * ProgramCensus} all that is compiled ahead for machines without a compiler.
 */
public final class MeasuringPrograms {
    private static final int THREADS = 256;

    private MeasuringPrograms() {}

    /**
     * @param arches compute capabilities × 10
     */
    public static List<ProgramCensus.Found> take(int... arches) {
        Map<GpuProgram, ProgramCensus.Found> all = new LinkedHashMap<>();
        for (int arch : arches) {
            add(all, PlanRoofs.program(false, 1), "roof_copy", arch);
            add(all, PlanRoofs.program(false, Delay.REPEAT), "roof_fma", arch);
            for (boolean quick : new boolean[] {false, true}) {
                add(all, PlanRoofs.program(false, PlanRoofs.repeat(quick)), "roof_fma", arch);
                for (GpuPlan p : MatrixRoofs.plans(GpuTraits.cuda(arch, 132), quick)) {
                    GpuPlan.Launch l = p.launches().getFirst();
                    add(all, l.program(), l.entry(), arch);
                }
            }
        }
        return List.copyOf(all.values());
    }

    private static void add(
            Map<GpuProgram, ProgramCensus.Found> all, GpuProgram p, String entry, int arch) {
        all.computeIfAbsent(p, q -> new ProgramCensus.Found(q, "bench"))
                .add(entry, arch, new ProgramCensus.Use(THREADS, 0));
    }
}
