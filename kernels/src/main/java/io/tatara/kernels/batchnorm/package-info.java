/** Normalization of channels over batch and space: batch norm and its gradient. */
package io.tatara.kernels.batchnorm;
