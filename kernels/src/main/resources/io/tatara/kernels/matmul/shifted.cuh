/* What matmul_sm90.cu needs to sum shifted products: a convolution whose images stand such that
 * every tap is a shift of the columns (ShiftedRows; conv/shifted.cu lays them out). A column is a line of memory, all channels of a place:
 * the copy engine begins a box at any line, but within a line at multiples of 16 bytes only. Behind matmul_sm90.cuh.
 *
 * TAPS 1   C = sum over taps t of W[t] · X shifted by t. A slice of k is 64 channels of one tap, all taps of the same
 *          channels in turn, so that the shifted columns are still in L2. A column is a place of the result or none.
 *          Finished tiles are staged in shared memory and leave for their places in runs of RUN elements; a table has
 *          the place of each column.
 *
 * TAPS 2   the weight gradient: for each tap C[t] = dY · X[t]ᵀ, where dY and X stand so, k runs over the places and X's are shifted. Columns of
 *          the product are channels of X, those of one tap behind the other's, 64 and 64 of them a box of the copy engine, so
 *          that a tile may hold several taps. Gaps of dY are 0 and add nothing, unless a NaN or an infinity of X meets
 *          one: shifted_weights, which adds the pieces, sums once more, term by term, what is NaN.
 * TAPS 3   the same of a single tap where images are read as they are, plane by plane (multiples of 8 pixels), or gathered. */
#define MOST_TAPS 64 /* as in TapProduct */

/* y and x: a result's tap t is what stands at start + step · t + stride · place of the source, where the phase is that
 * number modulo stride, counted from `first`. */
#define TAP_ARGUMENTS                                                                                                  \
  , int taps, int tapsX, int startY, int stepY, int strideY, int firstY, int startX, int stepX, int strideX, int firstX, \
      int phasesX, int pitch, int plane, int images, int height, int width
#define PLACES plane, pitch, images, height, width, m

DEVICE int floor_div(int x, int by) { return x / by - (x % by < 0); }

/* For each tap how far its columns are, and in which phase: two numbers of table. */
DEVICE void taps_fill(SHARED_PTR int* table, int taps, int tapsX, int startY, int stepY, int strideY, int firstY,
                      int startX, int stepX, int strideX, int firstX, int phasesX, int pitch) {
  for (int t = LOCAL_ID(0); t < taps; t += LOCAL_SIZE(0)) {
    int y = startY + stepY * (t / tapsX);
    int x = startX + stepX * (t % tapsX);
    int dy = floor_div(y, strideY);
    int dx = floor_div(x, strideX);
    table[2 * t] = dy * pitch + dx;
    table[2 * t + 1] = (y - dy * strideY - firstY) * phasesX + x - dx * strideX - firstX;
  }
}

#if TAPS == 1
/* Where the columns of row 0 from `col` on stand in the result, N of them, -1 for what is between images and lines. */
template <int N>
DEVICE void places_of(int (&to)[N], int col, int plane, int pitch, int images, int height, int width, int m) {
  int i = col / plane;
  int y = (col - i * plane) / pitch;
  int x = col - i * plane - y * pitch;
  UNROLL
  for (int j = 0; j < N; j++) {
    to[j] = i < images && y < height && x < width ? i * m * height * width + y * width + x : -1;
    if (++x == pitch) {
      x = 0;
      if (++y * pitch == plane) {
        y = 0;
        i++;
      }
    }
  }
}

#if !PARTIAL
#if RUN == 4
#define RUN_WORD uint2
#elif RUN == 2
#define RUN_WORD uint
#else
#define RUN_WORD ushort
#endif

/* The places of a tile's columns, of a warpgroup whose threads no longer read the last tile's once all have come here. */
DEVICE void tile_places(SHARED_PTR int* places, int col, int thread, int warpgroup, int plane, int pitch, int images,
                        int height, int width, int m) {
  named_barrier(warpgroup, 128);
  for (int j = thread; j < BN; j += 128) {
    int to[1];
    places_of<1>(to, col + j, PLACES);
    places[j] = to[0];
  }
}

/* Stores what a warp has staged: 16 rows from `row` on, at `from` in the copy engine's swizzle. */
DEVICE void scatter(GLOBAL CELEM* c, SHARED_PTR const unsigned char* from, SHARED_PTR const int* places, int row, int m,
                    int size) {
  int lane = lane_id();
  for (int g = 0; g < BN; g += 32 * RUN) {
    int j = g + lane * RUN;
    int at = j < BN ? places[j] : -1;
    if (at < 0) continue;
    SHARED_PTR const unsigned char* column = from + j / 64 * BOX + j % 8 * 2;
    int piece = j % 64 / 8;
    GLOBAL CELEM* to = c + at + row * size;
    UNROLL
    for (int r = 0; r < 16; r++) {
      if (row + r < m) *(RUN_WORD*)(to + r * size) = *(const RUN_WORD*)(column + r * 128 + (piece ^ r % 8) * 16);
    }
  }
}

/* A warpgroup's 64 rows of a finished tile, from `row` on: each warp stages its 16 at `own` (place `at` of the memory) and
 * stores them where the columns' places say. */
DEVICE void tile_leaves(const float (&d)[SUMS], GLOBAL CELEM* c, GLOBAL const CELEM* RESTRICT bias,
                        GLOBAL const CELEM* RESTRICT residual, SHARED_PTR const unsigned char* memory, uint at, uint own,
                        SHARED_PTR const int* places, int row, int col, int thread, int warpgroup, int m, int n, int size) {
  named_barrier(warpgroup, 128); /* all places are written */
  int lane = lane_id();
  int first = thread / 32 * 16; /* of this warp */
  int col0 = lane % 4 * 2;
  store(d, c, 0, 0, bias, residual, 0, row + first + lane / 4, col + col0, m, n, own + first * 128, places + col0, size);
  warp_barrier();
  scatter(c, memory + at + first * 128, places, row + first, m, size);
}
#else
/* Finishes eight sums of a row and stores them. */
DEVICE void store_places(GLOBAL CELEM* c, GLOBAL const CELEM* RESTRICT bias, GLOBAL const CELEM* RESTRICT residual,
                         int row, int col, int plane, int pitch, int images, int height, int width, int m,
                         const float (&x)[8]) {
  int to[8];
  places_of<8>(to, col, plane, pitch, images, height, width, m);
  int size = height * width;
  UNROLL
  for (int j = 0; j < 8; j++) {
    if (to[j] >= 0) matmul_store(c, bias, residual, to[j], to[j], row, 0, size, size, x[j]);
  }
}
#endif
#else
/* Boxes of B's stage that a block fetches, or of which it fetches its share; rows of one. */
#define BOXES (WHOLE ? BN / 64 / B_SHARERS : BN / 64)
#define BOX_ROWS (WHOLE ? 64 : 64 / B_SHARERS)

/* For each box of a tile: shift, first channel, phase; channels that are not there for columns behind the last tap's. */
DEVICE void boxes_fill(SHARED_PTR int* boxes, SHARED_PTR const int* table, int col, int rank, int taps, int n) {
  int width = n / taps;
  for (int i = 0; i < BOXES; i++) {
    int at = col + i * 64 + (WHOLE ? B_RANK * (BN / B_SHARERS) : 0);
    int tap = at / width;
    int inside = tap < taps;
    boxes[3 * i] = inside ? table[2 * tap] : 0;
    boxes[3 * i + 1] = inside ? at - tap * width : 1 << 24;
    boxes[3 * i + 2] = inside ? table[2 * tap + 1] : 0;
  }
}

/* This block's share of B's stage: of a box that it does not fetch whole its lines. */
DEVICE void boxes_fetch(uint stage, uint full, const TensorMap* b, SHARED_PTR const int* boxes, int k, int image, int rank) {
  uint to = stage + B_RANK * (WHOLE ? PART_BYTES : BOX / B_SHARERS);
  int line = WHOLE ? 0 : B_RANK * BOX_ROWS;
  UNROLL
  for (int i = 0; i < BOXES; i++) {
#if TAPS == 3
    int x = k;
    int y = boxes[3 * i + 1] + line;
    int z = image;
#else
    int x = boxes[3 * i + 1];
    int y = k + boxes[3 * i] + line;
    int z = boxes[3 * i + 2];
#endif
#if B_SHARERS > 1
    tma_load_3d_multicast(to + i * BOX, b, full, x, y, z, (1 << CLUSTER) - 1);
#else
    tma_load_3d(to + i * BOX, b, full, x, y, z);
#endif
  }
}

/* Element (row, c) of a tap's gradient from the images themselves. */
DEVICE float weight_directly(GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, int row, int c, int m,
                             int channels, int y0, int x0, int strideY, int strideX, int h, int wd, int images, int height,
                             int width) {
  float sum = 0.0f;
  for (int i = 0; i < images; i++) {
    for (int oy = 0; oy < height; oy++) {
      int y = y0 + strideY * oy;
      for (int ox = 0; ox < width && y >= 0 && y < h; ox++) {
        int column = x0 + strideX * ox;
        if (column >= 0 && column < wd) {
          float u = LD(dy, ((i * m + row) * height + oy) * width + ox);
          sum += u * LD(x, ((i * channels + c) * h + y) * wd + column);
        }
      }
    }
  }
  return sum;
}

/* Adds the pieces in order: `pairs` neighbours (row, c) of the gradient a block, all taps, which leave together. */
KERNEL_SIZED(256, 1, 1) void shifted_weights(GLOBAL const float* part, int ldp, int splits, GLOBAL ELEM* to, int m,
                                             int channels, int pairs, GLOBAL const ELEM* RESTRICT dy,
                                             GLOBAL const ELEM* RESTRICT x, int h, int wd TAP_ARGUMENTS) {
  SHARED ELEM staged[32 * MOST_TAPS];
  early_wait();
  int first = GROUP_ID(0) * pairs;
  int count = m * channels - first;
  count = count < pairs ? count : pairs;
  int each = ldp / taps;
  for (int i = LOCAL_ID(0); i < pairs * taps; i += 256) {
    int tap = i / pairs;
    int e = i - tap * pairs;
    if (e < count) {
      int row = (first + e) / channels;
      int c = first + e - row * channels;
      GLOBAL const float* from = part + row * ldp + tap * each + c;
      float sum = 0.0f;
      _Pragma("unroll 4")
      for (int s = 0; s < splits; s++) sum += from[s * m * ldp];
      if (sum != sum) {
        int y0 = startY + stepY * (tap / tapsX);
        int x0 = startX + stepX * (tap % tapsX);
        sum = weight_directly(dy, x, row, c, m, channels, y0, x0, strideY, strideX, h, wd, images, height, width);
      }
      ST(staged, e * taps + tap, sum);
    }
  }
  BARRIER();
  for (int i = LOCAL_ID(0); i < count * taps; i += 256) to[first * taps + i] = staged[i];
}
#endif
