package io.tatara.kernels.attention;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class AttentionRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            AdditiveAttention.class,
                            "additive_attention",
                            AttentionReference::additive,
                            List.of(AdditiveJvm::forward),
                            List.of(AttentionGpu.kernel(AttentionGpu::additive)),
                            AttentionCases::additive),
                    new OpEntry<>(
                            AdditiveAttentionGradient.class,
                            "additive_attention_gradient",
                            AttentionReference::additiveGradient,
                            List.of(AdditiveJvm::gradient),
                            List.of(AttentionGpu.kernel(AttentionGpu::additiveGradient)),
                            AttentionCases::additiveGradient),
                    new OpEntry<>(
                            MultiplicativeAttention.class,
                            "multiplicative_attention",
                            AttentionReference::multiplicative,
                            List.of(MultiplicativeJvm::forward),
                            List.of(AttentionGpu.kernel(AttentionGpu::multiplicative)),
                            AttentionCases::multiplicative),
                    new OpEntry<>(
                            MultiplicativeAttentionGradient.class,
                            "multiplicative_attention_gradient",
                            AttentionReference::multiplicativeGradient,
                            List.of(MultiplicativeJvm::gradient),
                            List.of(AttentionGpu.kernel(AttentionGpu::multiplicativeGradient)),
                            AttentionCases::multiplicativeGradient));

    private AttentionRoom() {}
}
