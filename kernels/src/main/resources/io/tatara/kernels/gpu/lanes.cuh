/* 16-byte pieces of arrays of stored reals, and rows made of them: CUDA, any architecture; follows warp.cuh.
 * A piece holds LANES elements, 4 of float32 or 8 of a 16-bit type, and stands at a multiple of 16 bytes.
 * Plain C++ but for four instructions, which have a plain form for emulation and old architectures beside them. */
#if STORAGE == 0
#define LANES 4
#else
#define LANES 8
#endif
#define LOG2_E 1.44269504f

/* 2 to the power of x, to about 2 units in the last place; denormal results are 0. */
DEVICE float exp2_approx(float x) {
#if defined(TATARA_EMULATION)
  return exp2f(x);
#else
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}

/* 1 / x, to about one unit in the last place; denormal results are 0. */
DEVICE float reciprocal_approx(float x) {
#if defined(TATARA_EMULATION)
  return 1.0f / x;
#else
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}

/* exp for arguments <= 0 in sums: as exact as the storage deserves. The product's rounding costs |x| / 2^24. */
DEVICE float lane_exp(float x) {
#if STORAGE == 0
  return EXPF(x);
#else
  return exp2_approx(x * LOG2_E);
#endif
}

#if STORAGE != 0
/* Two elements of a word, the lower half first. */
DEVICE float word_low(uint w) {
#if STORAGE == 1
  return tatara_from_half((ushort)(w & 0xffffu));
#else
  return AS_FLOAT(w << 16);
#endif
}
DEVICE float word_high(uint w) {
#if STORAGE == 1
  return tatara_from_half((ushort)(w >> 16));
#else
  return AS_FLOAT(w & 0xffff0000u);
#endif
}
DEVICE uint word_of(float low, float high) {
#if !defined(TATARA_EMULATION) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  uint w;
#if STORAGE == 1
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(w) : "f"(high), "f"(low));
#else
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(w) : "f"(high), "f"(low));
#endif
  return w;
#elif STORAGE == 1
  return (uint)tatara_to_half(low) | ((uint)tatara_to_half(high) << 16);
#else
  return (uint)tatara_to_bf16(low) | ((uint)tatara_to_bf16(high) << 16);
#endif
}
#endif

DEVICE uint4 piece_load(const ELEM* p) { return *(const uint4*)p; }
/* Of what this launch reads once and nobody writes: the load stands where it is written, and leaves L1 alone. */
DEVICE uint4 piece_load_once(const ELEM* p) {
#if defined(TATARA_EMULATION)
  return piece_load(p);
#else
  uint4 w;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(w.x), "=r"(w.y), "=r"(w.z), "=r"(w.w)
               : "l"(p));
  return w;
#endif
}
DEVICE void piece_store(ELEM* p, uint4 w) { *(uint4*)p = w; }
DEVICE uint4 piece_zero() {
  uint4 w;
  w.x = w.y = w.z = w.w = 0u;
  return w;
}

DEVICE void piece_unpack(uint4 w, float* v) {
#if STORAGE == 0
  v[0] = AS_FLOAT(w.x);
  v[1] = AS_FLOAT(w.y);
  v[2] = AS_FLOAT(w.z);
  v[3] = AS_FLOAT(w.w);
#else
  v[0] = word_low(w.x);
  v[1] = word_high(w.x);
  v[2] = word_low(w.y);
  v[3] = word_high(w.y);
  v[4] = word_low(w.z);
  v[5] = word_high(w.z);
  v[6] = word_low(w.w);
  v[7] = word_high(w.w);
#endif
}

DEVICE uint4 piece_pack(const float* v) {
  uint4 w;
#if STORAGE == 0
  w.x = AS_UINT(v[0]);
  w.y = AS_UINT(v[1]);
  w.z = AS_UINT(v[2]);
  w.w = AS_UINT(v[3]);
#else
  w.x = word_of(v[0], v[1]);
  w.y = word_of(v[2], v[3]);
  w.z = word_of(v[4], v[5]);
  w.w = word_of(v[6], v[7]);
#endif
  return w;
}
