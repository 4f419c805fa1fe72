/* What matmul_sm90.cu needs to sum shifted products: a convolution whose images stand in rows such that every tap is a
 * shift of the columns (ShiftedRows; conv/shifted.cu makes the rows). Behind matmul_sm90.cuh.
 *
 * TAPS 1   C = sum over taps t of W[t] · X shifted by t. A slice of k is 64 channels of one tap, all taps of the same
 *          channels in turn, so that the shifted columns are still in L2. A column is a place of the result or none.
 *          Finished tiles are staged in shared memory and leave for their places in runs of RUN elements; a table has
 *          the place of each column. */
#define MOST_TAPS 64 /* as in TapProduct */

/* y and x: a result's tap t is what stands at start + step · t + stride · place of the source, where the phase is that
 * number modulo stride, counted from `first`. */
#define TAP_ARGUMENTS                                                                                                  \
  , int taps, int tapsX, int startY, int stepY, int strideY, int firstY, int startX, int stepX, int strideX, int firstX, \
      int phasesX, int pitch, int plane, int images, int height, int width
#define PLACES plane, pitch, images, height, width, m

DEVICE int floor_div(int x, int by) { return x / by - (x % by < 0); }

/* For each tap how far its columns are, and in which rows (a phase's): two numbers of table. */
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
