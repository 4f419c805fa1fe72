/* Scaled dot-product attention, forward: output = softmax(scale * query . key^T + bias, masked) . value, and the
 * logarithm of the sum of exponentials of each row. Behind tiles.cl.
 *
 * sdpa_forward  a group has BQ packed rows of queries and COLS * TX features of the values (one group has them all up
 *               to 256; more are split over groups, which then make the same scores each). It walks over the keys BK
 *               at a time: scores in registers, running maximum m and sum l of a row (online softmax), weights into
 *               local memory, times the values into registers, rescaled when m grows. Scores never leave the group.
 *               Tiles of keys that no row sees are not visited. A work-item sums its own part of l; parts are added
 *               at the end in a fixed order.
 *               SPLIT: few queries and many keys (decoding) would leave the device idle, so groups share the keys
 *               of a row, `per` keys each, and leave m, l and the sum of weighted values.
 * sdpa_combine  puts those parts together, a group a row.
 *
 * Ladder: keys and values through local memory, then 4 x 4 sums a work-item (each number read from local memory
 * serves 4), query heads of one key head packed into one tile, keys split over groups.
 * Not measured on a GPU yet. */
#ifndef COLS
#define COLS 4 /* features of the values a work-item has: at most VC or a multiple of it */
#endif
#ifndef SPLIT
#define SPLIT 0
#endif

KERNEL_SIZED(ITEMS, 1, 1) void sdpa_forward(GLOBAL const ELEM* RESTRICT query, GLOBAL const ELEM* RESTRICT key,
                                            GLOBAL const ELEM* RESTRICT value, GLOBAL const int* RESTRICT lengths,
                                            GLOBAL const ELEM* RESTRICT bias, GLOBAL ELEM* RESTRICT output,
                                            GLOBAL float* RESTRICT logsum, GLOBAL float* RESTRICT sums,
                                            GLOBAL float* RESTRICT maxima, GLOBAL float* RESTRICT parts, SDPA_SIZES,
                                            int tiles, int per, int rows) {
  SHARED float a[A_FLOATS];
  SHARED float b[B_FLOATS];
  SHARED int at[BQ];
  SHARED int seen[BQ];
  SHARED int bias_at[BQ];
  SHARED int key_at[BK];
  int tx = LOCAL_ID(0) % TX;
  int ty = LOCAL_ID(0) / TX;
  int z = GROUP_ID(0) / tiles;
  int row0 = (tiles - 1 - GROUP_ID(0) % tiles) * BQ; /* the longest rows of a causal mask first */
  int first = GROUP_ID(1) * COLS * TX;
  int keys = sdpa_keys(lengths, z / hkv, tk, flags);
  sdpa_queries(at, seen, bias_at, BQ, row0, z, keys, hkv, group, tq, bn, bh, bq, flags);
  BARRIER();
  int begin = GROUP_ID(2) * per;
  int last = sdpa_most(seen, BQ);
  if (last > begin + per) last = begin + per;
  float m[RQ];
  float l[RQ];
  float acc[RQ * COLS];
  UNROLL
  for (int i = 0; i < RQ; i++) {
    m[i] = -POS_INF;
    l[i] = 0.0f;
  }
  UNROLL
  for (int i = 0; i < RQ * COLS; i++) acc[i] = 0.0f;
  for (int j0 = begin; j0 < last; j0 += BK) {
    float s[RQ * RK];
    sdpa_key_rows(key_at, BK, j0, last, z, hkv, tk, flags);
    BARRIER();
    sdpa_dots(s, query, at, key, key_at, d, a);
    UNROLL
    for (int i = 0; i < RQ; i++) {
      int row = ty + i * TY;
      float top = -POS_INF;
      UNROLL
      for (int j = 0; j < RK; j++) {
        int k = j0 + tx + j * TX;
        float x = -POS_INF;
        if (k < last && k < seen[row]) {
          x = scale * s[i * RK + j];
          if (flags & BIAS) x += LD(bias, bias_at[row] + k * bk);
        }
        s[i * RK + j] = x;
        if (x > top) top = x;
      }
      b[row * TX + tx] = top;
    }
    BARRIER();
    UNROLL
    for (int i = 0; i < RQ; i++) {
      int row = ty + i * TY;
      float top = m[i];
      for (int t = 0; t < TX; t++) top = b[row * TX + t] > top ? b[row * TX + t] : top;
      /* Nothing seen yet: any finite number makes all weights 0. NaN is never the maximum and stays in the sum. */
      float base = top == -POS_INF ? 0.0f : top;
      float shrink = EXPF(m[i] - base);
      m[i] = top;
      l[i] *= shrink;
      UNROLL
      for (int c = 0; c < COLS; c++) acc[i * COLS + c] *= shrink;
      UNROLL
      for (int j = 0; j < RK; j++) {
        float w = EXPF(s[i * RK + j] - base);
        s[i * RK + j] = w;
        l[i] += w;
      }
    }
    sdpa_lay(a, s);
    BARRIER();
    sdpa_accumulate(acc, COLS, a, value, key_at, dv, first, b);
  }
  UNROLL
  for (int i = 0; i < RQ; i++) b[(ty + i * TY) * TX + tx] = l[i];
  BARRIER();
  UNROLL
  for (int i = 0; i < RQ; i++) {
    int row = ty + i * TY;
    float sum = 0.0f;
    for (int t = 0; t < TX; t++) sum += b[row * TX + t];
    int r = z * group * tq + row0 + row; /* heads first, as logsum has them */
#if SPLIT
    r += GROUP_ID(2) * rows;
    if (at[row] >= 0 && tx == 0 && first == 0) {
      sums[r] = sum;
      maxima[r] = m[i];
    }
    UNROLL
    for (int c = 0; c < COLS; c++) {
      int f = first + c * TX + tx;
      if (at[row] >= 0 && f < dv) parts[r * dv + f] = acc[i * COLS + c];
    }
#else
    float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
    if (at[row] >= 0 && tx == 0 && first == 0) logsum[r] = sum == 0.0f ? -POS_INF : m[i] + LOGF(sum);
    UNROLL
    for (int c = 0; c < COLS; c++) acc[i * COLS + c] *= inverse;
#endif
  }
#if !SPLIT
  sdpa_store(output, at, acc, COLS, dv, first, 1.0f);
#endif
}

/* Groups: row, heads first. */
KERNEL void sdpa_combine(GLOBAL const float* RESTRICT sums, GLOBAL const float* RESTRICT maxima,
                         GLOBAL const float* RESTRICT parts, GLOBAL ELEM* RESTRICT output,
                         GLOBAL float* RESTRICT logsum, int heads, int tq, int dv, int splits, int rows,
                         int flags) {
  int row = GROUP_ID(0);
  float top = -POS_INF;
  for (int s = 0; s < splits; s++) top = maxima[s * rows + row] > top ? maxima[s * rows + row] : top;
  float base = top == -POS_INF ? 0.0f : top;
  float sum = 0.0f;
  for (int s = 0; s < splits; s++) sum += EXPF(maxima[s * rows + row] - base) * sums[s * rows + row];
  float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
  int n = row / (heads * tq);
  int h = row / tq - n * heads;
  int to = (flags & SEQUENCE_FIRST ? (n * tq + row % tq) * heads + h : row) * dv;
  for (int f = LOCAL_ID(0); f < dv; f += LOCAL_SIZE(0)) {
    float x = 0.0f;
    for (int s = 0; s < splits; s++)
      x = FMA(EXPF(maxima[s * rows + row] - base), parts[(s * rows + row) * dv + f], x);
    ST(output, to + f, x * inverse);
  }
  if (LOCAL_ID(0) == 0) logsum[row] = sum == 0.0f ? -POS_INF : top + LOGF(sum);
}
