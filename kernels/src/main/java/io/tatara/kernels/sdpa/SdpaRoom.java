package io.tatara.kernels.sdpa;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class SdpaRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            ScaledDotProductAttention.class,
                            "scaled_dot_product_attention",
                            SdpaReference::forward,
                            List.of(new SdpaBlocksJvm(), SdpaRowsJvm::forward),
                            List.of(new SdpaSm80(), SdpaGpu.kernel(SdpaGpu::forward)),
                            SdpaCases::forward),
                    new OpEntry<>(
                            ScaledDotProductAttentionGradient.class,
                            "scaled_dot_product_attention_gradient",
                            SdpaReference::gradient,
                            List.of(new SdpaGradientBlocksJvm(), SdpaRowsJvm::gradient),
                            List.of(new SdpaSm80Gradient(), SdpaGpu.kernel(SdpaGpu::gradient)),
                            SdpaGradientCases::gradient),
                    new OpEntry<>(
                            CacheAppend.class,
                            "cache_append",
                            SdpaReference::append,
                            List.of(CacheAppendJvm::run),
                            List.of(SdpaGpu.kernel(SdpaGpu::append)),
                            SdpaGradientCases::append));

    private SdpaRoom() {}
}
