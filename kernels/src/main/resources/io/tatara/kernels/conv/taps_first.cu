/* A kernel [outer, inner, TAPS] of 16-bit elements tap by tap, [TAPS, outer, inner], inner in eights: a thread has eight inner
 * channels, TAPS times 16 bytes under way, and writes 16 bytes of each tap. CUDA alone. */
#ifndef TAPS
#define TAPS 9
#endif

KERNEL_SIZED(128, 1, 1) void taps_first(GLOBAL const ELEM* RESTRICT w, GLOBAL ELEM* RESTRICT to, int outer, int inner) {
  early_allow();
  int e = GLOBAL_ID(0);
  if (e >= outer * (inner / 8)) return;
  GLOBAL const uint4* from = (GLOBAL const uint4*)(w + e * 8 * TAPS);
  uint v[TAPS * 4];
  UNROLL
  for (int i = 0; i < TAPS; i++) {
    uint4 u = from[i];
    v[4 * i] = u.x;
    v[4 * i + 1] = u.y;
    v[4 * i + 2] = u.z;
    v[4 * i + 3] = u.w;
  }
  UNROLL
  for (int t = 0; t < TAPS; t++) {
    uint r[4];
    UNROLL
    for (int j = 0; j < 4; j++) {
      int low = 2 * j * TAPS + t;
      int high = low + TAPS;
      uint x = low % 2 ? v[low / 2] >> 16 : v[low / 2] & 0xffff;
      uint y = high % 2 ? v[high / 2] & 0xffff0000u : v[high / 2] << 16;
      r[j] = x | y;
    }
    *(GLOBAL uint4*)(to + (t * outer * (inner / 8) + e) * 8) = make_uint4(r[0], r[1], r[2], r[3]);
  }
}
