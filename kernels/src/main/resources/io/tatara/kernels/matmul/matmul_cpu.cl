/* C = activation(A · B + bias) + residual on CPUs through OpenCL: packed panels and register tiles, after Goto and
 * van de Geijn 2008. No barriers, no local memory: a work-group is one work-item, and a work-item is a loop over tiles.
 *
 * A and B come packed by matmul_cpu_pack.cl: A in panels [p][MR], B in panels [p][2 * VEC], cut along k in blocks of
 * kc. A work-item takes mp panels of rows times np panels of columns: np panels of B, kc deep, stay in the second-level
 * cache while panels of A pass by in the first. A tile is MR × 2 vectors of sums in registers (12 × 2 of the 32 that
 * AVX-512 has), finished by way of a private copy, so that the inner loop exists once.
 *
 * PARTS  where sums of k's blocks wait for the next: 0: there is one block; 1: in C; 2: in a buffer of their own,
 *        for C of 16 bits and where C's old value is added.
 * Sums are made in a fixed order: the same call gives the same bits.
 * Behind product.cl and vectors.cl. */
#ifndef MR
#define MR 12
#endif
#ifndef PARTS
#define PARTS 0
#endif
#define NR (2 * VEC)

DEVICE FLOATV matmul_activation_vector(FLOATV x) {
#if ACTIVATION == 1
  return select(x, (FLOATV)(0.0f), x < (FLOATV)(0.0f));
#elif ACTIVATION == 2
  return 1.0f / (1.0f + exp(-x));
#elif ACTIVATION == 3
  return tanh(x);
#elif ACTIVATION == 4
  return 0.5f * x * (1.0f + erf(x * 0.70710678118654752f));
#elif ACTIVATION == 5
  return x / (1.0f + exp(-x));
#elif ACTIVATION == 6
  return select(expm1(x), x, x > (FLOATV)(0.0f));
#elif ACTIVATION == 7
  x = select(x, (FLOATV)(0.0f), x < (FLOATV)(0.0f));
  return select(x, (FLOATV)(6.0f), x > (FLOATV)(6.0f));
#else
  return x;
#endif
}

/* As matmul_store, for a vector of a row. */
DEVICE void matmul_store_vector(GLOBAL CELEM *c, GLOBAL const CELEM *RESTRICT bias, GLOBAL const CELEM *RESTRICT residual,
                                int base, int dense, int row, int col, int n, int ldc, FLOATV v) {
  int at = base + row * ldc + col;
#if BIAS
  v += LDV_OF(CSTORAGE, bias, col);
#endif
  v = matmul_activation_vector(v);
#if RESIDUAL
  v += LDV_OF(CSTORAGE, residual, dense + row * n + col);
#endif
#if ACCUMULATE
  v += LDV_OF(CSTORAGE, c, at);
#endif
  STV_OF(CSTORAGE, c, at, v);
}

/* Sums of H rows: t[r][NR] = sum over p of a[p][r] * b[p]. */
#define TILE(NAME, H)                                                                                   \
  DEVICE void NAME(GLOBAL const float *RESTRICT a, GLOBAL const float *RESTRICT b, int depth, float *t) { \
    FLOATV x[H];                                                                                        \
    FLOATV y[H];                                                                                        \
    _Pragma("unroll") for (int r = 0; r < H; r++) {                                                     \
      x[r] = 0.0f;                                                                                      \
      y[r] = 0.0f;                                                                                      \
    }                                                                                                   \
    for (int p = 0; p < depth; p++) {                                                                   \
      FLOATV u = LOADV(b + p * NR);                                                                     \
      FLOATV v = LOADV(b + p * NR + VEC);                                                               \
      _Pragma("unroll") for (int r = 0; r < H; r++) {                                                   \
        FLOATV s = (FLOATV)(a[p * MR + r]);                                                             \
        x[r] = fma(s, u, x[r]);                                                                         \
        y[r] = fma(s, v, y[r]);                                                                         \
      }                                                                                                 \
    }                                                                                                   \
    _Pragma("unroll") for (int r = 0; r < H; r++) {                                                     \
      STOREV(x[r], t + r * NR);                                                                         \
      STOREV(y[r], t + r * NR + VEC);                                                                   \
    }                                                                                                   \
  }
TILE(tile_high, MR)
TILE(tile_low, 4)

#if PARTS == 1
#define PART(z, row, col) ((GLOBAL float *)c + co + (z) * cbs + (row) * ldc + (col))
#else
#define PART(z, row, col) (part + ((z) * m + (row)) * n + (col))
#endif

KERNEL_SIZED(1, 1, 1)
void matmul_blocks(MATMUL_ARGUMENTS, GLOBAL const float *RESTRICT pa, int pas, GLOBAL const float *RESTRICT pb, int pbs,
                   GLOBAL float *part, int kc, int mp, int np) {
  float t[MR * NR];
  int rowFirst = GROUP_ID(1) * mp * MR;
  int rowEnd = min(m, rowFirst + mp * MR);
  int colFirst = GROUP_ID(0) * np * NR;
  int colEnd = min(n, colFirst + np * NR);
  int mpad = (m + MR - 1) / MR * MR;
  int npad = (n + NR - 1) / NR * NR;
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    int base = co + z * cbs;
    int dense = ro + z * m * n;
    for (int p0 = 0; p0 < k; p0 += kc) {
      int depth = min(kc, k - p0);
      int last = p0 + kc >= k;
      for (int i = rowFirst; i < rowEnd; i += MR) {
        int rows = min(MR, rowEnd - i);
        for (int j = colFirst; j < colEnd; j += NR) {
          GLOBAL const float *ai = pa + z * pas + p0 * mpad + i * depth;
          GLOBAL const float *bj = pb + z * pbs + p0 * npad + j * depth;
          if (rows > 4)
            tile_high(ai, bj, depth, t);
          else
            tile_low(ai, bj, depth, t);
          int columns = min(NR, colEnd - j);
          int whole = columns / VEC * VEC;
          for (int r = 0; r < rows; r++) {
            int row = i + r;
            for (int q = 0; q < whole; q += VEC) {
              FLOATV v = LOADV(t + r * NR + q);
#if PARTS
              if (p0 > 0) v += LOADV(PART(z, row, j + q));
              if (!last) {
                STOREV(v, PART(z, row, j + q));
                continue;
              }
#endif
              matmul_store_vector(c, bias, residual, base, dense, row, j + q, n, ldc, v);
            }
            for (int q = whole; q < columns; q++) {
              float v = t[r * NR + q];
#if PARTS
              if (p0 > 0) v += *PART(z, row, j + q);
              if (!last) {
                *PART(z, row, j + q) = v;
                continue;
              }
#endif
              matmul_store(c, bias, residual, base, dense, row, j + q, n, ldc, v);
            }
          }
        }
      }
    }
  }
}
