/* Shifted products of one tap (shifted.cuh) from images as they stand in NCHW: warps of the first warpgroup gather their pixels
 * by copies of 8 bytes, since the copy engine asks for planes of whole 16, which 14 x 14 pixels of 16 bits are not. Four pixels
 * from a multiple of four on are one image's (PIXELS is one), and those of all images follow each other.
 *
 * GATHERED 1   TAPS 1: B's columns are the pixels. It stands as the copy engine would lay it: boxes of 64 columns by 64 k, a
 *              k's columns in a row of 128 bytes, swizzled; wgmma transposes it.
 * GATHERED 2   TAPS 3, the weight gradient: k runs over the pixels, A's rows are channels of dY, B's of X, each 64 k of 128 bytes.
 *
 * A warp copies two rows of k at a time: 16 lanes have 64 columns' 128 bytes, so the eights of a row and the rows of a pair are
 * different banks, and memory is read in runs of 128 bytes. A slice's copies are waited for GATHERED_AHEAD slices later: the
 * consumers release a stage once the next one's products are issued, so two stages must be left to them. */
#ifndef PIXELS
#define PIXELS 196
#define CHANNELS 512
#endif
#define GATHER_BOXES ((BN + 63) / 64)
#define GATHER_ROWS (BK / 8) /* pairs of rows, one from each of four warps */
#define GATHERED_AHEAD (STAGES - 2)
#if BN % 64 || STAGES < 3
#error "whole boxes, and a stage to gather while the last is read"
#endif

/* Where a lane's four columns of each box stand, from channel 0 of their image on; -1 behind the last image. */
DEVICE void gather_columns(int (&at)[GATHER_BOXES], int col, int images) {
  UNROLL
  for (int b = 0; b < GATHER_BOXES; b++) {
    int q = col + b * 64 + lane_id() % 16 * 4;
    int i = q / PIXELS;
    at[b] = i < images ? i * CHANNELS * PIXELS + q - i * PIXELS : -1;
  }
}

/* This thread's copies of 64 pixels from q0 on: of COUNT channels from `first` on, as far as the images have them. */
template <int COUNT>
DEVICE void gather_channels(uint to, GLOBAL const ELEM* x, int first, int channels, int q0, int images, int warp) {
  int lane = lane_id();
  int q = q0 + lane % 16 * 4;
  int i = q / PIXELS;
  int left = i < images ? channels - first : 0;
  GLOBAL const ELEM* from = x + (left > 0 ? (i * channels + first) * PIXELS + q - i * PIXELS : 0);
  UNROLL
  for (int j = 0; j < COUNT / 8; j++) {
    int r = 8 * j + 2 * warp + lane / 16;
    int there = r < left;
    copy_async_8(to + r * 128 + (lane % 16 / 2 ^ r % 8) * 16 + lane % 2 * 8, from + (there ? r * PIXELS : 0), there ? 8 : 0);
  }
}

/* This thread's copies of a slice from channel k0 on. */
DEVICE void gather(uint to, GLOBAL const ELEM* x, const int (&at)[GATHER_BOXES], int k0, int warp) {
  int lane = lane_id();
  UNROLL
  for (int i = 0; i < GATHER_ROWS; i++) {
    int k = 8 * i + 2 * warp + lane / 16;
    int row = k0 + k;
    uint place = to + k * 128 + (lane % 16 / 2 ^ k % 8) * 16 + lane % 2 * 8;
    UNROLL
    for (int b = 0; b < GATHER_BOXES; b++) {
      int there = at[b] >= 0 && row < CHANNELS;
      copy_async_8(place + b * BOX, x + (there ? at[b] + row * PIXELS : 0), there ? 8 : 0);
    }
  }
}

/* This thread's part of the stage of `full` is there. Who reads it by wgmma does the fence: here it would wait for the copies
 * of later slices too. */
DEVICE void gathered(uint full) {
  warp_barrier();
  if (lane_id() == 0) mbarrier_arrive(full);
}
