package io.tatara.kernels.norm;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class NormRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            LayerNorm.class,
                            "layer_norm",
                            NormReference::layerNorm,
                            List.of(NormJvm::layerNorm),
                            List.of(NormCuda.LAYER_NORM, NormGpu::layerNorm),
                            NormCases::layerNorm),
                    new OpEntry<>(
                            LayerNormGradient.class,
                            "layer_norm_gradient",
                            NormReference::layerNormGradient,
                            List.of(NormJvm::layerNormGradient),
                            List.of(NormCuda.LAYER_NORM_GRADIENT, NormGpu::layerNormGradient),
                            GradientCases::layerNorm),
                    new OpEntry<>(
                            RmsNorm.class,
                            "rms_norm",
                            NormReference::rmsNorm,
                            List.of(NormJvm::rmsNorm),
                            List.of(NormCuda.RMS_NORM, NormGpu::rmsNorm),
                            NormCases::rmsNorm),
                    new OpEntry<>(
                            RmsNormGradient.class,
                            "rms_norm_gradient",
                            NormReference::rmsNormGradient,
                            List.of(NormJvm::rmsNormGradient),
                            List.of(NormCuda.RMS_NORM_GRADIENT, NormGpu::rmsNormGradient),
                            GradientCases::rmsNorm));

    private NormRoom() {}
}
