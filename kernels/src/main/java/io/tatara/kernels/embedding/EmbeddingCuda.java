package io.tatara.kernels.embedding;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/** {@link Embedding} in pieces of up to 16 bytes; see gather.cu. */
final class EmbeddingCuda implements GpuKernel<Embedding> {
    private static final int LOCAL = 256;

    /** Pieces that a block moves: TURNS of gather.cu for each thread. */
    private static final int BLOCK = LOCAL * 4;

    @Override
    public String variant() {
        return "cuda";
    }

    @Override
    public boolean supports(Embedding op, TensorSpec[] in, GpuTraits traits) {
        return traits.cuda(75);
    }

    @Override
    public GpuPlan plan(Embedding op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        if (out[0].size() == 0) {
            return GpuPlan.NOTHING;
        }
        DType dtype = in[0].dtype();
        long rowBytes = (long) in[0].shape().dim(1) * dtype.bytes();
        int bytes = (int) Math.min(16, Long.lowestOneBit(rowBytes));
        int per = (int) (rowBytes / bytes);
        int n = in[1].size() * per;
        int missing =
                switch (dtype) {
                    case FLOAT16 -> 0x7e007e00;
                    case BFLOAT16 -> 0x7fc07fc0;
                    default -> 0x7fc00000;
                };
        return GpuPlan.builder()
                .launch(
                        GpuProgram.cuda(
                                EmbeddingCuda.class,
                                "gather.cu",
                                List.of("warp.cuh"),
                                "BYTES",
                                bytes),
                        "embedding_gather",
                        new int[] {(int) ((n + BLOCK - 1L) / BLOCK), 1, 1},
                        new int[] {LOCAL, 1, 1},
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.out(0),
                        n,
                        in[0].shape().dim(0),
                        per,
                        missing)
                .build();
    }
}
