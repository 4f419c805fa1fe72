package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * dx[o, i, :] = Σ dy[o, j, :] over all j with ids[j] = i, in order of j, for dy [outer, count,
 * inner] and dx [outer, rows, inner]: the gradient of {@link RowGather}, which {@link
 * GatherGradient} and the embedding's gradient share. Every element of dx is written once, rows
 * without an id with zeros; no atomics, so the result is the same on every run. Ids outside [0,
 * rows) and the id {@code skip} contribute nothing.
 */
public final class RowScatter {
    /** Positions that one work-group links with each other: the quadratic part of the work. */
    private static final int SEGMENT = 2048;

    private RowScatter() {}

    /**
     * On Java arrays: positions sorted by id (counting sort, stable), then each row of dx on its
     * own.
     */
    public static void jvm(
            int[] ids,
            int count,
            int skip,
            float[] dy,
            float[] dx,
            int outer,
            int rows,
            int inner,
            JvmContext ctx) {
        if (outer * rows == 0 || inner == 0) {
            return;
        }
        int[] ends = new int[rows + 1];
        int[] positions = sortById(ids, count, skip, rows, ends);
        Lanes lanes = ctx.lanes();
        ctx.workers()
                .parallelFor(
                        outer * rows,
                        Math.max(1, (1 << 13) / inner),
                        (from, to) -> {
                            for (int r = from; r < to; r++) {
                                int id = r % rows;
                                int base = r / rows * count;
                                row(
                                        dy,
                                        base,
                                        positions,
                                        id == 0 ? 0 : ends[id - 1],
                                        ends[id],
                                        dx,
                                        r * inner,
                                        inner,
                                        lanes);
                            }
                        });
    }

    /**
     * Positions grouped by id, ascending in each group; {@code ends[id]} becomes the end of its
     * group.
     */
    private static int[] sortById(int[] ids, int count, int skip, int rows, int[] ends) {
        for (int j = 0; j < count; j++) {
            if (ids[j] >= 0 && ids[j] < rows && ids[j] != skip) {
                ends[ids[j] + 1]++;
            }
        }
        for (int r = 0; r < rows; r++) {
            ends[r + 1] += ends[r];
        }
        int[] positions = new int[ends[rows]];
        for (int j = 0; j < count; j++) {
            if (ids[j] >= 0 && ids[j] < rows && ids[j] != skip) {
                positions[ends[ids[j]]++] = j;
            }
        }
        return positions;
    }

    private static void row(
            float[] dy,
            int base,
            int[] positions,
            int from,
            int to,
            float[] dx,
            int at,
            int inner,
            Lanes lanes) {
        if (from == to) {
            Arrays.fill(dx, at, at + inner, 0);
            return;
        }
        System.arraycopy(dy, (base + positions[from]) * inner, dx, at, inner);
        for (int p = from + 1; p < to; p++) {
            lanes.binary(BinaryOp.ADD, dx, at, dy, (base + positions[p]) * inner, dx, at, inner);
        }
    }

    /** On OpenCL and CUDA; see scatter.cl. Sums are float32's, rounded once to {@code dtype}. */
    public static GpuPlan gpu(
            GpuPlan.Arg ids,
            GpuPlan.Arg dy,
            GpuPlan.Arg dx,
            DType dtype,
            int count,
            int skip,
            int outer,
            int rows,
            int inner,
            GpuTraits traits) {
        int n = outer * rows * inner;
        if (n == 0) {
            return GpuPlan.NOTHING;
        }
        int link = Integer.highestOneBit(Math.min(256, traits.maxWorkGroup()));
        int segment = SEGMENT;
        // A table of first positions a segment: keep it in bounds for large vocabularies.
        while (segments(count, segment) * rows > 1 << 26 && segment < 1 << 29) {
            segment *= 2;
        }
        int heads = Math.toIntExact(segments(count, segment) * rows);
        int segments = (int) segments(count, segment);
        int local = Math.min(128, traits.maxWorkGroup());
        GpuProgram program =
                GpuProgram.resource(
                        RowScatter.class,
                        "scatter.cl",
                        "LINK",
                        link,
                        "STORAGE",
                        GpuProgram.storage(dtype));
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg head = plan.temporary(4L * heads);
        GpuPlan.Arg next = plan.temporary(4L * count);
        return plan.launch1d(program, "scatter_clear", heads, local, head, heads)
                .launch1d(
                        program,
                        "scatter_link",
                        count,
                        link,
                        ids,
                        head,
                        next,
                        count,
                        rows,
                        skip,
                        segment)
                .launch1d(
                        program,
                        "scatter_sum",
                        n,
                        local,
                        head,
                        next,
                        dy,
                        dx,
                        n,
                        count,
                        rows,
                        inner,
                        segments)
                .build();
    }

    private static long segments(int count, int segment) {
        return ((long) count + segment - 1) / segment;
    }
}
