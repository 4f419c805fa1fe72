/* What convolutions of 16-bit elements need before matmul_sm90.cu multiplies (shifted.cuh): images laid out such that a tap is
 * a shift (matmul/ShiftedRows), and the kernel tap by tap. CUDA alone.
 *
 *   images   [images, channels, h, wd] to [phases, channels, length]: image i's line y, column x of a phase stands at
 *            i · PLANE + y · PITCH + x of its channel's row; all else of the row is 0.
 *   others   for the weight gradient a second set of images, of one phase, to rows of the same PLANE and PITCH.
 *   kernel   [outer, inner, taps] to [taps, outer, line], zeros from inner on.
 *
 * One launch: blocks of images write 2048 elements of a row each, four at a time, neighbouring threads neighbouring fours,
 * so that a 2-byte load of a warp lies within three lines of the cache and the place, two divisions, is found once for
 * four; PLANE and PITCH are constants for them. The last blocks turn the kernel, a thread each (outer, inner).
 *
 * Ladder: (1) this. Not measured on a GPU yet. */
#ifndef PLANE
#define PLANE 64
#define PITCH 8
#endif
#define RUNS 2 /* of a thread, four elements each */
#define THREADS 256
#define PIECE (4 * RUNS * THREADS)

/* Line y, column `column` of an image's channel, or 0. */
DEVICE uint shifted_element(GLOBAL const ELEM* RESTRICT x, int plane, int y, int column, int h, int wd, int inside) {
  return inside && y < h && column < wd ? x[(plane * h + y) * wd + column] : 0;
}

/* Piece number `piece` of row number `row`: channel c of all images, a phase of it. */
DEVICE void shifted_piece(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT rows, int row, int piece, int c, int channels,
                          int h, int wd, int images, int length, int strideY, int oy, int strideX, int ox) {
  UNROLL
  for (int k = 0; k < RUNS; k++) {
    int q = piece * PIECE + 4 * (k * THREADS + LOCAL_ID(0));
    if (q < length) {
      int i = q / PLANE;
      int y = q % PLANE / PITCH;
      int column = q % PLANE % PITCH;
      uint e[4];
      UNROLL
      for (int j = 0; j < 4; j++) {
        e[j] = shifted_element(x, i * channels + c, y * strideY + oy, column * strideX + ox, h, wd, i < images);
        if (++column == PITCH) {
          column = 0;
          if (++y == PLANE / PITCH) {
            y = 0;
            i++;
          }
        }
      }
      *(uint2*)(rows + row * length + q) = make_uint2(e[1] << 16 | e[0], e[3] << 16 | e[2]);
    }
  }
}

KERNEL_SIZED(THREADS, 1, 1) void shifted_prepare(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT rows, int channels,
                                                 int h, int wd, int images, int length, int phases, int strideY,
                                                 int firstY, int strideX, int firstX, int phasesX,
                                                 GLOBAL const ELEM* RESTRICT x2, GLOBAL ELEM* RESTRICT rows2,
                                                 int channels2, int h2, int wd2, GLOBAL const ELEM* RESTRICT w,
                                                 GLOBAL ELEM* RESTRICT packed, int outer, int inner, int line, int taps) {
  int pieces = (length + PIECE - 1) / PIECE;
  int row = GROUP_ID(0) / pieces;
  int piece = GROUP_ID(0) - row * pieces;
  int row2 = row - phases * channels;
  if (row2 < 0) {
    int phase = row / channels;
    int oy = firstY + phase / phasesX;
    int ox = firstX + phase % phasesX;
    shifted_piece(x, rows, row, piece, row - phase * channels, channels, h, wd, images, length, strideY, oy, strideX, ox);
  } else if (row2 < channels2) {
    shifted_piece(x2, rows2, row2, piece, row2, channels2, h2, wd2, images, length, 1, 0, 1, 0);
  } else {
    int e = ((row2 - channels2) * pieces + piece) * THREADS + LOCAL_ID(0);
    int o = e / line;
    int c = e - o * line;
    if (o < outer) {
      for (int t = 0; t < taps; t++) {
        packed[(t * outer + o) * line + c] = c < inner ? w[(o * inner + c) * taps + t] : (ELEM)0;
      }
    }
  }
}
