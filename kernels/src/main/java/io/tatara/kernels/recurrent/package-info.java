/**
 * Recurrent networks: plain RNN, LSTM and GRU over whole sequences, their back-propagation through
 * time, and single steps (cells) for decoding and for loops of one's own.
 *
 * <p>Sequences are time-major, x [T, N, I] for T steps, a batch of N and I features. D is the
 * number of directions (Schuster and Paliwal, "Bidirectional recurrent neural networks", 1997), H
 * the number of hidden units. Gate order and weight layout are those of PyTorch, so that weights
 * move over unchanged.
 *
 * <p>Everything that the steps do not feed to each other is one large matrix product over all
 * steps: the input's part of the gates before the loop, the weights' and the input's gradients
 * behind it. Inside the loop stands one product with the recurrent weight and the arithmetic of the
 * gates.
 *
 * <p>The gradient is back-propagation through time (Werbos, "Backpropagation through time: what it
 * does and how to do it", 1990), full or truncated. Truncation k cuts what flows back into a state,
 * not the step's own share in the weights: the same as to run chunks of k steps, each from the
 * detached state of the one before.
 */
package io.tatara.kernels.recurrent;
