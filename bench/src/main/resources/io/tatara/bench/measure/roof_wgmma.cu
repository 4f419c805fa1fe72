/* The peak of Hopper's matrix units by wgmma: two warpgroups a multiprocessor, each multiplies a 64 x 16 tile by a
 * 16 x 256 one, both from shared memory, again and again into the same 64 x 256 accumulators; while one warpgroup
 * waits for a batch's end the other's keeps the units busy. KIND 1 fp16, 2 bf16. Shared memory holds small numbers of both signs
 * with full mantissas (see roof_mma.cu); all instructions read the same 16 KiB, so nothing but the matrix units is
 * loaded. Compute capability 9.0 (sm_90a). */
#ifndef KIND
#define KIND 1
#endif
#ifndef REPEAT
#define REPEAT 2048
#endif
#define BATCH 16
#define WORDS 4096

KERNEL_SIZED(256, 1, 1) void roof_wgmma(GLOBAL float* RESTRICT y) {
  __shared__ __align__(1024) uint tile[WORDS];
  for (int i = LOCAL_ID(0); i < WORDS; i += 256) {
    uint h = (uint)i * 2654435761u;
    h ^= h >> 15;
    h *= 2246822519u;
    h ^= h >> 13;
    float lo = ((h & 1u) ? -1.0f : 1.0f) * (0.5f + (float)(h >> 9) * (0.5f / 8388608.0f)) * 0.015625f;
    float hi = ((h & 2u) ? -1.0f : 1.0f) * (0.5f + (float)(h & 0x7fffffu) * (0.5f / 8388608.0f)) * 0.015625f;
#if KIND == 1
    tile[i] = pack_f16(lo, hi);
#else
    tile[i] = pack_bf16(lo, hi);
#endif
  }
  fence_async_shared();
  BARRIER();
  float d[128];
  for (int i = 0; i < 128; i++) d[i] = 0.0f;
  /* Rows of 32 bytes: 16 halfs of k. 64 rows of a, 256 rows of b, 8 KiB in all for b. */
  unsigned long long a = wgmma_descriptor(shared_address(tile), 16, 256, 32);
  unsigned long long b = wgmma_descriptor(shared_address(tile + 1024), 16, 256, 32);
  for (int r = 0; r < REPEAT; r++) {
    wgmma_fence();
    UNROLL
    for (int i = 0; i < BATCH; i++) {
#if KIND == 1
      wgmma_f16<0, 0>(d, a, b, 1);
#else
      wgmma_bf16<0, 0>(d, a, b, 1);
#endif
    }
    wgmma_commit();
    wgmma_wait<0>();
  }
  float s = 0.0f;
  for (int i = 0; i < 128; i++) s += d[i];
  y[GLOBAL_ID(0)] = s;
}
