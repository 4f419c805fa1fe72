/* The product of recurrent_grid.cu, which this text follows, for large batches in float32: one phase, chunks of 32 rows.
 * CUDA, compute capability 8.0 on.
 *
 * All weights are in shared memory. A warp has the columns (s * WARPS + warp) * SLICE and on of slice s = 0 .. KP - 1. It
 * copies the same columns of the chunk's rows of states (32 rows of 128 bytes) into a ring of STAGES buffers that is its
 * own, by cp.async, STAGES - 1 slices ahead: a wait of the warp alone, no barrier of the block.
 *
 * Tile of a thread: A rows of the slice (a * LR + lr) × RB = 8 rows of the batch (r * LB + lb), sums in registers, every
 * second half of a slice's columns (lk). A + 8 reads of 16 bytes from shared memory serve A * 8 * 4 multiply-adds. Lanes:
 * bits 0 and 2 are lb, 1 and 3 lr, 4 is lk, so that neighbours share either address of a read. Pieces of the weight that a
 * warp reads at a time stand side by side; piece q of row n of the states stands at q ^ n % 4: no bank is met twice.
 *
 * At the end sums are folded over lk and stand, for sum_of, where the warp's slices stood.
 *
 * Ladder: 1 recurrent_grid.cu's own: each piece of the weight is read for four rows, the states are waited for with every
 * four rows; 2 this: docs/cuda.md. Figures: docs/h200.md. */
#define LB 4
#define LK 2
#define KS (SLICE / PE / LK)
/* Pieces of a row of a buffer. */
#define PIECES (SLICE / PE)

/* The slice into shared memory: [slice][kp][a][warp][lr][lk]. The first wait is the barrier. */
template <int A, int KP, int LR, int KR, int REG, int AT, int FORWARD>
DEVICE void load_weights(const Place& p, uint4* reg, const ELEM* w, int gates, int gate0, int count, int K, int H) {
  const int GROUP = WARPS * LR * LK;
  const Place of = of_team(p);
  _Pragma("unroll 4")
  for (int i = p.tid; i < KP * KS * A * GROUP; i += THREADS) {
    int lk = i % LK, lr = i / LK % LR, warp = i / (LK * LR) % WARPS;
    int a = i / GROUP % A, kp = i / (GROUP * A) % KS, s = i / (GROUP * A * KS);
    int k = first_column(KP * WARPS * SLICE) + (s * WARPS + warp) * SLICE + (lk * KS + kp) * PE;
    p.pieces[i] = weight_columns<FORWARD>(of, w, gates, gate0, count, K, H, a * LR + lr, k);
  }
}

/* What a lane copies of a slice: piece lane % 8 of rows lane / 8, 4 further and so on. */
struct Copies {
  const ELEM* from[CHUNK / 4];
  uint there; /* bit i: that row is not zeros */
  int k, to;
};

DEVICE Copies copies(const Place& p, const Source& s, int first) {
  Copies y;
  int lane = p.tid % 32, row = lane / PIECES, q = lane % PIECES;
  y.k = first + p.tid / 32 * SLICE + q * PE;
  y.to = row * SLICE + (q ^ row) * PE;
  y.there = 0;
  UNROLL
  for (int i = 0; i < CHUNK / 4; i++) {
    int at = p.at[i * 4 + row];
    const ELEM* base = at >= -1 ? s.a : s.first;
    y.from[i] = base + (at >= 0 ? at : at == -1 ? 0 : -2 - at);
    y.there |= (at != -1 ? 1u : 0u) << i;
  }
  return y;
}

/* The next slice of the chunk's rows, slice t, to a buffer of the warp's. */
DEVICE void copy_slice(const Place& p, const Source& s, const Copies& y, float* buffer, int t) {
  int k = y.k + t * WARPS * SLICE;
#if VECTOR
  uint to = shared_address(buffer + y.to), there = k < s.K ? y.there : 0;
  int column = k >= s.K ? 0 : k < s.from ? k : k + s.skip;
  UNROLL
  for (int i = 0; i < CHUNK / 4; i++)
    copy_async_16(to + i * 4 * SLICE * 4, y.from[i] + column, (there >> i & 1) * 16);
#else
  _Pragma("unroll 2")
  for (int i = 0; i < CHUNK / 4; i++)
    *(uint4*)(buffer + y.to + i * 4 * SLICE) = source_piece(s, p.at[i * 4 + p.tid % 32 / PIECES], k);
#endif
}

/* The warp's share of the sums of chunk c's rows with all rows of the slice. */
template <int A, int KP, int LR, int KR, int REG, int AT>
DEVICE void product(const Place& p, const uint4* reg, const Source& s, int c) {
  const int GROUP = WARPS * LR * LK;
  int lane = p.tid % 32, warp = p.tid / 32;
  int lb = (lane & 1) | (lane >> 1 & 2), lr = (lane >> 1 & 1) | (lane >> 2 & 2), lk = lane >> 4;
  float* ring = p.part + warp * PART_STRIDE;
  const uint4* w = p.pieces + (warp * LR + lr) * LK + lk;
  Copies y = copies(p, s, first_column(KP * WARPS * SLICE));
  float v[RB][A];
  UNROLL
  for (int i = 0; i < RB * A; i++) v[i / A][i % A] = 0.0f;
  UNROLL
  for (int t = 0; t < STAGES - 1; t++) {
    if (t < KP) copy_slice(p, s, y, ring + t * CHUNK * SLICE, t);
    copy_async_commit();
  }
  int at = 0, ahead = STAGES - 1; /* buffers of slices t and t + STAGES - 1 */
  ROLLED
  for (int t = 0; t < KP; t++) {
    copy_async_wait<STAGES - 2>();
    warp_barrier(); /* all lanes' copies of slice t are there, and all lanes are through with slice t - 1 */
    if (t + STAGES - 1 < KP) copy_slice(p, s, y, ring + ahead * CHUNK * SLICE, t + STAGES - 1);
    copy_async_commit();
    const uint4* x = (const uint4*)(ring + at * CHUNK * SLICE) + lb * PIECES;
    UNROLL
    for (int kp = 0; kp < KS; kp++) {
      uint4 rows[RB];
      UNROLL
      for (int r = 0; r < RB; r++) rows[r] = x[r * LB * PIECES + ((lk * KS + kp) ^ lb)];
      UNROLL
      for (int a = 0; a < A; a++) {
        uint4 weight = w[(kp * A + a) * GROUP];
        UNROLL
        for (int r = 0; r < RB; r++) v[r][a] = dot(weight, rows[r], v[r][a]);
      }
    }
    w += KS * A * GROUP;
    at = at + 1 < STAGES ? at + 1 : 0;
    ahead = ahead + 1 < STAGES ? ahead + 1 : 0;
  }
  warp_barrier();
  /* Lanes of lk = 0 keep the first half of the rows. */
  const int HALF = RB / 2;
  float* out = ring + (lk * HALF * LB + lb) * PART_PITCH + lr;
  UNROLL
  for (int r = 0; r < HALF; r++) {
    UNROLL
    for (int a = 0; a < A; a++) {
      float keep = lk ? v[HALF + r][a] : v[r][a], send = lk ? v[r][a] : v[HALF + r][a];
      out[r * LB * PART_PITCH + a * LR] = keep + shuffle_xor(send, 16);
    }
  }
}
