/* What tiled products have in common: the order of tiles, sums over splits. CUDA, any architecture; follows grid.cuh. */
#ifndef SPLIT
#define SPLIT 0
#endif

/* Tile number t of tm x tn: bands of eight rows of tiles, column by column, so that what is computed at one time
 * reads few rows of A and few columns of B and finds them in L2. */
DEVICE void tile_place(int t, int tm, int tn, int* row, int* column) {
  int band = t / (8 * tn);
  int rows = tm - band * 8;
  rows = rows < 8 ? rows : 8;
  int i = t - band * 8 * tn;
  *row = band * 8 + i % rows;
  *column = i / rows;
}

#if SPLIT
/* A tile's splits are joined by its last block, by the tile's semaphore, in the order of the splits, so that it does not
 * matter which came last. partial: the tile's, [splits][N][threads][4]. Here each block leaves its own sums; true for the
 * last one. last: an int of shared memory, which may be written again only behind a barrier. */
template <int N, int T>
DEVICE bool sums_leave(const float (&acc)[N][4], float* partial, int* semaphore, int split, int splits,
                       SHARED_PTR int* last) {
  int id = LOCAL_ID(0);
  float* own = partial + (split * N * T + id) * 4;
  UNROLL
  for (int i = 0; i < N; i++)
    *(float4*)(own + i * T * 4) = make_float4(acc[i][0], acc[i][1], acc[i][2], acc[i][3]);
  BARRIER();
  if (id == 0) {
    *last = semaphore_add(semaphore, 1) == splits - 1;
    if (*last) semaphore_write(semaphore, 0);
  }
  BARRIER();
  return *last != 0;
}

/* The last block's part: all sums. */
template <int N, int T>
DEVICE void sums_gather(float (&acc)[N][4], const float* partial, int splits) {
  UNROLL
  for (int i = 0; i < N; i++) {
    UNROLL
    for (int j = 0; j < 4; j++) acc[i][j] = 0.0f;
  }
  for (int s = 0; s < splits; s++) {
    const float* p = partial + (s * N * T + LOCAL_ID(0)) * 4;
    UNROLL
    for (int i = 0; i < N; i++) {
      float4 v = *(const float4*)(p + i * T * 4);
      acc[i][0] += v.x;
      acc[i][1] += v.y;
      acc[i][2] += v.z;
      acc[i][3] += v.w;
    }
  }
}
#endif
