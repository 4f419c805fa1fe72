/**
 * Many numbers into few: sums, means and maxima over axes, the place of a maximum, the k largest. A
 * reduction over any axes is a chain of passes over [outer, reduce, inner] ({@link
 * io.tatara.kernels.reduce.Pass}). Sums are formed in lanes, blocks and pairs, so that their error
 * stays at the level of rounding.
 */
package io.tatara.kernels.reduce;
