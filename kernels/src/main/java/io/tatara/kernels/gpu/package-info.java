/**
 * Kernels for OpenCL and CUDA as data: a {@link io.tatara.kernels.gpu.GpuKernel} gives a {@link
 * io.tatara.kernels.gpu.GpuPlan} of launches over {@link io.tatara.kernels.gpu.GpuProgram}s, whose
 * sources are written in the neutral macros of {@code portable.h}. Knows no driver.
 */
package io.tatara.kernels.gpu;
