/**
 * Pooling of planes [N, C, H, W] and their up-sampling: maxima with indices, averages, nearest and
 * bilinear interpolation, each with its gradient in gather form.
 */
package io.tatara.kernels.pool;
