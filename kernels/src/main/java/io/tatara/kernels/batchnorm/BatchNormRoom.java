package io.tatara.kernels.batchnorm;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class BatchNormRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            BatchNorm.class,
                            "batch_norm",
                            BatchNormReference::forward,
                            List.of(BatchNormJvm::forward),
                            List.of(BatchNormCuda.FORWARD, BatchNormGpu::forward),
                            BatchNormCases::forward),
                    new OpEntry<>(
                            BatchNormGradient.class,
                            "batch_norm_gradient",
                            BatchNormReference::gradient,
                            List.of(BatchNormJvm::gradient),
                            List.of(BatchNormCuda.GRADIENT, BatchNormGpu::gradient),
                            BatchNormCases::gradient));

    private BatchNormRoom() {}
}
