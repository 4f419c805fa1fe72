/* The peak of the matrix units by mma.sync: every warp multiplies fragments that stay in registers, CHAINS
 * independent accumulators so that the latency of one is hidden behind the others. KIND 1 fp16, 2 bf16, 3 tf32; the
 * operands are small numbers of both signs with full mantissas, since a chip that multiplies zeros draws less power
 * and clocks higher than it would at work. One store at the end keeps the work alive. Compute capability 8.0 and
 * later. */
#ifndef KIND
#define KIND 1
#endif
#ifndef REPEAT
#define REPEAT 2048
#endif
#define CHAINS 8

/* A number in ±[0.5, 1) · 2^-6 from a seed: integer hash into the mantissa. */
DEVICE float roof_number(uint seed) {
  uint h = seed * 2654435761u;
  h ^= h >> 15;
  h *= 2246822519u;
  h ^= h >> 13;
  return ((h & 1u) ? -1.0f : 1.0f) * (0.5f + (float)(h >> 9) * (0.5f / 8388608.0f)) * 0.015625f;
}

DEVICE uint roof_operand(uint seed) {
#if KIND == 1
  return pack_f16(roof_number(seed), roof_number(seed + 77777u));
#elif KIND == 2
  return pack_bf16(roof_number(seed), roof_number(seed + 77777u));
#else
  return to_tf32(roof_number(seed));
#endif
}

KERNEL void roof_mma(GLOBAL float* RESTRICT y) {
  uint a[2][4], b[CHAINS][2];
  float d[CHAINS][4];
  uint seed = (uint)LOCAL_ID(0) * 64u;
  for (int i = 0; i < 4; i++) {
    a[0][i] = roof_operand(seed + (uint)i);
    a[1][i] = roof_operand(seed + 8u + (uint)i);
  }
  for (int c = 0; c < CHAINS; c++) {
    for (int i = 0; i < 2; i++) b[c][i] = roof_operand(seed + 16u + (uint)(2 * c + i));
    for (int i = 0; i < 4; i++) d[c][i] = 0.0f;
  }
  for (int r = 0; r < REPEAT; r++) {
    UNROLL
    for (int c = 0; c < CHAINS; c++) {
#if KIND == 1
      mma_f16(d[c], a[c & 1], b[c]);
#elif KIND == 2
      mma_bf16(d[c], a[c & 1], b[c]);
#else
      mma_tf32(d[c], a[c & 1], b[c]);
#endif
    }
  }
  float s = 0.0f;
  for (int c = 0; c < CHAINS; c++) s += d[c][0] + d[c][1] + d[c][2] + d[c][3];
  y[GLOBAL_ID(0)] = s;
}
