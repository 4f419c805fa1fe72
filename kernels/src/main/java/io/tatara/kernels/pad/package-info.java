/**
 * Padding: {@link io.tatara.kernels.pad.Pad} puts elements around a tensor, a constant, the edge's
 * or the inside mirrored, and {@link io.tatara.kernels.pad.PadGradient} adds up what became of each
 * element. Convolutions and pooling pad by themselves and need neither. On Java arrays padding is a
 * few strided copies, one for each combination of before, inside and behind; on GPUs an element a
 * work-item.
 */
package io.tatara.kernels.pad;
