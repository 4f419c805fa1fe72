/* Gradients of scaled dot-product attention. Behind tiles.cl.
 *
 * With weights w = exp(score - logsum), made anew tile by tile, and delta = sum over the features of
 * doutput * output - dlogsum of a row:
 *   dvalue = w^T . doutput,  dscore = w * (doutput . value^T - delta),  dquery = scale * dscore . key,
 *   dkey = scale * dscore^T . query.
 *
 * sdpa_delta    LANES work-items a row.
 * sdpa_dquery   a group has BQ packed rows of queries and walks over the keys; it also writes dscores where asked.
 * sdpa_dkeys    a group has BQ keys of one key head and walks over all rows of queries that read them, in their order:
 *               each sum has one owner and a fixed order, and no atomics are needed.
 * Both have COLS_K * TX features of keys and COLS_V * TX features of values in registers; more are split over
 * groups, which then make the same weights each. Tiles that a mask empties are not visited.
 *
 * Ladder: two kernels that make the weights twice instead of one with atomics, then 4 x 4 sums a work-item.
 * Not measured on a GPU yet. */
#ifndef COLS_K
#define COLS_K 4
#endif
#ifndef COLS_V
#define COLS_V 4
#endif
#ifndef LOCAL
#define LOCAL 64
#endif
#define LANES 8

/* Groups: LOCAL / LANES rows, heads first. */
KERNEL_SIZED(LOCAL, 1, 1) void sdpa_delta(GLOBAL const ELEM* RESTRICT output, GLOBAL const ELEM* RESTRICT doutput,
                                          GLOBAL const float* RESTRICT dlogsum, GLOBAL float* RESTRICT delta, int heads,
                                          int tq, int dv, int rows, int flags) {
  SHARED float part[LOCAL];
  int me = LOCAL_ID(0);
  int lane = me % LANES;
  int row = GROUP_ID(0) * (LOCAL / LANES) + me / LANES;
  float sum = 0.0f;
  if (row < rows && flags & DOUTPUT) {
    int n = row / (heads * tq);
    int h = row / tq - n * heads;
    int at = (flags & SEQUENCE_FIRST ? (n * tq + row % tq) * heads + h : row) * dv;
    for (int f = lane; f < dv; f += LANES) sum = FMA(LD(output, at + f), LD(doutput, at + f), sum);
  }
  part[me] = sum;
  BARRIER();
  if (lane == 0 && row < rows) {
    for (int t = 1; t < LANES; t++) sum += part[me + t];
    if (flags & DLOGSUM) sum -= dlogsum[row];
    delta[row] = sum;
  }
}

/* The weight of a pair from its product of query and key; 0 in a row that sees nothing. */
DEVICE float sdpa_weight(float dot, float scale, GLOBAL const ELEM* bias, int bias_at, float logsum,
                         int flags) {
  float x = scale * dot;
  if (flags & BIAS) x += LD(bias, bias_at);
  return logsum == -POS_INF ? 0.0f : EXPF(x - logsum);
}

KERNEL_SIZED(ITEMS, 1, 1) void sdpa_dquery(GLOBAL const ELEM* RESTRICT query, GLOBAL const ELEM* RESTRICT key,
                                           GLOBAL const ELEM* RESTRICT value, GLOBAL const int* RESTRICT lengths,
                                           GLOBAL const ELEM* RESTRICT bias, GLOBAL const ELEM* RESTRICT doutput,
                                           GLOBAL const float* RESTRICT logsum, GLOBAL const float* RESTRICT delta,
                                           GLOBAL ELEM* RESTRICT dquery, GLOBAL ELEM* RESTRICT dscores, SDPA_SIZES,
                                           int tiles) {
  SHARED float a[A_FLOATS];
  SHARED float b[B_FLOATS];
  SHARED int at[BQ];
  SHARED int seen[BQ];
  SHARED int bias_at[BQ];
  SHARED int key_at[BK];
  int tx = LOCAL_ID(0) % TX;
  int ty = LOCAL_ID(0) / TX;
  int z = GROUP_ID(0) / tiles;
  int row0 = (tiles - 1 - GROUP_ID(0) % tiles) * BQ;
  int base = z * group * tq + row0; /* of logsum, delta and dscores */
  int first = GROUP_ID(1) * COLS_K * TX;
  sdpa_queries(at, seen, bias_at, BQ, row0, z, sdpa_keys(lengths, z / hkv, tk, flags), hkv, group, tq, bn, bh, bq, flags);
  BARRIER();
  int last = sdpa_most(seen, BQ);
  int end = flags & DSCORES && first == 0 ? tk : last; /* zeros are written for keys that are not seen */
  float lse[RQ];
  float del[RQ];
  float acc[RQ * COLS_K];
  UNROLL
  for (int i = 0; i < RQ; i++) {
    int row = ty + i * TY;
    lse[i] = at[row] >= 0 ? logsum[base + row] : 0.0f;
    del[i] = at[row] >= 0 ? delta[base + row] : 0.0f;
  }
  UNROLL
  for (int i = 0; i < RQ * COLS_K; i++) acc[i] = 0.0f;
  for (int j0 = 0; j0 < end; j0 += BK) {
    float s[RQ * RK];
    float g[RQ * RK];
    UNROLL
    for (int i = 0; i < RQ * RK; i++) s[i] = g[i] = 0.0f;
    if (j0 < last) {
      sdpa_key_rows(key_at, BK, j0, last, z, hkv, tk, flags);
      BARRIER();
      sdpa_dots(s, query, at, key, key_at, d, a);
      if (flags & DOUTPUT) sdpa_dots(g, doutput, at, value, key_at, dv, a);
    }
    UNROLL
    for (int i = 0; i < RQ; i++) {
      int row = ty + i * TY;
      UNROLL
      for (int j = 0; j < RK; j++) {
        int k = j0 + tx + j * TX;
        float ds = 0.0f;
        if (k < seen[row])
          ds = sdpa_weight(s[i * RK + j], scale, bias, bias_at[row] + k * bk, lse[i], flags) * (g[i * RK + j] - del[i]);
        s[i * RK + j] = ds;
        if (flags & DSCORES && at[row] >= 0 && k < tk && first == 0) ST(dscores, (base + row) * tk + k, ds);
      }
    }
    if (j0 < last) {
      sdpa_lay(a, s);
      BARRIER();
      sdpa_accumulate(acc, COLS_K, a, key, key_at, d, first, b);
    }
  }
  sdpa_store(dquery, at, acc, COLS_K, d, first, scale);
}

KERNEL_SIZED(ITEMS, 1, 1) void sdpa_dkeys(GLOBAL const ELEM* RESTRICT query, GLOBAL const ELEM* RESTRICT key,
                                          GLOBAL const ELEM* RESTRICT value, GLOBAL const int* RESTRICT lengths,
                                          GLOBAL const ELEM* RESTRICT bias, GLOBAL const ELEM* RESTRICT doutput,
                                          GLOBAL const float* RESTRICT logsum, GLOBAL const float* RESTRICT delta,
                                          GLOBAL ELEM* RESTRICT dkey, GLOBAL ELEM* RESTRICT dvalue, SDPA_SIZES,
                                          int tiles) {
  SHARED float a[A_FLOATS];
  SHARED float b[B_FLOATS];
  SHARED int key_at[BQ];
  SHARED int at[BK];
  SHARED int seen[BK];
  SHARED int bias_at[BK];
  int tx = LOCAL_ID(0) % TX;
  int ty = LOCAL_ID(0) / TX;
  int z = GROUP_ID(0) / tiles;
  int key0 = GROUP_ID(0) % tiles * BQ;
  int first_k = GROUP_ID(1) * COLS_K * TX;
  int first_v = GROUP_ID(1) * COLS_V * TX;
  int keys = sdpa_keys(lengths, z / hkv, tk, flags);
  float acc_k[RQ * COLS_K];
  float acc_v[RQ * COLS_V];
  UNROLL
  for (int i = 0; i < RQ * COLS_K; i++) acc_k[i] = 0.0f;
  UNROLL
  for (int i = 0; i < RQ * COLS_V; i++) acc_v[i] = 0.0f;
  sdpa_key_rows(key_at, BQ, key0, keys, z, hkv, tk, flags);
  for (int row0 = 0; row0 < group * tq; row0 += BK) {
    float s[RQ * RK];
    float g[RQ * RK];
    UNROLL
    for (int i = 0; i < RQ * RK; i++) g[i] = 0.0f;
    BARRIER(); /* all are done with the rows before */
    sdpa_queries(at, seen, bias_at, BK, row0, z, keys, hkv, group, tq, bn, bh, bq, flags);
    BARRIER();
    if (sdpa_most(seen, BK) <= key0) continue; /* the same for the whole group */
    int base = z * group * tq + row0;
    sdpa_dots(s, key, key_at, query, at, d, a);
    if (flags & DOUTPUT) sdpa_dots(g, value, key_at, doutput, at, dv, a);
    UNROLL
    for (int j = 0; j < RK; j++) {
      int col = tx + j * TX;
      float lse = at[col] >= 0 ? logsum[base + col] : 0.0f;
      float del = at[col] >= 0 ? delta[base + col] : 0.0f;
      UNROLL
      for (int i = 0; i < RQ; i++) {
        int k = key0 + ty + i * TY;
        float w = 0.0f;
        float ds = 0.0f;
        if (k < seen[col]) {
          w = sdpa_weight(s[i * RK + j], scale, bias, bias_at[col] + k * bk, lse, flags);
          ds = w * (g[i * RK + j] - del);
        }
        s[i * RK + j] = w;
        g[i * RK + j] = ds;
      }
    }
    if (flags & DOUTPUT) {
      sdpa_lay(a, s);
      BARRIER();
      sdpa_accumulate(acc_v, COLS_V, a, doutput, at, dv, first_v, b);
    }
    sdpa_lay(a, g);
    BARRIER();
    sdpa_accumulate(acc_k, COLS_K, a, query, at, d, first_k, b);
  }
  BARRIER();
  sdpa_key_rows(key_at, BQ, key0, tk, z, hkv, tk, flags); /* masked keys have gradients too: zeros */
  BARRIER();
  sdpa_store(dkey, key_at, acc_k, COLS_K, d, first_k, scale);
  sdpa_store(dvalue, key_at, acc_v, COLS_V, dv, first_v, 1.0f);
}
