/**
 * Kernels for TornadoVM's CUDA back end alone: matrix products on the matrix units of NVIDIA GPUs
 * of compute capability 8.0 or more. Their CUDA code compiles; they have not run on a GPU yet, and
 * nothing of them is measured.
 */
package io.tatara.tornado.cuda;
