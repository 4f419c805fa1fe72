/**
 * Convolutions in two dimensions: {@link io.tatara.kernels.conv.Conv2d} and its gradients, of which
 * {@link io.tatara.kernels.conv.Conv2dDataGradient} is the transposed convolution too.
 *
 * <p>Along an axis a convolution and its data gradient are the same thing, sums over taps at a
 * fixed distance ({@code Axis}); where the stride is s, the gradient is s × s of them, one for each
 * place within the stride. So one implicit product serves both: {@code DenseConv} on Java arrays,
 * {@code conv.cl} on GPUs; and one depthwise loop, {@code DepthwiseConv}. No matrix of patches ever
 * stands in memory: panels of them are packed for the product's inner loop, in cache ({@code
 * Runs}). Sums of 3 × 3 taps with stride 1 and many channels go through {@code Winograd} on Java
 * arrays. The weight gradient is a product whose sums run over the pixels ({@code WeightGradient},
 * {@code weight.cl}). OpenCL on CPUs has sources of its own ({@code ConvCpu}, {@code WeightCpu};
 * {@code *_cpu.cl}), where a work-item is a loop over register tiles.
 *
 * <p>Layers of 16-bit elements on Hopper are products on its matrix units: {@code LinesHopper} and
 * {@code LinesWeight} turn images on the way, {@code ShiftedHopper} and {@code ShiftedWeight} lay
 * them out first, {@code PointwiseHopper} reads them as they stand; their kernels are in {@code
 * io.tatara.kernels.matmul}.
 */
package io.tatara.kernels.conv;
