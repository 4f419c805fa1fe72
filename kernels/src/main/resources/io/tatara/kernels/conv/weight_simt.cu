/* Weight gradient of a convolution as an implicit product in strict float32: dw[m, (c, tap)] = Σ over pixels of all images of
 * dy[m, pixel] · x[c, pixel under tap]. CUDA with cp.async, compute capability 8.0 and later. Rows are output channels of a
 * group, columns (channel, tap), the sum runs over pixels. Since results are few and sums long, pixels are cut into parts
 * (along y of the grid), whose sums weight_total adds in their order: no atomics.
 *
 * Both operands run along the sum: eight lanes along pixels and four along rows read whole sectors and write 32 banks (simt.cuh).
 * A thread looks after every eighth pixel and the same columns all the way: how far each of its columns lies from a pixel's
 * place, and its tap's row and column, stay in registers; the pixel's place is counted on from slice to slice.
 *
 * Ladder: 1 weight_tiled: divisions for each element, two barriers a slice; 2 this. Figures: docs/h200.md. Behind
 * weights.cl and weights.cuh. */
#define RUNS (THREADS / 8) /* rows, or columns, that the block fetches at one time */

struct Gradients {
  static const int EACH = BM / RUNS;
  const float* from; /* this thread's first row in image 0 */
  Pixel pixel;
  int oh, ow, rows, limit;

  DEVICE_MEMBER void next(uint to, int p, int left) {
    UNROLL
    for (int d = 0; d < DEPTH; d += 8) {
      int k = LOCAL_ID(0) % 8 + d;
      const float* at = from + (k < left ? (pixel.image * rows * oh + pixel.y) * ow + pixel.x : 0);
      UNROLL
      for (int i = 0; i < EACH; i++) {
        bool there = k < left && i < limit;
        copy_async_4(to + (k * (BM + 4) + LOCAL_ID(0) / 8 + i * RUNS) * 4,
                     at + (there ? i * RUNS * oh * ow : 0), there ? 4 : 0);
      }
      pixel.forward(8, oh, ow);
    }
  }
};

struct Patches {
  static const int EACH = BN / RUNS;
  const float* from; /* the group's first channel of image 0 */
  Pixel pixel;
  int oh, ow, h, wd, channels, strideY, strideX, padY, padX;
  Columns<EACH> tap;

  DEVICE_MEMBER void next(uint to, int p, int left) {
    UNROLL
    for (int d = 0; d < DEPTH; d += 8) {
      int k = LOCAL_ID(0) % 8 + d;
      int y = pixel.y * strideY - padY;
      int x = pixel.x * strideX - padX;
      int at = (pixel.image * channels * h + y) * wd + x;
      UNROLL
      for (int i = 0; i < EACH; i++) {
        bool there = k < left && (uint)(y + tap.down[i]) < (uint)h && (uint)(x + tap.right[i]) < (uint)wd;
        copy_async_4(to + (k * (BN + 4) + LOCAL_ID(0) / 8 + i * RUNS) * 4, from + (there ? at + tap.far[i] : 0),
                     there ? 4 : 0);
      }
      pixel.forward(8, oh, ow);
    }
  }
};

/* Grid: tiles, parts, groups. each: pixels of a part, a multiple of DEPTH. */
KERNEL_RESIDENT(THREADS, BLOCKS) void weight_simt(WEIGHT_ARGUMENTS) {
  DYNAMIC_SHARED(bytes);
  float* memory = (float*)bytes;
  uint base = shared_address(memory);
  int id = LOCAL_ID(0);
  int warp = id / 32;
  int lane = id % 32;
  int wm = warp / WARPS_N * WM + (lane % 2 + lane / 16 * 2) * 4;
  int wn = warp % WARPS_N * WN + lane / 2 % 8 * 4;
  int taps = TAPS_Y * TAPS_X;
  int k = in * taps;
  int across = (k + BN - 1) / BN;
  int row0 = GROUP_ID(0) / across * BM;
  int col0 = GROUP_ID(0) % across * BN;
  int pixels = images * oh * ow;
  int piece = GROUP_ID(1);
  int first = piece * each;
  int terms = pixels - first < each ? pixels - first : each;
  for (int g = GROUP_ID(2); g < groups; g += GROUP_COUNT(2)) {
    Gradients ga;
    Patches gb;
    int row = row0 + id / 8;
    ga.rows = groups * out;
    ga.oh = gb.oh = oh;
    ga.ow = gb.ow = ow;
    ga.limit = row < out ? (out - row + RUNS - 1) / RUNS : 0;
    ga.from = dy + (g * out + (row < out ? row : 0)) * oh * ow;
    ga.pixel.start(first + id % 8, oh, ow);
    gb.pixel = ga.pixel;
    gb.h = h;
    gb.wd = wd;
    gb.channels = groups * in;
    gb.strideY = strideY;
    gb.strideX = strideX;
    gb.padY = padY;
    gb.padX = padX;
    gb.from = x + g * in * h * wd;
    gb.tap.start(col0 + id / 8, RUNS, k, taps, TAPS_X, h, wd, dilationY, dilationX);
    float acc[RQ * 4 * CQ][4];
    simt_sums(acc, ga, gb, memory, base, terms, wm, wn);
    UNROLL
    for (int i = 0; i < RQ * 4; i++) {
      UNROLL
      for (int r = 0; r < CQ; r++) {
        UNROLL
        for (int j = 0; j < 4; j++) {
          int m = row0 + wm + i / 4 * 16 + i % 4;
          int q = col0 + wn + r * 32 + j;
          if (m < out && q < k) PUT(piece, (g * out + m) * k + q, acc[i * CQ + r][j]);
        }
      }
    }
  }
}
