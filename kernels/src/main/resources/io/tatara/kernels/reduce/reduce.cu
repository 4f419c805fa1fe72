/* Sums or maxima over the middle axis of [outer, reduce, inner] on CUDA, in 16-byte pieces. Memory is the only
 * roof: one read of every element. The axis is cut into chunks, [outer, chunks, inner] float32 between launches,
 * where the results alone would leave multiprocessors idle; a second launch reduces the chunks. Order depends on
 * the shape alone.
 *
 * reduce_rows (inner = 1): WIDTH threads a chunk of a row: some lanes of a warp for short ones, which meet by
 *   shuffles alone, else a block.
 * reduce_columns: LX threads side by side, each VEC columns wide (one piece; 1 where rows are not aligned), and LY
 *   below each other, a row each in turn; BLOCK / (LX * LY) such tiles a block. ROWS_AHEAD loads of a thread are
 *   under way; its sums stay in registers; the LY threads of a column meet in a tree in shared memory.
 * Ladder: (1) an item a column, one element a load (reduce.cl): too few bytes under way; (2) 16-byte loads, side by
 * side in a warp: whole lines; (3) ROWS_AHEAD of them unrolled: enough bytes under way for the memory's latency;
 * (4) chunks of rows so that some hundred blocks fill the chip whatever the width. Not measured on a GPU yet.
 * Sums stay accurate because a thread adds a few hundred numbers in a row at most.
 * STORAGE: of x. TO: storage of y. MAXIMUM: NaN wins. */
#ifndef TO
#define TO 0
#endif
#ifndef MAXIMUM
#define MAXIMUM 0
#endif
#ifndef COLUMNS
#define COLUMNS 0 /* the kernel of columns instead of rows */
#endif
#ifndef LX
#define LX 32
#endif
#ifndef LY
#define LY 4
#endif
#ifndef VEC
#define VEC 1 /* 1 or LANES */
#endif
#define ROWS_AHEAD 8

#if MAXIMUM
#define NEUTRAL (-POS_INF)
DEVICE float combine(float a, float b) { return a > b || IS_NAN(a) ? a : b; }
#else
#define NEUTRAL 0.0f
DEVICE float combine(float a, float b) { return a + b; }
#endif

/* Of n values, a power of two, as a tree. */
template <int N>
DEVICE float combine_all(const float* v) {
  float t[N];
  UNROLL
  for (int j = 0; j < N; j++) t[j] = v[j];
  UNROLL
  for (int step = N / 2; step > 0; step >>= 1) {
    UNROLL
    for (int j = 0; j < step; j++) t[j] = combine(t[j], t[j + step]);
  }
  return t[0];
}

#if !COLUMNS
KERNEL_SIZED(BLOCK, 1, 1) void reduce_rows(const ELEM* RESTRICT x, ELEM_OF(TO)* RESTRICT y, int results, int reduce,
                                           int chunk, int chunks, float divisor) {
  int g = GROUP_ID(0) * (BLOCK / WIDTH) + LOCAL_ID(0) / WIDTH;
  bool there = g < results;
  int o = g / chunks;
  int first = (g - o * chunks) * chunk;
  int count = reduce - first < chunk ? reduce - first : chunk;
  int start = there ? o * reduce + first : 0;
  RowPlace r = row_place(start, there ? count : 0);
  float s = NEUTRAL;
  row_stream(x + start, r, [&](const float* v, int n, int) {
    s = combine(s, n == LANES ? combine_all<LANES>(v) : v[0]);
  });
  UNROLL
  for (int m = (WIDTH < 32 ? WIDTH : 32) / 2; m > 0; m >>= 1) s = combine(s, shuffle_xor(s, m));
#if WIDTH > 32
  SHARED float part[32];
  if (lane_id() == 0) part[LOCAL_ID(0) / 32] = s;
  BARRIER();
  s = lane_id() < WIDTH / 32 ? part[lane_id()] : NEUTRAL;
  UNROLL
  for (int m = 16; m > 0; m >>= 1) s = combine(s, shuffle_xor(s, m));
#endif
  if (there && r.t == 0) ST_OF(TO, y, g, s / divisor);
}

#else
#if VEC == 1
typedef float Loaded;
DEVICE float columns_load(const ELEM* p) { return LD(p, 0); }
DEVICE void columns_unpack(float w, float* v) { v[0] = w; }
#else
typedef uint4 Loaded;
DEVICE uint4 columns_load(const ELEM* p) { return piece_load(p); }
DEVICE void columns_unpack(uint4 w, float* v) { piece_unpack(w, v); }
#endif

/* tiles: of a row. all: tiles of all rows of results. */
KERNEL_SIZED(BLOCK, 1, 1) void reduce_columns(const ELEM* RESTRICT x, ELEM_OF(TO)* RESTRICT y, int all, int tiles,
                                              int reduce, int inner, int chunk, int chunks, float divisor) {
  int t = LOCAL_ID(0);
  int ty = t / LX % LY;
  int g = GROUP_ID(0) * (BLOCK / (LX * LY)) + t / (LX * LY);
  int row = g / tiles;
  int column = ((g - row * tiles) * LX + t % LX) * VEC;
  bool there = g < all && column < inner;
  int o = row / chunks;
  int first = (row - o * chunks) * chunk;
  int end = there ? (reduce - first < chunk ? reduce : first + chunk) : 0;
  const ELEM* from = there ? x + o * reduce * inner + column : x;
  float s[VEC];
  UNROLL
  for (int j = 0; j < VEC; j++) s[j] = NEUTRAL;
  int r = first + ty;
  for (; r + (ROWS_AHEAD - 1) * LY < end; r += ROWS_AHEAD * LY) {
    Loaded w[ROWS_AHEAD];
    UNROLL
    for (int k = 0; k < ROWS_AHEAD; k++) w[k] = columns_load(from + (r + k * LY) * inner);
    float sum[VEC];
    float v[VEC];
    columns_unpack(w[0], sum);
    UNROLL
    for (int k = 1; k < ROWS_AHEAD; k++) {
      columns_unpack(w[k], v);
      UNROLL
      for (int j = 0; j < VEC; j++) sum[j] = combine(sum[j], v[j]);
    }
    UNROLL
    for (int j = 0; j < VEC; j++) s[j] = combine(s[j], sum[j]);
  }
  if (r < end) { /* fewer than ROWS_AHEAD are left: their loads too are under way at once */
    Loaded w[ROWS_AHEAD];
    UNROLL
    for (int k = 0; k < ROWS_AHEAD; k++) w[k] = columns_load(from + (r + k * LY < end ? r + k * LY : r) * inner);
    UNROLL
    for (int k = 0; k < ROWS_AHEAD; k++) {
      float v[VEC];
      columns_unpack(w[k], v);
      if (r + k * LY < end) {
        UNROLL
        for (int j = 0; j < VEC; j++) s[j] = combine(s[j], v[j]);
      }
    }
  }
#if LY > 1
  SHARED float part[VEC * BLOCK];
  UNROLL
  for (int j = 0; j < VEC; j++) part[j * BLOCK + t] = s[j];
  BARRIER();
  UNROLL
  for (int step = LY / 2; step > 0; step >>= 1) {
    if (ty < step) {
      UNROLL
      for (int j = 0; j < VEC; j++) {
        s[j] = combine(s[j], part[j * BLOCK + t + step * LX]);
        part[j * BLOCK + t] = s[j];
      }
    }
    BARRIER();
  }
#endif
  if (there && ty == 0) {
    int at = row * inner + column;
    UNROLL
    for (int j = 0; j < VEC; j++) s[j] /= divisor;
#if VEC > 1 && TO == STORAGE
    piece_store(y + at, piece_pack(s));
#else
    UNROLL
    for (int j = 0; j < VEC; j++) ST_OF(TO, y, at + j, s[j]);
#endif
  }
}
#endif
