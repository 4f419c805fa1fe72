/* WaveNet's gated layer in one launch in strict float32: the dilated convolution, the gates, the residual and the skip
 * connection, every product and sum in the ordinary arithmetic units. Bound by these, not by memory: with 64 channels
 * and 128 skip channels a sample takes 28 672 fused multiply-adds and 1 536 bytes. cp.async: compute capability 8.0 and
 * later, and shared memory for both weights: 9.0 and its kin.
 *
 * A block is two teams of 4 warps, one warp of each for each scheduler. They share the weights alone: each works on
 * tiles of its own, TT = 64 samples, with its own window, z and barrier, so that one multiplies while the other is in its
 * gates, waits for memory or stores. For that the second one begins half a tile later where there are many. Weights
 * stand in shared memory with rows innermost (turned on the way in: eight lanes along the terms and four along the rows
 * fill whole sectors and 32 banks), the window with time innermost: row c · TAPS + k holds samples
 * t − (TAPS − 1 − k) · dilation of channel c.
 *
 * Reads of shared memory bind beside the arithmetic: a word of 16 bytes costs a scheduler's share of the bus 16 cycles,
 * most likely also where lanes read the same one, so sums stand in squares. A warp is 8 lanes along time and 4 along the
 * rows, a lane has 8 samples (two pieces, 32 apart) and rows in blocks of four. That is 4 words for 64 fused
 * multiply-adds with 4 filters and their 4 gates, 5 for 96 behind the gates. A term's words are read while the term
 * before is multiplied. z = tanh(a_f) σ(a_g) goes through shared memory; the next tile's window is on its way while
 * [residual; skip] = W · z is computed. Those sums begin with x (from the window's last tap) and the skip sum, which are
 * loaded into their registers before the gates where one pass over the rows serves (EARLY).
 *
 * Ladder: 1 gates and outputs apart, z through memory (layer.cl); 2 one launch, all 8 warps on a tile of 128 samples, a
 * lane 4 of them and rows in eights: 418 µs for 64 channels, 128 skip channels and 16 sequences of 16,000 samples, 59 %
 * of the arithmetic roof of an H200; 3 this: 340 µs, 73 %. Figures: docs/h200.md. Behind layer.cuh. */
#define TEAMS 2
#define TEAM 128 /* threads */
#define WARPS 4  /* of a team */
#define THREADS (TEAMS * TEAM)
#define PITCH_W1 (2 * HALF_ROWS + 4) /* floats */
#define PITCH_W2 (OUTS + 4)
#define W2_AT (ROWS * PITCH_W1)
#define X_AT (W2_AT + HALF_ROWS * PITCH_W2)
#define Z_FROM_X (ROWS * TT)
#define TEAM_FLOATS ((ROWS + HALF_ROWS) * TT)
#define FAR (TT / 2) /* between a lane's two pieces */
#define PAIRS ((HALF_ROWS + 15) / 16)
#define OUT_BLOCKS ((OUTS + 15) / 16)
#define EARLY (PAIRS <= WARPS && OUT_BLOCKS <= WARPS * 3)
/* Several passes need registers for addresses. */
#define OUTS_AT_ONCE (EARLY && OUT_BLOCKS > WARPS * 2 ? 3 : OUT_BLOCKS > WARPS ? 2 : 1)
#if EARLY
#define PASSES UNROLL
#else
#define PASSES _Pragma("unroll 1")
#endif
#define PIECES (TT / 4)
#define LINES (TEAM / PIECES) /* rows that a team fills at once */
#define STEP 4                /* terms of a round: both loops fit the innermost instruction cache */

/* Fills a team's window for the tile at t0. */
DEVICE void window_load(float* window, const float* RESTRICT x, const float* RESTRICT state, int n, int t0, int length,
                        int dilation) {
  int reach = (TAPS - 1) * dilation;
  int piece = LOCAL_ID(0) % PIECES;
  int line = LOCAL_ID(0) % TEAM / PIECES;
  UNROLL
  for (int k = 0; k < TAPS; k++) {
    const int back = TAPS - 1 - k;
    const int shift = ALIGNED ? back * DSHIFT % 4 : 1;
    int s = t0 + piece * 4 - back * dilation;
    float* to = window + (line * TAPS + k) * TT + piece * 4;
    if (s >= 0 && s + 4 <= length) {
      const float* from = x + ((n * CHANNELS + line) * length + s);
      uint at = shared_address(to);
      _Pragma("unroll 8")
      for (int c = 0; c < CHANNELS; c += LINES) {
        const float* p = from + c * length;
        uint there = at + c * (TAPS * TT * 4);
        if (shift == 0) {
          copy_async_16(there, p, 16);
        } else if (shift == 2) {
          copy_async_8(there, p, 8);
          copy_async_8(there + 8, p + 2, 8);
        } else {
          UNROLL
          for (int i = 0; i < 4; i++) copy_async_4(there + i * 4, p + i, 4);
        }
      }
    } else {
      _Pragma("unroll 1") /* for the edges alone */
      for (int c = 0; c < CHANNELS; c += LINES) {
        UNROLL
        for (int i = 0; i < 4; i++)
          to[c * (TAPS * TT) + i] = sample(x, state, n * CHANNELS + line + c, s + i, length, reach);
      }
    }
  }
  copy_async_commit();
}

/* Rows of a weight into shared memory, turned. */
template <int COUNT, int TERMS, int PITCH>
DEVICE void weight_load(uint to, const float* RESTRICT w) {
  const int rows = THREADS / 8;
  int k = LOCAL_ID(0) % 8;
  int r = LOCAL_ID(0) / 8;
  to += (k * PITCH + r) * 4;
  w += r * TERMS + k;
  _Pragma("unroll 1")
  for (int k0 = 0; k0 < TERMS; k0 += 8) {
    UNROLL
    for (int r0 = 0; r0 < COUNT; r0 += rows)
      if (r0 + rows <= COUNT || r0 + r < COUNT) copy_async_4(to + r0 * 4, w + r0 * TERMS, 4);
    to += 8 * PITCH * 4;
    w += 8;
  }
}

DEVICE void words(float* v, const float* p) {
  float4 w = *(const float4*)p;
  v[0] = w.x;
  v[1] = w.y;
  v[2] = w.z;
  v[3] = w.w;
}

/* What a lane multiplies for one term: its samples, and N blocks of rows, `apart` floats from one another. */
template <int N>
struct Term {
  float v[8];
  float u[N][4];

  DEVICE_MEMBER void read(const float* w, const int (&blocks)[N], const float* samples) {
    words(v, samples);
    words(v + 4, samples + FAR);
    UNROLL
    for (int i = 0; i < N; i++) words(u[i], w + blocks[i]);
  }
  DEVICE_MEMBER void multiply(float (&acc)[N][4][8]) const {
    UNROLL
    for (int i = 0; i < N; i++) {
      UNROLL
      for (int h = 0; h < 4; h++) {
        UNROLL
        for (int j = 0; j < 8; j++) acc[i][h][j] = FMA(u[i][h], v[j], acc[i][h][j]);
      }
    }
  }
  DEVICE_MEMBER void multiply_first(float (&acc)[N][4][8], const float (&first)[N][4]) const {
    UNROLL
    for (int i = 0; i < N; i++) {
      UNROLL
      for (int h = 0; h < 4; h++) {
        UNROLL
        for (int j = 0; j < 8; j++) acc[i][h][j] = FMA(u[i][h], v[j], first[i][h]);
      }
    }
  }
};

/* acc += weights · samples, or, where the sums begin here, acc = first + weights · samples. The first term and the last
 * ones stand apart: so numbers to begin with need no copies, and nothing is read behind the end. */
template <int TERMS, int PITCH, bool BEGIN, int N>
DEVICE void product(float (&acc)[N][4][8], const float (&first)[N][4], const float* w, const int (&blocks)[N],
                    const float* samples) {
  Term<N> terms[2];
  terms[0].read(w, blocks, samples);
  w += PITCH;
  samples += TT;
  terms[1].read(w, blocks, samples);
  if (BEGIN)
    terms[0].multiply_first(acc, first);
  else
    terms[0].multiply(acc);
  _Pragma("unroll 1")
  for (int k0 = STEP; k0 < TERMS; k0 += STEP) {
    UNROLL
    for (int k = 0; k < STEP; k++) {
      terms[k % 2].read(w + (k + 1) * PITCH, blocks, samples + (k + 1) * TT);
      terms[(k + 1) % 2].multiply(acc);
    }
    w += STEP * PITCH;
    samples += STEP * TT;
  }
  UNROLL
  for (int k = 0; k < STEP - 1; k++) {
    if (k + 2 < STEP) terms[k % 2].read(w + (k + 1) * PITCH, blocks, samples + (k + 1) * TT);
    terms[(k + 1) % 2].multiply(acc);
  }
}

/* A row's samples that a lane adds to. Behind the row's end others of it are read: their sums are not stored. */
DEVICE void samples_load(float* v, const float* row, int t, int length) {
#if ALIGNED
  const float* near = row + (t < length ? t : 0);
  piece_unpack(piece_load_once(near), v);
  piece_unpack(piece_load_once(t + FAR < length ? near + FAR : near), v + 4);
#else
  UNROLL
  for (int j = 0; j < 8; j++) {
    int s = t + j / 4 * FAR + j % 4;
    v[j] = s < length ? row[s] : 0.0f;
  }
#endif
}

/* Whether row r of a team's 64 rows from m on is a residual one, and whether it is one at all; constants where they are
 * alike in this. */
DEVICE bool residual(int m, int r) { return m + WARPS * 16 <= CHANNELS || (m < CHANNELS && r < CHANNELS); }
DEVICE bool exists(int m, int r) { return m + WARPS * 16 <= OUTS || r < OUTS; }

/* Begins the sums of rows from m + row on with what is added to them: of x, from the window where it is still there. */
DEVICE void begin_sums(float (&sums)[OUTS_AT_ONCE][4][8], int m, int row, const float* window, int n, int t, int length,
                       const float* RESTRICT x, const float* RESTRICT base) {
  UNROLL
  for (int i = 0; i < OUTS_AT_ONCE; i++, m += WARPS * 16) {
    int r = m + row;
    UNROLL
    for (int h = 0; h < 4; h++) {
      float* v = sums[i][h];
      if (residual(m, r)) {
#if EARLY
        words(v, window + ((r + h) * TAPS + TAPS - 1) * TT);
        words(v + 4, window + ((r + h) * TAPS + TAPS - 1) * TT + FAR);
#else
        samples_load(v, x + (n * CHANNELS + r + h) * length, t, length);
#endif
      } else if (BASE && exists(m, r)) {
        samples_load(v, base + (n * SKIPS + r + h - CHANNELS) * length, t, length);
      } else {
        UNROLL
        for (int j = 0; j < 8; j++) v[j] = 0.0f;
      }
    }
  }
}

/* Biases of the same rows. */
DEVICE void biases_load(float (&biases)[OUTS_AT_ONCE][4], int m, int row, const float* RESTRICT residual_bias,
                        const float* RESTRICT skip_bias) {
  UNROLL
  for (int i = 0; i < OUTS_AT_ONCE; i++, m += WARPS * 16) {
    int r = m + row;
    UNROLL
    for (int h = 0; h < 4; h++) {
      biases[i][h] = 0.0f;
      if (RESIDUAL_BIAS && residual(m, r)) biases[i][h] = LD(residual_bias, r + h);
      if (SKIP_BIAS && !residual(m, r) && exists(m, r)) biases[i][h] = LD(skip_bias, r + h - CHANNELS);
    }
  }
}

/* Where row r of the results stands. */
DEVICE float* result(int m, int r, int n, int length, float* y, float* skip) {
  return residual(m, r) ? y + (n * CHANNELS + r) * length : skip + (n * SKIPS + r - CHANNELS) * length;
}

/* blocks: tiles of a sequence; tiles: of all. */
KERNEL_SIZED(THREADS, 1, 1) void layer_simt(LAYER_ARGUMENTS) {
  DYNAMIC_SHARED(bytes);
  float* memory = (float*)bytes;
  uint at = shared_address(bytes);
  int team = LOCAL_ID(0) / TEAM;
  int warp = LOCAL_ID(0) / 32 % WARPS;
  int row = warp * 16 + lane_id() / 8 * 4; /* of this lane's first filters and results */
  int column = lane_id() % 8 * 4;
  float* window = memory + X_AT + team * TEAM_FLOATS;
  float* z = window + Z_FROM_X;
  /* The teams' tiles alternate by grid, so that the last ones are spread over multiprocessors. */
  int tile = GROUP_ID(0) + team * GROUP_COUNT(0);
  int step = TEAMS * GROUP_COUNT(0);
  int n = tile / blocks;
  int block = tile % blocks;
  int step_n = step / blocks;
  int step_block = step % blocks;
  if (tile < tiles) window_load(window, x, state, n, block * TT, length, dilation);
  weight_load<2 * HALF_ROWS, ROWS, PITCH_W1>(at, weight);
  weight_load<CHANNELS, HALF_ROWS, PITCH_W2>(at + W2_AT * 4, residual_weight);
  weight_load<SKIPS, HALF_ROWS, PITCH_W2>(at + (W2_AT + CHANNELS) * 4, skip_weight);
  copy_async_commit();
  copy_async_wait<0>();
  BARRIER(); /* the weights are there, for both teams */
  const bool many = tiles > 4 * step;
  if (many && team == 1) named_barrier(1 + TEAMS, THREADS);
  float biases[OUTS_AT_ONCE][4];
  if (EARLY) biases_load(biases, 0, row, residual_bias, skip_bias);
  for (; tile < tiles; tile += step) {
    int t0 = block * TT;
    int t = t0 + column;
    float sums[OUTS_AT_ONCE][4][8];
    PASSES
    for (int p0 = 0; p0 < PAIRS; p0 += WARPS) {
      /* Rows behind the last one are the first ones once more, and not stored; so are blocks of results. */
      int r = p0 * 16 + row;
      bool there = HALF_ROWS % 64 == 0 || r < HALF_ROWS;
      if (!there) r = 0;
      float a[2][4][8];
      float first[2][4];
      UNROLL
      for (int h = 0; h < 4; h++) {
        first[0][h] = first_of(bias, condition, n, r + h);
        first[1][h] = first_of(bias, condition, n, HALF_ROWS + r + h);
      }
      if (p0 == 0) {
        copy_async_wait<0>();
        named_barrier(1 + team, TEAM); /* the window is there, z is read out */
      }
      const int halves[2] = {0, HALF_ROWS};
      if (p0 + WARPS <= PAIRS || p0 + warp < PAIRS)
        product<ROWS, PITCH_W1, true>(a, first, memory + r, halves, window + column);
      if (many && p0 == 0 && tile == GROUP_ID(0)) named_barrier_arrive(1 + TEAMS, THREADS); /* the second team's turn */
      if (EARLY) begin_sums(sums, 0, row, window + column, n, t, length, x, base);
      if (there) {
        UNROLL
        for (int h = 0; h < 4; h++) {
          UNROLL
          for (int j = 0; j < 8; j += 4) {
            float v[4];
            UNROLL
            for (int i = 0; i < 4; i++) {
              v[i] = gate(a[0][h][j + i], a[1][h][j + i], condition, kept, n, r + h, t + j / 4 * FAR + i, length);
            }
            *(float4*)(z + (r + h) * TT + column + j / 4 * FAR) = make_float4(v[0], v[1], v[2], v[3]);
          }
        }
      }
    }
    named_barrier(1 + team, TEAM); /* z is there, the window is read out */
    int next_n = n + step_n;
    int next_block = block + step_block;
    if (next_block >= blocks) {
      next_block -= blocks;
      next_n++;
    }
    if (tile + step < tiles) window_load(window, x, state, next_n, next_block * TT, length, dilation);
    PASSES
    for (int m0 = 0; m0 < OUT_BLOCKS; m0 += WARPS * OUTS_AT_ONCE) {
      if (!EARLY) {
        begin_sums(sums, m0 * 16, row, window + column, n, t, length, x, base);
        biases_load(biases, m0 * 16, row, residual_bias, skip_bias);
      }
      int places[OUTS_AT_ONCE];
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        int m = (m0 + i * WARPS) * 16;
        places[i] = exists(m, m + row) ? m : -row;
      }
      if (m0 + WARPS <= OUT_BLOCKS || m0 + warp < OUT_BLOCKS)
        product<HALF_ROWS, PITCH_W2, false>(sums, biases, memory + W2_AT + row, places, z + column);
#if ALIGNED
      UNROLL
      for (int j = 0; j < 2; j++) {
        if (t + j * FAR < length) {
          UNROLL
          for (int i = 0; i < OUTS_AT_ONCE; i++) {
            int m = (m0 + i * WARPS) * 16;
            float* to = result(m, m + row, n, length, y, skip);
            UNROLL
            for (int h = 0; h < 4; h++) {
              const float* v = &sums[i][h][j * 4];
              float b = biases[i][h];
              if (exists(m, m + row))
                STOREF4(to + h * length, t + j * FAR, make_float4(v[0] + b, v[1] + b, v[2] + b, v[3] + b));
            }
          }
        }
      }
#else
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        int m = (m0 + i * WARPS) * 16;
        float* to = result(m, m + row, n, length, y, skip);
        UNROLL
        for (int h = 0; h < 4; h++) {
          UNROLL
          for (int j = 0; j < 8; j++) {
            int s = t + j / 4 * FAR + j % 4;
            if (exists(m, m + row) && s < length) ST(to, s, sums[i][h][j] + biases[i][h]);
          }
          to += length;
        }
      }
#endif
    }
    n = next_n;
    block = next_block;
  }
  copy_async_wait<0>();
}
