/* What convolutions of 16-bit elements need before matmul_sm90.cu multiplies (shifted.cuh): images laid out such that a tap is
 * a shift (matmul/ShiftedRows), and the kernel tap by tap. CUDA alone.
 *
 *   images   [images, channels, h, wd] to [phases, length, line]: all channels of image i's line y, column x of a phase
 *            stand at place i · PLANE + y · PITCH + x, zeros behind them up to `line`; all else of a phase is 0.
 *   others   for the weight gradient a second set of images, of one phase, to places of the same PLANE and PITCH.
 *   kernel   [outer, inner, taps] to [taps, outer, line], zeros from inner on.
 *
 * One launch: a block turns 64 places of 64 channels around in shared memory. A thread reads one place or two, sixteen
 * channels or eight, all under way at once: a warp's are neighbouring elements of a channel, and the place, two divisions
 * by the constants PLANE and PITCH, is found once. It writes words of two channels to shared memory, then 16 bytes of a place
 * at a time. 33 words from a place to the next: neither a word of 32 places nor a warp's reads of four places meet in a
 * bank. The last
 * blocks turn the kernel, a thread each (outer, inner).
 *
 * Ladder: (1) a row for each channel, as the images have it: nothing to turn, but the copy engine begins a box at multiples
 * of 16 bytes of a row alone, and a tap's shift is any number; (2) this: 12 µs for 64 images of 128 channels, 28 x 28, on an H200. Figures: docs/h200.md. */
#ifndef PLANE
#define PLANE 64
#define PITCH 8
#endif
#define THREADS 256
#define TILE 64 /* places and channels of a block */
#define WORDS (TILE / 2)
#define LINE (WORDS + 1) /* words from a place to the next */
#ifndef VEC
#define VEC 2 /* places of a load: neighbouring elements of a line, 2 where all lines begin at even ones */
#endif
#if VEC == 2
#define RUN_WORD uint
#else
#define RUN_WORD ushort
#endif
#define ACROSS (TILE / VEC)
#define PAIRS (WORDS * ACROSS / THREADS) /* of channels, of a thread */

/* Places q0 …, channels c0 … of a phase. */
DEVICE void shifted_tile(SHARED_PTR uint* tile, GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT rows, int q0, int c0,
                         int channels, int line, int h, int wd, int images, int length, int strideY, int oy, int strideX,
                         int ox) {
  int column = LOCAL_ID(0) % ACROSS;
  int q = q0 + VEC * column;
  int i = q / PLANE;
  int y = q % PLANE / PITCH * strideY + oy;
  int at = q % PLANE % PITCH * strideX + ox;
  int there = i < images && y < h && at < wd;
  int size = h * wd;
  GLOBAL const ELEM* from = x + (there ? (i * channels + c0) * size + y * wd + at : 0);
  int left = there ? channels - c0 : 0;
  uint lo[PAIRS];
  uint hi[PAIRS];
  UNROLL
  for (int k = 0; k < PAIRS; k++) {
    int c = 2 * (LOCAL_ID(0) / ACROSS + THREADS / ACROSS * k);
    lo[k] = c < left ? *(GLOBAL const RUN_WORD*)(from + c * size) : 0;
    hi[k] = c + 1 < left ? *(GLOBAL const RUN_WORD*)(from + (c + 1) * size) : 0;
  }
  UNROLL
  for (int k = 0; k < PAIRS; k++) {
    SHARED_PTR uint* to = tile + VEC * column * LINE + LOCAL_ID(0) / ACROSS + THREADS / ACROSS * k;
    to[0] = hi[k] << 16 | (lo[k] & 0xffff);
    if (VEC > 1) to[LINE] = (hi[k] & 0xffff0000u) | lo[k] >> 16;
  }
  BARRIER();
  UNROLL
  for (int k = 0; k < TILE * TILE / 8 / THREADS; k++) {
    int e = LOCAL_ID(0) + k * THREADS;
    int place = q0 + e / (TILE / 8);
    int c = c0 + e % (TILE / 8) * 8;
    if (place < length && c < line) {
      SHARED_PTR const uint* w = tile + e / (TILE / 8) * LINE + e % (TILE / 8) * 4;
      *(uint4*)(rows + place * line + c) = make_uint4(w[0], w[1], w[2], w[3]);
    }
  }
}

KERNEL_SIZED(THREADS, 1, 1) void shifted_prepare(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT rows, int channels,
                                                 int line, int h, int wd, int images, int length, int phases, int strideY,
                                                 int firstY, int strideX, int firstX, int phasesX,
                                                 GLOBAL const ELEM* RESTRICT x2, GLOBAL ELEM* RESTRICT rows2,
                                                 int channels2, int line2, int h2, int wd2,
                                                 GLOBAL const ELEM* RESTRICT w, GLOBAL ELEM* RESTRICT packed, int outer,
                                                 int inner, int lineW, int taps) {
  SHARED uint tile[TILE * LINE];
  early_allow();
  int pieces = (length + TILE - 1) / TILE;
  int high = (line + TILE - 1) / TILE; /* tiles of the channels */
  int high2 = (line2 + TILE - 1) / TILE;
  int row = GROUP_ID(0) / pieces;
  int q0 = (GROUP_ID(0) - row * pieces) * TILE;
  int row2 = row - phases * high;
  if (row2 < 0) {
    int phase = row / high;
    int oy = firstY + phase / phasesX;
    int ox = firstX + phase % phasesX;
    shifted_tile(tile, x, rows + phase * length * line, q0, (row - phase * high) * TILE, channels, line, h, wd, images,
                 length, strideY, oy, strideX, ox);
  } else if (row2 < high2) {
    shifted_tile(tile, x2, rows2, q0, row2 * TILE, channels2, line2, h2, wd2, images, length, 1, 0, 1, 0);
  } else {
    int e = (GROUP_ID(0) - (phases * high + high2) * pieces) * THREADS + LOCAL_ID(0);
    int o = e / lineW;
    int c = e - o * lineW;
    if (o < outer) {
      for (int t = 0; t < taps; t++) {
        packed[(t * outer + o) * lineW + c] = c < inner ? w[(o * inner + c) * taps + t] : (ELEM)0;
      }
    }
  }
}
