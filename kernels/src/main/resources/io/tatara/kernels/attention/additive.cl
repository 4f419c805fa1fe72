/* Additive attention: score = v . tanh(q + k), and its gradient, which computes the tanh again.
 *
 * Tiles: for the scores LANES work-items share a sum over features, a group holds LOCAL / LANES keys at once;
 * for the gradients a work-item owns a feature and loops over keys (dqueries) or queries (dkeys). dv is summed
 * in two stages: for each query beside dqueries, then over a sequence's queries, then over sequences. Every
 * sum has one owner and a fixed order. Masked keys, at or past lengths[n], are never read.
 * Indices: row = n * tq + query.
 */
#ifndef LOCAL
#define LOCAL 128 /* work-items of a group, a multiple of LANES */
#endif
#ifndef LENGTHS
#define LENGTHS 0 /* 1: lengths is there */
#endif
#define LANES 8
#define TEAMS (LOCAL / LANES)

#if LENGTHS
#define KEYS(n, tk) (lengths[n] < 0 ? 0 : lengths[n] < (tk) ? lengths[n] : (tk))
#else
#define KEYS(n, tk) (tk)
#endif

/* Groups: (row, tile of keys). */
KERNEL void additive_scores(GLOBAL const ELEM* RESTRICT queries, GLOBAL const ELEM* RESTRICT keys,
                            GLOBAL const ELEM* RESTRICT v, GLOBAL const int* RESTRICT lengths,
                            GLOBAL float* RESTRICT scores, int tq, int tk, int a) {
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
      for (int i = lane; i < a; i += LANES) {
        sum = FMA(LD(v, i), TANHF(LD(queries, row * a + i) + LD(keys, (n * tk + j) * a + i)), sum);
      }
    }
    partial[me] = sum;
    BARRIER();
    if (lane == 0 && j < count) {
      for (int s = 1; s < LANES; s++) sum += partial[me + s];
      scores[row * tk + j] = sum;
    }
    BARRIER();
  }
}

/* dqueries[row] = v * sum over keys of ds (1 - t * t); dv_rows[row] = sum over keys of ds t. Groups: row. */
KERNEL void additive_dqueries(GLOBAL const ELEM* RESTRICT queries, GLOBAL const ELEM* RESTRICT keys,
                              GLOBAL const ELEM* RESTRICT v, GLOBAL const int* RESTRICT lengths,
                              GLOBAL const float* RESTRICT ds, GLOBAL ELEM* RESTRICT dqueries,
                              GLOBAL float* RESTRICT dv_rows, int tq, int tk, int a) {
  int row = GROUP_ID(0);
  int n = row / tq;
  int count = KEYS(n, tk);
  for (int i = LOCAL_ID(0); i < a; i += LOCAL_SIZE(0)) {
    float q = LD(queries, row * a + i);
    float slope = 0.0f;
    float sum = 0.0f;
    for (int j = 0; j < count; j++) {
      float t = TANHF(q + LD(keys, (n * tk + j) * a + i));
      float d = ds[row * tk + j];
      slope = FMA(d, 1.0f - t * t, slope);
      sum = FMA(d, t, sum);
    }
    ST(dqueries, row * a + i, LD(v, i) * slope);
    dv_rows[row * a + i] = sum;
  }
}

/* dkeys[key] = v * sum over queries of ds (1 - t * t), zeros for masked keys. Groups: key = n * tk + j. */
KERNEL void additive_dkeys(GLOBAL const ELEM* RESTRICT queries, GLOBAL const ELEM* RESTRICT keys,
                           GLOBAL const ELEM* RESTRICT v, GLOBAL const int* RESTRICT lengths,
                           GLOBAL const float* RESTRICT ds, GLOBAL ELEM* RESTRICT dkeys, int tq, int tk, int a) {
  int key = GROUP_ID(0);
  int n = key / tk;
  int j = key - n * tk;
  int masked = j >= KEYS(n, tk);
  for (int i = LOCAL_ID(0); i < a; i += LOCAL_SIZE(0)) {
    float slope = 0.0f;
    if (!masked) {
      float k = LD(keys, key * a + i);
      for (int row = n * tq; row < (n + 1) * tq; row++) {
        float t = TANHF(LD(queries, row * a + i) + k);
        slope = FMA(ds[row * tk + j], 1.0f - t * t, slope);
      }
      slope *= LD(v, i);
    }
    ST(dkeys, key * a + i, slope);
  }
}

/* partial[n] = sum over a sequence's queries of dv_rows. Groups: n. */
KERNEL void additive_dv_sequence(GLOBAL const float* RESTRICT dv_rows, GLOBAL float* RESTRICT partial, int tq,
                                 int a) {
  int n = GROUP_ID(0);
  for (int i = LOCAL_ID(0); i < a; i += LOCAL_SIZE(0)) {
    float sum = 0.0f;
    for (int row = n * tq; row < (n + 1) * tq; row++) sum += dv_rows[row * a + i];
    partial[n * a + i] = sum;
  }
}

/* dv = sum over sequences. A work-item a feature. */
KERNEL void additive_dv(GLOBAL const float* RESTRICT partial, GLOBAL ELEM* RESTRICT dv, int sequences, int a) {
  int i = GLOBAL_ID(0);
  if (i < a) {
    float sum = 0.0f;
    for (int n = 0; n < sequences; n++) sum += partial[n * a + i];
    ST(dv, i, sum);
  }
}
