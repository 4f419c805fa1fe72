/* What the sources of scaled dot-product attention begin with: sizes, masks and the two products of tiles.
 *
 * Rows of queries: all heads that read one key head (grouped-query attention) are packed behind each other, so
 * row r of key head z = n * hkv + k is position r % tq of head k * group + r / tq; one read of keys serves them all.
 * Rows of a tensor are counted in its own layout (a row is one position of one head), row * d is its first element.
 *
 * A group is TX * TY work-items. Of a tile of BQ rows (those that stay) by BK columns (those that stream past),
 * work-item (tx, ty) has rows ty + i * TY and columns tx + j * TX, i < RQ, j < RK, in registers. Rows pass through
 * local memory DC features at a time, so any number of features is taken; where there is no row or no feature the
 * tile holds zeros. Tiles in local memory have one column more than they need, against bank conflicts. */
#ifndef TX
#define TX 16
#define TY 16
#endif
#ifndef RQ
#define RQ 4
#define RK 4
#endif
#ifndef DC
#define DC 16 /* features that a step of sdpa_dots takes */
#endif
#ifndef VC
#define VC 4 /* columns of a work-item that a step of sdpa_accumulate takes */
#endif
#define BQ (RQ * TY)
#define BK (RK * TX)
#define ITEMS (TX * TY)
#define PR (BQ + 1)
#define PC (BK + 1)
#define SDPA_LARGER(x, y) ((x) > (y) ? (x) : (y))
#define A_FLOATS SDPA_LARGER(DC * (PR + PC), BK * PR)
#define B_FLOATS SDPA_LARGER(BK * VC * TX, BQ * TX)

/* bn, bh, bq, bk: strides of the bias along [N, H, Tq, Tk], 0 where it is broadcast. What does not pay as a constant
 * is in flags, so that few programs serve all calls. */
#define SDPA_SIZES \
  int hkv, int group, int tq, int tk, int d, int dv, int bn, int bh, int bq, int bk, float scale, int flags
#define SDPA_MASK(flags) ((flags) & 3) /* 0 none, 1 causal, 2 causal from the end */
#define SEQUENCE_FIRST 4               /* [N, T, H, D], else [N, H, T, D] */
#define LENGTHS 8                      /* lengths is there */
#define BIAS 16                        /* bias is there */
#define DOUTPUT 32                     /* doutput is there */
#define DLOGSUM 64                     /* dlogsum is there */
#define DSCORES 128                    /* dscores is wanted */

/* Keys of sequence n that take part. */
DEVICE int sdpa_keys(GLOBAL const int* lengths, int n, int tk, int flags) {
  int keys = flags & LENGTHS ? lengths[n] : tk;
  return keys < 0 ? 0 : keys < tk ? keys : tk;
}

/* Keys that the query at position i sees: those before this one. */
DEVICE int sdpa_seen(int i, int tq, int keys, int flags) {
  int seen = SDPA_MASK(flags) == 0 ? keys : SDPA_MASK(flags) == 1 ? i + 1 : i + 1 + keys - tq;
  return seen < 0 ? 0 : seen < keys ? seen : keys;
}

/* Of `count` packed rows of queries from `first` on: the tensor's row (-1 where there is none), the keys that are
 * seen (0 where there is none), the bias of key 0. */
DEVICE void sdpa_queries(SHARED_PTR int* at, SHARED_PTR int* seen, SHARED_PTR int* bias_at, int count, int first,
                         int z, int keys, int hkv, int group, int tq, int bn, int bh, int bq, int flags) {
  int n = z / hkv;
  for (int e = LOCAL_ID(0); e < count; e += ITEMS) {
    int r = first + e;
    int there = r < group * tq;
    int g = there ? r / tq : 0;
    int i = r - g * tq;
    int h = (z - n * hkv) * group + g;
    int row = flags & SEQUENCE_FIRST ? (n * tq + i) * hkv * group + h : z * group * tq + r;
    at[e] = there ? row : -1;
    seen[e] = there ? sdpa_seen(i, tq, keys, flags) : 0;
    bias_at[e] = there ? n * bn + h * bh + i * bq : 0;
  }
}

/* The tensor's rows of `count` keys from `first` on, -1 from `last` on. */
DEVICE void sdpa_key_rows(SHARED_PTR int* at, int count, int first, int last, int z, int hkv, int tk,
                          int flags) {
  int n = z / hkv;
  for (int e = LOCAL_ID(0); e < count; e += ITEMS) {
    int j = first + e;
    int row = flags & SEQUENCE_FIRST ? (n * tk + j) * hkv + z - n * hkv : z * tk + j;
    at[e] = j < last ? row : -1;
  }
}

DEVICE int sdpa_most(SHARED_PTR const int* seen, int count) {
  int most = 0;
  for (int e = 0; e < count; e++) most = seen[e] > most ? seen[e] : most;
  return most;
}

/* to[p][r] = x[at[r], p0 + p] for DC features of `rows` rows. */
DEVICE void sdpa_fetch(SHARED_PTR float* to, int rows, GLOBAL const ELEM* x, SHARED_PTR const int* at, int d, int p0) {
  for (int e = LOCAL_ID(0); e < rows * DC; e += ITEMS) {
    int r = e / DC;
    int p = e % DC;
    float v = 0.0f;
    if (at[r] >= 0 && p0 + p < d) v = LD(x, at[r] * d + p0 + p);
    to[p * (rows + 1) + r] = v;
  }
}

/* s[i][j] = x[row i] . y[column j]. Rows must be known to all when it is called; `a` is free when it returns. */
DEVICE void sdpa_dots(float* s, GLOBAL const ELEM* x, SHARED_PTR const int* x_at, GLOBAL const ELEM* y,
                      SHARED_PTR const int* y_at, int d, SHARED_PTR float* a) {
  int tx = LOCAL_ID(0) % TX;
  int ty = LOCAL_ID(0) / TX;
  UNROLL
  for (int i = 0; i < RQ * RK; i++) s[i] = 0.0f;
  for (int p0 = 0; p0 < d; p0 += DC) {
    sdpa_fetch(a, BQ, x, x_at, d, p0);
    sdpa_fetch(a + DC * PR, BK, y, y_at, d, p0);
    BARRIER();
    UNROLL
    for (int p = 0; p < DC; p++) {
      float u[RQ];
      float w[RK];
      UNROLL
      for (int i = 0; i < RQ; i++) u[i] = a[p * PR + ty + i * TY];
      UNROLL
      for (int j = 0; j < RK; j++) w[j] = a[DC * PR + p * PC + tx + j * TX];
      UNROLL
      for (int i = 0; i < RQ; i++) {
        UNROLL
        for (int j = 0; j < RK; j++) s[i * RK + j] = FMA(u[i], w[j], s[i * RK + j]);
      }
    }
    BARRIER();
  }
}

/* Lays the tile that the work-items hold into `a` as a[column][row]. */
DEVICE void sdpa_lay(SHARED_PTR float* a, const float* s) {
  int tx = LOCAL_ID(0) % TX;
  int ty = LOCAL_ID(0) / TX;
  UNROLL
  for (int i = 0; i < RQ; i++) {
    UNROLL
    for (int j = 0; j < RK; j++) a[(tx + j * TX) * PR + ty + i * TY] = s[i * RK + j];
  }
}

/* acc[i][c] += sum over the columns of a[column][row i] * y[column, first + c * TX + tx], c < cols; cols is at most
 * VC or a multiple of it. `a` must have been laid, by all, behind a barrier; both a and b are free when it returns. */
DEVICE void sdpa_accumulate(float* acc, const int cols, SHARED_PTR const float* a, GLOBAL const ELEM* y,
                            SHARED_PTR const int* y_at, int d, int first, SHARED_PTR float* b) {
  int tx = LOCAL_ID(0) % TX;
  int ty = LOCAL_ID(0) / TX;
  const int step = cols < VC ? cols : VC;
  UNROLL
  for (int c0 = 0; c0 < cols; c0 += step) {
    for (int e = LOCAL_ID(0); e < BK * step * TX; e += ITEMS) {
      int r = e / (step * TX);
      int f = first + c0 * TX + e % (step * TX);
      b[e] = y_at[r] >= 0 && f < d ? LD(y, y_at[r] * d + f) : 0.0f;
    }
    BARRIER();
    for (int r = 0; r < BK; r++) {
      float u[RQ];
      float w[VC];
      UNROLL
      for (int i = 0; i < RQ; i++) u[i] = a[r * PR + ty + i * TY];
      UNROLL
      for (int c = 0; c < VC; c++) {
        if (c < step) w[c] = b[(r * step + c) * TX + tx];
      }
      UNROLL
      for (int i = 0; i < RQ; i++) {
        UNROLL
        for (int c = 0; c < VC; c++) {
          if (c < step) acc[i * cols + c0 + c] = FMA(u[i], w[c], acc[i * cols + c0 + c]);
        }
      }
    }
    BARRIER();
  }
}

/* out[row, first + c * TX + tx] = factor * acc[i][c]. */
DEVICE void sdpa_store(GLOBAL ELEM* out, SHARED_PTR const int* at, const float* acc, const int cols, int d, int first,
                       float factor) {
  int tx = LOCAL_ID(0) % TX;
  int ty = LOCAL_ID(0) / TX;
  UNROLL
  for (int i = 0; i < RQ; i++) {
    int row = at[ty + i * TY];
    UNROLL
    for (int c = 0; c < cols; c++) {
      int f = first + c * TX + tx;
      if (row >= 0 && f < d) ST(out, row * d + f, factor * acc[i * cols + c]);
    }
  }
}
