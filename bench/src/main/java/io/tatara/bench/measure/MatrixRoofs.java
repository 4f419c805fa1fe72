package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Peaks of the matrix units of NVIDIA GPUs: mma.sync from compute capability 8.0 on, wgmma on 9.0
 * besides; the best of the two counts. A program that does not compile or run is left out.
 */
final class MatrixRoofs {
    private static final List<String> KINDS = List.of("float16", "bfloat16", "tf32");
    private static final int GROUP = 256;
    private static final int WARPS = GROUP / 32;
    private static final int CHAINS = 8;
    private static final int BATCH = 16;

    private final GpuTraits traits;
    private final int repeat;
    private final ToDoubleFunction<GpuPlan> seconds;

    /**
     * @param seconds runs a plan that writes {@link #items} floats and tells its best time
     */
    MatrixRoofs(GpuTraits traits, boolean quick, ToDoubleFunction<GpuPlan> seconds) {
        this.traits = traits;
        this.repeat = quick ? 512 : 2048;
        this.seconds = seconds;
    }

    private static int groups(GpuTraits traits) {
        return traits.computeUnits() * 4;
    }

    /** Floats that a plan writes at most. */
    static int items(GpuTraits traits) {
        return groups(traits) * GROUP;
    }

    List<Roofs.Matrix> measure() {
        List<Roofs.Matrix> list = new ArrayList<>();
        for (Probe p : probes()) {
            add(list, KINDS.get(p.kind - 1), p.plan, p.how, p.flops);
        }
        return list;
    }

    private record Probe(int kind, String how, GpuPlan plan, double flops) {}

    private List<Probe> probes() {
        List<Probe> list = new ArrayList<>();
        for (int kind = 1; kind <= KINDS.size() && traits.cuda(80); kind++) {
            list.add(new Probe(kind, "mma.sync", mma(kind), mmaFlops(kind)));
            if (traits.hopper() && kind < 3) {
                list.add(new Probe(kind, "wgmma", wgmma(kind), wgmmaFlops()));
            }
        }
        return list;
    }

    /** What is run on such a device. */
    static List<GpuPlan> plans(GpuTraits traits, boolean quick) {
        return new MatrixRoofs(traits, quick, p -> 0).probes().stream().map(Probe::plan).toList();
    }

    private void add(List<Roofs.Matrix> list, String kind, GpuPlan plan, String how, double flops) {
        try {
            double t = seconds.applyAsDouble(plan);
            if (t > 0 && Double.isFinite(t)) {
                list.add(new Roofs.Matrix(kind, flops / t, how));
            }
        } catch (TataraException e) {
            System.getLogger(MatrixRoofs.class.getName())
                    .log(System.Logger.Level.WARNING, "no roof of {0} by {1}: {2}", kind, how, e);
        }
    }

    private GpuPlan plan(GpuProgram program, String entry, int groups) {
        return GpuPlan.builder()
                .launch(
                        program,
                        entry,
                        new int[] {groups, 1, 1},
                        new int[] {GROUP, 1, 1},
                        GpuPlan.out(0))
                .build();
    }

    GpuPlan mma(int kind) {
        GpuProgram p =
                GpuProgram.cuda(
                        MatrixRoofs.class,
                        "roof_mma.cu",
                        List.of("warp.cuh", "tensor.cuh"),
                        "KIND",
                        kind,
                        "REPEAT",
                        repeat);
        return plan(p, "roof_mma", groups(traits));
    }

    /** Instructions of 16 × 8 × 16 multiply-adds, × 8 for TF32. */
    private double mmaFlops(int kind) {
        double each = 2.0 * 16 * 8 * (kind == 3 ? 8 : 16);
        return each * CHAINS * repeat * WARPS * groups(traits);
    }

    GpuPlan wgmma(int kind) {
        GpuProgram p =
                GpuProgram.cuda(
                        MatrixRoofs.class,
                        "roof_wgmma.cu",
                        List.of("warp.cuh", "tensor.cuh", "hopper.cuh"),
                        "KIND",
                        kind,
                        "REPEAT",
                        repeat);
        return plan(p, "roof_wgmma", traits.computeUnits());
    }

    private double wgmmaFlops() {
        return 2.0 * 64 * 256 * 16 * BATCH * repeat * 2 * traits.computeUnits();
    }
}
