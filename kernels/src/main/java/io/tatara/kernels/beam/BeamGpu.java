package io.tatara.kernels.beam;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** Launches for {@link BeamStep}: statistics of the rows, the best of each chunk, the merge. */
final class BeamGpu {
    /** Tokens of a chunk for each work-item of a group. */
    private static final int PER = 8;

    private BeamGpu() {}

    static GpuPlan plan(BeamStep op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Shape x = in[0].shape();
        int sources = x.dim(0);
        int beams = x.dim(1);
        int v = x.dim(2);
        if (sources == 0) {
            return GpuPlan.NOTHING;
        }
        int group = Integer.highestOneBit(Math.min(v <= 512 ? 64 : 256, traits.maxWorkGroup()));
        int chunk = PER * group;
        int chunks = (v + chunk - 1) / chunk;
        int kept = Math.min(op.results(), Math.min(chunk, v));
        int rows = sources * beams;
        GpuProgram program =
                GpuProgram.resource(
                        BeamGpu.class,
                        "beam.cl",
                        "GROUP",
                        group,
                        "PER",
                        PER,
                        "LOGITS",
                        op.logits() ? 1 : 0,
                        "MASKED",
                        BeamStep.masked(in) ? 1 : 0,
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()));
        int[] local = {group, 1, 1};
        GpuPlan.Builder plan = GpuPlan.builder();
        long list = (long) rows * chunks * kept;
        GpuPlan.Arg keys = plan.temporary(4 * list);
        GpuPlan.Arg scores = plan.temporary(4 * list);
        GpuPlan.Arg tokens = plan.temporary(4 * list);
        GpuPlan.Arg rowSums = new GpuPlan.Arg.Null();
        if (op.logits()) {
            rowSums = plan.temporary(8L * rows);
            plan.launch(program, "beam_rows", new int[] {rows, 1, 1}, local, in(0), rowSums, v);
        }
        return plan.launch(
                        program,
                        "beam_chunks",
                        new int[] {Math.multiplyExact(rows, chunks), 1, 1},
                        local,
                        in(0),
                        rowSums,
                        BeamStep.masked(in) ? in(4) : new GpuPlan.Arg.Null(),
                        in(1),
                        in(2),
                        in(3),
                        keys,
                        scores,
                        tokens,
                        v,
                        chunks,
                        kept,
                        op.lengthPenalty(),
                        op.endToken())
                .launch(
                        program,
                        "beam_merge",
                        new int[] {sources, 1, 1},
                        local,
                        keys,
                        scores,
                        tokens,
                        in(2),
                        in(3),
                        out(0),
                        out(1),
                        out(2),
                        out(3),
                        out(4),
                        beams,
                        chunks * kept,
                        op.results(),
                        op.endToken())
                .build();
    }
}
