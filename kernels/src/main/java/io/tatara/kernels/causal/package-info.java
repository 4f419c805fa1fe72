/**
 * Dilated causal convolution over time, the gated layer of WaveNet made of it, and the generation
 * of one sample from queues.
 */
package io.tatara.kernels.causal;
