/* Sums or maxima over the middle axis of [outer, reduce, inner], cut into chunks of rows: the result is
 * [outer, chunks, inner], and a second launch reduces the chunks where there is more than one.
 *
 * reduce_rows (inner = 1): a group a chunk; neighbouring items read neighbouring elements, then a tree in
 *   local memory. reduce_columns: an item a result; neighbouring items read neighbouring columns.
 * Sums stay accurate because no item adds more than a few hundred numbers in a row. Between launches numbers
 * are float32 whatever the storage (FROM_FLOAT, TO_FLOAT). Bound by the reading of x. */
#ifndef MAXIMUM
#define MAXIMUM 0
#endif
#ifndef FROM_FLOAT
#define FROM_FLOAT 0
#endif
#ifndef TO_FLOAT
#define TO_FLOAT 0
#endif
#ifndef GROUP
#define GROUP 64
#endif

#if FROM_FLOAT
#define FROM float
#define LD_FROM(p, i) ((p)[i])
#else
#define FROM ELEM
#define LD_FROM(p, i) LD(p, i)
#endif
#if TO_FLOAT
#define TO float
#define ST_TO(p, i, v) ((p)[i] = (v))
#else
#define TO ELEM
#define ST_TO(p, i, v) ST(p, i, v)
#endif

#if MAXIMUM
#define NEUTRAL (-POS_INF)
/* NaN wins; fmax would drop it. */
DEVICE float combine(float a, float b) { return a > b || IS_NAN(a) ? a : b; }
#else
#define NEUTRAL 0.0f
DEVICE float combine(float a, float b) { return a + b; }
#endif

KERNEL_SIZED(GROUP, 1, 1) void reduce_rows(GLOBAL const FROM* RESTRICT x, GLOBAL TO* RESTRICT y, int reduce,
                                           int chunk, int chunks, float divisor) {
  SHARED float part[GROUP];
  int lid = LOCAL_ID(0);
  int g = GROUP_ID(0);
  int o = g / chunks;
  int start = (g - o * chunks) * chunk;
  int end = reduce - start < chunk ? reduce : start + chunk;
  int row = o * reduce;
  float s = NEUTRAL;
  for (int r = start + lid; r < end; r += GROUP) s = combine(s, LD_FROM(x, row + r));
  part[lid] = s;
  BARRIER();
  for (int step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) part[lid] = combine(part[lid], part[lid + step]);
    BARRIER();
  }
  if (lid == 0) ST_TO(y, g, part[0] / divisor);
}

KERNEL void reduce_columns(GLOBAL const FROM* RESTRICT x, GLOBAL TO* RESTRICT y, int n, int reduce, int inner,
                           int chunk, int chunks, float divisor) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  int g = i / inner;
  int c = i - g * inner;
  int o = g / chunks;
  int start = (g - o * chunks) * chunk;
  int end = reduce - start < chunk ? reduce : start + chunk;
  int at = o * reduce * inner + c;
  float s = NEUTRAL;
  for (int r = start; r < end; r += 16) {
    int stop = end - r < 16 ? end : r + 16;
    float t = NEUTRAL;
    for (int q = r; q < stop; q++) t = combine(t, LD_FROM(x, at + q * inner));
    s = combine(s, t);
  }
  ST_TO(y, i, s / divisor);
}
