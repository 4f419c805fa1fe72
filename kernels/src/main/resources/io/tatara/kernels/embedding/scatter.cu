/* Sums rows of dy by id into dx on CUDA, any architecture; follows warp.cuh, grid.cuh and lanes.cuh. Deterministic:
 * the only atomics hand out places in temporary memory, and no sum depends on which place it was.
 *
 * Positions are cut into segments. tally [segments, rows], spans [rows] and positions [count] are ints.
 * sum_clear: zeros for tally and the two cursors.
 * sum_rank: a block takes LINK positions and runs through their segment's ids in shared memory; a position learns
 *   how many of its id precede it in the segment (its rank), and the last of an id writes their number to tally:
 *   one writer an entry.
 * sum_spans: a thread an id turns its column of tally into sums of the segments before, and gets a span of
 *   `positions` of the id's length; a warp asks for its ids' spans by one atomic. An id with more than CHUNK
 *   positions gets slots as well, one for each CHUNK of them.
 * sum_place: each position to its id's span, at the segment's sum plus its rank: so in order of position.
 * sum_chunks: the positions of each slot summed in order, to `partial` [slots, inner] float32.
 * sum_rows: every row of dx, from its positions in order or from its slots in order; zeros where there are none.
 * In the last two a thread has a 16-byte piece of a row (one element if inner is not a multiple of LANES: WIDE 0),
 * so neighbours read neighbours, and FLIGHT pieces are on their way at once.
 * Ladder: (1) chains of positions followed an element a thread (layout/scatter.cl): each step waits for the one
 * before, and a frequent id occupies few threads; (2) spans: the loads of a row do not wait for each other;
 * (3) 16-byte pieces; (4) chunks: a frequent id is spread over the machine.
 * Bound by the memory traffic of dy and dx. Not measured on a GPU yet. */
#ifndef LINK
#define LINK 256
#endif
#ifndef WIDE
#define WIDE 1
#endif
#ifndef CHUNK
#define CHUNK 64
#endif
#define FLIGHT 4

#if WIDE
#define TAKE LANES
#else
#define TAKE 1
#endif

/* The places of an id: positions from `start`, slots from `slot` where length > CHUNK. */
struct __align__(16) Span {
  int start;
  int length;
  int slot;
  int none;
};

KERNEL void sum_clear(int* RESTRICT tally, int* RESTRICT cursors, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) tally[i] = 0;
  if (i < 2) cursors[i] = 0;
}

KERNEL_SIZED(LINK, 1, 1) void sum_rank(const int* RESTRICT ids, int* RESTRICT tally, int* RESTRICT ranks, int count,
                                       int rows, int skip, int segment) {
  SHARED int tile[LINK];
  int lid = LOCAL_ID(0);
  int p = GROUP_ID(0) * LINK + lid;
  int id = p < count ? ids[p] : -1;
  bool valid = id >= 0 && id < rows && id != skip;
  int number = GROUP_ID(0) * LINK / segment;
  int start = number * segment;
  int end = count - start < segment ? count : start + segment;
  int rank = 0;
  bool last = true;
  for (int base = start; base < end; base += LINK) {
    tile[lid] = base + lid < end ? ids[base + lid] : -1;
    BARRIER();
    int before = p - base;
    for (int j = 0; j < LINK; j++) {
      bool same = tile[j] == id;
      rank += same && j < before;
      last = last && !(same && j > before);
    }
    BARRIER();
  }
  if (p < count) {
    ranks[p] = valid ? rank : -1;
    if (valid && last) tally[number * rows + id] = rank + 1;
  }
}

/* This lane's part of what its warp asks of a cursor: the lanes' wishes lie one behind the other. */
DEVICE int claim(int* cursor, int wish) {
  int lane = lane_id();
  int sum = wish;
  for (int d = 1; d < 32; d *= 2) {
    int lower = shuffle(sum, (lane - d) & 31);
    if (lane >= d) sum += lower;
  }
  int all = shuffle(sum, 31);
  int base = 0;
  if (lane == 0 && all > 0) base = semaphore_add(cursor, all);
  return shuffle(base, 0) + sum - wish;
}

/* Launched in whole warps. */
KERNEL void sum_spans(int* RESTRICT tally, Span* RESTRICT spans, int* RESTRICT slots, int* cursors, int rows,
                      int segments) {
  int id = GLOBAL_ID(0);
  int length = 0;
  if (id < rows) {
    for (int g = 0; g < segments; g++) {
      int here = tally[g * rows + id];
      tally[g * rows + id] = length;
      length += here;
    }
  }
  int chunks = length > CHUNK ? (length + CHUNK - 1) / CHUNK : 0;
  Span s;
  s.start = claim(cursors, length);
  s.length = length;
  s.slot = claim(cursors + 1, chunks);
  s.none = 0;
  if (id < rows) {
    spans[id] = s;
    for (int k = 0; k < chunks; k++) {
      int rest = length - k * CHUNK;
      slots[2 * (s.slot + k)] = s.start + k * CHUNK;
      slots[2 * (s.slot + k) + 1] = rest < CHUNK ? rest : CHUNK;
    }
  }
}

KERNEL void sum_place(const int* RESTRICT ids, const int* RESTRICT tally, const Span* RESTRICT spans,
                      const int* RESTRICT ranks, int* RESTRICT positions, int count, int rows, int segment) {
  int p = GLOBAL_ID(0);
  if (p >= count) return;
  int rank = ranks[p];
  if (rank < 0) return;
  int id = ids[p];
  positions[spans[id].start + tally[p / segment * rows + id] + rank] = p;
}

/* Adds this thread's columns of `length` rows of dy in order. */
DEVICE void add_rows(const ELEM* RESTRICT dy, const int* RESTRICT positions, int length, int inner, int column,
                     float* s) {
  for (int k = 0; k < length; k += FLIGHT) {
#if WIDE
    uint4 w[FLIGHT];
    UNROLL
    for (int f = 0; f < FLIGHT; f++)
      w[f] = k + f < length ? piece_load(dy + positions[k + f] * inner + column) : piece_zero();
    UNROLL
    for (int f = 0; f < FLIGHT; f++) {
      float v[LANES];
      piece_unpack(w[f], v);
      UNROLL
      for (int j = 0; j < LANES; j++) s[j] += v[j];
    }
#else
    float v[FLIGHT];
    UNROLL
    for (int f = 0; f < FLIGHT; f++) v[f] = k + f < length ? LD(dy, positions[k + f] * inner + column) : 0.0f;
    UNROLL
    for (int f = 0; f < FLIGHT; f++) s[0] += v[f];
#endif
  }
}

/* n = most slots · (inner / TAKE). */
KERNEL void sum_chunks(const ELEM* RESTRICT dy, const int* RESTRICT positions, const int* RESTRICT slots,
                       const int* RESTRICT cursors, float* RESTRICT partial, int n, int inner) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  int per = inner / TAKE;
  int slot = i / per;
  if (slot >= cursors[1]) return;
  int column = (i - slot * per) * TAKE;
  float s[TAKE];
  UNROLL
  for (int j = 0; j < TAKE; j++) s[j] = 0.0f;
  add_rows(dy, positions + slots[2 * slot], slots[2 * slot + 1], inner, column, s);
  float* to = partial + slot * inner + column;
#if WIDE
  UNROLL
  for (int j = 0; j < TAKE; j += 4) STOREF4(to, j, MAKE4(s[j], s[j + 1], s[j + 2], s[j + 3]));
#else
  to[0] = s[0];
#endif
}

/* n = rows · (inner / TAKE). */
KERNEL void sum_rows(const ELEM* RESTRICT dy, const int* RESTRICT positions, const Span* RESTRICT spans,
                     const float* RESTRICT partial, ELEM* RESTRICT dx, int n, int inner) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  int per = inner / TAKE;
  int id = i / per;
  int column = (i - id * per) * TAKE;
  Span span = spans[id];
  float s[TAKE];
  UNROLL
  for (int j = 0; j < TAKE; j++) s[j] = 0.0f;
  if (span.length <= CHUNK) {
    add_rows(dy, positions + span.start, span.length, inner, column, s);
  } else {
    int chunks = (span.length + CHUNK - 1) / CHUNK;
    const float* from = partial + span.slot * inner + column;
#pragma unroll 4
    for (int k = 0; k < chunks; k++) {
#if WIDE
      UNROLL
      for (int j = 0; j < TAKE; j += 4) {
        float4 v = LOADF4(from, k * inner + j);
        s[j] += v.x;
        s[j + 1] += v.y;
        s[j + 2] += v.z;
        s[j + 3] += v.w;
      }
#else
      s[0] += from[k * inner];
#endif
    }
  }
#if WIDE
  piece_store(dx + id * inner + column, piece_pack(s));
#else
  ST(dx, id * inner + column, s[0]);
#endif
}
