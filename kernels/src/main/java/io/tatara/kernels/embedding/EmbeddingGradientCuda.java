package io.tatara.kernels.embedding;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * {@link EmbeddingGradient} by positions sorted by id, with the rows of frequent ids summed in
 * chunks; see scatter.cu.
 */
final class EmbeddingGradientCuda implements GpuKernel<EmbeddingGradient> {
    private static final int LINK = 256;
    private static final int LOCAL = 128;

    /** Positions summed in order before their sum is added to others. */
    private static final int CHUNK = 64;

    /** Positions ranked among each other: the quadratic part of the work. */
    private static final int SEGMENT = 2048;

    /** Most counts of an id in a segment that are kept. */
    private static final long MOST_TALLIES = 1 << 26;

    @Override
    public String variant() {
        return "cuda";
    }

    @Override
    public boolean supports(EmbeddingGradient op, TensorSpec[] in, GpuTraits traits) {
        return traits.cuda(75) && op.vocabulary() <= MOST_TALLIES;
    }

    @Override
    public GpuPlan plan(EmbeddingGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int count = in[0].size();
        int rows = op.vocabulary();
        int inner = out[0].shape().dim(1);
        if (out[0].size() == 0) {
            return GpuPlan.NOTHING;
        }
        int segment = SEGMENT;
        while (segments(count, segment) * rows > MOST_TALLIES && segment < 1 << 29) {
            segment *= 2;
        }
        int segments = (int) segments(count, segment);
        int tallies = Math.toIntExact(segments(count, segment) * rows);
        // An id in chunks has more than CHUNK positions, so fewer than 2 / CHUNK slots a position.
        int slots = count > CHUNK ? (int) (2L * count / CHUNK) : 0;
        boolean wide = inner % (16 / in[1].dtype().bytes()) == 0;
        int take = wide ? 16 / in[1].dtype().bytes() : 1;
        int per = inner / take;
        GpuProgram program =
                GpuProgram.cuda(
                        EmbeddingGradientCuda.class,
                        "scatter.cu",
                        List.of("warp.cuh", "grid.cuh", "lanes.cuh"),
                        "LINK",
                        LINK,
                        "CHUNK",
                        CHUNK,
                        "WIDE",
                        wide ? 1 : 0,
                        "STORAGE",
                        GpuProgram.storage(in[1].dtype()));
        GpuPlan.Arg ids = GpuPlan.in(0);
        GpuPlan.Arg dy = GpuPlan.in(1);
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg tally = plan.temporary(4L * Math.max(1, tallies));
        GpuPlan.Arg cursors = plan.temporary(8);
        GpuPlan.Arg spans = plan.temporary(16L * rows);
        GpuPlan.Arg ranks = plan.temporary(4L * Math.max(1, count));
        GpuPlan.Arg positions = plan.temporary(4L * Math.max(1, count));
        GpuPlan.Arg slot = plan.temporary(8L * Math.max(1, slots));
        GpuPlan.Arg partial = plan.temporary(4L * Math.max(1, (long) slots * inner));
        int cleared = Math.max(2, tallies);
        plan.launch1d(program, "sum_clear", cleared, LOCAL, tally, cursors, tallies);
        if (count > 0) {
            plan.launch1d(
                    program,
                    "sum_rank",
                    count,
                    LINK,
                    ids,
                    tally,
                    ranks,
                    count,
                    rows,
                    op.paddingIndex(),
                    segment);
        }
        plan.launch1d(
                program, "sum_spans", rows, LOCAL, tally, spans, slot, cursors, rows, segments);
        if (count > 0) {
            plan.launch1d(
                    program,
                    "sum_place",
                    count,
                    LOCAL,
                    ids,
                    tally,
                    spans,
                    ranks,
                    positions,
                    count,
                    rows,
                    segment);
        }
        if (slots > 0) {
            int n = slots * per;
            plan.launch1d(
                    program,
                    "sum_chunks",
                    n,
                    LOCAL,
                    dy,
                    positions,
                    slot,
                    cursors,
                    partial,
                    n,
                    inner);
        }
        int n = rows * per;
        return plan.launch1d(
                        program,
                        "sum_rows",
                        n,
                        LOCAL,
                        dy,
                        positions,
                        spans,
                        partial,
                        GpuPlan.out(0),
                        n,
                        inner)
                .build();
    }

    private static long segments(int count, int segment) {
        return ((long) count + segment - 1) / segment;
    }
}
