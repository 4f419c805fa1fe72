/* CUDA alone, behind product.cl: runs of elements on their way into C, sums of a block over splits. Needs grid.cuh where
 * SPLIT is 1. */
#ifndef CVEC
#define CVEC 0 /* whether C's rows (and the residual's) are aligned to runs */
#endif
#ifndef SPLIT
#define SPLIT 0
#endif

/* V neighbouring floats from storage CSTORAGE; aligned to V elements. */
template <int V>
DEVICE void matmul_load_run(const CELEM *p, float (&x)[V]) {
#if CSTORAGE == 0
  UNROLL
  for (int i = 0; i < V; i += 4) {
    float4 v = *(const float4 *)(p + i);
    x[i] = v.x;
    x[i + 1] = v.y;
    x[i + 2] = v.z;
    x[i + 3] = v.w;
  }
#else
  UNROLL
  for (int i = 0; i < V; i += 4) {
    uint2 v = *(const uint2 *)(p + i);
    ushort h[4] = {(ushort)v.x, (ushort)(v.x >> 16), (ushort)v.y, (ushort)(v.y >> 16)};
    UNROLL
    for (int j = 0; j < 4; j++) x[i + j] = LD_OF(CSTORAGE, h, j);
  }
#endif
}

template <int V>
DEVICE void matmul_store_aligned(CELEM *p, const float (&x)[V]) {
#if CSTORAGE == 0
  UNROLL
  for (int i = 0; i < V; i += 4) *(float4 *)(p + i) = make_float4(x[i], x[i + 1], x[i + 2], x[i + 3]);
#else
  uint w[V / 2];
  UNROLL
  for (int i = 0; i < V; i += 2) {
    ushort h[2];
    ST_OF(CSTORAGE, h, 0, x[i]);
    ST_OF(CSTORAGE, h, 1, x[i + 1]);
    w[i / 2] = (uint)h[0] | ((uint)h[1] << 16);
  }
  if (V == 8) {
    *(uint4 *)p = make_uint4(w[0], w[1], w[V / 2 - 2], w[V / 2 - 1]);
  } else {
    *(uint2 *)p = make_uint2(w[0], w[1]);
  }
#endif
}

/* Finishes the V elements from (row, col) on, as matmul_store does one; those at n and beyond do not exist. */
template <int V>
DEVICE void matmul_store_run(CELEM *c, const CELEM *RESTRICT bias, const CELEM *RESTRICT residual, int base, int dense,
                             int row, int col, int n, int ldc, float (&x)[V]) {
#if CVEC
  if (col + V <= n) {
    int at = base + row * ldc + col;
    float y[V];
#if BIAS == 2
    float of_row = LD_OF(CSTORAGE, bias, row);
    UNROLL
    for (int i = 0; i < V; i++) x[i] += of_row;
#elif BIAS
    matmul_load_run<V>(bias + col, y);
    UNROLL
    for (int i = 0; i < V; i++) x[i] += y[i];
#endif
    UNROLL
    for (int i = 0; i < V; i++) x[i] = matmul_activation(x[i]);
#if RESIDUAL
    matmul_load_run<V>(residual + dense + row * n + col, y);
    UNROLL
    for (int i = 0; i < V; i++) x[i] += y[i];
#endif
#if ACCUMULATE
    matmul_load_run<V>(c + at, y);
    UNROLL
    for (int i = 0; i < V; i++) x[i] += y[i];
#endif
    matmul_store_aligned<V>(c + at, x);
    return;
  }
#endif
  UNROLL
  for (int i = 0; i < V; i++) {
    if (col + i < n) matmul_store(c, bias, residual, base, dense, row, col + i, n, ldc, x[i]);
  }
}

#if SPLIT
/* As sums_leave and sums_gather (tiles.cuh), for N sums of a block in shared memory, which it then holds whole.
 * partial: [splits][N]. */
template <int N, int T>
DEVICE bool matmul_join_sums(SHARED_PTR float *sums, float *partial, int *semaphore, int split, int splits,
                             SHARED_PTR int *last) {
  int id = LOCAL_ID(0);
  for (int e = id; e < N; e += T) partial[split * N + e] = sums[e];
  BARRIER();
  if (id == 0) {
    *last = semaphore_add(semaphore, 1) == splits - 1;
    if (*last) semaphore_write(semaphore, 0);
  }
  BARRIER();
  bool mine = *last != 0;
  if (mine) {
    for (int e = id; e < N; e += T) {
      float s = 0.0f;
      for (int t = 0; t < splits; t++) s += partial[t * N + e];
      sums[e] = s;
    }
  }
  BARRIER();
  return mine;
}
#endif
