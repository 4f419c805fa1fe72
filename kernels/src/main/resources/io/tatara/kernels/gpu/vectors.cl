/* Vectors of VEC floats for OpenCL on CPUs, where a work-item is a loop and not a lane: loads and stores of each
 * storage. Behind portable.h; OpenCL alone. */
#ifndef VEC
#define VEC 16
#endif
#define FLOATV PASTE(float, VEC)
#define UINTV PASTE(uint, VEC)
#define LOADV(p) PASTE(vload, VEC)(0, p)
#define STOREV(v, p) PASTE(vstore, VEC)(v, 0, p)
#define LDV_0(p, i) LOADV((p) + (i))
#define STV_0(p, i, v) STOREV(v, (p) + (i))
#define LDV_1(p, i) vector_from_half(LOADV((GLOBAL const ushort *)(p) + (i)))
#define STV_1(p, i, v) STOREV(vector_to_half(v), (GLOBAL ushort *)(p) + (i))
#define LDV_2(p, i) PASTE(as_float, VEC)(PASTE(convert_uint, VEC)(LOADV((p) + (i))) << 16)
#define STV_2(p, i, v) STOREV(vector_to_bf16(v), (p) + (i))
#define LDV_OF(s, p, i) PASTE(LDV_, s)(p, i)
#define STV_OF(s, p, i, v) PASTE(STV_, s)(p, i, v)
#define LDV(p, i) LDV_OF(STORAGE, p, i)

/* Halves by way of a register: PoCL's vload_half8 reads aligned words (vmovdqa) on processors without AVX-512, and elements of a row
 * need not be aligned so. */
DEVICE FLOATV vector_from_half(PASTE(ushort, VEC) h) { return PASTE(vloada_half, VEC)(0, (const half *)&h); }
DEVICE PASTE(ushort, VEC) vector_to_half(FLOATV f) {
  PASTE(ushort, VEC) h;
  PASTE(PASTE(vstorea_half, VEC), _rte)(f, 0, (half *)&h);
  return h;
}

DEVICE PASTE(ushort, VEC) vector_to_bf16(FLOATV f) {
  UINTV u = PASTE(as_uint, VEC)(f);
  UINTV rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16; /* to nearest even */
  UINTV nan = (u >> 16) | 0x40u;
  return PASTE(convert_ushort, VEC)(select(rounded, nan, (u & 0x7fffffffu) > 0x7f800000u));
}

/* The lanes' sum, halves upon halves. */
DEVICE float vector_sum(FLOATV v) {
#if VEC == 16
  float8 e = v.lo + v.hi;
#elif VEC == 8
  float8 e = v;
#endif
#if VEC >= 8
  float4 f = e.lo + e.hi;
#else
  float4 f = v;
#endif
  float2 g = f.lo + f.hi;
  return g.s0 + g.s1;
}
