/* Recurrent networks in one launch: blocks that stay for the whole sequence, each with a slice of the recurrent
 * weight in its registers and shared memory. This text, behind steps.cl, is the part that the cells share;
 * lstm_grid.cu or gru_grid.cu follows it. CUDA, cooperative launch; 16-bit storage from compute capability 8.0 on.
 *
 * Grid: x the slices of U hidden units (a block owns all gates of its units, so that gate arithmetic stays at home),
 * y groups of the batch's rows, z directions. Blocks of one (y, z) exchange states with each other and with nobody
 * else: through y (forward) or delta (backward) in global memory, which the second-level cache holds.
 *
 * A step, for CHUNK rows of the group at a time: wait until all blocks of the group have delivered the rows that
 * the step starts from; product of these rows with the slice, its sums (K) dealt out to the WARPS; the warps' parts
 * meet in shared memory; one thread a (row, unit) adds them in fixed order, does the gates, delivers its state;
 * the block counts itself as arrived, and only then stores what nobody waits for. Each chunk has a counter of its
 * own: while one chunk's states travel, the next is computed. What a step needs besides is read before the wait.
 *
 * Weights are kept in pieces of 16 bytes (4 float32 or 8 16-bit elements along K), piece p = kp * A + a of a thread:
 * row a * LR + lr of the slice, columns ((kp * WARPS + warp) * LK + lk) * PE and on, lane = lr * LK + lk; those of
 * kp < KR in registers, the rest in shared memory at [p][thread]. float32: LR row lanes and 32 / LR lanes along
 * K, fused multiply-adds, RB rows of the batch at a time, sums folded over the lanes. 16 bit: LR = 8, LK = 4, which is
 * the B fragment of mma.m16n8k16 when K is permuted so that a lane's piece is b0 b1 of two products; the rows of the
 * batch are the A fragments, read from global memory in the same permutation: no staging, no ldmatrix.
 *
 * TEAM, backward and with recurrent_tiles.cu: a sum there is as long as all gates together, and alone a block would read all of δ for a few units'
 * rows. So TEAM blocks have the rows of all their units, each a part of the columns, and a block reads 1 / TEAM of δ. The
 * parts of the sums go to the block that owns the unit through global memory (parts_leave, parts_take), which adds them in
 * the order of the blocks. All chunks' parts leave before the first is taken, so that they travel meanwhile.
 *
 * A GRU that resets before its product has two products a step: phase 0 (A0, KP0, LR0) and phase 1, exchanged alike.
 *
 * Ladder: 1 one launch a step (lstm.cl, gru.cl); 2 this: the weight is read once, a step costs one exchange;
 * 3 recurrent_tiles.cu: other products for large batches in float32.
 * Figures: docs/h200.md. */
#ifndef BACK
/* Which of a cell's two kernels the program is. */
#define BACK 0
#endif
#ifndef WARPS
#define WARPS 8
#endif
#ifndef A0
#define A0 4
#endif
#ifndef KP0
#define KP0 1
#endif
#ifndef LR0
#define LR0 8
#endif
#ifndef A1
/* 0: one phase. */
#define A1 0
#endif
#ifndef KP1
#define KP1 0
#endif
#ifndef LR1
#define LR1 8
#endif
#ifndef KR0
#define KR0 1
#endif
#ifndef KR1
#define KR1 0
#endif
#ifndef CHUNK
#define CHUNK 16
#endif
#ifndef RB
/* Rows of the batch that a product takes at a time: 1, 2 or 4 in float32; 8 or 16 on matrix units. */
#define RB 4
#endif
#ifndef STATES
#define STATES 2
#endif
#ifndef SUMS
#define SUMS 7
#endif
#ifndef VECTOR
/* Whether rows of states start at multiples of 16 bytes. */
#define VECTOR 0
#endif
#ifndef TILED
/* 1: recurrent_tiles.cu follows, with a layout of its own. */
#define TILED 0
#endif
#ifndef STAGES
#define STAGES 2
#endif
#ifndef TEAM
/* Blocks that have one slice together, each a part of the sums. */
#define TEAM 1
#endif
#if STORAGE == 0
#define PE 4
#define DEPTH (RB == 1 ? 4 : 2)
#else
#define PE 8
#define DEPTH 4
#endif
#if TEAM > 1
#define TEAM_PARTS , float* parts
#else
#define TEAM_PARTS
#endif
#define THREADS (WARPS * 32)
#define PHASES (A1 > 0 ? 2 : 1)
#define REG_PIECES (A0 * KR0 + A1 * KR1)
#define SHARED_PIECES (A0 * (KP0 - KR0) + A1 * (KP1 - KR1))
#if TILED
#define WEIGHT_BYTES (KP0 * A0 * LR0 * WARPS * SLICE * 4)
#else
#define WEIGHT_BYTES (SHARED_PIECES * THREADS * 16)
#endif
/* The parts of a thread's pieces that belong to a phase: array of registers, first place in shared memory. */
#define PHASE0 A0, KP0, LR0, KR0, 0, 0
#define PHASE1 A1, KP1, LR1, KR1, A0 * KR0, A0 * (KP0 - KR0)
#define REGISTERS uint4 reg[REG_PIECES > 0 ? REG_PIECES : 1]
#define PART_ROWS (A0 * LR0 > A1 * LR1 ? A0 * LR0 : A1 * LR1)
#if TILED
/* Columns of the weight that a warp takes at a time; its parts stand where its slices of states stood. */
#define SLICE 32
#define PART_PITCH (PART_ROWS % 32 == 0 ? PART_ROWS + 8 : PART_ROWS)
#define PART_STRIDE (STAGES * CHUNK * SLICE)
#else
#define PART_PITCH PART_ROWS
#define PART_STRIDE (CHUNK * PART_ROWS)
#endif
#define COUNTER_GAP 8
/* Unrolled, the loop over pieces in shared memory would read so many ahead that registers spill. */
#define ROLLED _Pragma("unroll 1")

/* Where this block stands and what it owns; the thread owns unit j of row `row` of each chunk. */
struct Place {
  int d, unit0, units, row0, rows, chunks, tid, row, u, j;
  uint4* pieces;  /* [SHARED_PIECES][THREADS] */
  float* part;    /* [WARPS][CHUNK][PART_ROWS], PART_STRIDE and PART_PITCH apart */
  float* state;   /* [STATES][chunks][CHUNK * units] */
  float* sums;    /* [SUMS][CHUNK * units]: of the deltas, over chunks and steps */
  int* at;        /* [CHUNK]: where the rows of the product's operand start */
  int* counters;  /* of the group, COUNTER_GAP apart; the last counts blocks that are done */
#if TEAM > 1
  int* parts;     /* of the team's parts, COUNTER_GAP apart */
  int* allParts;  /* of all of the group's teams, `counted` of them */
  int counted;
#endif
};

DEVICE Place place(unsigned char* memory, int* semaphores, int d0, int N, int H, int units, int rows) {
  Place p;
  p.tid = LOCAL_ID(0);
  p.d = d0 + GROUP_ID(2);
  p.units = units;
  p.unit0 = GROUP_ID(0) * units;
  p.row0 = GROUP_ID(1) * rows;
  p.rows = N - p.row0 < rows ? N - p.row0 : rows;
  p.chunks = (p.rows + CHUNK - 1) / CHUNK;
  p.row = p.tid / units;
  p.u = p.tid % units;
  p.j = p.row < CHUNK && p.unit0 + p.u < H ? p.unit0 + p.u : -1;
  p.pieces = (uint4*)memory;
  p.part = (float*)(memory + WEIGHT_BYTES);
  p.at = (int*)(p.part + WARPS * PART_STRIDE);
  p.state = (float*)(p.at + CHUNK);
  p.sums = p.state + STATES * p.chunks * CHUNK * units;
  int most = (rows + CHUNK - 1) / CHUNK;
  int group = GROUP_ID(2) * GROUP_COUNT(1) + GROUP_ID(1);
  p.counters = semaphores + group * (most + 1) * COUNTER_GAP;
#if TEAM > 1
  p.counted = GROUP_COUNT(0) / TEAM * most;
  p.allParts = semaphores + (GROUP_COUNT(2) * GROUP_COUNT(1) * (most + 1) + group * p.counted) * COUNTER_GAP;
  p.parts = p.allParts + GROUP_ID(0) / TEAM * most * COUNTER_GAP;
#endif
  return p;
}

/* Row of the batch that this thread's row of chunk c is, -1 where it owns nothing there. */
DEVICE int own_row(const Place& p, int c) {
  int r = c * CHUNK + p.row;
  return p.j >= 0 && r < p.rows ? p.row0 + r : -1;
}

/* Row of the batch of row r of chunk c, N where there is none. */
DEVICE int batch_row(const Place& p, int c, int r, int N) {
  return c * CHUNK + r < p.rows ? p.row0 + c * CHUNK + r : N;
}

DEVICE float* own_state(const Place& p, int which, int c) {
  return p.state + (which * p.chunks + c) * CHUNK * p.units + p.tid;
}

/* Until `deliveries` deliveries of chunk c by each block of the group are there. All threads meet. */
DEVICE void await(const Place& p, int c, int deliveries) {
  if (p.tid == 0)
    while (semaphore_read(p.counters + c * COUNTER_GAP) < deliveries * GROUP_COUNT(0)) spin_pause();
  BARRIER();
}

/* Chunk c as far as this block computes it is delivered. All threads meet. */
DEVICE void deliver(const Place& p, int c) {
  BARRIER();
  if (p.tid == 0) semaphore_add(p.counters + c * COUNTER_GAP, 1);
}

/* Behind the last wait: the last block of the group leaves the counters at 0. */
DEVICE void leave(const Place& p) {
  BARRIER();
  if (p.tid != 0) return;
  int* done = p.counters + p.chunks * COUNTER_GAP;
  if (semaphore_add(done, 1) == GROUP_COUNT(0) - 1) {
    for (int c = 0; c <= p.chunks; c++) semaphore_write(p.counters + c * COUNTER_GAP, 0);
#if TEAM > 1
    for (int i = 0; i < p.counted; i++) semaphore_write(p.allParts + i * COUNTER_GAP, 0);
#endif
  }
}

DEVICE uint bits(const float* p, int i) { return AS_UINT(p[i]); }
DEVICE uint bits(const ushort* p, int i) { return p[i]; }

/* PE elements of the weight: element e from at + e * stride, those with e >= n are 0. */
DEVICE uint4 gather(const ELEM* w, int at, int stride, int n) {
  uint v[4] = {0, 0, 0, 0};
  UNROLL
  for (int e = 0; e < PE; e++)
    if (e < n) v[e * 4 / PE] |= bits(w, at + e * stride) << (e * 4 % PE * 4);
  return make_uint4(v[0], v[1], v[2], v[3]);
}

/* Columns k and on of row i of a phase's slice: gate i / units, unit i % units; forward a row of the weight
 * from row `gate0` of gates on, with K = H columns; backward a column of it, with K rows from row `gate0 * H` on. */
template <int FORWARD>
DEVICE uint4 weight_columns(const Place& p, const ELEM* w, int gates, int gate0, int count, int K, int H, int i, int k) {
  int j = p.unit0 + i % p.units, gate = i / p.units;
  int n = gate < count && j < H ? K - k : 0;
  int row = ((p.d * gates + gate0 + gate) * H + j) * H + k;
  if (FORWARD && VECTOR) return n <= 0 ? make_uint4(0, 0, 0, 0) : *(const uint4*)(w + row);
  if (FORWARD) return gather(w, row, 1, n);
  return gather(w, ((p.d * gates + gate0) * H + k) * H + j, H, n);
}

/* The place of all units of the team's slice. */
DEVICE Place of_team(const Place& p) {
  Place of = p;
  of.unit0 = GROUP_ID(0) / TEAM * TEAM * p.units;
  of.units = TEAM * p.units;
  return of;
}

/* The first column of the weight, and of the states, that this block multiplies; it has `own` of them. */
DEVICE int first_column(int own) { return GROUP_ID(0) % TEAM * own; }

#if !TILED
/* Piece (kp, a) of this thread. */
template <int KP, int LR, int FORWARD>
DEVICE uint4 weight_piece(const Place& p, const ELEM* w, int gates, int gate0, int count, int K, int H, int a, int kp) {
  const int LK = 32 / LR;
  int lane = p.tid % 32, warp = p.tid / 32, lr = lane / LK, lk = lane % LK;
  int k = ((kp * WARPS + warp) * LK + lk) * PE;
  return weight_columns<FORWARD>(p, w, gates, gate0, count, K, H, a * LR + lr, k);
}

/* The slice of a phase: into registers what has its place there, the rest into shared memory. */
template <int A, int KP, int LR, int KR, int REG, int AT, int FORWARD>
DEVICE void load_weights(const Place& p, uint4* reg, const ELEM* w, int gates, int gate0, int count, int K, int H) {
  UNROLL
  for (int a = 0; a < A; a++) {
    UNROLL
    for (int kp = 0; kp < KR; kp++)
      reg[REG + kp * A + a] = weight_piece<KP, LR, FORWARD>(p, w, gates, gate0, count, K, H, a, kp);
  }
  /* Unrolled throughout, the reads of all pieces would be under way at once and registers spill. */
  ROLLED
  for (int a = 0; a < A; a++) {
    _Pragma("unroll 4")
    for (int kp = KR; kp < KP; kp++)
      p.pieces[(AT + (kp - KR) * A + a) * THREADS + p.tid] =
          weight_piece<KP, LR, FORWARD>(p, w, gates, gate0, count, K, H, a, kp);
  }
}
#endif

/* Rows of states or of delta. Columns from `from` on stand `skip` further on. */
struct Source {
  const ELEM* a;
  const ELEM* first; /* rows that p.at gives as -2 - start */
  int K, from, skip;
};

DEVICE uint4 source_piece(const Source& s, int at, int k) {
  if (at == -1 || k >= s.K) return make_uint4(0, 0, 0, 0);
  const ELEM* x = at >= 0 ? s.a + at : s.first + (-2 - at);
#if VECTOR
  return load_l2((const uint4*)(x + (k < s.from ? k : k + s.skip)));
#else
  uint v[4] = {0, 0, 0, 0};
  UNROLL
  for (int e = 0; e < PE; e++)
    if (k + e < s.K) {
      ELEM y = load_l2(x + (k + e < s.from ? k + e : k + e + s.skip));
      v[e * 4 / PE] |= bits(&y, 0) << (e * 4 % PE * 4);
    }
  return make_uint4(v[0], v[1], v[2], v[3]);
#endif
}

#if STORAGE == 0
DEVICE float dot(const uint4& a, const uint4& b, float s) {
  s = FMA(AS_FLOAT(a.x), AS_FLOAT(b.x), s);
  s = FMA(AS_FLOAT(a.y), AS_FLOAT(b.y), s);
  s = FMA(AS_FLOAT(a.z), AS_FLOAT(b.z), s);
  return FMA(AS_FLOAT(a.w), AS_FLOAT(b.w), s);
}

/* Adds N values over the lanes that differ in the bits of M and below, and deals the sums out: while N is even,
 * a lane keeps one half of them. The lane then has values base .. of N / 2 / 2 ..; where it shares them with others,
 * only one of these is `owner`. */
template <int N, int M>
DEVICE void fold(float* v, int lane, int& base, bool& owner) {
  if constexpr (M > 0) {
    constexpr int half = N % 2 == 0 ? N / 2 : 0;
    bool high = (lane & M) != 0;
    if constexpr (half > 0) {
      UNROLL
      for (int i = 0; i < half; i++) {
        float keep = high ? v[half + i] : v[i], send = high ? v[i] : v[half + i];
        v[i] = keep + shuffle_xor(send, M);
      }
      base += high ? half : 0;
      fold<half, M / 2>(v, lane, base, owner);
    } else {
      UNROLL
      for (int i = 0; i < N; i++) v[i] += shuffle_xor(v[i], M);
      owner = owner && !high;
      fold<N, M / 2>(v, lane, base, owner);
    }
  }
}
template <int N, int M>
struct Folded {
  static const int count = Folded<N % 2 == 0 ? N / 2 : N, M / 2>::count;
};
template <int N>
struct Folded<N, 0> {
  static const int count = N;
};
#endif

#if STORAGE != 0
/* Both halves of a piece: x the pieces of rows g and g + 8 of the batch. */
DEVICE void multiply(float (&v)[4], float (&v2)[4], const uint4 (&x)[2], const uint4& w) {
  const uint first[4] = {x[0].x, x[1].x, x[0].y, x[1].y}, second[4] = {x[0].z, x[1].z, x[0].w, x[1].w};
  const uint front[2] = {w.x, w.y}, back[2] = {w.z, w.w};
#if STORAGE == 1
  mma_f16(v, first, front);
  mma_f16(v2, second, back);
#else
  mma_bf16(v, first, front);
  mma_bf16(v2, second, back);
#endif
}
#endif

#if !TILED
/* part[warp][row][i]: this warp's share of the sums of chunk c's rows with slice rows i of a phase. */
template <int A, int KP, int LR, int KR, int REG, int AT>
DEVICE void product(const Place& p, const uint4* reg, const Source& s, int c) {
  const int LK = 32 / LR;
  int lane = p.tid % 32, warp = p.tid / 32, lk = lane % LK, lr = lane / LK;
  const int KSTEP = WARPS * LK * PE;
  int k0 = (warp * LK + lk) * PE;
  int rows = p.rows - c * CHUNK < CHUNK ? p.rows - c * CHUNK : CHUNK;
  for (int r0 = 0; r0 < rows; r0 += RB) {
    float* out = p.part + (warp * CHUNK + r0) * PART_ROWS;
#if STORAGE == 0
    int at[RB];
    float v[RB * A];
    uint4 x[DEPTH][RB];
    UNROLL
    for (int r = 0; r < RB; r++) at[r] = p.at[r0 + r];
    UNROLL
    for (int i = 0; i < RB * A; i++) v[i] = 0.0f;
    UNROLL
    for (int i = 0; i < DEPTH && i < KP; i++)
      UNROLL
      for (int r = 0; r < RB; r++) x[i][r] = source_piece(s, at[r], k0 + i * KSTEP);
    UNROLL
    for (int kp = 0; kp < KR; kp++) {
      UNROLL
      for (int a = 0; a < A; a++) {
        uint4 w = reg[REG + kp * A + a];
        UNROLL
        for (int r = 0; r < RB; r++) v[r * A + a] = dot(w, x[kp % DEPTH][r], v[r * A + a]);
      }
      if (kp + DEPTH < KP) {
        UNROLL
        for (int r = 0; r < RB; r++) x[kp % DEPTH][r] = source_piece(s, at[r], k0 + (kp + DEPTH) * KSTEP);
      }
    }
    ROLLED
    for (int base = KR; base < KP; base += DEPTH) {
      UNROLL
      for (int i = 0; i < DEPTH; i++) {
        int kp = base + i;
        if (kp < KP) {
          UNROLL
          for (int a = 0; a < A; a++) {
            uint4 w = p.pieces[(AT + (kp - KR) * A + a) * THREADS + p.tid];
            UNROLL
            for (int r = 0; r < RB; r++) v[r * A + a] = dot(w, x[(KR + i) % DEPTH][r], v[r * A + a]);
          }
          if (kp + DEPTH < KP) {
            UNROLL
            for (int r = 0; r < RB; r++)
              x[(KR + i) % DEPTH][r] = source_piece(s, at[r], k0 + (kp + DEPTH) * KSTEP);
          }
          warp_barrier(); /* what is behind it is not read ahead */
        }
      }
    }
    int base = 0;
    bool owner = true;
    fold<RB * A, LK / 2>(v, lane, base, owner);
    if (owner) {
      UNROLL
      for (int i = 0; i < Folded<RB * A, LK / 2>::count; i++)
        out[(base + i) / A * PART_ROWS + (base + i) % A * LR + lr] = v[i];
    }
#else
    const int SETS = A <= 2 ? 2 : 1; /* few sums: two chains of products each */
    float v[A][SETS][4];
    uint4 x[DEPTH][2];
    int low = p.at[r0 + lr], high = RB == 16 ? p.at[(r0 + lr + 8) % CHUNK] : -1;
    UNROLL
    for (int a = 0; a < A; a++)
      UNROLL
      for (int i = 0; i < SETS * 4; i++) v[a][i / 4][i % 4] = 0.0f;
    UNROLL
    for (int i = 0; i < DEPTH && i < KP; i++) {
      x[i][0] = source_piece(s, low, k0 + i * KSTEP);
      x[i][1] = source_piece(s, high, k0 + i * KSTEP);
    }
    UNROLL
    for (int kp = 0; kp < KR; kp++) {
      UNROLL
      for (int a = 0; a < A; a++) multiply(v[a][0], v[a][SETS - 1], x[kp % DEPTH], reg[REG + kp * A + a]);
      if (kp + DEPTH < KP) {
        x[kp % DEPTH][0] = source_piece(s, low, k0 + (kp + DEPTH) * KSTEP);
        x[kp % DEPTH][1] = source_piece(s, high, k0 + (kp + DEPTH) * KSTEP);
      }
    }
    ROLLED
    for (int base = KR; base < KP; base += DEPTH) {
      UNROLL
      for (int i = 0; i < DEPTH; i++) {
        int kp = base + i;
        if (kp < KP) {
          uint4(&rows)[2] = x[(KR + i) % DEPTH];
          UNROLL
          for (int a = 0; a < A; a++)
            multiply(v[a][0], v[a][SETS - 1], rows, p.pieces[(AT + (kp - KR) * A + a) * THREADS + p.tid]);
          if (kp + DEPTH < KP) {
            rows[0] = source_piece(s, low, k0 + (kp + DEPTH) * KSTEP);
            rows[1] = source_piece(s, high, k0 + (kp + DEPTH) * KSTEP);
          }
          warp_barrier();
        }
      }
    }
    UNROLL
    for (int a = 0; a < A; a++) {
      if (SETS == 2) {
        UNROLL
        for (int i = 0; i < 4; i++) v[a][0][i] += v[a][1][i];
      }
      float* to = out + lr * PART_ROWS + a * 8 + 2 * lk;
      to[0] = v[a][0][0];
      to[1] = v[a][0][1];
      if (RB == 16) {
        to[8 * PART_ROWS] = v[a][0][2];
        to[8 * PART_ROWS + 1] = v[a][0][3];
      }
    }
#endif
  }
}

#endif

/* The whole sum for this thread's row and row i of the slice. */
DEVICE float sum_of(const Place& p, int i) {
  float s = 0.0f;
  UNROLL
  for (int w = 0; w < WARPS; w++) s += p.part[w * PART_STRIDE + p.row * PART_PITCH + i];
  return s;
}

/* Sums of deltas, which the gradients of biases are made of: each thread keeps its own. */
DEVICE void clear_sums(const Place& p) {
  if (p.row < CHUNK) {
    UNROLL
    for (int b = 0; b < SUMS; b++) p.sums[b * CHUNK * p.units + p.tid] = 0.0f;
  }
}
DEVICE void add_sum(const Place& p, int b, float x) { p.sums[b * CHUNK * p.units + p.tid] += x; }

/* out [groups of rows][DIRECTIONS][SUMS][H]: those of this block's units over its rows. */
DEVICE void write_sums(const Place& p, float* out, int H) {
  BARRIER();
  for (int i = p.tid; i < SUMS * p.units; i += THREADS) {
    int b = i / p.units, u = i % p.units;
    float s = 0.0f;
    for (int r = 0; r < CHUNK; r++) s += p.sums[(b * CHUNK + r) * p.units + u];
    if (p.unit0 + u < H) out[((GROUP_ID(1) * DIRECTIONS + p.d) * SUMS + b) * H + p.unit0 + u] = s;
  }
}

#if TEAM > 1
/* Where block `from` of the team leaves its part of chunk c for block `to` of the grid: [CHUNK][units]. */
DEVICE int part_place(const Place& p, int c, int to, int from) {
  int group = GROUP_ID(2) * GROUP_COUNT(1) + GROUP_ID(1);
  int most = p.counted / (GROUP_COUNT(0) / TEAM);
  return (((group * most + c) * GROUP_COUNT(0) + to) * TEAM + from) * CHUNK * p.units;
}

/* Behind a product: its sums over the warps, to the owners of the units. parts: [groups][chunks][blocks][TEAM][CHUNK][units].
 * All threads meet. */
DEVICE void parts_leave(const Place& p, float* parts, int c) {
  int across = TEAM * p.units, first = GROUP_ID(0) / TEAM * TEAM, own = GROUP_ID(0) % TEAM;
  BARRIER();
  for (int i = p.tid; i < CHUNK * across; i += THREADS) {
    int row = i / across, r = i % across;
    float s = 0.0f;
    UNROLL
    for (int w = 0; w < WARPS; w++) s += p.part[w * PART_STRIDE + row * PART_PITCH + r];
    parts[part_place(p, c, first + r / p.units, own) + row * p.units + r % p.units] = s;
  }
  BARRIER();
  if (p.tid == 0) semaphore_add(p.parts + c * COUNTER_GAP, 1);
}

/* The whole sum of this thread's row and unit, once each of the team has left `deliveries` parts. All threads meet. */
DEVICE float parts_take(const Place& p, const float* parts, int c, int deliveries) {
  if (p.tid == 0)
    while (semaphore_read(p.parts + c * COUNTER_GAP) < deliveries * TEAM) spin_pause();
  BARRIER();
  float s = 0.0f;
  if (p.row < CHUNK) {
    UNROLL
    for (int b = 0; b < TEAM; b++) s += load_l2(parts + part_place(p, c, GROUP_ID(0), b) + p.tid);
  }
  return s;
}
#endif
