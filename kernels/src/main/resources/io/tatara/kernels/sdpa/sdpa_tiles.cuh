/* CUDA alone, in front of sdpa_sm80.cu and sdpa_sm80_backward.cu: tiles of 16-bit rows in shared memory, fragments of
 * them on the matrix units, and which keys a query sees. Needs warp.cuh, tensor.cuh and lanes.cuh.
 *
 * A tile's row is COLS elements (a multiple of 16), that is COLS / 8 pieces of 16 bytes. Pieces are XOR-permuted by the
 * row so that the eight rows of an ldmatrix, the rows of a copy and the words of a fragment each touch every bank once:
 * rows of 128 bytes and multiples start on the same bank, others on every second or fourth one already.
 *
 * STORAGE 1 float16, 2 bfloat16. MASK 0 none, 1 causal (keys <= query), 2 causal from the end (the last query stands at
 * the last key). LENGTHS, BIAS: whether there are lengths of sequences and a bias. */
#ifndef STORAGE
#define STORAGE 1
#endif
#ifndef MASK
#define MASK 0
#define LENGTHS 0
#define BIAS 0
#endif
#define LN_2 0.69314718f
#define NEG_INF (-POS_INF)

#if STORAGE == 1
#define MULTIPLY mma_f16
#define PACK2 pack_f16
#else
#define MULTIPLY mma_bf16
#define PACK2 pack_bf16
#endif

template <int PIECES>
DEVICE int swizzle(int row) {
  return PIECES % 8 == 0 ? row & 7 : PIECES % 4 == 0 ? (row >> 1) & 3 : (row >> 2) & 1;
}

/* Bytes from a tile's start to piece `piece` of row `row`. */
template <int COLS>
DEVICE int piece_at(int row, int piece) {
  return row * COLS * 2 + ((piece ^ swizzle<COLS / 8>(row)) << 4);
}

/* Asks for ROWS rows at x, ld elements apart, of which `rows` are there and `width` elements (a multiple of 8) of each;
 * zeros stand for the rest. The block's THREADS threads share the work. */
template <int ROWS, int COLS, int THREADS>
DEVICE void fetch_tile(uint to, const ELEM *x, int ld, int rows, int width) {
  const int PIECES = COLS / 8;
  const int EACH = (ROWS * PIECES + THREADS - 1) / THREADS;
  int id = LOCAL_ID(0);
  UNROLL
  for (int i = 0; i < EACH; i++) {
    int e = id + i * THREADS;
    int row = THREADS % PIECES == 0 ? id / PIECES + i * (THREADS / PIECES) : e / PIECES;
    int piece = THREADS % PIECES == 0 ? id % PIECES : e % PIECES;
    if (ROWS * PIECES % THREADS == 0 || e < ROWS * PIECES) {
      bool there = row < rows && piece * 8 < width;
      copy_async_16(to + piece_at<COLS>(row, piece), there ? x + (long long)row * ld + piece * 8 : x, there ? 16 : 0);
    }
  }
}

/* A lane's place in 16 x 16 fragments that ldmatrix reads. BY_ROWS: its four matrices are rows 0-7 and 8-15 of the first
 * piece, then of the second (operand A; B where transposed on the way). Else both pieces of rows 0-7, then of rows 8-15
 * (B of two neighbouring mma, from rows along its columns). */
template <int COLS, bool BY_ROWS>
struct Place {
  uint at;
  int x;

  DEVICE_MEMBER Place() {
    int lane = lane_id();
    int row = (lane & 7) + (BY_ROWS ? lane & 8 : (lane >> 4) << 3);
    at = row * COLS * 2;
    x = (BY_ROWS ? lane >> 4 : (lane >> 3) & 1) ^ swizzle<COLS / 8>(row);
  }

  /* Row `row`, a multiple of 8, and piece `piece`, even, of the tile at `tile`. */
  DEVICE_MEMBER uint of(uint tile, int row, int piece) const {
    return tile + at + row * COLS * 2 + ((x ^ piece) << 4);
  }
};

/* Two mma: 16 columns of d += a · b. */
DEVICE void multiply_pair(float (&d0)[4], float (&d1)[4], const uint (&a)[4], const uint (&b)[4]) {
  uint lo[2] = {b[0], b[1]};
  uint hi[2] = {b[2], b[3]};
  MULTIPLY(d0, a, lo);
  MULTIPLY(d1, a, hi);
}

template <int M16, int N8>
DEVICE void clear(float (&d)[M16][N8][4]) {
  UNROLL
  for (int i = 0; i < M16 * N8 * 4; i++) d[i / (N8 * 4)][i / 4 % N8][i % 4] = 0.0f;
}

/* s += X · Yᵀ: 16 M16 rows of the tile at x, 8 N8 rows of the one at y, both COLS wide. */
template <int M16, int N8, int COLS>
DEVICE void multiply_rows(float (&s)[M16][N8][4], uint x, const Place<COLS, true> &px, uint y,
                          const Place<COLS, false> &py) {
  UNROLL
  for (int k = 0; k < COLS / 16; k++) {
    uint a[M16][4];
    UNROLL
    for (int i = 0; i < M16; i++) ldmatrix_x4(a[i], px.of(x, i * 16, k * 2));
    UNROLL
    for (int j = 0; j < N8 / 2; j++) {
      uint b[4];
      ldmatrix_x4(b, py.of(y, j * 16, k * 2));
      UNROLL
      for (int i = 0; i < M16; i++) multiply_pair(s[i][2 * j], s[i][2 * j + 1], a[i], b);
    }
  }
}

/* o += P · Y: P is 16 M16 x 8 N8, from registers, where the sums of one product lie as the operand A of the next; Y is the
 * tile at y, one row for each column of P. */
template <int M16, int N8, int COLS>
DEVICE void multiply_columns(float (&o)[M16][COLS / 8][4], const float (&p)[M16][N8][4], uint y,
                             const Place<COLS, true> &py) {
  UNROLL
  for (int k = 0; k < N8 / 2; k++) {
    uint a[M16][4];
    UNROLL
    for (int i = 0; i < M16; i++) {
      a[i][0] = PACK2(p[i][2 * k][0], p[i][2 * k][1]);
      a[i][1] = PACK2(p[i][2 * k][2], p[i][2 * k][3]);
      a[i][2] = PACK2(p[i][2 * k + 1][0], p[i][2 * k + 1][1]);
      a[i][3] = PACK2(p[i][2 * k + 1][2], p[i][2 * k + 1][3]);
    }
    UNROLL
    for (int j = 0; j < COLS / 16; j++) {
      uint b[4];
      ldmatrix_x4_trans(b, py.of(y, k * 16, j * 2));
      UNROLL
      for (int i = 0; i < M16; i++) multiply_pair(o[i][2 * j], o[i][2 * j + 1], a[i], b);
    }
  }
}

/* A warp's sums, times factors[i][0] in rows 0-7 of 16 and factors[i][1] in rows 8-15, on their way into global memory:
 * through its own 16 M16 rows of shared memory at `own`, so that stores are 16 bytes a lane along rows. `rows` are there. */
template <int M16, int COLS>
DEVICE void store_rows(ELEM *to, int ld, int rows, int width, unsigned char *own, const float (&d)[M16][COLS / 8][4],
                       const float (&factors)[M16][2]) {
  const int PIECES = COLS / 8;
  int lane = lane_id();
  warp_barrier(); /* the last reads of these rows are done */
  UNROLL
  for (int i = 0; i < M16; i++) {
    int row = i * 16 + (lane >> 2);
    UNROLL
    for (int j = 0; j < PIECES; j++) {
      const float *v = d[i][j];
      *(uint *)(own + piece_at<COLS>(row, j) + (lane & 3) * 4) = PACK2(v[0] * factors[i][0], v[1] * factors[i][0]);
      *(uint *)(own + piece_at<COLS>(row + 8, j) + (lane & 3) * 4) = PACK2(v[2] * factors[i][1], v[3] * factors[i][1]);
    }
  }
  warp_barrier();
  for (int e = lane; e < 16 * M16 * PIECES; e += 32) {
    int row = e / PIECES;
    int piece = e % PIECES;
    if (row < rows && piece * 8 < width)
      *(uint4 *)(to + (long long)row * ld + piece * 8) = *(const uint4 *)(own + piece_at<COLS>(row, piece));
  }
}

/* Keys of sequence n that take part. */
DEVICE int sequence_length(const int *lengths, int n, int tk) {
#if LENGTHS
  int len = lengths[n];
  return len < 0 ? 0 : len > tk ? tk : len;
#else
  return tk;
#endif
}

/* Query t sees the keys below this; it grows with t. */
DEVICE int visible_keys(int t, int len, int tq) {
#if MASK == 0
  return len;
#else
  int end = MASK == 1 ? t + 1 : t + 1 + len - tq;
  return end < 0 ? 0 : end > len ? len : end;
#endif
}

/* The first query that sees key j < len; it grows with j, and may be negative. */
DEVICE int first_query(int j, int len, int tq) {
#if MASK == 0
  return 0;
#else
  return MASK == 1 ? j : j - (len - tq);
#endif
}
