/**
 * Matrix products, the work that most of deep learning comes down to.
 *
 * <p>Start with {@link io.tatara.kernels.matmul.MatMul}, the op, and its oracle {@code
 * MatMulReference}. On Java arrays it runs through {@link io.tatara.kernels.matmul.Sgemm}, which
 * other rooms call too: it chooses a path by shape, {@code BlockedProduct} is the main one, and the
 * innermost loops stand behind {@code MicroKernels}, once for the vector unit ({@code Vector*}, the
 * only classes here that need {@code jdk.incubator.vector}) and once as plain loops. On GPUs it is
 * {@code matmul.cl}, planned by {@link io.tatara.kernels.matmul.MatMulGpu}. {@link
 * io.tatara.kernels.matmul.MatMulStrided} multiplies views of larger tensors; the small ops that
 * the gradients need are private to this room.
 */
package io.tatara.kernels.matmul;
