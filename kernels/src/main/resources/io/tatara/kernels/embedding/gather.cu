/* Rows of a table by id on CUDA, any architecture; follows warp.cuh. Bits are moved, not computed with.
 *
 * Tile: a row is cut into pieces of BYTES bytes (16, 8, 4 or 2: the largest that divides a row, so that every row
 * begins at a multiple of it); a thread moves TURNS pieces a block's width apart, so that neighbours touch
 * neighbours, a block covers parts of a long row or many short ones, and TURNS ids and then TURNS pieces are on
 * their way at once.
 * Ladder: (1) an element a thread (layout/gather.cl): 2 or 4 bytes an access; (2) 16-byte pieces; (3) several in
 * flight a thread, since each waits for its id first.
 * Bound by memory. Not measured on a GPU yet. */
#ifndef BYTES
#define BYTES 16
#endif
#define TURNS 4

#if BYTES == 16
#define PIECE uint4
#elif BYTES == 8
#define PIECE uint2
#elif BYTES == 4
#define PIECE uint
#else
#define PIECE ushort
#endif

DEVICE PIECE gather_missing(uint word) {
#if BYTES == 16
  return make_uint4(word, word, word, word);
#elif BYTES == 8
  return make_uint2(word, word);
#else
  return (PIECE)word;
#endif
}

/* y [n / per, per] = x [rows, per] at ids, in pieces; the word `missing` for an id outside [0, rows). */
KERNEL void embedding_gather(GLOBAL const PIECE* RESTRICT x, GLOBAL const int* RESTRICT ids,
                             GLOBAL PIECE* RESTRICT y, int n, int rows, int per, int missing) {
  uint width = (uint)LOCAL_SIZE(0);
  uint first = (uint)GROUP_ID(0) * width * TURNS + (uint)LOCAL_ID(0);
  int from[TURNS];
  PIECE v[TURNS];
  UNROLL
  for (int t = 0; t < TURNS; t++) {
    uint i = first + (uint)t * width;
    from[t] = -1;
    if (i < (uint)n) {
      uint r = i / (uint)per;
      int id = ids[r];
      if (id >= 0 && id < rows) from[t] = id * per + (int)(i - r * (uint)per);
    }
  }
  UNROLL
  for (int t = 0; t < TURNS; t++) v[t] = from[t] < 0 ? gather_missing((uint)missing) : x[from[t]];
  UNROLL
  for (int t = 0; t < TURNS; t++) {
    uint i = first + (uint)t * width;
    if (i < (uint)n) y[i] = v[t];
  }
}
