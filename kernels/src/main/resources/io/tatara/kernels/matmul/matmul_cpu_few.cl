/* C = activation(A · B + bias) + residual with few rows on CPUs through OpenCL: reading B is the work, so nothing of it is
 * packed. No barriers, no local memory: a work-item is a loop. With SWAP the few are columns: A and B change places.
 *
 * x: the few, FEW rows [r][p], float32, neighbours along the sum (copied by matmul_rows where they are not); y: the
 * many, as it lies.
 * matmul_few_dots   y runs along the sum: a work-item takes `each` of the many, JB at a time; FEW × JB vectors of sums
 *                   in registers, added up at the end in a fixed order.
 * matmul_few_axpy   y's rows run along the many: a work-item takes `each` columns, whose sums stay in the first-level
 *                   cache, and passes PB rows of y over them at a time, each read once and from left to right.
 * Sums are made in a fixed order: the same call gives the same bits.
 * Behind product.cl and vectors.cl. */
#ifndef FEW
#define FEW 4
#endif
#ifndef SWAP
#define SWAP 0
#endif
#ifndef JB
#define JB 4
#endif
#ifndef WIDTH
#define WIDTH 256
#endif
#define PB 8

#if SWAP
#define FEW_COUNT n
#define MANY_COUNT m
#define Y a
#define YO (ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3))
#define YS ars /* from one of the many to the next */
#define YP acs /* from one p to the next */
#else
#define FEW_COUNT m
#define MANY_COUNT n
#define Y b
#define YO (bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3))
#define YS bcs
#define YP brs
#endif

DEVICE void few_store(GLOBAL CELEM *c, GLOBAL const CELEM *RESTRICT bias, GLOBAL const CELEM *RESTRICT residual, int base,
                      int dense, int r, int j, int n, int ldc, float v) {
#if SWAP
  matmul_store(c, bias, residual, base, dense, j, r, n, ldc, v);
#else
  matmul_store(c, bias, residual, base, dense, r, j, n, ldc, v);
#endif
}

KERNEL_SIZED(1, 1, 1)
void matmul_few_dots(MATMUL_ARGUMENTS, GLOBAL const float *RESTRICT few, int fo, int frs, int f0, int f1, int f2, int f3,
                     int each) {
  int jFirst = GROUP_ID(0) * each;
  int jEnd = min(MANY_COUNT, jFirst + each);
  int whole = k / VEC * VEC;
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    GLOBAL const float *x = few + fo + matmul_batch(z, e1, e2, e3, f0, f1, f2, f3);
    for (int j = jFirst; j < jEnd; j += JB) {
      /* Beyond the end the last one is read again and its sums are dropped. */
      GLOBAL const ELEM *y[JB];
      FLOATV s[FEW][JB];
      float rest[FEW][JB];
#pragma unroll
      for (int q = 0; q < JB; q++) {
        y[q] = Y + YO + min(j + q, MANY_COUNT - 1) * YS;
#pragma unroll
        for (int r = 0; r < FEW; r++) {
          s[r][q] = 0.0f;
          rest[r][q] = 0.0f;
        }
      }
      for (int p = 0; p < whole; p += VEC) {
        FLOATV v[JB];
#pragma unroll
        for (int q = 0; q < JB; q++) v[q] = LDV(y[q], p);
#pragma unroll
        for (int r = 0; r < FEW; r++) {
          FLOATV u = LOADV(x + r * frs + p);
#pragma unroll
          for (int q = 0; q < JB; q++) s[r][q] = fma(u, v[q], s[r][q]);
        }
      }
      for (int p = whole; p < k; p++) {
#pragma unroll
        for (int r = 0; r < FEW; r++) {
#pragma unroll
          for (int q = 0; q < JB; q++) rest[r][q] = FMA(x[r * frs + p], LD(y[q], p), rest[r][q]);
        }
      }
      float t[FEW * JB]; /* so that the finish is compiled once and not for each sum */
#pragma unroll
      for (int q = 0; q < JB; q++) {
#pragma unroll
        for (int r = 0; r < FEW; r++) t[q * FEW + r] = vector_sum(s[r][q]) + rest[r][q];
      }
      for (int q = 0; q < min(JB, jEnd - j); q++) {
        for (int r = 0; r < FEW; r++)
          few_store(c, bias, residual, co + z * cbs, ro + z * m * n, r, j + q, n, ldc, t[q * FEW + r]);
      }
    }
  }
}

KERNEL_SIZED(1, 1, 1)
void matmul_few_axpy(MATMUL_ARGUMENTS, GLOBAL const float *RESTRICT few, int fo, int frs, int f0, int f1, int f2, int f3,
                     int each) {
  float sums[FEW * WIDTH];
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    GLOBAL const float *x = few + fo + matmul_batch(z, e1, e2, e3, f0, f1, f2, f3);
    for (int jFirst = GROUP_ID(0) * each; jFirst < min(MANY_COUNT, GROUP_ID(0) * each + each); jFirst += WIDTH) {
      int columns = min(min(MANY_COUNT, GROUP_ID(0) * each + each) - jFirst, WIDTH);
      int whole = columns / VEC * VEC;
      GLOBAL const ELEM *y = Y + YO + jFirst;
      for (int i = 0; i < FEW * WIDTH; i += VEC) STOREV((FLOATV)(0.0f), sums + i);
      int p = 0;
      for (; p + PB <= k; p += PB) {
        for (int q = 0; q < whole; q += VEC) {
          FLOATV v[PB];
#pragma unroll
          for (int i = 0; i < PB; i++) v[i] = LDV(y, (p + i) * YP + q);
#pragma unroll
          for (int r = 0; r < FEW; r++) {
            FLOATV s = LOADV(sums + r * WIDTH + q);
#pragma unroll
            for (int i = 0; i < PB; i++) s = fma((FLOATV)(x[r * frs + p + i]), v[i], s);
            STOREV(s, sums + r * WIDTH + q);
          }
        }
        for (int q = whole; q < columns; q++) {
          for (int r = 0; r < FEW; r++) {
            float s = sums[r * WIDTH + q];
            for (int i = 0; i < PB; i++) s = FMA(x[r * frs + p + i], LD(y, (p + i) * YP + q), s);
            sums[r * WIDTH + q] = s;
          }
        }
      }
      for (; p < k; p++) {
        for (int r = 0; r < FEW; r++) {
          float u = x[r * frs + p];
          for (int q = 0; q < columns; q++) sums[r * WIDTH + q] = FMA(u, LD(y, p * YP + q), sums[r * WIDTH + q]);
        }
      }
      for (int r = 0; r < FEW; r++) {
        for (int q = 0; q < columns; q++)
          few_store(c, bias, residual, co + z * cbs, ro + z * m * n, r, jFirst + q, n, ldc, sums[r * WIDTH + q]);
      }
    }
  }
}
