/**
 * Attention as recurrent decoders use it: each query looks at all keys of its sequence and takes
 * the mean of the values under softmax weights. Two scores: {@link
 * io.tatara.kernels.attention.AdditiveAttention} (a small network, Bahdanau) and {@link
 * io.tatara.kernels.attention.MultiplicativeAttention} (a product, Luong). Both are batch-first,
 * mask the keys behind each sequence's length, and give the weights as a second output, which may
 * carry a gradient of its own.
 *
 * <p>Their gradients are ops beside them. On the JVM and on GPUs alike the scores' gradients are
 * the only [N, Tq, Tk] intermediate; nothing of extent [N, Tq, Tk, A] is ever stored: the additive
 * gradient computes its tanh again.
 */
package io.tatara.kernels.attention;
