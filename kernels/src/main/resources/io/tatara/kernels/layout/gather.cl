/* Rows picked by index, and ragged reversal: an element a work-item, in the order of y, words of any meaning
 * (WORD: uint or ushort). Bound by memory; rows of x are read in whole lines where inner is long. */
#ifndef WORD
#define WORD uint
#endif

/* y [outer, count, inner] = x [outer, rows, inner] at ids [count]; `missing` for an id outside [0, rows). */
KERNEL void gather_rows(GLOBAL const WORD* RESTRICT x, GLOBAL const int* RESTRICT ids, GLOBAL WORD* RESTRICT y,
                        int n, int rows, int count, int inner, int missing) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  uint r = (uint)i / (uint)inner;
  int column = i - (int)r * inner;
  uint o = r / (uint)count;
  int id = ids[r - o * (uint)count];
  y[i] = id < 0 || id >= rows ? (WORD)missing : x[((int)o * rows + id) * inner + column];
}

/* x, y [outer, length, inner]; the first lengths[b] entries of the middle axis are reversed, where the batch
 * index b is o / outer_each + c / inner_each (one of the two is always 0). */
KERNEL void reverse_ragged(GLOBAL const WORD* RESTRICT x, GLOBAL const int* RESTRICT lengths,
                           GLOBAL WORD* RESTRICT y, int n, int length, int inner, int outer_each,
                           int inner_each) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  int r = i / inner;
  int c = i - r * inner;
  int o = r / length;
  int t = r - o * length;
  int end = lengths[o / outer_each + c / inner_each];
  if (end > length) end = length;
  int from = t < end ? end - 1 - t : t;
  y[i] = x[(o * length + from) * inner + c];
}
