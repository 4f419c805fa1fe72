/* C = activation(A · B + bias) + residual where A has few rows (decoding): bound by reading B once. Any CUDA
 * architecture; storage float32, float16 or bfloat16, arithmetic float32. Arguments and finish are those of product.cl.
 *
 * X [M, k] is the operand with few rows, W [k, columns] the other; SWAP 1: X is B and W is A, both turned.
 *   WK 1: W runs along k. A block takes COLUMNS = 4 columns, each lane WIDE elements of k of all four; what it reads of
 *         X (from L1) serves four times. Sums go over the lanes by shuffles, over the warps by shared memory.
 *   WK 0: W runs along its columns. A lane takes WIDE columns, a warp every eighth k; X waits in shared memory, k
 *         outermost, read by all lanes at one time.
 *
 * The ladder (what each step is for; docs/h200.md has the figures):
 *   1 loads of WIDE elements, 16 bytes where alignment allows, all lanes next to each other.
 *   2 four to eight such loads of a lane under way before their products: what memory needs to be kept busy.
 *   3 SPLIT: k is cut over blocks until each multiprocessor has several; the last block of a tile adds up in a fixed
 *     order. Sums over warps and lanes have a fixed order too. */
#ifndef M
#define M 4
#endif
#ifndef WIDE
#define WIDE 4
#endif
#ifndef WK
#define WK 1
#endif
#ifndef XVEC
#define XVEC 0 /* whether X runs along k, aligned to WIDE elements */
#endif
#ifndef SWAP
#define SWAP 0
#endif
#if WK
#define COLUMNS 4
#else
#define COLUMNS (32 * WIDE)
#endif
#define WARPS 8
#define CHUNK 128 /* of k, that shared memory holds of X */

/* WIDE elements from p on, of which `there` are there; zeros for the others. */
DEVICE void load_run(const ELEM *p, int there, float (&x)[WIDE]) {
  if (there >= WIDE) {
#if STORAGE == 0
#if WIDE == 4
    float4 v = *(const float4 *)p;
    x[0] = v.x;
    x[1] = v.y;
    x[2] = v.z;
    x[3] = v.w;
#elif WIDE == 2
    float2 v = *(const float2 *)p;
    x[0] = v.x;
    x[1] = v.y;
#else
    x[0] = LD(p, 0);
#endif
#elif WIDE == 1
    x[0] = LD(p, 0);
#else
#if WIDE == 8
    uint4 v = *(const uint4 *)p;
    uint w[WIDE / 2] = {v.x, v.y, v.z, v.w};
#elif WIDE == 4
    uint2 v = *(const uint2 *)p;
    uint w[WIDE / 2] = {v.x, v.y};
#else
    uint w[WIDE / 2] = {*(const uint *)p};
#endif
    UNROLL
    for (int j = 0; j < WIDE; j += 2) {
      ushort h[2] = {(ushort)w[j / 2], (ushort)(w[j / 2] >> 16)};
      x[j] = LD(h, 0);
      x[j + 1] = LD(h, 1);
    }
#endif
  } else {
    UNROLL
    for (int j = 0; j < WIDE; j++) x[j] = j < there ? LD(p, j) : 0.0f;
  }
}

/* Grid: blocks of columns, splits, batch. depth: elements of k of a split, a multiple of WIDE. */
KERNEL_SIZED(32 * WARPS, 1, 1) void matmul_few_rows(MATMUL_ARGUMENTS, int depth, float *partial, int *semaphores) {
  SHARED float sums[M * COLUMNS];
#if WK
  SHARED float parts[WARPS * M * COLUMNS];
#else
  SHARED float parts[WARPS * COLUMNS];
  SHARED float xs[CHUNK * M];
#endif
#if SPLIT
  SHARED int last;
#endif
  int id = LOCAL_ID(0);
  int warp = id / 32;
  int lane = id % 32;
  int p0 = GROUP_ID(1) * depth;
  int end = p0 + depth < k ? p0 + depth : k;
  int col0 = GROUP_ID(0) * COLUMNS;
#if SWAP
  int rows = n, columns = m, xr = bcs, xk = brs, wk = acs, wc = ars;
#else
  int rows = m, columns = n, xr = ars, xk = acs, wk = brs, wc = bcs;
#endif
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    const ELEM *x = a + ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3);
    const ELEM *w = b + bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3);
#if SWAP
    const ELEM *turned = x;
    x = w;
    w = turned;
#endif
#if WK
    float acc[M][COLUMNS];
    UNROLL
    for (int i = 0; i < M; i++) {
      UNROLL
      for (int r = 0; r < COLUMNS; r++) acc[i][r] = 0.0f;
    }
    for (int p = p0 + id * WIDE; p < end; p += 32 * WARPS * WIDE) {
      float y[COLUMNS][WIDE];
      UNROLL
      for (int r = 0; r < COLUMNS; r++)
        load_run(w + (long long)(col0 + r) * wc + p, col0 + r < columns ? end - p : 0, y[r]);
      UNROLL
      for (int i = 0; i < M; i++) {
        if (i < rows) {
          float u[WIDE];
#if XVEC
          load_run(x + i * xr + p, end - p, u);
#else
          UNROLL
          for (int j = 0; j < WIDE; j++) u[j] = p + j < end ? LD(x, i * xr + (p + j) * xk) : 0.0f;
#endif
          UNROLL
          for (int r = 0; r < COLUMNS; r++) {
            UNROLL
            for (int j = 0; j < WIDE; j++) acc[i][r] = FMA(u[j], y[r][j], acc[i][r]);
          }
        }
      }
    }
    UNROLL
    for (int i = 0; i < M; i++) {
      UNROLL
      for (int r = 0; r < COLUMNS; r++) {
        float s = warp_sum(acc[i][r]);
        if (lane == 0) parts[warp * M * COLUMNS + i * COLUMNS + r] = s;
      }
    }
    BARRIER();
    for (int e = id; e < M * COLUMNS; e += 32 * WARPS) {
      float s = 0.0f;
      UNROLL
      for (int t = 0; t < WARPS; t++) s += parts[t * M * COLUMNS + e];
      sums[e] = s;
    }
    BARRIER();
#else
    float acc[M][WIDE];
    UNROLL
    for (int i = 0; i < M; i++) {
      UNROLL
      for (int j = 0; j < WIDE; j++) acc[i][j] = 0.0f;
    }
    int col = col0 + lane * WIDE;
    for (int chunk = p0; chunk < end; chunk += CHUNK) {
      int terms = end - chunk < CHUNK ? end - chunk : CHUNK;
      for (int e = id; e < CHUNK * M; e += 32 * WARPS) {
        int i = e / CHUNK, p = e % CHUNK;
        xs[p * M + i] = i < rows && p < terms ? LD(x, i * xr + (chunk + p) * xk) : 0.0f;
      }
      BARRIER();
      const int under_way = 8 / (M > 8 ? 2 : 1);
      for (int p = warp; p < terms; p += WARPS * under_way) {
        float y[under_way][WIDE];
        UNROLL
        for (int q = 0; q < under_way; q++) {
          bool there = p + q * WARPS < terms;
          load_run(w + (long long)(chunk + p + q * WARPS) * wk + col, there ? columns - col : 0, y[q]);
        }
        UNROLL
        for (int q = 0; q < under_way; q++) {
          if (p + q * WARPS < terms) {
            UNROLL
            for (int i = 0; i < M; i++) {
              float u = xs[(p + q * WARPS) * M + i];
              UNROLL
              for (int j = 0; j < WIDE; j++) acc[i][j] = FMA(u, y[q][j], acc[i][j]);
            }
          }
        }
      }
      BARRIER();
    }
    UNROLL
    for (int i = 0; i < M; i++) {
      UNROLL
      for (int j = 0; j < WIDE; j++) parts[warp * COLUMNS + j * 32 + lane] = acc[i][j];
      BARRIER();
      for (int e = id; e < COLUMNS; e += 32 * WARPS) {
        float s = 0.0f;
        UNROLL
        for (int t = 0; t < WARPS; t++) s += parts[t * COLUMNS + e];
        sums[i * COLUMNS + e % 32 * WIDE + e / 32] = s;
      }
      BARRIER();
    }
#endif
#if SPLIT
    int tile = z * GROUP_COUNT(0) + GROUP_ID(0);
    bool whole = matmul_join_sums<M * COLUMNS, 32 * WARPS>(
        sums, partial + (long long)tile * GROUP_COUNT(1) * (M * COLUMNS), semaphores + tile, GROUP_ID(1),
        GROUP_COUNT(1), &last);
#else
    bool whole = true;
#endif
    if (whole) {
      for (int e = id; e < M * COLUMNS; e += 32 * WARPS) {
        int i = e / COLUMNS;
        int j = col0 + e % COLUMNS;
        int row = SWAP ? j : i;
        int column = SWAP ? i : j;
        if (row < m && column < n)
          matmul_store(c, bias, residual, co + z * cbs, ro + z * m * n, row, column, n, ldc, sums[e]);
      }
    }
    BARRIER();
  }
}
