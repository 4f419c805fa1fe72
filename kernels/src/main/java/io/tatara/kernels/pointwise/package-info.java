/**
 * Elementwise work: an expression tree over broadcast inputs is one op, {@link
 * io.tatara.kernels.pointwise.Pointwise}, whatever the expression.
 *
 * <p>Write an expression with {@link io.tatara.kernels.pointwise.Exprs}; its derivative is taken
 * symbolically ({@link io.tatara.kernels.pointwise.Derivative}). The reference walks the tree for
 * each element; the JVM kernel runs it over blocks that stay in the first-level cache; the GPU
 * kernel is generated from it ({@link io.tatara.kernels.pointwise.ExprSource}, which other rooms
 * use for epilogues). Random numbers are counted, not drawn ({@link
 * io.tatara.kernels.pointwise.Philox}), so that a mask is the same on every device and in the
 * gradient.
 */
package io.tatara.kernels.pointwise;
