/* Weight gradient of a convolution as an implicit product on the matrix units by mma.sync: float16 and bfloat16, compute
 * capability 8.0 and later. dw[m, (c, tap)] = Σ over pixels of all images of dy[m, pixel] · x[c, pixel under tap]: rows are
 * output channels of a group, columns (channel, tap), the sum runs over pixels. Since results are few and sums long, pixels
 * are cut into parts (along y of the grid), whose float32 sums weight_total adds in their order: no atomics.
 *
 * A block computes a BM x BN tile, a warp WM x WN of it; slices of both operands, DEPTH pixels deep, pass through three slots
 * of shared memory. Both operands run along the sum, so a row of a slot is a channel (a column) and holds 64 bytes of pixels,
 * its 16-byte pieces permuted so that the rows of an ldmatrix lie on all banks.
 *   A thread looks after two neighbouring pixels of each slice and the same rows all the way: how far each column lies from a
 *   pixel's place, and its tap's row and column, stay in registers; places of pixels are counted on from slice to slice.
 *   2-byte loads, of the slice after next, are under way in registers while one is multiplied.
 *   COPY_DY, COPY_X: planes of whole 16 bytes (for x also one tap, pixel upon pixel): copied by cp.async, eight pixels a piece.
 *
 * Ladder: 1 weight_tiled in float32 arithmetic; 2 this. Not measured on a GPU yet. Behind weights.cl and weights.cuh. */
#ifndef BM
#define BM 64
#define BN 64
#define WM 32
#define WN 32
#endif
#ifndef BLOCKS
#define BLOCKS 1
#endif
#ifndef COPY_DY
#define COPY_DY 0
#endif
#ifndef COPY_X
#define COPY_X 0
#endif
#define DEPTH 32
#define STAGES 3
#define WARPS_N (BN / WN)
#define THREADS ((BM / WM) * WARPS_N * 32)
#define MI (WM / 16)
#define NI (WN / 8)
#define ROW (DEPTH * 2) /* bytes */
#define SLOT ((BM + BN) * ROW)
#define RUNS (THREADS / 16) /* rows that the block fetches at one time, a pair of pixels a thread */
#define COPIES (THREADS / 4) /* the same, eight pixels a thread */

/* Where piece `piece` of a row of a slot stands, in bytes. */
DEVICE uint piece_at(int row, int piece) { return row * ROW + (piece ^ (row >> 1 & 3)) * 16; }

/* Rows of a tensor of which each is copied as it stands: eight pixels of rows id / 4 and on. */
template <int N>
struct Copies {
  const ELEM* from; /* this thread's first row in image 0 */
  int plane, rows, limit, image, place; /* of the piece that comes next */

  DEVICE_MEMBER void start(const ELEM* first, int channels, int left, int pixel, int size) {
    int row = LOCAL_ID(0) / 4;
    plane = size;
    rows = channels;
    limit = left > row ? (left - row + COPIES - 1) / COPIES : 0;
    from = first + (limit > 0 ? row * plane : 0);
    int p = pixel + LOCAL_ID(0) % 4 * 8;
    image = p / plane;
    place = p % plane;
  }

  DEVICE_MEMBER void next(uint slot, int left) {
    int piece = LOCAL_ID(0) % 4;
    bool there = piece * 8 < left; /* parts end at whole slices, the last one at a whole plane */
    int at = image * rows * plane + place;
    UNROLL
    for (int i = 0; i < N / COPIES; i++) {
      bool row = there && i < limit;
      copy_async_16(slot + piece_at(LOCAL_ID(0) / 4 + i * COPIES, piece), from + (row ? at + i * COPIES * plane : 0), row ? 16 : 0);
    }
    place += DEPTH;
    while (place >= plane) {
      place -= plane;
      image++;
    }
  }
};

/* Two pixels of rows id / 16 and on, held in registers until their slot is free. */
template <int N>
struct Held {
  uint word[N / RUNS];

  DEVICE_MEMBER void put(unsigned char* slot) const {
    int pair = LOCAL_ID(0) % 16;
    UNROLL
    for (int i = 0; i < N / RUNS; i++)
      *(uint*)(slot + piece_at(LOCAL_ID(0) / 16 + i * RUNS, pair / 4) + pair % 4 * 4) = word[i];
  }
};

#if COPY_DY
typedef Copies<BM> Gradients;
#else
struct Gradients {
  Held<BM> held;
  const ELEM* from; /* this thread's first row in image 0 */
  Pixel pixel;
  int oh, ow, rows, limit;

  DEVICE_MEMBER void load(int left) {
    int pair = LOCAL_ID(0) % 16 * 2;
    Pixel second = pixel;
    second.forward(1, oh, ow);
    int lo = (pixel.image * rows * oh + pixel.y) * ow + pixel.x;
    int hi = (second.image * rows * oh + second.y) * ow + second.x;
    UNROLL
    for (int i = 0; i < BM / RUNS; i++) {
      const ELEM* row = from + (i < limit ? i * RUNS * oh * ow : 0);
      uint a = 0u;
      uint b = 0u;
      if (i < limit && pair < left) a = row[lo];
      if (i < limit && pair + 1 < left) b = row[hi];
      held.word[i] = a | (b << 16);
    }
    pixel.forward(DEPTH, oh, ow);
  }
};
#endif

#if COPY_X
typedef Copies<BN> Patches;
#else
struct Patches {
  static const int EACH = BN / RUNS;
  Held<BN> held;
  const ELEM* from; /* the group's first channel of image 0 */
  Pixel pixel;
  int oh, ow, h, wd, channels, strideY, strideX, padY, padX;
  Columns<EACH> tap;

  DEVICE_MEMBER void load(int left) {
    int pair = LOCAL_ID(0) % 16 * 2;
    Pixel second = pixel;
    second.forward(1, oh, ow);
    int y0 = pixel.y * strideY - padY;
    int x0 = pixel.x * strideX - padX;
    int y1 = second.y * strideY - padY;
    int x1 = second.x * strideX - padX;
    int lo = (pixel.image * channels * h + y0) * wd + x0;
    int hi = (second.image * channels * h + y1) * wd + x1;
    UNROLL
    for (int i = 0; i < EACH; i++) {
      uint a = 0u;
      uint b = 0u;
      if (pair < left && (uint)(y0 + tap.down[i]) < (uint)h && (uint)(x0 + tap.right[i]) < (uint)wd) a = from[lo + tap.far[i]];
      if (pair + 1 < left && (uint)(y1 + tap.down[i]) < (uint)h && (uint)(x1 + tap.right[i]) < (uint)wd) b = from[hi + tap.far[i]];
      held.word[i] = a | (b << 16);
    }
    pixel.forward(DEPTH, oh, ow);
  }
};
#endif

/* Grid: tiles, parts, groups. each: pixels of a part, a multiple of DEPTH. */
KERNEL_RESIDENT(THREADS, BLOCKS) void weight_sm80(WEIGHT_ARGUMENTS) {
  DYNAMIC_SHARED(memory);
  uint base = shared_address(memory);
  int id = LOCAL_ID(0);
  int lane = id % 32;
  int warp = id / 32;
  int wm = warp / WARPS_N * WM;
  int wn = warp % WARPS_N * WN;
  int taps = TAPS_Y * TAPS_X;
  int k = in * taps;
  int across = (k + BN - 1) / BN;
  int row0 = GROUP_ID(0) / across * BM;
  int col0 = GROUP_ID(0) % across * BN;
  int pixels = images * oh * ow;
  int piece = GROUP_ID(1);
  int first = piece * each;
  int terms = pixels - first < each ? pixels - first : each;
  int slices = (terms + DEPTH - 1) / DEPTH;
  /* Places of fragments: lane i gives row i % 16 of a 16 x 16 block of dy and, behind eight pixels, its second half; of
   * columns, rows i / 16 · 8 + i % 8 and the second half where i / 8 is odd. */
  int ra = wm + lane % 16;
  int rb = wn + lane / 16 * 8 + lane % 8;
  for (int g = GROUP_ID(2); g < groups; g += GROUP_COUNT(2)) {
    Gradients ga;
    Patches gb;
#if COPY_DY
    ga.start(dy + (g * out + row0) * oh * ow, groups * out, out - row0, first, oh * ow);
#else
    int row = row0 + id / 16;
    ga.rows = groups * out;
    ga.oh = oh;
    ga.ow = ow;
    ga.limit = row < out ? (out - row + RUNS - 1) / RUNS : 0;
    ga.from = dy + (g * out + (row < out ? row : 0)) * oh * ow;
    ga.pixel.start(first + id % 16 * 2, oh, ow);
#endif
#if COPY_X
    gb.start(x + (g * in + col0) * h * wd, groups * in, in - col0, first, h * wd);
#else
    gb.oh = oh;
    gb.ow = ow;
    gb.pixel.start(first + id % 16 * 2, oh, ow);
    gb.h = h;
    gb.wd = wd;
    gb.channels = groups * in;
    gb.strideY = strideY;
    gb.strideX = strideX;
    gb.padY = padY;
    gb.padX = padX;
    gb.from = x + g * in * h * wd;
    gb.tap.start(col0 + id / 16, RUNS, k, taps, TAPS_X, h, wd, dilationY, dilationX);
#endif
    float acc[MI * NI][4];
    UNROLL
    for (int i = 0; i < MI * NI; i++) {
      UNROLL
      for (int j = 0; j < 4; j++) acc[i][j] = 0.0f;
    }
    int asked = 0; /* pixels */
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
#if COPY_DY
      ga.next(base + s * SLOT, terms - asked);
#else
      ga.load(terms - asked);
      ga.held.put(memory + s * SLOT);
#endif
#if COPY_X
      gb.next(base + s * SLOT + BM * ROW, terms - asked);
#else
      gb.load(terms - asked);
      gb.held.put(memory + s * SLOT + BM * ROW);
#endif
      copy_async_commit();
      asked += DEPTH;
    }
    int slot = 0;
    int ahead = (STAGES - 1) * SLOT;
    copy_async_wait<STAGES - 2>();
    BARRIER();
    for (int t = 0; t < slices; t++) {
#if COPY_DY
      ga.next(base + ahead, terms - asked);
#else
      ga.load(terms - asked);
#endif
#if COPY_X
      gb.next(base + ahead + BM * ROW, terms - asked);
#else
      gb.load(terms - asked);
#endif
      copy_async_commit();
      asked += DEPTH;
      UNROLL
      for (int step = 0; step < DEPTH / 16; step++) {
        uint b[NI][2];
        UNROLL
        for (int j = 0; j < NI / 2; j++) {
          uint r[4];
          ldmatrix_x4(r, base + slot + BM * ROW + piece_at(rb + j * 16, step * 2 + lane / 8 % 2));
          b[2 * j][0] = r[0];
          b[2 * j][1] = r[1];
          b[2 * j + 1][0] = r[2];
          b[2 * j + 1][1] = r[3];
        }
        UNROLL
        for (int i = 0; i < MI; i++) {
          uint a[4];
          ldmatrix_x4(a, base + slot + piece_at(ra + i * 16, step * 2 + lane / 16));
          UNROLL
          for (int j = 0; j < NI; j++) mma_storage(acc[i * NI + j], a, b[j]);
        }
      }
      /* Nobody reads the slot ahead: its slice was multiplied before the last barrier. */
#if !COPY_DY
      ga.held.put(memory + ahead);
#endif
#if !COPY_X
      gb.held.put(memory + ahead + BM * ROW);
#endif
      slot = slot == (STAGES - 1) * SLOT ? 0 : slot + SLOT;
      ahead = ahead == (STAGES - 1) * SLOT ? 0 : ahead + SLOT;
      copy_async_wait<STAGES - 2>();
      BARRIER();
    }
    copy_async_wait<0>();
    BARRIER();
    UNROLL
    for (int i = 0; i < MI; i++) {
      UNROLL
      for (int j = 0; j < NI; j++) {
        UNROLL
        for (int e = 0; e < 4; e++) {
          int m = row0 + wm + i * 16 + e / 2 * 8 + lane / 4;
          int q = col0 + wn + j * 8 + lane % 4 * 2 + e % 2;
          if (m < out && q < k) PUT(piece, (g * out + m) * k + q, acc[i * NI + j][e]);
        }
      }
    }
  }
}
