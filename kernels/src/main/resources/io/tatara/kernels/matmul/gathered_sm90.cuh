/* The weight gradient of a layer of one tap (shifted.cuh, TAPS 3) from images as they stand in NCHW whose planes are no whole 16
 * bytes, as the copy engine asks, but whole 8, such as 14 x 14 pixels of 16 bits: warps of the first warpgroup gather both
 * operands by copies of 8 bytes. Four pixels from a multiple of four on are one image's (PIXELS is one), and those of all images
 * follow each other: k runs over them, A's rows are channels of dY, B's of X, each 64 k of 128 bytes, swizzled as the copy
 * engine would.
 *
 * A warp copies two rows at a time: 16 lanes have a row's 128 bytes, so the eights of a row and the rows of a pair are in
 * different banks, and memory is read in runs of 128 bytes. A slice's copies are waited for GATHERED_AHEAD slices later: the
 * consumers release a stage once the next one's products are issued, so two stages must be left to them. */
#ifndef PIXELS
#define PIXELS 196
#define CHANNELS 512
#endif
#define GATHERED_AHEAD (STAGES - 2)
#if STAGES < 3
#error "a stage to gather while the last is read"
#endif

/* This thread's copies of 64 pixels from q0 on: of COUNT channels from `first` on, as far as the images have them. */
template <int COUNT>
DEVICE void gather(uint to, GLOBAL const ELEM* x, int first, int channels, int q0, int images, int warp) {
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

/* This thread's part of the stage of `full` is there. Who reads it by wgmma does the fence: here it would wait for the copies
 * of later slices too. */
DEVICE void gathered(uint full) {
  warp_barrier();
  if (lane_id() == 0) mbarrier_arrive(full);
}
