/* Functions of one or two numbers for pointwise kernels and for epilogues. NaN goes through them as in Java:
 * max and min give NaN where either argument is NaN, which fmax and fmin do not. */
#ifndef TATARA_POINTWISE_FUNCTIONS
#define TATARA_POINTWISE_FUNCTIONS

DEVICE float tatara_max(float x, float y) { return x > y || x != x ? x : y; }
DEVICE float tatara_min(float x, float y) { return x < y || x != x ? x : y; }
DEVICE float tatara_sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
DEVICE float tatara_relu(float x) { return x <= 0.0f ? 0.0f : x; }
DEVICE float tatara_sigmoid(float x) { return 1.0f / (1.0f + EXPF(-x)); }
/* In C 1 to the power of anything is 1, and so is -1 to an infinite power; in Java both can be NaN. */
DEVICE float tatara_pow(float x, float y) {
  if (y != y || (FABSF(x) == 1.0f && FABSF(y) == POS_INF)) return AS_FLOAT(0x7fc00000u);
  return POWF(x, y);
}
DEVICE float tatara_silu(float x) { return x * tatara_sigmoid(x); }
DEVICE float tatara_elu(float x, float alpha) { return x > 0.0f ? x : alpha * EXPM1F(x); }
DEVICE float tatara_gelu(float x) { return 0.5f * x * (1.0f + ERFF(x * 0.70710678f)); }
DEVICE float tatara_gelu_tanh(float x) {
  return 0.5f * x * (1.0f + TANHF(0.79788456f * (x + 0.044715f * x * x * x)));
}
DEVICE float tatara_softplus(float x) { return x > 20.0f ? x : LOG1PF(EXPF(x)); }

/* x * y, rounded: never contracted with a sum that takes it. */
DEVICE float tatara_product(float x, float y) {
#ifdef TATARA_OPENCL
#pragma OPENCL FP_CONTRACT OFF
#endif
#if defined(TATARA_OPENCL) || defined(TATARA_EMULATION)
  return x * y;
#else
  return __fmul_rn(x, y);
#endif
}

/* Philox4x32-10 (Salmon et al. 2011): four uniform numbers in [0, 1) for the elements 4 * block ... + 3 of a
 * stream, from the upper 24 bits of each word; the same bits as the class Philox. */
DEVICE float4 tatara_uniform4(uint k0, uint k1, uint stream, uint block) {
  uint c0 = block, c1 = 0u, c2 = stream, c3 = 0u;
  int r;
  for (r = 0; r < 10; r++) {
    uint h0 = MULHI(0xD2511F53u, c0), l0 = 0xD2511F53u * c0;
    uint h1 = MULHI(0xCD9E8D57u, c2), l1 = 0xCD9E8D57u * c2;
    c0 = h1 ^ c1 ^ k0;
    c1 = l1;
    c2 = h0 ^ c3 ^ k1;
    c3 = l0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return MAKE4((float)(c0 >> 8) * 5.9604644775390625e-8f, (float)(c1 >> 8) * 5.9604644775390625e-8f,
               (float)(c2 >> 8) * 5.9604644775390625e-8f, (float)(c3 >> 8) * 5.9604644775390625e-8f);
}

/* The uniform number of one element. */
DEVICE float tatara_uniform(uint k0, uint k1, uint stream, uint element) {
  float4 u = tatara_uniform4(k0, k1, stream, element >> 2);
  uint w = element & 3u;
  return w == 0u ? u.x : w == 1u ? u.y : w == 2u ? u.z : u.w;
}
#endif
