/**
 * The CUDA back end: NVIDIA GPUs with nothing installed but the driver and, for compiling, NVRTC.
 * {@link io.tatara.runtime.cuda.CudaBackEnd} finds devices, {@link
 * io.tatara.runtime.cuda.CudaDevice} turns the ops' plans into launches on one stream, {@link
 * io.tatara.runtime.cuda.Cuda} joins the library with CUDA code of one's own. See {@code
 * docs/cuda.md}.
 */
package io.tatara.runtime.cuda;
