package io.tatara.kernels.causal;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class CausalRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            CausalConv1d.class,
                            "causal_conv1d",
                            CausalReference::convolution,
                            List.of(CausalJvm::convolution),
                            List.of(
                                    CausalCpu.CONVOLUTION,
                                    CausalCuda.CONVOLUTION,
                                    CausalGpu::convolution),
                            CausalCases::convolution),
                    new OpEntry<>(
                            CausalConv1dDataGradient.class,
                            "causal_conv1d_data_gradient",
                            CausalReference::dataGradient,
                            List.of(CausalJvm::dataGradient),
                            List.of(
                                    CausalCpu.DATA_GRADIENT,
                                    CausalCuda.DATA_GRADIENT,
                                    CausalGpu::dataGradient),
                            CausalCases::dataGradient),
                    new OpEntry<>(
                            CausalConv1dWeightGradient.class,
                            "causal_conv1d_weight_gradient",
                            CausalReference::weightGradient,
                            List.of(CausalJvm::weightGradient),
                            List.of(
                                    CausalCpu.WEIGHT_GRADIENT,
                                    CausalCuda.WEIGHT_GRADIENT,
                                    CausalGpu::weightGradient),
                            CausalCases::weightGradient),
                    new OpEntry<>(
                            GatedCausalLayer.class,
                            "gated_causal_layer",
                            CausalReference::layer,
                            List.of(LayerJvm::layer),
                            List.of(new LayerCpu(), new LayerCuda(), LayerGpu::layer),
                            LayerCases::layer),
                    new OpEntry<>(
                            GatedActivationGradient.class,
                            "gated_activation_gradient",
                            CausalReference::activationGradient,
                            List.of(LayerJvm::activationGradient),
                            List.of(LayerGpu::activationGradient),
                            LayerCases::activationGradient),
                    new OpEntry<>(
                            WaveNetStep.class,
                            "wave_net_step",
                            CausalReference::step,
                            List.of(StepJvm::step),
                            List.of(LayerGpu::step),
                            LayerCases::step),
                    new OpEntry<>(
                            WaveNetGenerate.class,
                            "wave_net_generate",
                            GenerateReference::generate,
                            List.of(GenerateJvm::generate),
                            List.of(
                                    new GenerateCuda(true),
                                    new GenerateCuda(false),
                                    GenerateGpu::generate),
                            GenerateCases::all));

    private CausalRoom() {}
}
