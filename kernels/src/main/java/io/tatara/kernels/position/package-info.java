/**
 * Positions of a sequence's elements for models without recurrence: sinusoidal encodings that are
 * added, rotations of queries and keys.
 */
package io.tatara.kernels.position;
