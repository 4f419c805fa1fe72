/**
 * Matrix products, the work that most of deep learning comes down to.
 *
 * <p>Start with {@link io.tatara.kernels.matmul.MatMul}, the op, and its oracle {@code
 * MatMulReference}. On Java arrays it runs through {@link io.tatara.kernels.matmul.Sgemm}, which
 * other rooms call too: it chooses a path by shape, {@code BlockedProduct} is the main one, and the
 * innermost loops stand behind {@code MicroKernels}, once for the vector unit ({@code Vector*}, the
 * only classes here that need {@code jdk.incubator.vector}) and once as plain loops. {@link
 * io.tatara.kernels.matmul.PanelProduct} multiplies operands that do not stand in memory as
 * matrices, such as the patches of an image. On GPUs {@link io.tatara.kernels.matmul.MatMulGpu}
 * turns ops and other rooms' wishes into {@code Product}s, and {@code ProductKernels} takes the
 * {@code ProductKernel} that suits each: {@code matmul.cl} for every device and stride, and for
 * CUDA {@code matmul_skinny.cu}, {@code matmul_sm80.cu}, {@code matmul_simt.cu} with the tile that
 * {@code TileChoice} expects to be quickest. {@link io.tatara.kernels.matmul.MatMulStrided}
 * multiplies views of larger tensors; {@code TapProduct}, {@code LineProduct}, {@code TapWeights}
 * and {@code LineWeights} are convolutions as products on Hopper, for {@code
 * io.tatara.kernels.conv}; the small ops that the gradients need are private to this room.
 */
package io.tatara.kernels.matmul;
