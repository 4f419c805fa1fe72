/**
 * Scaled dot-product attention, as Transformers have it: online softmax, so that the scores never
 * lie in memory as a whole; causal masks, padding, bias, grouped queries; and the key–value cache
 * that decoding appends to. The attention of recurrent decoders, which hands its weights out, is in
 * {@link io.tatara.kernels.attention}.
 *
 * <p>GPU variants, preferred first: tensor cores of compute capability 8.0 and later, then the
 * portable kernels. A form for Hopper's wgmma would stand before both.
 */
package io.tatara.kernels.sdpa;
