/* Sums or maxima over the middle axis of [outer, reduce, inner] for OpenCL on CPUs, cut into chunks as in reduce.cl: the
 * result is [outer, chunks, inner]. No barriers, no local memory: a work-item is a loop over vectors.
 *
 * reduce_rows (inner = 1): an item takes `each` chunks, one after the other, in four vectors of sums.
 * reduce_columns: an item takes a strip of WIDTH columns of one chunk: sixteen rows at a time from left to right, whose
 * sums are added to those of the strip, which stay in the first-level cache.
 * No sum adds more than a few hundred numbers in a row. Behind vectors.cl. */
#ifndef MAXIMUM
#define MAXIMUM 0
#endif
#ifndef FROM_FLOAT
#define FROM_FLOAT 0
#endif
#ifndef TO_FLOAT
#define TO_FLOAT 0
#endif
#define WIDTH 512
#define RUN 16

#if FROM_FLOAT
#define FROM float
#define LD_FROM(p, i) ((p)[i])
#define LDV_FROM(p, i) LDV_0(p, i)
#else
#define FROM ELEM
#define LD_FROM(p, i) LD(p, i)
#define LDV_FROM(p, i) LDV(p, i)
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
DEVICE FLOATV combine_vectors(FLOATV a, FLOATV b) { return select(b, a, (a > b) | (a != a)); }
#else
#define NEUTRAL 0.0f
DEVICE float combine(float a, float b) { return a + b; }
DEVICE FLOATV combine_vectors(FLOATV a, FLOATV b) { return a + b; }
#endif

KERNEL_SIZED(1, 1, 1)
void reduce_rows(GLOBAL const FROM *RESTRICT x, GLOBAL TO *RESTRICT y, int n, int reduce, int chunk, int chunks,
                 float divisor, int each) {
  for (int g = GROUP_ID(0) * each; g < min(n, GROUP_ID(0) * each + each); g++) {
    int o = g / chunks;
    int start = (g - o * chunks) * chunk;
    int count = min(chunk, reduce - start);
    GLOBAL const FROM *row = x + o * reduce + start;
    FLOATV s0 = NEUTRAL;
    FLOATV s1 = NEUTRAL;
    FLOATV s2 = NEUTRAL;
    FLOATV s3 = NEUTRAL;
    int i = 0;
    for (; i + 4 * VEC <= count; i += 4 * VEC) {
      s0 = combine_vectors(s0, LDV_FROM(row, i));
      s1 = combine_vectors(s1, LDV_FROM(row, i + VEC));
      s2 = combine_vectors(s2, LDV_FROM(row, i + 2 * VEC));
      s3 = combine_vectors(s3, LDV_FROM(row, i + 3 * VEC));
    }
    for (; i + VEC <= count; i += VEC) s0 = combine_vectors(s0, LDV_FROM(row, i));
    float lanes[VEC];
    STOREV(combine_vectors(combine_vectors(s0, s1), combine_vectors(s2, s3)), lanes);
    float s = NEUTRAL;
    for (; i < count; i++) s = combine(s, LD_FROM(row, i));
    for (int step = VEC / 2; step > 0; step >>= 1) {
      for (int l = 0; l < step; l++) lanes[l] = combine(lanes[l], lanes[l + step]);
    }
    ST_TO(y, g, combine(lanes[0], s) / divisor);
  }
}

/* Groups: strips, outer * chunks. */
KERNEL_SIZED(1, 1, 1)
void reduce_columns(GLOBAL const FROM *RESTRICT x, GLOBAL TO *RESTRICT y, int n, int reduce, int inner, int chunk,
                    int chunks, float divisor) {
  float sums[WIDTH];
  int column = GROUP_ID(0) * WIDTH;
  int width = min(WIDTH, inner - column);
  int whole = width / VEC * VEC;
  for (int g = GROUP_ID(1); g < n; g += GROUP_COUNT(1)) {
    int o = g / chunks;
    int start = (g - o * chunks) * chunk;
    int end = min(reduce, start + chunk);
    GLOBAL const FROM *from = x + o * reduce * inner + column;
    for (int q = 0; q < WIDTH; q++) sums[q] = NEUTRAL;
    for (int r = start; r < end; r += RUN) {
      int stop = min(end, r + RUN);
      for (int q = 0; q < whole; q += VEC) {
        FLOATV t = NEUTRAL;
        for (int p = r; p < stop; p++) t = combine_vectors(t, LDV_FROM(from, p * inner + q));
        STOREV(combine_vectors(LOADV(sums + q), t), sums + q);
      }
      for (int q = whole; q < width; q++) {
        float t = NEUTRAL;
        for (int p = r; p < stop; p++) t = combine(t, LD_FROM(from, p * inner + q));
        sums[q] = combine(sums[q], t);
      }
    }
    for (int q = 0; q < width; q++) ST_TO(y, g * inner + column + q, sums[q] / divisor);
  }
}
