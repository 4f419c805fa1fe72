/* Copies between strided views, y[i · ys] = x[i · xs], of words of any meaning (WORD: ushort, uint or, where runs
 * consist of them, uint2 or uint4, then WIDE is 1).
 *
 * copy_strided: a word a work-item, in the order of y. RANK axes, innermost first (d0 …); the division
 * by each extent but the outermost is what it costs beyond the traffic, so RANK is a constant.
 * copy_tiled: transpositions, where the last axis is contiguous in y and another one ("rows") in x. A group
 * of 32 x 8 work-items takes a tile of 32 x 32 through local memory, so that both sides are touched in runs
 * of 32 words; the tile's rows are 33 long to keep columns out of one bank. Up to 4 axes (RANK - 2) around.
 * Bound by memory. */
#ifndef WORD
#define WORD uint
#endif
#ifndef WIDE
#define WIDE 0 /* 1: WORD is no number */
#endif
#ifndef RANK
#define RANK 6
#endif
#define TILE 32
#define TILE_ROWS 8

/* Takes one axis of extent d off the index i and moves both offsets along it. */
#define STRIDED_STEP(d, xs, ys)       \
  {                                   \
    uint rest = i / (uint)(d);        \
    int at = (int)(i - rest * (uint)(d)); \
    i = rest;                         \
    xo += at * (xs);                  \
    yo += at * (ys);                  \
  }

#if !WIDE
KERNEL void clear_words(GLOBAL WORD* RESTRICT y, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) y[i] = 0;
}
#endif

KERNEL void copy_strided(GLOBAL const WORD* RESTRICT x, GLOBAL WORD* RESTRICT y, int n, int xo, int yo,
                         int d0, int d1, int d2, int d3, int d4, int d5,
                         int xs0, int xs1, int xs2, int xs3, int xs4, int xs5,
                         int ys0, int ys1, int ys2, int ys3, int ys4, int ys5) {
  uint i = (uint)GLOBAL_ID(0);
  if (i >= (uint)n) return;
#if RANK == 1
  xo += (int)i * xs0;
  yo += (int)i * ys0;
#else
  STRIDED_STEP(d0, xs0, ys0)
#if RANK == 2
  xo += (int)i * xs1;
  yo += (int)i * ys1;
#else
  STRIDED_STEP(d1, xs1, ys1)
  STRIDED_STEP(d2, xs2, ys2)
#if RANK > 3
  STRIDED_STEP(d3, xs3, ys3)
#endif
#if RANK > 4
  STRIDED_STEP(d4, xs4, ys4)
#endif
#if RANK > 5
  STRIDED_STEP(d5, xs5, ys5)
#endif
#endif
#endif
  y[yo] = x[xo];
}

#if !WIDE
KERNEL_SIZED(TILE, TILE_ROWS, 1) void copy_tiled(
    GLOBAL const WORD* RESTRICT x, GLOBAL WORD* RESTRICT y, int rows, int columns, int down, int across,
    int xs, int ys, int xo, int yo, int d0, int d1, int d2, int d3, int xs0, int xs1, int xs2, int xs3,
    int ys0, int ys1, int ys2, int ys3) {
  SHARED WORD tile[TILE * (TILE + 1)];
  uint strip = (uint)GROUP_ID(0) / (uint)across;
  uint i = strip / (uint)down;
  int column = (GROUP_ID(0) - (int)strip * across) * TILE;
  int row = (int)(strip - i * (uint)down) * TILE;
#if RANK > 2
  STRIDED_STEP(d0, xs0, ys0)
#endif
#if RANK > 3
  STRIDED_STEP(d1, xs1, ys1)
#endif
#if RANK > 4
  STRIDED_STEP(d2, xs2, ys2)
#endif
#if RANK > 5
  STRIDED_STEP(d3, xs3, ys3)
#endif
  int lx = LOCAL_ID(0);
  int ly = LOCAL_ID(1);
  for (int c = ly; c < TILE; c += TILE_ROWS) {
    if (row + lx < rows && column + c < columns) {
      tile[c * (TILE + 1) + lx] = x[xo + row + lx + (column + c) * xs];
    }
  }
  BARRIER();
  for (int r = ly; r < TILE; r += TILE_ROWS) {
    if (row + r < rows && column + lx < columns) {
      y[yo + (row + r) * ys + column + lx] = tile[lx * (TILE + 1) + r];
    }
  }
}
#endif
