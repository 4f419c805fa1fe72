/* Depthwise convolution of small planes and its data gradient on CUDA, any architecture: a block brings PLANES neighbouring
 * planes into shared memory, which are one piece of memory, and its results leave as one: whole words whatever the width,
 * where rows of 7, 14 or 28 elements have none. Bound by memory.
 *
 * A thread takes tiles as in depthwise.cu (depthwise.cuh), row by row of the window, since shared memory is near. Taps and
 * biases come along with the planes. All extents are constants: divisions by them and checks that never fail vanish.
 * CI, CO: elements of a word that is copied in and out; H, WD, OH, OW: extents of source and result; ACROSS, DOWN: tiles of
 * a plane.
 *
 * Ladder: (1) depthwise.cu: words of 2 to 8 bytes where rows are no multiple of 16, edges of tiles fetched again; (2) this.
 * Figures: docs/h200.md. Behind depthwise.cuh. */
#ifndef PLANES
#define PLANES 1
#define H 4
#define WD 4
#define OH 4
#define OW 4
#define CI 4
#define CO 4
#endif
#define TAPS (KY * KX)
#define TILES (ACROSS * DOWN)
#define BYTES(planes_, elements) ((planes_) * (elements) * (int)sizeof(ELEM))
#define ROUNDS(n) (((n) + BLOCK - 1) / BLOCK)
#define BATCH 8 /* words of a thread under way */

/* Copies `words` words of V elements, MOST at most: all of a batch are asked for before the first is written. */
template <int V, int MOST>
DEVICE void planes_copy(ELEM* to, const ELEM* from, int words) {
  typedef Word<V * (int)sizeof(ELEM)> W;
  UNROLL
  for (int first = 0; first < ROUNDS(MOST); first += BATCH) {
    W w[BATCH];
    UNROLL
    for (int k = 0; k < BATCH; k++) {
      int at = (first + k) * BLOCK + LOCAL_ID(0);
      if (first + k < ROUNDS(MOST) && at < words) w[k] = ((const W*)from)[at];
    }
    UNROLL
    for (int k = 0; k < BATCH; k++) {
      int at = (first + k) * BLOCK + LOCAL_ID(0);
      if (first + k < ROUNDS(MOST) && at < words) ((W*)to)[at] = w[k];
    }
  }
}

KERNEL_RESIDENT(BLOCK, RESIDENT) void depthwise_planes(const ELEM* RESTRICT x, const ELEM* RESTRICT w, const ELEM* RESTRICT bias,
                                                const ELEM* RESTRICT residual, ELEM* RESTRICT y, int channels, int planes) {
  SHARED uint4 source[(BYTES(PLANES, H * WD) + 15) / 16];
  SHARED uint4 result[(BYTES(PLANES, OH * OW) + 15) / 16];
  SHARED ELEM kernel[PLANES * TAPS];
  SHARED ELEM biases[PLANES];
  int id = LOCAL_ID(0);
  int first = GROUP_ID(0) * PLANES;
  int here = planes - first < PLANES ? planes - first : PLANES;
  ELEM own[ROUNDS(PLANES * TAPS)];
  UNROLL
  for (int k = 0; k < ROUNDS(PLANES * TAPS); k++) {
    int i = k * BLOCK + id;
    int channel = (int)((uint)(first + i / TAPS) % (uint)channels);
    own[k] = i < here * TAPS ? w[channel * TAPS + i % TAPS] : (ELEM)0;
  }
  planes_copy<CI, PLANES * H * WD / CI>((ELEM*)source, x + first * (H * WD), here * (H * WD) / CI);
#if RESIDUAL
  planes_copy<CO, PLANES * OH * OW / CO>((ELEM*)result, residual + first * (OH * OW), here * (OH * OW) / CO);
#endif
  UNROLL
  for (int k = 0; k < ROUNDS(PLANES * TAPS); k++) {
    if (k * BLOCK + id < PLANES * TAPS) kernel[k * BLOCK + id] = own[k];
  }
#if BIAS
  if (id < here) biases[id] = bias[(uint)(first + id) % (uint)channels]; /* PLANES <= BLOCK */
#endif
  BARRIER();
  for (int t = id; t < here * (int)TILES; t += BLOCK) {
    int plane = (int)((uint)t / TILES);
    int x0 = (int)((uint)t % TILES % ACROSS);
    int y0 = (int)((uint)t % TILES / ACROSS);
    float taps[TAPS];
    taps_load(taps, kernel, plane);
    float sums[OY][OX] = {};
    const ELEM* at = (const ELEM*)source + plane * (H * WD) + (y0 * NEXT_Y + LOY) * WD + x0 * NEXT_X;
    UNROLL
    for (int r = 0; r < NY; r++) {
      int yy = y0 * NEXT_Y + LOY + r;
      WindowRow row;
      row_load(row, at + r * WD, x0 * NEXT_X, WD, yy >= 0 && yy < H);
      row_sums(sums, row, r, taps);
    }
    ELEM* out = (ELEM*)result + plane * (OH * OW); /* what is added to the results stands there already */
    tile_store(out, out, biases, sums, plane, y0 * OY, x0 * OX, OH, OW);
  }
  BARRIER();
  planes_copy<CO, PLANES * OH * OW / CO>(y + first * (OH * OW), (const ELEM*)result, here * (OH * OW) / CO);
}
