/* Sinusoidal encodings added, and rotary embeddings, on CUDA in 16-byte pieces. Memory is the only roof: one read and
 * one write of every element.
 *
 * A thread has a piece of a row (HALVES: a piece of each half), computes the sines and cosines of its pairs once and
 * walks over some heads, rows of the same position, AHEAD loads under way at a time. How many heads is told by the
 * plan: as many as leave enough threads to fill the chip.
 * Ladder: (1) an item a pair (position.cl): 4 or 2 bytes a load; (2) 16-byte loads; (3) heads split over blocks, so
 * that short sequences fill the chip too. Not measured on a GPU yet.
 * STARTS: start positions are there. ROTARY: rotate, by sines times scale; HALVES: pairs (i, i + R / 2). Pieces behind
 * the rotated columns are copied. Follows lanes.cuh and angles.cl. */
#ifndef STARTS
#define STARTS 0
#endif
#ifndef ROTARY
#define ROTARY 0
#endif
#ifndef HALVES
#define HALVES 0
#endif
#ifndef BLOCK
#define BLOCK 128
#endif
#define AHEAD 4
#define PAIRS (HALVES ? LANES : LANES / 2)

/* What is done to pairs of neighbouring columns. */
DEVICE void change_pairs(float* v, const float* s, const float* c, float scale) {
  UNROLL
  for (int j = 0; j < LANES / 2; j++) {
    float a = v[2 * j];
    float b = v[2 * j + 1];
#if ROTARY
    v[2 * j] = a * c[j] - b * s[j];
    v[2 * j + 1] = b * c[j] + a * s[j];
#else
    v[2 * j] = a * scale + s[j];
    v[2 * j + 1] = b * scale + c[j];
#endif
  }
}

KERNEL_SIZED(BLOCK, 1, 1) void positions_in_pieces(const ELEM* RESTRICT x, const int* RESTRICT starts,
                                                   ELEM* RESTRICT y, int threads, int blocks, int items, int heads, int each,
                                                   int rotated, int sequence_stride, int head_stride, int stride,
                                                   int ratio_high, int ratio_low, float scale) {
  int sequence = GROUP_ID(0) / blocks;
  int g = (GROUP_ID(0) - sequence * blocks) * BLOCK + LOCAL_ID(0);
  if (g >= threads) return;
  int t = g / items;
  int item = g - t * items;
  int position = t;
#if STARTS
  position = (int)((uint)starts[sequence] + (uint)t);
#endif
  int row = sequence * sequence_stride + t * stride;
  int first = GROUP_ID(1) * each;
  int end = heads - first < each ? heads : first + each;
#if ROTARY
  int turned = rotated / LANES / (HALVES ? 2 : 1);
  if (item >= turned) {
    int column = rotated + (item - turned) * LANES;
    for (int h = first; h < end; h++) {
      int at = row + h * head_stride + column;
      piece_store(y + at, piece_load(x + at));
    }
    return;
  }
#endif
  float s[PAIRS];
  float c[PAIRS];
  UNROLL
  for (int j = 0; j < PAIRS; j++) {
    uint high;
    uint low;
    frequency_of(item * PAIRS + j, (uint)ratio_high, (uint)ratio_low, &high, &low);
    turn_of(position, high, low, s + j, c + j);
#if ROTARY
    s[j] *= scale;
#endif
  }
  const int column = item * LANES;
#if HALVES
  const int half = rotated / 2;
#endif
  for (int h0 = first; h0 < end; h0 += AHEAD) {
    uint4 w[AHEAD];
#if HALVES
    uint4 u[AHEAD];
#endif
    UNROLL
    for (int k = 0; k < AHEAD; k++) {
      int h = h0 + k < end ? h0 + k : h0;
      w[k] = piece_load(x + row + h * head_stride + column);
#if HALVES
      u[k] = piece_load(x + row + h * head_stride + column + half);
#endif
    }
    UNROLL
    for (int k = 0; k < AHEAD; k++) {
      if (h0 + k < end) {
        int at = row + (h0 + k) * head_stride + column;
        float v[LANES];
        piece_unpack(w[k], v);
#if HALVES
        float b[LANES];
        piece_unpack(u[k], b);
        UNROLL
        for (int j = 0; j < LANES; j++) {
          float a = v[j];
          v[j] = a * c[j] - b[j] * s[j];
          b[j] = b[j] * c[j] + a * s[j];
        }
        piece_store(y + at, piece_pack(v));
        piece_store(y + at + half, piece_pack(b));
#else
        change_pairs(v, s, c, scale);
        piece_store(y + at, piece_pack(v));
#endif
      }
    }
  }
}
