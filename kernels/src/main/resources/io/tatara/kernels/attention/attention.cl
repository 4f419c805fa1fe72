/* Attention: products of queries with rows of keys or values, and softmax over a row of scores.
 *
 * Tiles: a dot product over contiguous features is shared by LANES work-items (one 32-byte sector a step), a
 * group holds LOCAL / LANES of them at once; sums over keys or queries take one work-item for each feature,
 * so that neighbours read neighbours. Every sum has one owner and a fixed order. Masked keys, at or past
 * lengths[n], are never read. Indices: row = n * tq + query; matrices [n, tq, tk] are float temporaries.
 */
#ifndef LOCAL
#define LOCAL 128 /* work-items of a group, a power of two >= LANES */
#endif
#ifndef LENGTHS
#define LENGTHS 0 /* 1: lengths is there */
#endif
#ifndef STORED_MATRIX
#define STORED_MATRIX 0 /* 1: the matrix of attention_columns is a tensor, 0: a float temporary */
#endif
#define LANES 8
#define TEAMS (LOCAL / LANES)

#if LENGTHS
#define KEYS(n, tk) (lengths[n] < 0 ? 0 : lengths[n] < (tk) ? lengths[n] : (tk))
#else
#define KEYS(n, tk) (tk)
#endif

#if STORED_MATRIX
#define MATRIX ELEM
#define LDM(p, i) LD(p, i)
#else
#define MATRIX float
#define LDM(p, i) ((p)[i])
#endif

/* The sum over the group, for every work-item. */
DEVICE float attention_sum(SHARED_PTR float* red, float x) {
  int me = LOCAL_ID(0);
  red[me] = x;
  BARRIER();
  for (int s = LOCAL / 2; s > 0; s /= 2) {
    if (me < s) red[me] += red[me + s];
    BARRIER();
  }
  x = red[0];
  BARRIER();
  return x;
}

/* The maximum over the group, for every work-item; NaN where any is NaN. */
DEVICE float attention_max(SHARED_PTR float* red, float x) {
  int me = LOCAL_ID(0);
  red[me] = x;
  BARRIER();
  for (int s = LOCAL / 2; s > 0; s /= 2) {
    if (me < s && (red[me + s] > red[me] || IS_NAN(red[me + s]))) red[me] = red[me + s];
    BARRIER();
  }
  x = red[0];
  BARRIER();
  return x;
}

/* out[row, :] = scale * sum over the first `count` keys j of m[row, j] * y[j, :], a work-item a feature. */
DEVICE void attention_combine(GLOBAL const float* m, GLOBAL const ELEM* y, GLOBAL ELEM* out, int count, int c,
                              float scale) {
  for (int i = LOCAL_ID(0); i < c; i += LOCAL_SIZE(0)) {
    float sum = 0.0f;
    for (int j = 0; j < count; j++) sum = FMA(m[j], LD(y, j * c + i), sum);
    ST(out, i, scale * sum);
  }
}

/* out[row, j] = scale * x[row, :] . y[n, j, :]. Groups: (row, tile of keys). */
KERNEL void attention_dots(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT y,
                           GLOBAL const int* RESTRICT lengths, GLOBAL float* RESTRICT out, int tq, int tk, int c,
                           float scale) {
  SHARED float partial[LOCAL];
  int row = GROUP_ID(0);
  int n = row / tq;
  int count = KEYS(n, tk);
  int me = LOCAL_ID(0);
  int lane = me % LANES;
  for (int first = GROUP_ID(1) * TEAMS; first < count; first += GROUP_COUNT(1) * TEAMS) {
    int j = first + me / LANES;
    float sum = 0.0f;
    if (j < count) {
      for (int i = lane; i < c; i += LANES) sum = FMA(LD(x, row * c + i), LD(y, (n * tk + j) * c + i), sum);
    }
    partial[me] = sum;
    BARRIER();
    if (lane == 0 && j < count) {
      for (int s = 1; s < LANES; s++) sum += partial[me + s];
      out[row * tk + j] = scale * sum;
    }
    BARRIER();
  }
}

/* weights = softmax of a row of scores (which become the weights in float); context = weights . values.
 * Groups: row. */
KERNEL void attention_softmax_context(GLOBAL float* RESTRICT scores, GLOBAL const ELEM* RESTRICT values,
                                      GLOBAL const int* RESTRICT lengths, GLOBAL ELEM* RESTRICT context,
                                      GLOBAL ELEM* RESTRICT weights, int tq, int tk, int c) {
  SHARED float red[LOCAL];
  int row = GROUP_ID(0);
  int n = row / tq;
  int count = KEYS(n, tk);
  int at = row * tk;
  float max = -POS_INF;
  for (int j = LOCAL_ID(0); j < count; j += LOCAL) {
    float s = scores[at + j];
    if (s > max || IS_NAN(s)) max = s;
  }
  max = attention_max(red, max);
  int nothing = max == -POS_INF;
  float sum = 0.0f;
  for (int j = LOCAL_ID(0); j < count; j += LOCAL) {
    float e = nothing ? 0.0f : EXPF(scores[at + j] - max);
    scores[at + j] = e;
    sum += e;
  }
  sum = attention_sum(red, sum);
  float inverse = nothing ? 0.0f : 1.0f / sum;
  for (int j = LOCAL_ID(0); j < tk; j += LOCAL) {
    float w = 0.0f;
    if (j < count) {
      w = scores[at + j] * inverse;
      scores[at + j] = w;
    }
    ST(weights, at + j, w);
  }
  BARRIER();
  attention_combine(scores + at, values + n * tk * c, context + row * c, count, c, 1.0f);
}

/* In place, dw to ds: w * (dw - sum of w * dw), dw = what stands in ds (where has_ds) + dweights (where
 * has_dweights). Groups: row. */
KERNEL void attention_softmax_gradient(GLOBAL const ELEM* RESTRICT weights, GLOBAL const ELEM* RESTRICT dweights,
                                       GLOBAL const int* RESTRICT lengths, GLOBAL float* RESTRICT ds, int has_ds,
                                       int has_dweights, int tq, int tk) {
  SHARED float red[LOCAL];
  int row = GROUP_ID(0);
  int count = KEYS(row / tq, tk);
  int at = row * tk;
  float mean = 0.0f;
  for (int j = LOCAL_ID(0); j < count; j += LOCAL) {
    float dw = has_ds ? ds[at + j] : 0.0f;
    if (has_dweights) dw += LD(dweights, at + j);
    ds[at + j] = dw;
    mean = FMA(LD(weights, at + j), dw, mean);
  }
  mean = attention_sum(red, mean);
  for (int j = LOCAL_ID(0); j < count; j += LOCAL) ds[at + j] = LD(weights, at + j) * (ds[at + j] - mean);
}

/* out[row, :] = scale * sum over keys j of m[row, j] * y[n, j, :]. Groups: row. */
KERNEL void attention_rows(GLOBAL const float* RESTRICT m, GLOBAL const ELEM* RESTRICT y,
                           GLOBAL const int* RESTRICT lengths, GLOBAL ELEM* RESTRICT out, int tq, int tk, int c,
                           float scale) {
  int row = GROUP_ID(0);
  int n = row / tq;
  attention_combine(m + row * tk, y + n * tk * c, out + row * c, KEYS(n, tk), c, scale);
}

/* out[n, j, :] = scale * sum over queries q of m[n, q, j] * x[n, q, :]; zeros for masked keys and where tq is
 * 0. Groups: n * tk + j. */
KERNEL void attention_columns(GLOBAL const MATRIX* RESTRICT m, GLOBAL const ELEM* RESTRICT x,
                              GLOBAL const int* RESTRICT lengths, GLOBAL ELEM* RESTRICT out, int tq, int tk, int c,
                              float scale) {
  int key = GROUP_ID(0);
  int n = key / tk;
  int j = key - n * tk;
  int queries = j < KEYS(n, tk) ? tq : 0;
  for (int i = LOCAL_ID(0); i < c; i += LOCAL_SIZE(0)) {
    float sum = 0.0f;
    for (int q = n * tq; q < n * tq + queries; q++) sum = FMA(LDM(m, q * tk + j), LD(x, q * c + i), sum);
    ST(out, key * c + i, scale * sum);
  }
}
