/* Scaled dot-product attention, forward, on the matrix units by mma.sync: CUDA, compute capability 8.0 and later, float16
 * and bfloat16, behind sdpa_tiles.cuh. Online softmax as in Dao 2023 (FlashAttention-2), algorithm 1: scores live in
 * registers alone.
 *
 * A block takes BM = 16 MI WARPS_M rows of queries of one head, a warp 16 MI of them (and, where WARPS_N > 1, a WARPS_N-th
 * of the keys of each tile). Tiles of BN keys and values pass through STAGES slots of shared memory, fetched by cp.async;
 * rows behind a sequence's end are zeros. S = Q Kᵀ stays in a warp's registers, becomes P by exp2 with scale and log2 e
 * in one multiply-add, and is the operand A of O += P V as it lies. Only tiles that cross the diagonal or the end are
 * masked, and tiles that no row of the block (of the warp) sees are left out. D and DV are the head sizes up to the next
 * multiple of 16, d and dv the true ones (multiples of 8).
 *   QREG   1: the fragments of Q stay in registers; 0: they are read again for each tile.
 *   STAGES 1: K of the next tile arrives while P V is computed, V of this one while Q Kᵀ is; two barriers a tile.
 *          2 and more: both arrive a whole tile (or more) ahead; one barrier a tile.
 *   SPLIT  keys are cut among GROUP_COUNT(1) blocks; sdpa_sm80_combine puts their results together in a fixed order.
 * Small numbers of queries (decoding): WARPS_N > 1 and a tile of 16 rows, `pack` heads that share keys side by side in it:
 * row r is query r / pack of head r % pack of the group, so that each key is read once for all of them.
 *
 * The ladder (what each step is for; docs/h200.md has the figures):
 *   1 16 rows a warp, S and O in registers: no [Tq, Tk] matrix in memory; but each ldmatrix of K or V feeds two mma, and
 *     shared memory then gives exactly what the units of 8.0 take.
 *   2 32 rows a warp (MI 2): four mma for each ldmatrix of K or V. With Q in registers (D <= 64) a tile of 64 keys takes
 *     128 mma and 32 ldmatrix a warp; at D = 128, Q read again, one of 32 keys 128 and 48, of 64 keys (on 9.0, without a
 *     mask; else it would spill) 256 and 80.
 *   3 cp.async a tile ahead: one barrier where shared memory holds two tiles twice a multiprocessor, the alternating
 *     scheme of one slot where it does not.
 *   4 causal: diagonal tiles alone are masked, warps leave out tiles above their rows, and the longest blocks of a head
 *     come first, so that the last ones to run are short.
 *   5 decoding: heads of a group in one tile, warps side by side along the keys, blocks along them too. */
#ifndef D
#define D 64
#define DV 64
#define MI 2
#define WARPS_M 4
#define WARPS_N 1
#define BN 64
#define STAGES 2
#define QREG 1
#define BLOCKS 2
#define SPLIT 0
#endif
#define THREADS (WARPS_M * WARPS_N * 32)
#define BM (WARPS_M * MI * 16)
#define KEYS (BN / WARPS_N) /* of a tile, that a warp takes */
#define NJ (KEYS / 8)
#define VJ (DV / 8)
#define WIDE (D > DV ? D : DV)
#define WARP_QUERIES (MI * 16 * WIDE * 2) /* bytes of a warp's queries, later of its results */
#define VALUES (BN * D * 2)               /* bytes from keys to values in a slot */
#define SLOT (BN * (D + DV) * 2)
#if WARPS_N > 1
#define QUERY(row) ((row) / pack)
#define HEAD(row) ((row) % pack)
#else
#define QUERY(row) (row)
#define HEAD(row) 0
#endif
#define MERGED (DV + 4) /* floats from row to row where warps put sums together */

/* Scores of a warp: masked by the rows' ends, with bias in units of log2; without bias as they are. */
DEVICE void finish_scores(float (&s)[MI][NJ][4], int j0, int row0, int tq, int pack, int len, float c, const ELEM *bias,
                          int bsh, int bst, int bsk) {
  int lane = lane_id();
  int key0 = j0 + (lane & 3) * 2;
  UNROLL
  for (int i = 0; i < MI; i++) {
    UNROLL
    for (int h = 0; h < 2; h++) {
      int row = row0 + i * 16 + h * 8 + (lane >> 2);
      int left = visible_keys(QUERY(row), len, tq) - key0;
#if BIAS
      if (QUERY(row) >= tq) left = 0;
      const ELEM *b = bias + HEAD(row) * bsh + QUERY(row) * bst + key0 * bsk;
#endif
      UNROLL
      for (int j = 0; j < NJ; j++) {
        UNROLL
        for (int e = 0; e < 2; e++) {
          float &x = s[i][j][h * 2 + e];
          bool seen = j * 8 + e < left;
#if BIAS
          x = seen ? FMA(x, c, LD(b, (j * 8 + e) * bsk) * LOG2_E) : NEG_INF;
#else
          x = seen ? x : NEG_INF;
#endif
        }
      }
    }
  }
}

/* Grid: tiles of queries, heads (or groups of `pack`), batch in one; splits. `per`: tiles of keys of a split. Strides in
 * elements: of the batch (n), heads (h), positions (t; k for the bias's keys). partial: [split][n, h, tq][dv], then the
 * logarithms of sums [split][n, h, tq]. */
KERNEL_RESIDENT(THREADS, BLOCKS)
void sdpa_sm80(const ELEM *q, const ELEM *k, const ELEM *v, const int *lengths, const ELEM *bias, ELEM *out, float *lse,
               float *partial, int batch, int heads, int group, int pack, int tq, int tk, int d, int dv, int per, int qsn,
               int qsh, int qst, int ksn, int ksh, int kst, int vsn, int vsh, int vst, int osn, int osh, int ost, int bsn,
               int bsh, int bst, int bsk, float scale) {
  DYNAMIC_SHARED(memory);
  uint base = shared_address(memory);
  int lane = lane_id();
  int warp = LOCAL_ID(0) / 32;
  int wm = warp / WARPS_N;
  int wn = warp % WARPS_N;
  int rows = tq * pack;
  int tiles = (rows + BM - 1) / BM;
  int tile = GROUP_ID(0) % tiles;
  int head = GROUP_ID(0) / tiles % (heads / pack) * pack;
  int n = GROUP_ID(0) / tiles / (heads / pack);
#if MASK
  tile = tiles - 1 - tile;
#endif
  int block_row = tile * BM;
  int row0 = block_row + wm * MI * 16;
  int len = sequence_length(lengths, n, tk);
  int last = block_row + BM < rows ? block_row + BM : rows;
  int end = (visible_keys(QUERY(last - 1), len, tq) + BN - 1) / BN;
  int begin = 0;
#if SPLIT
  begin = GROUP_ID(1) * per;
  end = begin + per < end ? begin + per : end;
#endif
  q += (long long)n * qsn + (long long)head * qsh;
  k += (long long)n * ksn + (long long)(head / group) * ksh;
  v += (long long)n * vsn + (long long)(head / group) * vsh;
#if BIAS
  bias += (long long)n * bsn + (long long)head * bsh;
#endif
  uint own = base + wm * WARP_QUERIES;
  uint slots = base + WARPS_M * WARP_QUERIES;

#if WARPS_N > 1
  /* One tile of 16 rows, each a head's query. */
  for (int e = LOCAL_ID(0); e < BM * (D / 8); e += THREADS) {
    int r = e / (D / 8);
    int piece = e % (D / 8);
    int row = block_row + r;
    bool there = row < rows && piece * 8 < d;
    const ELEM *from = q + (long long)HEAD(row) * qsh + (long long)QUERY(row) * qst + piece * 8;
    copy_async_16(base + piece_at<D>(r, piece), there ? from : q, there ? 16 : 0);
  }
#else
  UNROLL
  for (int w = 0; w < WARPS_M; w++) {
    int row = block_row + w * MI * 16;
    fetch_tile<MI * 16, D, THREADS>(base + w * WARP_QUERIES, row < rows ? q + (long long)row * qst : q, qst, rows - row,
                                    d);
  }
#endif
  copy_async_commit();
#if STAGES == 1
  if (begin < end) fetch_tile<BN, D, THREADS>(slots, k + (long long)begin * BN * kst, kst, len - begin * BN, d);
  copy_async_commit();
  copy_async_wait<1>();
#else
  UNROLL
  for (int s = 0; s < STAGES - 1; s++) {
    int j = (begin + s) * BN;
    if (begin + s < end) {
      fetch_tile<BN, D, THREADS>(slots + s * SLOT, k + (long long)j * kst, kst, len - j, d);
      fetch_tile<BN, DV, THREADS>(slots + s * SLOT + VALUES, v + (long long)j * vst, vst, len - j, dv);
    }
    copy_async_commit();
  }
  copy_async_wait<STAGES - 1>();
#endif
  BARRIER();
  Place<D, true> pq;
  Place<D, false> pk;
  Place<DV, true> pv;
#if QREG
  uint a[MI][D / 16][4];
  UNROLL
  for (int i = 0; i < MI; i++) {
    UNROLL
    for (int kk = 0; kk < D / 16; kk++) ldmatrix_x4(a[i][kk], pq.of(own, i * 16, kk * 2));
  }
#endif

  float o[MI][VJ][4];
  clear(o);
  float top[MI][2], sum[MI][2];
  UNROLL
  for (int i = 0; i < MI; i++) {
    UNROLL
    for (int h = 0; h < 2; h++) {
      top[i][h] = NEG_INF;
      sum[i][h] = 0.0f;
    }
  }
  int all_see = visible_keys(QUERY(row0), len, tq);                    /* keys that each row of the warp sees */
  int some_see = visible_keys(QUERY(row0 + MI * 16 - 1), len, tq); /* that one of them does */
  float c = scale * LOG2_E;
  float unit = BIAS ? 1.0f : c; /* from scores to log2 */
  uint slot = slots;

  for (int t = begin; t < end; t++) {
#if STAGES == 1
    copy_async_wait<0>();
    BARRIER();
    fetch_tile<BN, DV, THREADS>(slots + VALUES, v + (long long)t * BN * vst, vst, len - t * BN, dv);
    copy_async_commit();
#else
    copy_async_wait<STAGES - 2>();
    BARRIER();
    int ahead = t + STAGES - 1;
    if (ahead < end) {
      uint to = slots + (ahead - begin) % STAGES * SLOT;
      fetch_tile<BN, D, THREADS>(to, k + (long long)ahead * BN * kst, kst, len - ahead * BN, d);
      fetch_tile<BN, DV, THREADS>(to + VALUES, v + (long long)ahead * BN * vst, vst, len - ahead * BN, dv);
    }
    copy_async_commit();
#endif
    int j0 = t * BN + wn * KEYS;
    bool work = (MASK == 0 && WARPS_N == 1) || j0 < some_see;
    float s[MI][NJ][4];
    clear(s);
    if (work) {
      uint keys = slot + wn * KEYS * D * 2;
#if QREG
      UNROLL
      for (int kk = 0; kk < D / 16; kk++) {
        UNROLL
        for (int j = 0; j < NJ / 2; j++) {
          uint b[4];
          ldmatrix_x4(b, pk.of(keys, j * 16, kk * 2));
          UNROLL
          for (int i = 0; i < MI; i++) multiply_pair(s[i][2 * j], s[i][2 * j + 1], a[i][kk], b);
        }
      }
#else
      multiply_rows<MI, NJ, D>(s, own, pq, keys, pk);
#endif
      if (BIAS || j0 + KEYS > (MASK == 0 ? len : all_see)) finish_scores(s, j0, row0, tq, pack, len, c, bias, bsh, bst, bsk);
      UNROLL
      for (int i = 0; i < MI; i++) {
        UNROLL
        for (int h = 0; h < 2; h++) {
          float m = top[i][h];
          UNROLL
          for (int j = 0; j < NJ; j++) m = FMAXF(m, FMAXF(s[i][j][h * 2], s[i][j][h * 2 + 1]));
          m = FMAXF(m, shuffle_xor(m, 1));
          m = FMAXF(m, shuffle_xor(m, 2));
          float shift = m == NEG_INF ? 0.0f : m * unit;
          float fade = exp2_approx(FMA(top[i][h], unit, -shift));
          float x = 0.0f;
          UNROLL
          for (int j = 0; j < NJ; j++) {
            UNROLL
            for (int e = h * 2; e < h * 2 + 2; e++) {
              s[i][j][e] = exp2_approx(FMA(s[i][j][e], unit, -shift));
              x += s[i][j][e];
            }
          }
          top[i][h] = m;
          sum[i][h] = FMA(sum[i][h], fade, x);
          UNROLL
          for (int j = 0; j < VJ; j++) {
            o[i][j][h * 2] *= fade;
            o[i][j][h * 2 + 1] *= fade;
          }
        }
      }
    }
#if STAGES == 1
    copy_async_wait<0>();
    BARRIER();
    int next = (t + 1) * BN;
    if (t + 1 < end) fetch_tile<BN, D, THREADS>(slots, k + (long long)next * kst, kst, len - next, d);
    copy_async_commit();
#endif
    if (work) multiply_columns<MI, NJ, DV>(o, s, slot + VALUES + wn * KEYS * DV * 2, pv);
    slot = slot == slots + (STAGES - 1) * SLOT ? slots : slot + SLOT;
  }
  copy_async_wait<0>();

#if WARPS_N == 1 && MASK == 0
  {
    /* Computed again, so that no register keeps it through the loop. */
    int g = not_kept(GROUP_ID(0));
    rows = tq * pack;
    tiles = (rows + BM - 1) / BM;
    tile = g % tiles;
    head = g / tiles % (heads / pack) * pack;
    n = g / tiles / (heads / pack);
    warp = not_kept(LOCAL_ID(0)) / 32;
    wm = warp;
    row0 = tile * BM + wm * MI * 16;
  }
#endif
  UNROLL
  for (int i = 0; i < MI; i++) {
    UNROLL
    for (int h = 0; h < 2; h++) {
      sum[i][h] += shuffle_xor(sum[i][h], 1);
      sum[i][h] += shuffle_xor(sum[i][h], 2);
    }
  }
#if WARPS_N == 1
  float factors[MI][2];
  UNROLL
  for (int i = 0; i < MI; i++) {
    UNROLL
    for (int h = 0; h < 2; h++) {
      int row = row0 + i * 16 + h * 8 + (lane >> 2);
      float x = sum[i][h]; /* at least about 1, or 0 where nothing is seen */
      factors[i][h] = x == 0.0f ? 0.0f : 1.0f / x;
      if ((lane & 3) == 0 && row < rows)
        lse[((long long)n * heads + head) * tq + row] =
            x == 0.0f ? NEG_INF : top[i][h] * (BIAS ? LN_2 : scale) + LOGF(x);
    }
  }
  store_rows<MI, DV>(out + (long long)n * osn + (long long)head * osh + (long long)row0 * ost, ost, rows - row0, dv,
                     memory + wm * WARP_QUERIES, o, factors);
#else
  /* The warps' sums side by side in the slots, then each row's together. */
  BARRIER();
  float *sums = (float *)(memory + WARPS_M * WARP_QUERIES);
  float *tops = sums + WARPS_N * 16 * MERGED; /* [warp][row][largest in log2, sum] */
  UNROLL
  for (int h = 0; h < 2; h++) {
    int r = wn * 16 + h * 8 + (lane >> 2);
    UNROLL
    for (int j = 0; j < VJ; j++)
      *(float2 *)(sums + r * MERGED + j * 8 + (lane & 3) * 2) = make_float2(o[0][j][h * 2], o[0][j][h * 2 + 1]);
    if ((lane & 3) == 0) *(float2 *)(tops + r * 2) = make_float2(top[0][h] * unit, sum[0][h]);
  }
  BARRIER();
  for (int e = LOCAL_ID(0); e < 16 * (dv / 8); e += THREADS) {
    int r = e / (dv / 8);
    int piece = e % (dv / 8);
    int row = block_row + r;
    if (row >= rows) continue;
    float m = NEG_INF;
    UNROLL
    for (int w = 0; w < WARPS_N; w++) m = FMAXF(m, tops[(w * 16 + r) * 2]);
    float shift = m == NEG_INF ? 0.0f : m;
    float total = 0.0f;
    float x[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    UNROLL
    for (int w = 0; w < WARPS_N; w++) {
      const float *from = sums + (w * 16 + r) * MERGED + piece * 8;
      float share = exp2_approx(tops[(w * 16 + r) * 2] - shift);
      total = FMA(tops[(w * 16 + r) * 2 + 1], share, total);
      UNROLL
      for (int j = 0; j < 8; j++) x[j] = FMA(from[j], share, x[j]);
    }
    float factor = total == 0.0f ? 0.0f : 1.0f / total;
    UNROLL
    for (int j = 0; j < 8; j++) x[j] *= factor;
    long long place = ((long long)n * heads + head + HEAD(row)) * tq + QUERY(row);
    float log_sum = total == 0.0f ? NEG_INF : FMA(shift, LN_2, LOGF(total));
#if SPLIT
    long long all = (long long)batch * heads * tq;
    float *to = partial + (GROUP_ID(1) * all + place) * dv + piece * 8;
    *(float4 *)to = make_float4(x[0], x[1], x[2], x[3]);
    *(float4 *)(to + 4) = make_float4(x[4], x[5], x[6], x[7]);
    if (piece == 0) partial[GROUP_COUNT(1) * all * dv + GROUP_ID(1) * all + place] = log_sum;
#else
    ELEM *to = out + (long long)n * osn + (long long)(head + HEAD(row)) * osh + (long long)QUERY(row) * ost;
    piece_store(to + piece * 8, piece_pack(x));
    if (piece == 0) lse[place] = log_sum;
#endif
  }
#endif
}

/* One warp a row of queries: the splits' results, each weighed by its share of the sum, in order. */
KERNEL_SIZED(128, 1, 1) void sdpa_sm80_combine(const float *partial, ELEM *out, float *lse, int batch, int heads, int tq,
                                               int dv, int splits, int osn, int osh, int ost) {
  long long all = (long long)batch * heads * tq;
  long long place = (long long)GROUP_ID(0) * 4 + LOCAL_ID(0) / 32;
  if (place >= all) return;
  const float *logs = partial + splits * all * dv + place;
  float m = NEG_INF;
  for (int s = 0; s < splits; s++) m = FMAXF(m, logs[s * all]);
  float shift = m == NEG_INF ? 0.0f : m;
  float total = 0.0f;
  for (int s = 0; s < splits; s++) total += EXPF(logs[s * all] - shift);
  float factor = total == 0.0f ? 0.0f : 1.0f / total;
  int t = (int)(place % tq);
  int head = (int)(place / tq % heads);
  int n = (int)(place / tq / heads);
  ELEM *to = out + (long long)n * osn + (long long)head * osh + (long long)t * ost;
  int lane = lane_id();
  if (lane == 0) lse[place] = total == 0.0f ? NEG_INF : m + LOGF(total);
  for (int piece = lane; piece < dv / 8; piece += 32) {
    float x[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    for (int s = 0; s < splits; s++) {
      const float *from = partial + (s * all + place) * dv + piece * 8;
      float share = EXPF(logs[s * all] - shift) * factor;
      float4 lo = *(const float4 *)from;
      float4 hi = *(const float4 *)(from + 4);
      float y[8] = {lo.x, lo.y, lo.z, lo.w, hi.x, hi.y, hi.z, hi.w};
      UNROLL
      for (int j = 0; j < 8; j++) x[j] = FMA(y[j], share, x[j]);
    }
    piece_store(to + piece * 8, piece_pack(x));
  }
}
