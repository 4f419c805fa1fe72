/**
 * Probabilities from scores along the last axis, and the loss that trains them. Every kernel is
 * bound by memory: the logits of a vocabulary are read as few times as can be, and cross-entropy
 * never writes the probabilities down.
 */
package io.tatara.kernels.softmax;
