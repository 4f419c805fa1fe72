package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.Workers;
import java.util.Arrays;

/**
 * y[o, j, :] = x[o, ids[j], :] for x [outer, rows, inner] and y [outer, count, inner]: what {@link
 * Gather} and the embedding look-up share. An id outside [0, rows) reads as NaN, or 0 from int32.
 */
public final class RowGather {
    private RowGather() {}

    /** On Java arrays. */
    public static void jvm(
            JvmArray x,
            int[] ids,
            JvmArray y,
            int outer,
            int rows,
            int count,
            int inner,
            Workers w) {
        if (y.size() == 0) {
            return;
        }
        w.parallelFor(
                outer * count,
                Math.max(1, (1 << 14) / inner),
                (from, to) -> {
                    for (int r = from; r < to; r++) {
                        int id = ids[r % count];
                        int source = id < 0 || id >= rows ? -1 : (r / count * rows + id) * inner;
                        row(x, source, y, r * inner, inner);
                    }
                });
    }

    private static void row(JvmArray x, int source, JvmArray y, int target, int n) {
        if (y.f() != null) {
            if (source < 0) {
                Arrays.fill(y.f(), target, target + n, Float.NaN);
            } else {
                System.arraycopy(x.f(), source, y.f(), target, n);
            }
        } else if (source < 0) {
            Arrays.fill(y.i(), target, target + n, 0);
        } else {
            System.arraycopy(x.i(), source, y.i(), target, n);
        }
    }

    /** On OpenCL and CUDA. */
    public static GpuPlan gpu(
            GpuPlan.Arg x,
            GpuPlan.Arg ids,
            GpuPlan.Arg y,
            DType dtype,
            int outer,
            int rows,
            int count,
            int inner,
            GpuTraits traits) {
        int missing =
                switch (dtype) {
                    case INT32 -> 0;
                    case FLOAT16 -> 0x7e00;
                    case BFLOAT16 -> 0x7fc0;
                    default -> 0x7fc00000;
                };
        GpuProgram program =
                GpuProgram.resource(RowGather.class, "gather.cl", "WORD", StridedGpu.word(dtype));
        int n = outer * count * inner;
        return GpuPlan.builder()
                .launch1d(
                        program,
                        "gather_rows",
                        n,
                        Math.min(128, traits.maxWorkGroup()),
                        x,
                        ids,
                        y,
                        n,
                        rows,
                        count,
                        inner,
                        missing)
                .build();
    }
}
