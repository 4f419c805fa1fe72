package io.tatara.kernels.pool;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class PoolRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            MaxPool.class,
                            "max_pool",
                            PoolReference::max,
                            List.of(PoolJvm::max),
                            List.of(PoolGpu::max),
                            PoolCases::max),
                    new OpEntry<>(
                            MaxPoolGradient.class,
                            "max_pool_gradient",
                            PoolReference::maxGradient,
                            List.of(PoolJvm::maxGradient),
                            List.of(PoolGpu::maxGradient),
                            PoolCases::maxGradient),
                    new OpEntry<>(
                            AveragePool.class,
                            "average_pool",
                            PoolReference::average,
                            List.of(PoolJvm::average),
                            List.of(PoolGpu::average),
                            PoolCases::average),
                    new OpEntry<>(
                            AveragePoolGradient.class,
                            "average_pool_gradient",
                            PoolReference::averageGradient,
                            List.of(PoolJvm::averageGradient),
                            List.of(PoolGpu::averageGradient),
                            PoolCases::averageGradient),
                    new OpEntry<>(
                            Upsample.class,
                            "upsample",
                            PoolReference::upsample,
                            List.of(UpsampleJvm::forward),
                            List.of(PoolGpu::upsample),
                            PoolCases::upsample),
                    new OpEntry<>(
                            UpsampleGradient.class,
                            "upsample_gradient",
                            PoolReference::upsampleGradient,
                            List.of(UpsampleJvm::gradient),
                            List.of(PoolGpu::upsampleGradient),
                            PoolCases::upsampleGradient));

    private PoolRoom() {}
}
