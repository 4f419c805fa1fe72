/* Rows of stored reals that some threads share: CUDA, any architecture; follows warp.cuh and lanes.cuh.
 *
 * WIDTH threads take a row: up to 32 (a power of two) within a warp, or a whole block. A row is a few elements
 * up to the first multiple of 16 bytes, then pieces, then a few elements; row starts that are not aligned
 * (ODD) need at least 16 threads, of which the first 8 look after the head and the next 8 after the tail.
 * Rows start at the same place within 16 bytes in all arrays of a kernel. */
#ifndef WIDTH
#define WIDTH 32
#endif
#ifndef BLOCK
#define BLOCK 128
#endif
#ifndef ODD
#define ODD 0
#endif
#ifndef PER
#define PER 4 /* pieces of a row in a thread's registers */
#endif
#ifndef BATCH
#define BATCH 4 /* loads under way where rows are streamed */
#endif

struct RowPlace {
  int t;      /* this thread among the row's */
  int head;   /* elements before the first piece */
  int pieces; /* of the row */
  int edge;   /* this thread's single element in head or tail, -1 for none */
};

/* The row of n elements that begins at element `start`; n = 0 gives nothing to do. */
DEVICE RowPlace row_place(int start, int n) {
  RowPlace r;
  r.t = LOCAL_ID(0) % WIDTH;
#if ODD
  int head = -start & (LANES - 1);
  r.head = head < n ? head : n;
  r.pieces = (n - r.head) / LANES;
  int tail = (n - r.head) % LANES;
  r.edge = r.t < r.head ? r.t : r.t >= 8 && r.t - 8 < tail ? n - tail + r.t - 8 : -1;
#else
  r.head = 0;
  r.pieces = n / LANES;
  r.edge = -1;
#endif
  return r;
}

/* Sum or maximum over the row's threads, for all of them, in a fixed order; part: 32 floats of the block that
 * no other call uses. The maximum passes NaN over. */
DEVICE float row_sum(float v, SHARED_PTR float* part) {
  UNROLL
  for (int m = (WIDTH < 32 ? WIDTH : 32) / 2; m > 0; m >>= 1) v += shuffle_xor(v, m);
#if WIDTH > 32
  if (lane_id() == 0) part[LOCAL_ID(0) / 32] = v;
  BARRIER();
  v = warp_sum(lane_id() < WIDTH / 32 ? part[lane_id()] : 0.0f);
#endif
  return v;
}
DEVICE float row_max(float v, SHARED_PTR float* part) {
  UNROLL
  for (int m = (WIDTH < 32 ? WIDTH : 32) / 2; m > 0; m >>= 1) v = FMAXF(v, shuffle_xor(v, m));
#if WIDTH > 32
  if (lane_id() == 0) part[LOCAL_ID(0) / 32] = v;
  BARRIER();
  v = warp_max(lane_id() < WIDTH / 32 ? part[lane_id()] : -POS_INF);
#endif
  return v;
}

/* Calls f(values, count, index of the first) on this thread's pieces, and single elements, of the row, with
 * BATCH loads under way at a time. */
template <class F>
DEVICE void row_stream(const ELEM* RESTRICT row, const RowPlace& r, F f) {
  float v[LANES];
#if ODD
  if (r.edge >= 0) {
    v[0] = LD(row, r.edge);
    f(v, 1, r.edge);
  }
#endif
  for (int base = r.t; base < r.pieces; base += BATCH * WIDTH) {
    uint4 w[BATCH];
    UNROLL
    for (int k = 0; k < BATCH; k++) {
      int piece = base + k * WIDTH;
      w[k] = piece < r.pieces ? piece_load(row + r.head + piece * LANES) : piece_zero();
    }
    UNROLL
    for (int k = 0; k < BATCH; k++) {
      int piece = base + k * WIDTH;
      if (piece < r.pieces) {
        piece_unpack(w[k], v);
        f(v, LANES, r.head + piece * LANES);
      }
    }
  }
}

/* The same of two rows: f(values, other values, count, index of the first). */
template <class F>
DEVICE void row_stream(const ELEM* RESTRICT a, const ELEM* RESTRICT b, const RowPlace& r, F f) {
  float v[LANES];
  float u[LANES];
#if ODD
  if (r.edge >= 0) {
    v[0] = LD(a, r.edge);
    u[0] = LD(b, r.edge);
    f(v, u, 1, r.edge);
  }
#endif
  for (int base = r.t; base < r.pieces; base += BATCH * WIDTH) {
    uint4 w[BATCH];
    uint4 z[BATCH];
    UNROLL
    for (int k = 0; k < BATCH; k++) {
      int piece = base + k * WIDTH;
      int i = r.head + piece * LANES;
      w[k] = piece < r.pieces ? piece_load(a + i) : piece_zero();
      z[k] = piece < r.pieces ? piece_load(b + i) : piece_zero();
    }
    UNROLL
    for (int k = 0; k < BATCH; k++) {
      int piece = base + k * WIDTH;
      if (piece < r.pieces) {
        piece_unpack(w[k], v);
        piece_unpack(z[k], u);
        f(v, u, LANES, r.head + piece * LANES);
      }
    }
  }
}

/* A whole row in registers, PER pieces a thread. */
struct RowHeld {
  uint4 piece[PER];
  float edge;
};

DEVICE void row_load(const ELEM* RESTRICT row, const RowPlace& r, int limit, RowHeld& h) {
  UNROLL
  for (int k = 0; k < PER; k++) {
    int p = r.t + k * WIDTH;
    int i = r.head + p * LANES;
    h.piece[k] = p < r.pieces && i < limit ? piece_load(row + i) : piece_zero();
  }
  h.edge = 0.0f;
#if ODD
  if (r.edge >= 0) h.edge = LD(row, r.edge);
#endif
}

/* Calls f(values, count, index of the first) on what this thread holds. */
template <class F>
DEVICE void row_each(const RowHeld& h, const RowPlace& r, F f) {
  float v[LANES];
  UNROLL
  for (int k = 0; k < PER; k++) {
    int p = r.t + k * WIDTH;
    if (p < r.pieces) {
      piece_unpack(h.piece[k], v);
      f(v, LANES, r.head + p * LANES);
    }
  }
#if ODD
  if (r.edge >= 0) {
    v[0] = h.edge;
    f(v, 1, r.edge);
  }
#endif
}

/* The same of two rows: f(values, other values, count, index of the first). */
template <class F>
DEVICE void row_each(const RowHeld& a, const RowHeld& b, const RowPlace& r, F f) {
  float v[LANES];
  float u[LANES];
  UNROLL
  for (int k = 0; k < PER; k++) {
    int p = r.t + k * WIDTH;
    if (p < r.pieces) {
      piece_unpack(a.piece[k], v);
      piece_unpack(b.piece[k], u);
      f(v, u, LANES, r.head + p * LANES);
    }
  }
#if ODD
  if (r.edge >= 0) {
    v[0] = a.edge;
    u[0] = b.edge;
    f(v, u, 1, r.edge);
  }
#endif
}

/* Writes `count` values at index i. */
DEVICE void row_put(ELEM* RESTRICT to, int i, const float* v, int count) {
  if (count == LANES) piece_store(to + i, piece_pack(v));
  else ST(to, i, v[0]);
}
