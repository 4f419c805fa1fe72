package io.tatara.kernels.conv;

import io.tatara.kernels.gpu.GpuKernel;

/** Kernels of this room for ops of other rooms that are convolutions of images. */
public final class ConvKernels {
    /** Implicit products on CUDA; each says by {@code supports} whether it takes a call. */
    public static final GpuKernel<Conv2d> CONV = ConvImplicit.CONV;

    public static final GpuKernel<Conv2dDataGradient> DATA_GRADIENT = ConvImplicit.DATA;

    public static final GpuKernel<Conv2dWeightGradient> WEIGHT_GRADIENT = new WeightImplicit();

    private ConvKernels() {}
}
