/* C = activation(A · B + bias) + residual where A has at most 16 rows (decoding), float16 or bfloat16: bound by reading
 * B once, which takes the multiplying off the ordinary units' hands. CUDA, compute capability 8.0 and later. Arguments
 * and finish are those of product.cl.
 *
 * X [rows, k] is the operand with few rows, W [columns, k] the other, both along k and aligned to 16 bytes; k is a
 * multiple of 8. SWAP 1: X is B and W is A. A block takes 16 rows of W: the matrix unit's 16, and X's rows are its 8
 * (NT times). Sums do not care for the order of k, so that each lane takes 16 bytes of a row as its elements of two
 * products, and neither operand passes through shared memory.
 *
 * The ladder (docs/h200.md has the figures):
 *   1 16 bytes a lane, four lanes to a row: whole sectors.
 *   2 UNDER_WAY such loads of both halves of W's rows before their products.
 *   3 SPLIT: k is cut over blocks where W has few rows; the last block of a tile adds up in a fixed order. */
#ifndef NT
#define NT 1
#endif
#ifndef SWAP
#define SWAP 0
#endif
#define COLUMNS 16
#define ROWS (8 * NT)
#define WARPS 8
#define UNDER_WAY 4
#define STEP 32 /* elements of k of a warp at one time */

#if STORAGE == 1
#define MMA mma_f16
#else
#define MMA mma_bf16
#endif

DEVICE uint4 few_words(const ELEM *p, bool there) {
  return there ? *(const uint4 *)p : make_uint4(0, 0, 0, 0);
}

/* Grid: blocks of columns, splits, batch. depth: elements of k of a split, a multiple of 8. */
KERNEL_SIZED(32 * WARPS, 1, 1) void matmul_few(MATMUL_ARGUMENTS, int depth, float *partial, int *semaphores) {
  SHARED float parts[WARPS * ROWS * COLUMNS];
  SHARED float sums[ROWS * COLUMNS];
#if SPLIT
  SHARED int last;
#endif
  int id = LOCAL_ID(0);
  int warp = id / 32;
  int g = id % 32 / 4;
  int t = id % 4;
  int p0 = GROUP_ID(1) * depth;
  int end = p0 + depth < k ? p0 + depth : k;
  int col0 = GROUP_ID(0) * COLUMNS;
#if SWAP
  int rows = n, columns = m, xr = bcs, wc = ars;
#else
  int rows = m, columns = n, xr = ars, wc = bcs;
#endif
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    const ELEM *x = a + ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3);
    const ELEM *w = b + bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3);
#if SWAP
    const ELEM *turned = x;
    x = w;
    w = turned;
#endif
    const ELEM *upper = w + (long long)(col0 + g) * wc;
    const ELEM *lower = upper + 8LL * wc;
    float acc[NT][4];
    UNROLL
    for (int i = 0; i < NT; i++) {
      UNROLL
      for (int j = 0; j < 4; j++) acc[i][j] = 0.0f;
    }
    /* p is the warp's: its lanes multiply together, also where k ends between them. */
    for (int p = p0 + warp * (STEP * UNDER_WAY); p < end; p += WARPS * STEP * UNDER_WAY) {
      uint4 u[UNDER_WAY], v[UNDER_WAY], y[UNDER_WAY][NT];
      UNROLL
      for (int q = 0; q < UNDER_WAY; q++) {
        int at = p + t * 8 + q * STEP;
        u[q] = few_words(upper + at, at < end && col0 + g < columns);
        v[q] = few_words(lower + at, at < end && col0 + g + 8 < columns);
        UNROLL
        for (int i = 0; i < NT; i++)
          y[q][i] = few_words(x + (long long)(i * 8 + g) * xr + at, at < end && i * 8 + g < rows);
      }
      UNROLL
      for (int q = 0; q < UNDER_WAY; q++) {
        uint first[4] = {u[q].x, v[q].x, u[q].y, v[q].y};
        uint second[4] = {u[q].z, v[q].z, u[q].w, v[q].w};
        UNROLL
        for (int i = 0; i < NT; i++) {
          uint f[2] = {y[q][i].x, y[q][i].y};
          uint s[2] = {y[q][i].z, y[q][i].w};
          MMA(acc[i], first, f);
          MMA(acc[i], second, s);
        }
      }
    }
    UNROLL
    for (int i = 0; i < NT; i++) {
      UNROLL
      for (int j = 0; j < 4; j++)
        parts[(warp * ROWS + i * 8 + t * 2 + j % 2) * COLUMNS + g + j / 2 * 8] = acc[i][j];
    }
    BARRIER();
    if (id < ROWS * COLUMNS) {
      float s = 0.0f;
      UNROLL
      for (int q = 0; q < WARPS; q++) s += parts[q * ROWS * COLUMNS + id];
      sums[id] = s;
    }
    BARRIER();
#if SPLIT
    bool whole = matmul_join_sums<ROWS * COLUMNS, 32 * WARPS>(
        sums, partial + (long long)(z * GROUP_COUNT(0) + GROUP_ID(0)) * GROUP_COUNT(1) * (ROWS * COLUMNS),
        semaphores + z * GROUP_COUNT(0) + GROUP_ID(0), GROUP_ID(1), GROUP_COUNT(1), &last);
#else
    bool whole = true;
#endif
    if (whole && id < ROWS * COLUMNS) {
      int i = id / COLUMNS;
      int j = col0 + id % COLUMNS;
      int row = SWAP ? j : i;
      int column = SWAP ? i : j;
      if (row < m && column < n)
        matmul_store(c, bias, residual, co + z * cbs, ro + z * m * n, row, column, n, ldc, sums[id]);
    }
    BARRIER();
  }
}
