package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/** {@link Cast} between float32 and a 16-bit type in 16-byte pieces; see cast.cu. */
final class CastCuda implements GpuKernel<Cast> {
    private static final List<String> HEADERS = List.of("warp.cuh", "lanes.cuh");
    private static final int LOCAL = 256;

    /** Elements that a block converts: PIECES of cast.cu, of 8 elements, for each thread. */
    private static final int BLOCK = LOCAL * 2 * 8;

    @Override
    public String variant() {
        return "cuda";
    }

    @Override
    public boolean supports(Cast op, TensorSpec[] in, GpuTraits traits) {
        DType from = in[0].dtype();
        boolean widens = from.isHalf() && op.to() == DType.FLOAT32;
        boolean narrows = from == DType.FLOAT32 && op.to().isHalf();
        return traits.cuda(75) && (widens || narrows);
    }

    @Override
    public GpuPlan plan(Cast op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int n = in[0].size();
        if (n == 0) {
            return GpuPlan.NOTHING;
        }
        boolean widens = in[0].dtype().isHalf();
        DType half = widens ? in[0].dtype() : op.to();
        int groups = (int) ((n + BLOCK - 1L) / BLOCK);
        return GpuPlan.builder()
                .launch(
                        GpuProgram.cuda(
                                CastCuda.class,
                                "cast.cu",
                                HEADERS,
                                "STORAGE",
                                GpuProgram.storage(half)),
                        widens ? "cast_widen" : "cast_narrow",
                        new int[] {groups, 1, 1},
                        new int[] {LOCAL, 1, 1},
                        GpuPlan.in(0),
                        GpuPlan.out(0),
                        n)
                .build();
    }
}
