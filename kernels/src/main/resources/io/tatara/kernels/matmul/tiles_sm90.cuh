/* What matmul_sm90.cu and lines_product_sm90.cu share, a slice's products and who releases a stage, and the former's grid of
 * tiles, fetching A, the sum of pieces.
 * Behind matmul_sm90.cuh and, with TAPS, shifted.cuh. */
/* A tile: first row and column, batch, its matrices in A and B, slices of k from first to last (exclusive). */
struct Place {
  int row, col, batch, a, b, split, first, last;
#if TAPS
  int shift; /* how many columns further B is read: its lines, since it runs along k then */
#endif
};
#if !TAPS
#define TAP_ARGUMENTS
#endif

/* The plan: cluster rows and columns of tiles, batches, rows of a band, slices of k and how many a piece has; which
 * matrix of A (B) batch z takes: (z / div) % mod. */
#define GRID_ARGUMENTS \
  int rows, int cols, int batches, int group, int slices, int depth, int adiv, int amod, int bdiv, int bmod
#define GRID rows, cols, batches, group, slices, depth, adiv, amod, bdiv, bmod

/* Where tile number i stands for block `rank` of a cluster. */
DEVICE Place place(int i, int rank, GRID_ARGUMENTS) {
  Place p;
  int per = rows * cols;
  int all = i / per;
  int r = i - all * per;
  int band = r / (group * cols);
  int height = rows - band * group;
  height = height < group ? height : group;
  int q = r - band * group * cols;
#if ACROSS
  p.row = (band * group + q % height) * BM;
  p.col = (q / height * CLUSTER + rank) * BN;
#else
  p.row = ((band * group + q % height) * CLUSTER + rank) * BM;
  p.col = q / height * BN;
#endif
  p.batch = all % batches;
  p.split = all / batches;
  p.a = p.batch / adiv % amod;
  p.b = p.batch / bdiv % bmod;
  p.first = p.split * depth;
  p.last = p.first + depth < slices ? p.first + depth : slices;
  return p;
}

/* d += 64 rows of A · B over one slice. */
DEVICE void multiply(float (&d)[SUMS], uint a, uint b, int first) {
  UNROLL
  for (int k = 0; k < BK / 16; k++) {
    unsigned long long x = wgmma_descriptor(a + k * (TA ? 2048 : 32), BOX, 1024, 128);
    unsigned long long y = wgmma_descriptor(b + k * (TB_ROWS ? 2048 : 32), BOX, 1024, 128);
#if STORAGE == 1
    wgmma_f16<TA, TB_ROWS>(d, x, y, k > 0 || !first);
#else
    wgmma_bf16<TA, TB_ROWS>(d, x, y, k > 0 || !first);
#endif
  }
}

/* A's part of a stage, 64 k of the tile's rows; of what the cluster shares this block's part. */
DEVICE void fetch_a(uint stage, uint full, const TensorMap* a, int row, int k, int matrix, int rank) {
#if ACROSS && TA
  UNROLL
  for (int i = 0; i < BM / 64 / CLUSTER; i++) {
    int j = rank * (BM / 64 / CLUSTER) + i;
    tma_load_3d_multicast(stage + j * BOX, a, full, row + j * 64, k, matrix, (1 << CLUSTER) - 1);
  }
#elif ACROSS
  tma_load_3d_multicast(stage + rank * (A_BYTES / CLUSTER), a, full, k, row + rank * (BM / CLUSTER), matrix,
                        (1 << CLUSTER) - 1);
#elif TA
  UNROLL
  for (int i = 0; i < BM / 64; i++) tma_load_3d(stage + i * BOX, a, full, row + i * 64, k, matrix);
#else
  tma_load_3d(stage, a, full, k, row, matrix);
#endif
}

/* Neither starts nor ends before the others of the cluster. */
DEVICE void cluster_meet() {
#if CLUSTER > 1
  warp_barrier();
  cluster_arrive();
  cluster_wait();
#endif
}

/* This warp no longer reads the stage: says so in each of the blocks that write there. */
template <int WRITERS>
DEVICE void release(uint empty, int lane) {
  if (WRITERS > 1) {
    if (lane < WRITERS) mbarrier_arrive_cluster_only(empty, lane);
  } else {
    if (lane == 0) mbarrier_arrive(empty);
  }
}

#if PARTIAL && TAPS < 2
/* Adds the pieces in order and finishes; eight columns a thread. */
KERNEL_SIZED(256, 1, 1) void matmul_hopper_sum(GLOBAL const float* part, int ldp, int splits, int batches,
                                               GLOBAL CELEM* c, int co, int ldc, GLOBAL const CELEM* RESTRICT bias,
                                               GLOBAL const CELEM* RESTRICT residual, int ro, int m,
                                               int n TAP_ARGUMENTS) {
  early_wait();
  int all = batches * m * (ldp / 8);
  int i = GLOBAL_ID(0);
  if (i >= all) return;
  float x[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  for (int s = 0; s < splits; s++) {
    GLOBAL const float* from = part + (s * all + i) * 8;
    float4 u = LOADF4(from, 0);
    float4 v = LOADF4(from, 4);
    float y[8] = {u.x, u.y, u.z, u.w, v.x, v.y, v.z, v.w};
    UNROLL
    for (int j = 0; j < 8; j++) x[j] += y[j];
  }
  int row = i / (ldp / 8);
#if TAPS
  store_places(c, bias, residual, row, i % (ldp / 8) * 8, PLACES, x);
#else
  int z = row / m;
  matmul_store_run<8>(c, bias, residual, co + z * m * ldc, ro + z * m * n, row - z * m, i % (ldp / 8) * 8, n, ldc, x);
#endif
}
#endif
