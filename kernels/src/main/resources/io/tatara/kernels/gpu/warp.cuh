/* Device functions of one warp: CUDA, any architecture. Every lane of the warp takes part in each call.
 * Under emulation (TATARA_EMULATION) the emulator brings the bodies. */
#define DEVICE_MEMBER __device__ __forceinline__
/* A kernel whose registers let a multiprocessor run so many blocks at once. */
#define KERNEL_RESIDENT(threads, blocks) extern "C" __global__ __launch_bounds__(threads, blocks)

#ifndef TATARA_EMULATION
/* The block's dynamic shared memory, from a multiple of 1024 on. */
#define DYNAMIC_SHARED(name) extern __shared__ __align__(1024) unsigned char name[]

DEVICE int lane_id() { return (int)(threadIdx.x & 31); }

DEVICE void warp_barrier() { __syncwarp(); }

DEVICE float shuffle_xor(float x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
DEVICE int shuffle_xor(int x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
DEVICE uint shuffle_xor(uint x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }

/* The value of lane `from`. */
DEVICE float shuffle(float x, int from) { return __shfl_sync(0xffffffffu, x, from); }
DEVICE int shuffle(int x, int from) { return __shfl_sync(0xffffffffu, x, from); }
DEVICE uint shuffle(uint x, int from) { return __shfl_sync(0xffffffffu, x, from); }

/* Waits for `threads` threads of the block at barrier `id` (1 to 15; 0 is BARRIER's). */
DEVICE void named_barrier(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
/* Counts as arrived there without waiting. */
DEVICE void named_barrier_arrive(int id, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
#else
#include <tatara/warp.hpp>
#endif

/* Sums and maxima over the warp; every lane gets them. The order is fixed. */
DEVICE float warp_sum(float x) {
  UNROLL
  for (int m = 16; m > 0; m >>= 1) x += shuffle_xor(x, m);
  return x;
}
DEVICE float warp_max(float x) {
  UNROLL
  for (int m = 16; m > 0; m >>= 1) x = FMAXF(x, shuffle_xor(x, m));
  return x;
}
