/* What a convolution of 16-bit elements needs before matmul_sm90.cu sums its shifted products (shifted.cuh): images laid
 * out such that a tap is a shift (matmul/ShiftedRows), and the kernel tap by tap. CUDA alone.
 *
 *   images   [images, channels, h, wd] to [phases, channels, length]: image i's line y, column x of a phase stands at
 *            i · PLANE + y · PITCH + x of its channel's row; all else of the row is 0.
 *   kernel   [outer, inner, taps] to [taps, outer, line], zeros from inner on.
 *
 * One launch: the first blocks write 2048 elements of a row each, in words of two, neighbouring threads neighbouring words,
 * so that the 2-byte loads of a warp lie within one or two lines of the cache; PLANE and PITCH are constants, since dividing
 * by them is what else a thread does. The other blocks turn the kernel, a thread each (outer, inner).
 *
 * Ladder: (1) this. Not measured on a GPU yet. */
#ifndef PLANE
#define PLANE 64
#define PITCH 8
#endif
#define WORDS 4 /* of a thread */
#define THREADS 256

/* Image i, line y, column x of a phase's rows. */
DEVICE uint shifted_element(GLOBAL const ELEM* RESTRICT x, int i, int c, int y, int column, int channels, int h, int wd,
                            int images) {
  return i < images && y < h && column < wd ? x[((i * channels + c) * h + y) * wd + column] : 0;
}

KERNEL_SIZED(THREADS, 1, 1) void shifted_prepare(GLOBAL const ELEM* RESTRICT x, GLOBAL uint* RESTRICT rows, int channels,
                                                 int h, int wd, int images, int length, int phases, int strideY,
                                                 int firstY, int strideX, int firstX, int phasesX,
                                                 GLOBAL const ELEM* RESTRICT w, GLOBAL ELEM* RESTRICT packed, int outer,
                                                 int inner, int line, int taps) {
  int pieces = (length + 2 * WORDS * THREADS - 1) / (2 * WORDS * THREADS);
  int block = GROUP_ID(0);
  int id = LOCAL_ID(0);
  int row = block / pieces;
  if (row < phases * channels) {
    int phase = row / channels;
    int c = row - phase * channels;
    int oy = firstY + phase / phasesX;
    int ox = firstX + phase % phasesX;
    UNROLL
    for (int k = 0; k < WORDS; k++) {
      int q = 2 * (((block - row * pieces) * WORDS + k) * THREADS + id);
      if (q < length) {
        int i = q / PLANE;
        int y = q % PLANE / PITCH;
        int column = q % PLANE % PITCH;
        uint low = shifted_element(x, i, c, y * strideY + oy, column * strideX + ox, channels, h, wd, images);
        if (++column == PITCH) {
          column = 0;
          if (++y == PLANE / PITCH) {
            y = 0;
            i++;
          }
        }
        uint high = shifted_element(x, i, c, y * strideY + oy, column * strideX + ox, channels, h, wd, images);
        rows[(row * length + q) / 2] = high << 16 | low;
      }
    }
  } else {
    int e = (block - phases * channels * pieces) * THREADS + id;
    int o = e / line;
    int c = e - o * line;
    if (o < outer) {
      for (int t = 0; t < taps; t++) {
        packed[(t * outer + o) * line + c] = c < inner ? w[(o * inner + c) * taps + t] : (ELEM)0;
      }
    }
  }
}
