/* C = activation(A · B + bias) + residual, batched; A is m × k, B is k × n, C is m × n with row stride ldc.
 *
 * Operands are strided views: element (i, p) of A stands at ao + batch + i * ars + p * acs, element (p, j)
 * of B at bo + batch + p * brs + j * bcs, so every transposition and every slice is the same code. TA says
 * that A runs contiguously along m, TB that B runs contiguously along k: only the order in which the tiles
 * are fetched depends on them, so that neighbouring work-items read neighbouring addresses.
 * The batch is up to four nested axes, the outermost of any extent (nb = product of all), each with its
 * own stride in A and B; stride 0 broadcasts. In C the matrices stand behind each other, cbs apart.
 *
 * matmul_tiled   a group of (TM/WM)·(TN/WN) work-items computes a TM × TN tile of C; slices of A and B, TK
 *                deep, pass through local memory (padded by one column against bank conflicts); each
 *                work-item holds WM × WN sums in registers, RM and RN apart, so that a row of work-items
 *                writes a row of C. Tiles are counted along x of the grid, row by row: CUDA's y ends at 65535.
 * matmul_skinny  m <= SM: bound by reading B. A group takes SC columns; its work-items split k in SK
 *                slices, neighbours along whatever runs contiguously in B; slices are summed in order.
 * matmul_simple  one work-item an element, for matrices that are smaller than a tile.
 * Sums are made in a fixed order: the same call gives the same bits.
 * Behind product.cl, which has the arguments and what follows the sums. */
#ifndef TM
#define TM 64
#define TN 64
#define TK 16
#define WM 4
#define WN 4
#endif
#ifndef TA
#define TA 0
#endif
#ifndef TB
#define TB 0
#endif
#ifndef SM
#define SM 8
#endif
#define RM (TM / WM)
#define RN (TN / WN)
#define ITEMS (RM * RN)
#define PM (TM + 1)
#define PN (TN + 1)
#if TB
#define SC 8
#else
#define SC 32
#endif
#define SK (256 / SC)

KERNEL_SIZED(ITEMS, 1, 1) void matmul_tiled(MATMUL_ARGUMENTS) {
  SHARED float at[TK * PM];
  SHARED float bt[TK * PN];
  int id = LOCAL_ID(0);
  int tx = id % RN;
  int ty = id / RN;
  int across = (n + TN - 1) / TN;
  int col0 = GROUP_ID(0) % across * TN;
  int row0 = GROUP_ID(0) / across * TM;
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    int abase = ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3);
    int bbase = bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3);
    float acc[WM][WN];
    UNROLL
    for (int i = 0; i < WM; i++) {
      UNROLL
      for (int j = 0; j < WN; j++) acc[i][j] = 0.0f;
    }
    for (int p0 = 0; p0 < k; p0 += TK) {
      for (int e = id; e < TM * TK; e += ITEMS) {
#if TA
        int r = e % TM, p = e / TM;
#else
        int r = e / TK, p = e % TK;
#endif
        float v = 0.0f;
        if (row0 + r < m && p0 + p < k) v = LD(a, abase + (row0 + r) * ars + (p0 + p) * acs);
        at[p * PM + r] = v;
      }
      for (int e = id; e < TN * TK; e += ITEMS) {
#if TB
        int q = e / TK, p = e % TK;
#else
        int q = e % TN, p = e / TN;
#endif
        float v = 0.0f;
        if (col0 + q < n && p0 + p < k) v = LD(b, bbase + (p0 + p) * brs + (col0 + q) * bcs);
        bt[p * PN + q] = v;
      }
      BARRIER();
      for (int p = 0; p < TK; p++) {
        float x[WM];
        float y[WN];
        UNROLL
        for (int i = 0; i < WM; i++) x[i] = at[p * PM + ty + i * RM];
        UNROLL
        for (int j = 0; j < WN; j++) y[j] = bt[p * PN + tx + j * RN];
        UNROLL
        for (int i = 0; i < WM; i++) {
          UNROLL
          for (int j = 0; j < WN; j++) acc[i][j] = FMA(x[i], y[j], acc[i][j]);
        }
      }
      BARRIER();
    }
    UNROLL
    for (int i = 0; i < WM; i++) {
      UNROLL
      for (int j = 0; j < WN; j++) {
        int row = row0 + ty + i * RM;
        int col = col0 + tx + j * RN;
        if (row < m && col < n)
          matmul_store(c, bias, residual, co + z * cbs, ro + z * m * n, row, col, n, ldc, acc[i][j]);
      }
    }
  }
}

KERNEL_SIZED(256, 1, 1) void matmul_skinny(MATMUL_ARGUMENTS) {
  SHARED float part[SM * 256];
  int id = LOCAL_ID(0);
#if TB
  int q = id / SK, slice = id % SK;
#else
  int q = id % SC, slice = id / SC;
#endif
  int col = GROUP_ID(0) * SC + q;
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    int abase = ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3);
    int bbase = bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3) + col * bcs;
    float acc[SM];
    UNROLL
    for (int i = 0; i < SM; i++) acc[i] = 0.0f;
    if (col < n) {
      for (int p = slice; p < k; p += SK) {
        float y = LD(b, bbase + p * brs);
        UNROLL
        for (int i = 0; i < SM; i++) {
          if (i < m) acc[i] = FMA(LD(a, abase + i * ars + p * acs), y, acc[i]);
        }
      }
    }
    UNROLL
    for (int i = 0; i < SM; i++) part[(i * SC + q) * SK + slice] = acc[i];
    BARRIER();
    for (int e = id; e < m * SC; e += 256) {
      int row = e / SC;
      int out = GROUP_ID(0) * SC + e % SC;
      float s = 0.0f;
      for (int t = 0; t < SK; t++) s += part[e * SK + t];
      if (out < n) matmul_store(c, bias, residual, co + z * cbs, ro + z * m * n, row, out, n, ldc, s);
    }
    BARRIER();
  }
}

KERNEL void matmul_simple(MATMUL_ARGUMENTS) {
  int at = GLOBAL_ID(0);
  int z = at / (m * n);
  int row = (at / n) % m;
  int col = at % n;
  if (z < nb) {
    int abase = ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3) + row * ars;
    int bbase = bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3) + col * bcs;
    float s = 0.0f;
    for (int p = 0; p < k; p++) s = FMA(LD(a, abase + p * acs), LD(b, bbase + p * brs), s);
    matmul_store(c, bias, residual, co + z * cbs, ro + z * m * n, row, col, n, ldc, s);
  }
}
