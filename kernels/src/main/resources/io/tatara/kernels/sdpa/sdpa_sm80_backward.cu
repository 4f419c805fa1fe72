/* Gradients of scaled dot-product attention on the matrix units by mma.sync: CUDA, compute capability 8.0 and later,
 * float16 and bfloat16, behind sdpa_tiles.cuh. Weights are computed anew from logSumExp (Dao 2023, FlashAttention-2,
 * algorithm 2). Three launches, no atomics: each sum has one owner and a fixed order.
 *   sdpa_sm80_rows      for each query: logSumExp in log2, +infinity where nothing is seen (weights become 0), and
 *                       delta = dO · O - dLogSumExp.
 *   sdpa_sm80_gradient  with QUERIES 0: a block owns keys, runs over the queries of all heads of the group and gives dK
 *                       and dV; with QUERIES 1: it owns queries, runs over keys and gives dQ.
 *
 * Both are one scheme. A warp owns 16 MI rows X (keys: K and V; queries: Q and dO), which stay in shared memory; tiles of
 * OTHER rows Y (Q and dO; K and V) pass through STAGES slots, fetched by cp.async. S = X1 Y1ᵀ and dP = X2 Y2ᵀ come out
 * with the own rows along the fragments' rows, so that P and dS = P (dP - delta) are the operand A of the sums over Y as
 * they lie: no score passes through shared memory, and warps never wait for each other's.
 *   KEY_SUM, VALUE_SUM: whether dK (QUERIES: dQ) and dV are computed. Heads so wide that both do not fit in registers
 *   take a launch each.
 *
 * The ladder (what each step is for; docs/h200.md has the figures):
 *   1 scores transposed for dK and dV, as they are for dQ: all four (three) products without an exchange among warps.
 *     Seven products in all where one kernel with atomics on dQ takes five; dQ's order is fixed in return.
 *   2 as many rows a warp as registers hold: each ldmatrix of Y feeds 2 MI mma. dQ at 64 features: 32 rows by 32 keys, 96
 *     mma and 40 ldmatrix a tile (by 64 keys where that fits, 192 and 64); at 128: 16 rows by 64, 192 and 112. dK and dV
 *     together have twice the sums, so 16 rows: at 64 features by 64 queries, 128 mma and 72 ldmatrix; at 128 by 32, 128
 *     and 80.
 *   3 cp.async a tile ahead, one barrier a tile.
 *   4 causal: tiles that no own row sees, or that see none, are left out; diagonal ones alone are masked; the blocks with
 *     most work come first. The mask is a pass of its own over the scores of such tiles: inside the exponentials it cost
 *     each tile, and registers (H200: the causal gradient at 128 features ran at three quarters of the full one's rate). */
#ifndef D
#define D 64
#define DV 64
#define MI 2
#define WARPS 4
#define OTHER 32
#define STAGES 2
#define BLOCKS 2
#define QUERIES 0
#define KEY_SUM 1
#define VALUE_SUM 1
#define ROW_LANES 8
#endif
#define THREADS (WARPS * 32)
#define OWN (WARPS * MI * 16)
#define NJ (OTHER / 8)
#define SECOND (OTHER * D * 2)               /* bytes from the first tile of a slot to the second */
#define STATS (SECOND + OTHER * DV * 2)      /* and to logSumExp and delta of its queries */
#define SLOT (STATS + (QUERIES ? 0 : OTHER * 8))

/* Each row of queries by ROW_LANES lanes, rows padded to `padded` for each head: stats is [n, h, padded] twice. */
KERNEL_SIZED(128, 1, 1) void sdpa_sm80_rows(const ELEM *out, const float *lse, const ELEM *dout, const float *dlse,
                                            float *stats, int batch, int heads, int tq, int padded, int dv, int osn,
                                            int osh, int ost) {
  long long all = (long long)batch * heads * padded;
  long long row = ((long long)GROUP_ID(0) * 128 + LOCAL_ID(0)) / ROW_LANES;
  int lane = LOCAL_ID(0) % ROW_LANES;
  int t = (int)(row % padded);
  long long head = row / padded;
  bool there = row < all && t < tq;
  float x = 0.0f;
  if (there) {
    long long at = head / heads * osn + head % heads * osh + (long long)t * ost;
    for (int piece = lane; piece < dv / 8; piece += ROW_LANES) {
      float a[8], b[8];
      piece_unpack(piece_load(out + at + piece * 8), a);
      piece_unpack(piece_load(dout + at + piece * 8), b);
      UNROLL
      for (int j = 0; j < 8; j++) x = FMA(a[j], b[j], x);
    }
  }
  UNROLL
  for (int m = ROW_LANES / 2; m > 0; m >>= 1) x += shuffle_xor(x, m);
  if (lane == 0 && row < all) {
    float l = there ? lse[head * tq + t] : NEG_INF;
    stats[row] = l == NEG_INF ? POS_INF : l * LOG2_E;
    if (there && dlse) x -= dlse[head * tq + t];
    stats[all + row] = x;
  }
}

/* Asks for the tiles of Y from row `at` on; for queries also their numbers. */
DEVICE void fetch_other(uint slot, const ELEM *y1, int ld1, const ELEM *y2, int ld2, int at, int there, int d, int dv,
                        const float *stats, long long all) {
  fetch_tile<OTHER, D, THREADS>(slot, y1 + (long long)at * ld1, ld1, there - at, d);
  fetch_tile<OTHER, DV, THREADS>(slot + SECOND, y2 + (long long)at * ld2, ld2, there - at, dv);
#if !QUERIES
  int id = LOCAL_ID(0);
  if (id < OTHER / 2) {
    int second = id >= OTHER / 4;
    int i = (id % (OTHER / 4)) * 4;
    copy_async_16(slot + STATS + second * OTHER * 4 + i * 4, stats + (second ? all : 0) + at + i, 16);
  }
#endif
}

/* Scores of a warp in tiles that cross the diagonal or an end: -infinity where the query does not see the key; with bias
 * in units of log2, without as they are. */
DEVICE void mask_scores(float (&s)[MI][NJ][4], int row0, int y0, int len, int tq, float c, const ELEM *bias, int bst,
                        int bsk) {
  int lane = lane_id();
  int col0 = y0 + (lane & 3) * 2;
  UNROLL
  for (int i = 0; i < MI; i++) {
    UNROLL
    for (int h = 0; h < 2; h++) {
      int row = row0 + i * 16 + h * 8 + (lane >> 2);
      /* Columns from `from` on and below `to`; queries behind the last one have weight 0 by their logSumExp. */
#if QUERIES
      int from = 0;
      int to = BIAS && row >= tq ? 0 : visible_keys(row, len, tq) - col0;
#else
      int from = row < len ? first_query(row, len, tq) - col0 : OTHER;
      int to = BIAS ? tq - col0 : OTHER;
#endif
      UNROLL
      for (int j = 0; j < NJ; j++) {
        UNROLL
        for (int e = 0; e < 2; e++) {
          float &x = s[i][j][h * 2 + e];
          int at = j * 8 + e;
          bool seen = at >= from && at < to;
#if BIAS
          const ELEM *b = QUERIES ? bias + row * bst + (col0 + at) * bsk : bias + (col0 + at) * bst + row * bsk;
          x = seen ? FMA(x, c, LD(b, 0) * LOG2_E) : NEG_INF;
#else
          x = seen ? x : NEG_INF;
#endif
        }
      }
    }
  }
}

/* Grid: tiles of own rows, heads (of keys; of queries where QUERIES), batch in one. Strides as in sdpa_sm80; dO lies as
 * O does, gradients as what they belong to. */
KERNEL_RESIDENT(THREADS, BLOCKS)
void sdpa_sm80_gradient(const ELEM *q, const ELEM *k, const ELEM *v, const int *lengths, const ELEM *bias,
                        const ELEM *dout, const float *stats, ELEM *d1, ELEM *d2, int batch, int heads, int group, int tq,
                        int tk, int padded, int d, int dv, int qsn, int qsh, int qst, int ksn, int ksh, int kst, int vsn,
                        int vsh, int vst, int osn, int osh, int ost, int bsn, int bsh, int bst, int bsk, float scale) {
  DYNAMIC_SHARED(memory);
  uint base = shared_address(memory);
  int lane = lane_id();
  int warp = LOCAL_ID(0) / 32;
  int own_rows = QUERIES ? tq : tk;
  int own_heads = QUERIES ? heads : heads / group;
  int tiles = (own_rows + OWN - 1) / OWN;
  int tile = GROUP_ID(0) % tiles;
  int own_head = GROUP_ID(0) / tiles % own_heads;
  int n = GROUP_ID(0) / tiles / own_heads;
#if MASK && QUERIES
  tile = tiles - 1 - tile;
#endif
  int block_row = tile * OWN;
  int row0 = block_row + warp * MI * 16;
  int len = sequence_length(lengths, n, tk);
  long long all = (long long)batch * heads * padded;
  int kv_head = QUERIES ? own_head / group : own_head;
  q += (long long)n * qsn;
  dout += (long long)n * osn;
  k += (long long)n * ksn + (long long)kv_head * ksh;
  v += (long long)n * vsn + (long long)kv_head * vsh;
#if BIAS
  bias += (long long)n * bsn;
#if !QUERIES
  bias += (long long)(own_head * group) * bsh;
#endif
#endif

  /* Tiles of Y that the block's rows have to do with, for each head. */
  int begin = 0, end;
#if QUERIES
  int last = block_row + OWN < tq ? block_row + OWN : tq;
  end = (visible_keys(last - 1, len, tq) + OTHER - 1) / OTHER;
  int rounds = end;
  q += (long long)own_head * qsh;
  dout += (long long)own_head * osh;
  stats += ((long long)n * heads + own_head) * padded;
#if BIAS
  bias += (long long)own_head * bsh;
#endif
  fetch_tile<OWN, D, THREADS>(base, q + (long long)block_row * qst, qst, tq - block_row, d);
  fetch_tile<OWN, DV, THREADS>(base + OWN * D * 2, dout + (long long)block_row * ost, ost, tq - block_row, dv);
#else
  end = (tq + OTHER - 1) / OTHER;
#if MASK
  int first = block_row - (MASK == 1 ? 0 : len - tq); /* query that sees the block's first key */
  begin = first < 0 ? 0 : first / OTHER;
  if (begin > end) begin = end;
#endif
  if (block_row >= len) begin = end;
  int rounds = (end - begin) * group;
  int head0 = own_head * group;
  q += (long long)head0 * qsh;
  dout += (long long)head0 * osh;
  stats += ((long long)n * heads + head0) * padded;
  int at = begin;
  fetch_tile<OWN, D, THREADS>(base, k + (long long)block_row * kst, kst, len - block_row, d);
  fetch_tile<OWN, DV, THREADS>(base + OWN * D * 2, v + (long long)block_row * vst, vst, len - block_row, dv);
#endif
  uint x1 = base + warp * MI * 16 * D * 2;
  uint x2 = base + OWN * D * 2 + warp * MI * 16 * DV * 2;
  uint slots = base + OWN * (D + DV) * 2;

#if QUERIES
#define FETCH(round, slot) fetch_other(slot, k, kst, v, vst, (round) * OTHER, len, d, dv, stats, all)
#else
  int next = begin;
#define FETCH(round, slot)                                                                                       \
  {                                                                                                              \
    fetch_other(slot, q, qst, dout, ost, next * OTHER, tq, d, dv, stats, all);                                   \
    if (++next == end) {                                                                                         \
      next = begin;                                                                                              \
      q += qsh;                                                                                                  \
      dout += osh;                                                                                               \
      stats += padded;                                                                                           \
    }                                                                                                            \
  }
#endif
#if STAGES == 1
  copy_async_commit();
#endif
  UNROLL
  for (int s = 0; s < STAGES - 1; s++) {
    if (s < rounds) FETCH(s, slots + s * SLOT);
    copy_async_commit(); /* the first group has the own rows too */
  }

#if KEY_SUM
  float sum1[MI][D / 8][4];
  clear(sum1);
#endif
#if VALUE_SUM
  float sum2[MI][DV / 8][4];
  clear(sum2);
#endif
#if QUERIES
  float logs[MI][2], delta[MI][2];
  UNROLL
  for (int i = 0; i < MI; i++) {
    UNROLL
    for (int h = 0; h < 2; h++) {
      int row = row0 + i * 16 + h * 8 + (lane >> 2);
      logs[i][h] = row < tq ? stats[row] : POS_INF;
      delta[i][h] = row < tq ? stats[all + row] : 0.0f;
    }
  }
#endif
  float c = scale * LOG2_E;
  float unit = BIAS ? 1.0f : c; /* from scores to log2 */
  Place<D, true> p1;
  Place<D, false> r1;
  Place<DV, true> p2;
  Place<DV, false> r2;
  uint slot = slots;

  for (int round = 0; round < rounds; round++) {
#if STAGES == 1
    BARRIER();
    FETCH(round, slots);
    copy_async_commit();
    copy_async_wait<0>();
    BARRIER();
#else
    copy_async_wait<STAGES - 2>();
    BARRIER();
    if (round + STAGES - 1 < rounds) FETCH(round + STAGES - 1, slots + (round + STAGES - 1) % STAGES * SLOT);
    copy_async_commit();
#endif
#if QUERIES
    int y0 = round * OTHER;
    bool work = y0 < visible_keys(row0 + MI * 16 - 1, len, tq);
    bool masked = y0 + OTHER > visible_keys(row0, len, tq);
    const ELEM *b = bias;
#else
    int y0 = at * OTHER;
    bool work = row0 < visible_keys(y0 + OTHER - 1, len, tq);
    bool masked = row0 + MI * 16 > visible_keys(y0, len, tq);
    const float *logs = (const float *)(memory + (slot - base) + STATS);
    const ELEM *b = bias;
#endif
    if (work) {
      float s[MI][NJ][4];
      clear(s);
      multiply_rows<MI, NJ, D>(s, x1, p1, slot, r1);
      if (BIAS || masked) mask_scores(s, row0, y0, len, tq, c, b, bst, bsk);
      UNROLL
      for (int j = 0; j < NJ; j++) {
#if !QUERIES
        float2 l = *(const float2 *)(logs + j * 8 + (lane & 3) * 2);
#endif
        UNROLL
        for (int i = 0; i < MI; i++) {
          UNROLL
          for (int e = 0; e < 4; e++) {
#if QUERIES
            float log = logs[i][e / 2];
#else
            float log = e & 1 ? l.y : l.x;
#endif
            s[i][j][e] = exp2_approx(FMA(s[i][j][e], unit, -log));
          }
        }
      }
#if VALUE_SUM
      multiply_columns<MI, NJ, DV>(sum2, s, slot + SECOND, p2);
#endif
#if KEY_SUM
      float dp[MI][NJ][4];
      clear(dp);
      multiply_rows<MI, NJ, DV>(dp, x2, p2, slot + SECOND, r2);
      UNROLL
      for (int j = 0; j < NJ; j++) {
#if !QUERIES
        float2 l = *(const float2 *)(logs + OTHER + j * 8 + (lane & 3) * 2);
#endif
        UNROLL
        for (int i = 0; i < MI; i++) {
          UNROLL
          for (int e = 0; e < 4; e++) {
#if QUERIES
            float from = delta[i][e / 2];
#else
            float from = e & 1 ? l.y : l.x;
#endif
            s[i][j][e] *= dp[i][j][e] - from;
          }
        }
      }
      multiply_columns<MI, NJ, D>(sum1, s, slot, p1);
#endif
    }
    slot = slot == slots + (STAGES - 1) * SLOT ? slots : slot + SLOT;
#if !QUERIES
    if (++at == end) {
      at = begin;
      bias += bsh;
    }
#endif
  }
  copy_async_wait<0>();
  BARRIER(); /* own rows that no round has waited for */

  float factors[MI][2];
#if KEY_SUM
  UNROLL
  for (int i = 0; i < MI; i++) factors[i][0] = factors[i][1] = scale;
#if QUERIES
  store_rows<MI, D>(d1 + (long long)n * qsn + (long long)own_head * qsh + (long long)row0 * qst, qst, tq - row0, d,
                    memory + (x1 - base), sum1, factors);
#else
  store_rows<MI, D>(d1 + (long long)n * ksn + (long long)own_head * ksh + (long long)row0 * kst, kst, tk - row0, d,
                    memory + (x1 - base), sum1, factors);
#endif
#endif
#if VALUE_SUM
  UNROLL
  for (int i = 0; i < MI; i++) factors[i][0] = factors[i][1] = 1.0f;
  store_rows<MI, DV>(d2 + (long long)n * vsn + (long long)own_head * vsh + (long long)row0 * vst, vst, tk - row0, dv,
                     memory + (x2 - base), sum2, factors);
#endif
}
