/**
 * Scaled dot-product attention as transformers use it (Vaswani et al. 2017), its gradient, and the
 * cache of keys and values that decoding appends to. Multi-head, grouped-query and multi-query;
 * causal and key-padding masks, additive bias. The scores of all queries and keys never lie in
 * memory as a whole: a kernel keeps a running maximum and sum per query (online softmax, Dao et al.
 * 2022), and the gradient computes the probabilities again from the logarithm of that sum.
 *
 * <p>GPU variants, preferred first: {@code sm80} on the matrix units of compute capability 8.0 and
 * later, in 16-bit types; {@code portable} everywhere. A form for Hopper's wgmma would stand before
 * both.
 */
package io.tatara.kernels.sdpa;
