/* 16-bit floats and tf32, bit for bit. */
#pragma once
#include <cstdint>
#include <cstring>

namespace tatara {
inline float bits_float(uint32_t u) {
  float f;
  memcpy(&f, &u, 4);
  return f;
}
inline uint32_t float_bits(float f) {
  uint32_t u;
  memcpy(&u, &f, 4);
  return u;
}
inline float half_float(uint16_t h) {
  _Float16 x;
  memcpy(&x, &h, 2);
  return (float)x;
}
inline uint16_t float_half(float f) {
  _Float16 x = (_Float16)f;
  uint16_t h;
  memcpy(&h, &x, 2);
  return h;
}
inline float bf16_float(uint16_t h) { return bits_float((uint32_t)h << 16); }
inline uint16_t float_bf16(float f) {
  uint32_t u = float_bits(f);
  if ((u & 0x7fffffffu) > 0x7f800000u) return 0x7fff; /* as cvt.rn.bf16 gives NaN */
  return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
/* To nearest, ties away from zero; the low 13 bits are 0. */
inline uint32_t float_tf32(float f) {
  uint32_t u = float_bits(f);
  if ((u & 0x7f800000u) == 0x7f800000u) return u & 0x7fffffu ? 0x7fffffffu : u;
  return (u + 0x1000u) & ~0x1fffu;
}
/* What a matrix unit sees of an operand register. */
inline float tf32_float(uint32_t u) { return bits_float(u & ~0x1fffu); }
inline float element(uint16_t h, int type) { return type == 0 ? half_float(h) : bf16_float(h); }
}  // namespace tatara
