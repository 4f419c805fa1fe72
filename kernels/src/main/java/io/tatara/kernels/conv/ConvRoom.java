package io.tatara.kernels.conv;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class ConvRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Conv2d.class,
                            "conv2d",
                            ConvReference::conv,
                            List.of(ConvJvm::conv),
                            List.of(
                                    ConvCpu.CONV,
                                    DepthwisePlanes.CONV,
                                    DepthwiseCuda.CONV,
                                    DepthwisePlanes.CONV.anywhere(),
                                    PointwiseHopper.CONV,
                                    LinesHopper.CONV,
                                    ShiftedHopper.CONV,
                                    WinogradSums.CONV,
                                    ConvImplicit.CONV,
                                    PointwiseHopper.CONV.anywhere(),
                                    LinesHopper.CONV.anywhere(),
                                    ConvGpu::conv),
                            ConvCases::conv),
                    new OpEntry<>(
                            Conv2dDataGradient.class,
                            "conv2d_data_gradient",
                            ConvReference::data,
                            List.of(ConvJvm::data),
                            List.of(
                                    ConvCpu.DATA,
                                    DepthwisePlanes.DATA,
                                    DepthwiseCuda.DATA,
                                    DepthwisePlanes.DATA.anywhere(),
                                    new FewChannels(),
                                    PointwiseHopper.DATA,
                                    LinesHopper.DATA,
                                    ShiftedHopper.DATA,
                                    WinogradSums.DATA,
                                    ConvImplicit.DATA,
                                    PointwiseHopper.DATA.anywhere(),
                                    LinesHopper.DATA.anywhere(),
                                    ConvGpu::data),
                            ConvCases::data),
                    new OpEntry<>(
                            Conv2dWeightGradient.class,
                            "conv2d_weight_gradient",
                            ConvReference::weight,
                            List.of(ConvJvm::weight),
                            List.of(
                                    new WeightCpu(),
                                    DepthwiseCuda.WEIGHT,
                                    LinesWeight.WEIGHT,
                                    ShiftedWeight.GATHERED,
                                    ShiftedWeight.WEIGHT,
                                    WinogradWeight.WEIGHT,
                                    new WeightImplicit(),
                                    LinesWeight.WEIGHT.anywhere(),
                                    ShiftedWeight.GATHERED.anywhere(),
                                    ConvGpu::weight),
                            ConvCases::weight),
                    new OpEntry<>(
                            SeparableConv2d.class,
                            "separable_conv2d",
                            ConvReference::separable,
                            List.of(SeparableJvm::run),
                            List.of(SeparableGpu::plan),
                            SeparableCases::all));

    private ConvRoom() {}
}
