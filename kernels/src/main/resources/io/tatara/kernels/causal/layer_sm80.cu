/* WaveNet's gated layer in one launch on the matrix units, float16 and bfloat16, compute capability 8.0 and later: the
 * dilated convolution, the gates, the residual and the skip connection. x, the skip sum and both results cross the
 * memory's bus once; the gated activation z never does.
 *
 * A block of 8 warps stays for several tiles of TT samples; weights and biases stand in shared memory, the weights' rows
 * padded by 16 bytes so that the eight rows of an ldmatrix touch each bank once. Rows of the window and of z are turned
 * instead: piece p of row r stands at p ^ swizzle(r).
 *   1. window: row c · TAPS + k holds samples t − (TAPS − 1 − k) · dilation of channel c, the order of the weight's own
 *      rows. Taps at an even distance are copied by cp.async, by 16, 8 or 4 bytes; others are put together from two
 *      pieces of 16 bytes; where in them is a constant of the program (DSHIFT). There are two windows in turn, so that
 *      the next tile's is on its way during both products; where shared memory is short (WINDOWS 1) there is one, which
 *      is filled again behind the first product.
 *   2. a = weight · window: 4 warps along the rows, 2 along time. A warp has 16 filters and their 16 gates, so that
 *      z = tanh(a_f) σ(a_g) happens in registers; z goes to shared memory as 16-bit elements, one piece of 16 bytes for
 *      each row and lane: the sample 8a + 2b + i of a warp's 32 stands at 8b + 2a + i.
 *   3. [residual; skip] = W · z. By that order the sums a lane holds of a row are 8 neighbouring samples: results, and
 *      what is added to them, cross the bus as pieces of 16 bytes without any exchange between lanes.
 *   4. what is added: x from the window's last tap; the skip sum waits in registers since the end of the tile before.
 *      Where those do not suffice (EARLY 0) both are loaded before the second product.
 * Where rows are no whole pieces (ALIGNED 0) the edges go element by element.
 *
 * Ladder: 1 gates and outputs apart, z through memory (layer.cl); 2 one launch, one window, quads of lanes turning their
 * sums around by shuffles: 106 µs for 64 channels, 128 skip channels and 16 sequences of 16,000 samples, 54 % of what
 * copies reach on an H200; 3 this, half the instructions: 96 µs, a quarter of the issue slots busy; neighbouring tiles for
 * each block instead of distant ones: 99 µs. Figures: docs/h200.md. One reciprocal for both
 * gates: special functions are the scarcest unit here. Behind layer.cuh. */
#ifndef WINDOWS
#define WINDOWS 2
#endif
#define WARPS_N 2
#define THREADS 256
#define PITCH_W1 (ROWS * 2 + 16)
#define PITCH_W2 (HALF_ROWS * 2 + 16)
#define PITCH_T (TT * 2)
#define WINDOW (ROWS * PITCH_T)
#define W2_AT (2 * HALF_ROWS * PITCH_W1)
#define X_AT (W2_AT + OUTS * PITCH_W2)
#define Z_AT (X_AT + WINDOWS * WINDOW)
/* What the first sums begin with, and the second ones: each row's float twice, as in fragments. */
#define FIRST_AT (Z_AT + HALF_ROWS * PITCH_T)
#define LAST_AT (FIRST_AT + 2 * HALF_ROWS * 8)
#define COLS (TT / WARPS_N) /* of a warp: four tiles of 8 */
#define PAIRS (HALF_ROWS / 16)
#define PAIRS_AT_ONCE (PAIRS > 4 ? 2 : 1)
#define OUT_TILES (OUTS / 16)
#define OUTS_AT_ONCE (OUT_TILES > 8 ? 3 : OUT_TILES > 4 ? 2 : 1)
#define PIECES (TT / 8)
#define LINES (THREADS / PIECES) /* rows that the block's threads fill at once */
#define EARLY (ALIGNED && OUT_TILES <= 4 * OUTS_AT_ONCE)
#define SUMMANDS ((2 * HALF_ROWS + THREADS - 1) / THREADS)

/* Turns a row's pieces so that of eight rows, and of two rows with four pieces each, all stand in other banks. */
DEVICE int swizzle(int row) { return ((row ^ row >> 1) & 1) << 2 | (row >> 1 & 3); }

/* Fills the window at `to` for the tile at t0. */
DEVICE void window_load(unsigned char* memory, uint at, int to, const ELEM* RESTRICT x, const ELEM* RESTRICT state,
                        int n, int t0, int length, int dilation) {
  int reach = (TAPS - 1) * dilation;
  int piece = (int)((uint)LOCAL_ID(0) % PIECES);
  int line = (int)((uint)LOCAL_ID(0) / PIECES);
  UNROLL
  for (int back = 0; back < TAPS; back++) { /* the last tap first: it waits for nothing */
    const int k = TAPS - 1 - back;
    const int shift = (8 - back * DSHIFT % 8) % 8; /* of the first sample within its piece */
    const bool odd = shift % 2 != 0;
    int s = t0 + piece * 8 - back * dilation;
    int a = odd ? s - shift : s; /* of the first one that is read */
    int first = to + (line * TAPS + k) * PITCH_T + (piece ^ swizzle(line * TAPS + k)) * 16;
    if (ALIGNED && a >= 0 && a + (odd ? 16 : 8) <= length) {
      const ELEM* from = x + ((n * CHANNELS + line) * length + a);
      UNROLL
      for (int c = 0; c < CHANNELS; c += LINES) {
        if (c + LINES <= CHANNELS || c + line < CHANNELS) {
          int there = first + c * TAPS * PITCH_T;
          const ELEM* p = from + c * length;
          if (shift == 0) {
            copy_async_16(at + there, p, 16);
          } else if (shift == 4) {
            copy_async_8(at + there, p, 8);
            copy_async_8(at + there + 8, p + 4, 8);
          } else if (!odd) {
            UNROLL
            for (int i = 0; i < 4; i++) copy_async_4(at + there + 4 * i, p + 2 * i, 4);
          } else {
            uint4 l = piece_load(p);
            uint4 h = piece_load(p + 8);
            uint w[8] = {l.x, l.y, l.z, l.w, h.x, h.y, h.z, h.w};
            uint r[4];
            UNROLL
            for (int i = 0; i < 4; i++) {
              const int j = shift / 2 + i;
              r[i] = (w[j] >> 16) | (w[(j + 1) % 8] << 16);
            }
            *(uint4*)(memory + there) = make_uint4(r[0], r[1], r[2], r[3]);
          }
        }
      }
    } else {
      _Pragma("unroll 1") /* for the edges alone */
      for (int c = line; c < CHANNELS; c += LINES) {
        int row = n * CHANNELS + c;
        uint r[4];
        UNROLL
        for (int i = 0; i < 4; i++) {
          uint lo = sample(x, state, row, s + 2 * i, length, reach);
          uint hi = sample(x, state, row, s + 2 * i + 1, length, reach);
          r[i] = lo | (hi << 16);
        }
        *(uint4*)(memory + first + (c - line) * TAPS * PITCH_T) = make_uint4(r[0], r[1], r[2], r[3]);
      }
    }
  }
}

/* Rows of a weight into shared memory. */
template <int COUNT, int ROW, int PITCH>
DEVICE void weight_load(uint to, const ELEM* RESTRICT w) {
  const uint pieces = ROW / 8;
  uint thread = (uint)LOCAL_ID(0);
  if (THREADS % pieces == 0) {
    const int rows = THREADS / pieces;
    int row = (int)(thread / pieces);
    int piece = (int)(thread % pieces);
    uint there = to + row * PITCH + piece * 16;
    const ELEM* from = w + (row * ROW + piece * 8);
    UNROLL
    for (int r = 0; r < COUNT; r += rows)
      if (r + rows <= COUNT || r + row < COUNT) copy_async_16(there + r * PITCH, from + r * ROW, 16);
  } else {
    for (uint e = thread; e < COUNT * pieces; e += THREADS)
      copy_async_16(to + e / pieces * PITCH + e % pieces * 16, w + e * 8, 16);
  }
}

/* All fragments of a step of 16 rows, 32 columns: of the first two tiles from `near`, of the others from `far`. */
DEVICE void columns(uint (&b)[4][2], uint near, uint far) {
  UNROLL
  for (int j = 0; j < 2; j++) {
    uint r[4];
    ldmatrix_x4_trans(r, j == 0 ? near : far);
    b[2 * j][0] = r[0];
    b[2 * j][1] = r[1];
    b[2 * j + 1][0] = r[2];
    b[2 * j + 1][1] = r[3];
  }
}

/* What the sums of rows r and r + 8 begin with. */
DEVICE void beginning(float (&c)[4], const float* from, int r) {
  const float2 upper = *(const float2*)(from + 2 * r);
  const float2 lower = *(const float2*)(from + 2 * (r + 8));
  c[0] = upper.x;
  c[1] = upper.y;
  c[2] = lower.x;
  c[3] = lower.y;
}
DEVICE void put_beginning(float* to, int r, float v) { *(float2*)(to + 2 * r) = make_float2(v, v); }

/* Gates of 16 rows from `row` on: stores them where they are kept, and their product in shared memory; `turned` is the
 * place of this lane's piece in its rows. */
DEVICE void gates(unsigned char* memory, int turned, const float (&f)[4][4], const float (&g)[4][4],
                  const ELEM* RESTRICT condition, ELEM* RESTRICT kept, int n, int row, int wn, int t0, int length) {
  int lane = lane_id();
  UNROLL
  for (int h = 0; h < 2; h++) {
    int r = row + lane / 4 + h * 8;
    uint w[4];
    UNROLL
    for (int j = 0; j < 4; j++) {
      float z[2];
      UNROLL
      for (int i = 0; i < 2; i++) {
        int t = t0 + wn + j * 8 + lane % 4 * 2 + i;
        z[i] = gate(f[j][h * 2 + i], g[j][h * 2 + i], condition, kept, n, r, t, length);
      }
      w[j] = word_of(z[0], z[1]);
    }
    *(uint4*)(memory + Z_AT + r * PITCH_T + turned) = make_uint4(w[0], w[1], w[2], w[3]);
  }
}

/* What is added to the skip rows' eight samples from `col` on; the first stand at at_skip. */
DEVICE void base_load(uint4 (&added)[OUTS_AT_ONCE][2], const ELEM* RESTRICT base, int at_skip, int wm, int col,
                      int length) {
  UNROLL
  for (int i = 0; i < OUTS_AT_ONCE; i++) {
    UNROLL
    for (int h = 0; h < 2; h++) {
      int m = wm + 4 * i;
      added[i][h] = piece_zero();
      if (BASE && m >= CHANNELS / 16 && m < OUT_TILES && col < length)
        added[i][h] = piece_load_once(base + (at_skip + (8 * i + h) * 8 * length));
    }
  }
}

/* blocks: tiles of a sequence; tiles: of all. */
KERNEL_RESIDENT(THREADS, BLOCKS) void layer_sm80(LAYER_ARGUMENTS) {
  DYNAMIC_SHARED(memory);
  uint at = shared_address(memory);
  float* first = (float*)(memory + FIRST_AT);
  float* last = (float*)(memory + LAST_AT);
  int lane = lane_id();
  int window = X_AT;
  int wm = LOCAL_ID(0) / 32 & 3;
  int wn = (LOCAL_ID(0) / 128 & 1) * COLS;
  int row = wm * 16 + lane / 4; /* of this lane's first result, and how far the next eight are */
  int eight = 8 * length;
  int n = GROUP_ID(0) / blocks;
  int block = GROUP_ID(0) % blocks;
  int step_n = GROUP_COUNT(0) / blocks;
  int step_block = GROUP_COUNT(0) % blocks;
  int t0 = block * TT;
  int col = t0 + wn + lane % 4 * 8; /* of the eight samples of this lane's results, and where their first rows stand */
  int at_y = (n * CHANNELS + row) * length + col;
  int at_skip = (n * SKIPS + row - CHANNELS) * length + col;
#if ALIGNED
  uint4 added[OUTS_AT_ONCE][2];
#endif
#if EARLY
  base_load(added, base, at_skip, wm, col, length);
#endif
  /* The memory is busy with two windows already while the weights come. */
  _Pragma("unroll 1")
  for (int i = 0; i < 2; i++) {
    if (i == 0) {
      weight_load<2 * HALF_ROWS, ROWS, PITCH_W1>(at, weight);
    } else {
      weight_load<CHANNELS, HALF_ROWS, PITCH_W2>(at + W2_AT, residual_weight);
      weight_load<SKIPS, HALF_ROWS, PITCH_W2>(at + W2_AT + CHANNELS * PITCH_W2, skip_weight);
    }
    if (i < WINDOWS && GROUP_ID(0) + i * GROUP_COUNT(0) < tiles) {
      int over = block + i * step_block;
      int carry = over >= blocks ? 1 : 0;
      window_load(memory, at, X_AT + i * WINDOW, x, state, n + i * step_n + carry, (over - carry * blocks) * TT, length,
                  dilation);
    }
    copy_async_commit();
  }
  for (int r = LOCAL_ID(0); r < 2 * HALF_ROWS; r += THREADS) 
    put_beginning(first, r, first_of(bias, condition, n, r));
  for (int r = LOCAL_ID(0); r < OUTS; r += THREADS)
    put_beginning(last, r, place(r, 0, length, x, base, y, skip, residual_bias, skip_bias).bias);
#if CONDITION == 1
  float biases[SUMMANDS];
  UNROLL
  for (int i = 0; i < SUMMANDS; i++) {
    int r = LOCAL_ID(0) + i * THREADS;
    biases[i] = BIAS && r < 2 * HALF_ROWS ? LD(bias, r) : 0.0f;
  }
#endif
  /* Of a 16 x 16 block: lane i gives row i % 16 and, behind eight columns, the second half. */
  int of_weight = lane % 16;
  int half = lane / 16 * 16;
  int near = of_weight * PITCH_T + ((wn / 8 + lane / 16) ^ swizzle(of_weight)) * 16;
  int far = of_weight * PITCH_T + ((wn / 8 + lane / 16 + 2) ^ swizzle(of_weight)) * 16;
  /* This lane's piece in a row of z, and in one of the window's last tap. */
  int turned = ((wn / 8 + lane % 4) ^ swizzle(lane / 4)) * 16;
  int of_x = (row * TAPS + TAPS - 1) * PITCH_T + ((wn / 8 + lane % 4) ^ swizzle((lane / 4 * TAPS + TAPS - 1) % 8)) * 16;
  for (int tile = GROUP_ID(0); tile < tiles; tile += GROUP_COUNT(0)) {
    int next_n = n + step_n;
    int next_block = block + step_block;
    if (next_block >= blocks) {
      next_block -= blocks;
      next_n++;
    }
    bool more = tile + GROUP_COUNT(0) < tiles;
#if CONDITION == 1
    ELEM ahead[SUMMANDS];
    UNROLL
    for (int i = 0; i < SUMMANDS; i++) {
      int r = LOCAL_ID(0) + i * THREADS;
      ahead[i] = 0;
      if (more && r < 2 * HALF_ROWS) ahead[i] = condition[next_n * 2 * HALF_ROWS + r];
    }
#endif
    /* Behind a window's copies an empty group is ended: so "all but one" means this window here, at the first tile too,
     * where the second weight may still be on its way. */
    copy_async_wait<1>();
    BARRIER(); /* the window is there; z and the other window are read out */
#if WINDOWS == 2
    if (more && tile >= GROUP_COUNT(0))
      window_load(memory, at, 2 * X_AT + WINDOW - window, x, state, next_n, next_block * TT, length, dilation);
    copy_async_commit();
    copy_async_commit();
#endif
    for (int p0 = 0; p0 < PAIRS; p0 += 4 * PAIRS_AT_ONCE) {
      float f[PAIRS_AT_ONCE][4][4];
      float g[PAIRS_AT_ONCE][4][4];
      float u0[PAIRS_AT_ONCE][4];
      float v0[PAIRS_AT_ONCE][4];
      UNROLL
      for (int i = 0; i < PAIRS_AT_ONCE; i++) {
        int pair = p0 + wm + 4 * i;
        int r = (pair < PAIRS ? pair * 16 : 0) + lane / 4;
        beginning(u0[i], first, r);
        beginning(v0[i], first, r + HALF_ROWS);
      }
      UNROLL
      for (int step = 0; step < ROWS / 16; step++) {
        uint b[4][2];
        uint rows = at + window + step * 16 * PITCH_T;
        columns(b, rows + near, rows + far);
        UNROLL
        for (int i = 0; i < PAIRS_AT_ONCE; i++) {
          int pair = p0 + wm + 4 * i;
          if (pair < PAIRS) {
            uint u[4];
            uint v[4];
            uint from = at + (pair * 16 + of_weight) * PITCH_W1 + step * 32 + half;
            ldmatrix_x4(u, from);
            ldmatrix_x4(v, from + HALF_ROWS * PITCH_W1);
            UNROLL
            for (int j = 0; j < 4; j++) {
              if (step == 0) {
                mma_storage(f[i][j], u, b[j], u0[i]);
                mma_storage(g[i][j], v, b[j], v0[i]);
              } else {
                mma_storage(f[i][j], u, b[j]);
                mma_storage(g[i][j], v, b[j]);
              }
            }
          }
        }
      }
      UNROLL
      for (int i = 0; i < PAIRS_AT_ONCE; i++) {
        int pair = p0 + wm + 4 * i;
        if (pair < PAIRS) gates(memory, turned, f[i], g[i], condition, kept, n, pair * 16, wn, t0, length);
      }
    }
#if EARLY && WINDOWS == 1
    UNROLL
    for (int i = 0; i < OUTS_AT_ONCE; i++) {
      UNROLL
      for (int h = 0; h < 2; h++) {
        if (wm + 4 * i < CHANNELS / 16)
          added[i][h] = *(const uint4*)(memory + window + of_x + (64 * i + 8 * h) * TAPS * PITCH_T);
      }
    }
#endif
    copy_async_wait<2 * (WINDOWS - 1)>(); /* the second weight, which the first tile alone waits for */
    BARRIER();                            /* z is there, the window and the beginnings of sums are read out */
#if WINDOWS == 1
    if (more) window_load(memory, at, window, x, state, next_n, next_block * TT, length, dilation);
    copy_async_commit();
    copy_async_commit();
#endif
#if CONDITION == 1
    UNROLL
    for (int i = 0; i < SUMMANDS; i++) {
      int r = LOCAL_ID(0) + i * THREADS;
      if (r < 2 * HALF_ROWS) put_beginning(first, r, biases[i] + LD(ahead, i));
    }
#endif
    for (int m0 = 0; m0 < OUT_TILES; m0 += 4 * OUTS_AT_ONCE) {
#if ALIGNED && !EARLY
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        UNROLL
        for (int h = 0; h < 2; h++) {
          int m = m0 + wm + 4 * i;
          int down = (2 * m0 + 8 * i + h) * eight;
          added[i][h] = piece_zero();
          if (m < OUT_TILES && col < length) {
            if (m < CHANNELS / 16)
              added[i][h] = piece_load(x + (at_y + down));
            else if (BASE)
              added[i][h] = piece_load_once(base + (at_skip + down));
          }
        }
      }
#endif
      float acc[OUTS_AT_ONCE][4][4];
      float c[OUTS_AT_ONCE][4];
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        int m = m0 + wm + 4 * i;
        int r = (m < OUT_TILES ? m * 16 : 0) + lane / 4;
        beginning(c[i], last, r);
      }
      UNROLL
      for (int step = 0; step < HALF_ROWS / 16; step++) {
        uint b[4][2];
        uint rows = at + Z_AT + step * 16 * PITCH_T;
        columns(b, rows + near, rows + far);
        UNROLL
        for (int i = 0; i < OUTS_AT_ONCE; i++) {
          int m = m0 + wm + 4 * i;
          if (m < OUT_TILES) {
            uint u[4];
            ldmatrix_x4(u, at + W2_AT + (m * 16 + of_weight) * PITCH_W2 + step * 32 + half);
            UNROLL
            for (int j = 0; j < 4; j++) {
              if (step == 0)
                mma_storage(acc[i][j], u, b[j], c[i]);
              else
                mma_storage(acc[i][j], u, b[j]);
            }
          }
        }
      }
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        int m = m0 + wm + 4 * i;
        if (m < OUT_TILES) {
          UNROLL
          for (int h = 0; h < 2; h++) {
            int down = (2 * m0 + 8 * i + h) * eight;
            bool residual = m < CHANNELS / 16;
            ELEM* to = residual ? y + (at_y + down) : skip + (at_skip + down);
#if EARLY && WINDOWS == 2
            if (residual) added[i][h] = *(const uint4*)(memory + window + of_x + (64 * i + 8 * h) * TAPS * PITCH_T);
#endif
#if ALIGNED
            uint w[4] = {added[i][h].x, added[i][h].y, added[i][h].z, added[i][h].w};
            UNROLL
            for (int j = 0; j < 4; j++)
              w[j] = word_of(acc[i][j][h * 2] + word_low(w[j]), acc[i][j][h * 2 + 1] + word_high(w[j]));
            if (col < length) piece_store(to, make_uint4(w[0], w[1], w[2], w[3]));
#else
            UNROLL
            for (int j = 0; j < 8; j++) {
              if (col + j < length) {
                float v = acc[i][j / 2][h * 2 + j % 2];
                if (residual)
                  v += LD(x, at_y + down + j);
                else if (BASE)
                  v += LD(base, at_skip + down + j);
                ST(to, j, v);
              }
            }
#endif
          }
        }
      }
    }
    n = next_n;
    block = next_block;
    t0 = block * TT;
    col = t0 + wn + lane % 4 * 8;
    at_y = (n * CHANNELS + row) * length + col;
    at_skip = (n * SKIPS + row - CHANNELS) * length + col;
#if EARLY
    if (more) base_load(added, base, at_skip, wm, col, length);
#endif
#if WINDOWS == 2
    window = 2 * X_AT + WINDOW - window;
#endif
  }
  copy_async_wait<0>();
}
