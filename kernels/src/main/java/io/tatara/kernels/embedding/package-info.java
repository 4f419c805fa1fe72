/**
 * Look-up tables: vectors for token ids, and the gradient that flows back into the rows that were
 * read.
 */
package io.tatara.kernels.embedding;
