/**
 * Moving data without computing: constants, transposition, slices, concatenation, broadcast copies,
 * gathered rows, masks and conversions. Most of them are one thing, a copy between two strided
 * views ({@link io.tatara.kernels.layout.Strided}), which exists once for the JVM and once as a GPU
 * source and moves words of any type. Bound by memory, so what matters is that both sides are
 * touched in whole cache lines.
 */
package io.tatara.kernels.layout;
