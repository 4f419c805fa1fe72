/**
 * Normalization of the last axis, fused with the residual connection and the dropout before it:
 * layer norm and root-mean-square norm.
 */
package io.tatara.kernels.norm;
