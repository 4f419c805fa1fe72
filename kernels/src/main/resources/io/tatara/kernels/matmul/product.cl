/* What every source of matrix products begins with: the arguments, the batch, and what becomes of a sum.
 * A and B are of storage STORAGE; C, bias and residual of CSTORAGE; sums are float. */
#ifndef CSTORAGE
#define CSTORAGE STORAGE
#endif
#define CELEM ELEM_OF(CSTORAGE)
#ifndef BIAS
#define BIAS 0 /* 1: one for each column, 2: one for each row */
#endif
#ifndef RESIDUAL
#define RESIDUAL 0
#endif
#ifndef ACTIVATION
#define ACTIVATION 0
#endif
#ifndef ACCUMULATE
#define ACCUMULATE 0
#endif

#define MATMUL_ARGUMENTS                                                                                  \
  GLOBAL const ELEM *RESTRICT a, int ao, int ars, int acs, GLOBAL const ELEM *RESTRICT b, int bo, int brs, \
      int bcs, GLOBAL CELEM *c, int co, int ldc, int cbs, GLOBAL const CELEM *RESTRICT bias,                \
      GLOBAL const CELEM *RESTRICT residual, int ro, int m, int n, int k, int nb, int e1, int e2, int e3, int sa0,  \
      int sa1, int sa2, int sa3, int sb0, int sb1, int sb2, int sb3

DEVICE int matmul_batch(int z, int e1, int e2, int e3, int s0, int s1, int s2, int s3) {
  int i3 = z % e3;
  int r = z / e3;
  int i2 = r % e2;
  r = r / e2;
  return (r / e1) * s0 + (r % e1) * s1 + i2 * s2 + i3 * s3;
}

DEVICE float matmul_activation(float x) {
#if ACTIVATION == 1
  return x < 0.0f ? 0.0f : x;
#elif ACTIVATION == 2
  return 1.0f / (1.0f + EXPF(-x));
#elif ACTIVATION == 3
  return TANHF(x);
#elif ACTIVATION == 4
  return 0.5f * x * (1.0f + ERFF(x * 0.70710678118654752f));
#elif ACTIVATION == 5
  return x / (1.0f + EXPF(-x));
#elif ACTIVATION == 6
  return x > 0.0f ? x : EXPM1F(x);
#elif ACTIVATION == 7
  return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
#else
  return x;
#endif
}

/* Finishes one element: bias, activation, residual (which has C's shape without gaps), old value. */
DEVICE void matmul_store(GLOBAL CELEM *c, GLOBAL const CELEM *RESTRICT bias, GLOBAL const CELEM *RESTRICT residual,
                         int base, int dense, int row, int col, int n, int ldc, float v) {
  int at = base + row * ldc + col;
#if BIAS
  v += LD_OF(CSTORAGE, bias, BIAS == 2 ? row : col);
#endif
  v = matmul_activation(v);
#if RESIDUAL
  v += LD_OF(CSTORAGE, residual, dense + row * n + col);
#endif
#if ACCUMULATE
  v += LD_OF(CSTORAGE, c, at);
#endif
  ST_OF(CSTORAGE, c, at, v);
}
