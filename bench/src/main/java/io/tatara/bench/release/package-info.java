/**
 * What is made when a release is packaged: kernels compiled ahead to PTX, for machines that have an
 * NVIDIA driver and no compiler.
 */
package io.tatara.bench.release;
