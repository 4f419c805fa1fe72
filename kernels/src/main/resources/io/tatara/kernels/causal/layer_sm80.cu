/* WaveNet's gated layer in one launch on the matrix units, float16 and bfloat16, compute capability 8.0 and later: the
 * dilated convolution, the gates, the residual and the skip connection. x, the skip sum and both results cross the
 * memory's bus once; the gated activation z never does.
 *
 * A block of 8 warps stays for several tiles of TT samples; both weights stand in shared memory, rows padded by 16 bytes
 * so that the eight rows of an ldmatrix touch each bank once.
 *   1. window: row c · TAPS + k holds samples t − (TAPS − 1 − k) · dilation of channel c, the order of the weight's own
 *      rows. Taps whose distance is a multiple of 8 samples are copied by cp.async, others are put together from two
 *      pieces of 16 bytes; where in them is a constant of the program (DSHIFT).
 *   2. a = weight · window: 4 warps along the rows, 2 along time. A warp has 16 filters and their 16 gates, so that
 *      z = tanh(a_f) σ(a_g) happens in registers; z goes to shared memory as 16-bit elements.
 *   3. the next tile's window is on its way while [residual; skip] = W · z is computed.
 *   4. results: a quad of lanes turns four 8-column tiles around, so that each lane loads and stores 16 bytes of a row.
 * Where rows are no whole pieces (ALIGNED 0) the edges go element by element.
 *
 * Ladder: 1 gates and outputs apart, z through memory (layer.cl); 2 this. One reciprocal for both gates: special
 * functions are the scarcest unit here. Not measured on a GPU yet. Behind layer.cuh. */
#define WARPS_N 2
#define THREADS 256
#define PITCH_W1 (ROWS * 2 + 16)
#define PITCH_W2 (HALF_ROWS * 2 + 16)
#define PITCH_T (TT * 2 + 16)
#define W2_AT (2 * HALF_ROWS * PITCH_W1)
#define X_AT (W2_AT + OUTS * PITCH_W2)
#define Z_AT (X_AT + ROWS * PITCH_T)
#define COLS (TT / WARPS_N) /* of a warp: four tiles of 8 */
#define PAIRS (HALF_ROWS / 16)
#define PAIRS_AT_ONCE (PAIRS > 4 ? 2 : 1)
#define OUT_TILES (OUTS / 16)
#define OUTS_AT_ONCE (OUT_TILES > 8 ? 3 : OUT_TILES > 4 ? 2 : 1)
#define PIECES (TT / 8)

/* Four words of each of four neighbouring lanes: lane t gets word t of all, in their order. */
DEVICE void quad_transpose(uint (&w)[4]) {
  bool odd = (lane_id() & 1) != 0;
  bool high = (lane_id() & 2) != 0;
  UNROLL
  for (int i = 0; i < 4; i += 2) {
    uint got = shuffle_xor(odd ? w[i] : w[i + 1], 1);
    w[i] = odd ? got : w[i];
    w[i + 1] = odd ? w[i + 1] : got;
  }
  UNROLL
  for (int i = 0; i < 2; i++) {
    uint got = shuffle_xor(high ? w[i] : w[i + 2], 2);
    w[i] = high ? got : w[i];
    w[i + 2] = high ? w[i + 2] : got;
  }
}

/* Fills the window of the tile at t0. */
DEVICE void window_load(unsigned char* memory, uint at, const ELEM* RESTRICT x, const ELEM* RESTRICT state, int n, int t0,
                        int length, int dilation) {
  int reach = (TAPS - 1) * dilation;
  UNROLL
  for (int k = 0; k < TAPS; k++) {
    const int shift = (8 - (TAPS - 1 - k) * DSHIFT % 8) % 8; /* of the first sample within its piece */
    int back = (TAPS - 1 - k) * dilation;
    for (int e = LOCAL_ID(0); e < CHANNELS * PIECES; e += THREADS) {
      int c = e / PIECES;
      int row = n * CHANNELS + c;
      int s = t0 + e % PIECES * 8 - back;
      int to = X_AT + (c * TAPS + k) * PITCH_T + e % PIECES * 16;
      int a = s - shift;
      if (ALIGNED && a >= 0 && a + (shift == 0 ? 8 : 16) <= length) {
        const ELEM* from = x + row * length + a;
        if (shift == 0) {
          copy_async_16(at + to, from, 16);
        } else {
          uint4 p = piece_load(from);
          uint4 q = piece_load(from + 8);
          uint w[9] = {p.x, p.y, p.z, p.w, q.x, q.y, q.z, q.w, 0u};
          uint r[4];
          UNROLL
          for (int i = 0; i < 4; i++) {
            const int j = shift / 2 + i;
            r[i] = shift % 2 == 0 ? w[j] : (w[j] >> 16) | (w[j + 1] << 16);
          }
          *(uint4*)(memory + to) = make_uint4(r[0], r[1], r[2], r[3]);
        }
      } else {
        uint r[4];
        UNROLL
        for (int i = 0; i < 4; i++) {
          uint lo = sample(x, state, row, s + 2 * i, length, reach);
          uint hi = sample(x, state, row, s + 2 * i + 1, length, reach);
          r[i] = lo | (hi << 16);
        }
        *(uint4*)(memory + to) = make_uint4(r[0], r[1], r[2], r[3]);
      }
    }
  }
  copy_async_commit();
}

/* Rows of a weight into shared memory. */
template <int COUNT, int ROW, int PITCH>
DEVICE void weight_load(uint to, const ELEM* RESTRICT w) {
  const int pieces = ROW / 8;
  for (int e = LOCAL_ID(0); e < COUNT * pieces; e += THREADS)
    copy_async_16(to + e / pieces * PITCH + e % pieces * 16, w + e * 8, 16);
}

/* All fragments of a step of 16 rows, 32 columns. */
DEVICE void columns(uint (&b)[4][2], uint at) {
  UNROLL
  for (int j = 0; j < 2; j++) {
    uint r[4];
    ldmatrix_x4_trans(r, at + j * 32);
    b[2 * j][0] = r[0];
    b[2 * j][1] = r[1];
    b[2 * j + 1][0] = r[2];
    b[2 * j + 1][1] = r[3];
  }
}

/* Begins the sums of this lane's two rows. */
DEVICE void begin(float (&acc)[4][4], float upper, float lower) {
  UNROLL
  for (int j = 0; j < 4; j++) {
    UNROLL
    for (int k = 0; k < 4; k++) acc[j][k] = k < 2 ? upper : lower;
  }
}

/* Gates of 16 rows from `row` on: stores them where they are kept, and their product in shared memory. */
DEVICE void gates(unsigned char* memory, const float (&f)[4][4], const float (&g)[4][4],
                  const ELEM* RESTRICT condition, ELEM* RESTRICT kept, int n, int row, int wn, int t0, int length) {
  int lane = lane_id();
  UNROLL
  for (int h = 0; h < 2; h++) {
    int r = row + lane / 4 + h * 8;
    UNROLL
    for (int j = 0; j < 4; j++) {
      int col = wn + j * 8 + lane % 4 * 2;
      float z[2];
      UNROLL
      for (int i = 0; i < 2; i++) {
        z[i] = gate(f[j][h * 2 + i], g[j][h * 2 + i], condition, kept, n, r, t0 + col + i, length);
      }
      *(uint*)(memory + Z_AT + r * PITCH_T + col * 2) = word_of(z[0], z[1]);
    }
  }
}

/* blocks: tiles of a sequence; tiles: of all. */
KERNEL_RESIDENT(THREADS, BLOCKS) void layer_sm80(LAYER_ARGUMENTS) {
  DYNAMIC_SHARED(memory);
  uint at = shared_address(memory);
  int lane = lane_id();
  int warp = LOCAL_ID(0) / 32;
  int wm = warp % 4;
  int wn = warp / 4 * COLS;
  int tile = GROUP_ID(0);
  weight_load<2 * HALF_ROWS, ROWS, PITCH_W1>(at, weight);
  weight_load<CHANNELS, HALF_ROWS, PITCH_W2>(at + W2_AT, residual_weight);
  weight_load<SKIPS, HALF_ROWS, PITCH_W2>(at + W2_AT + CHANNELS * PITCH_W2, skip_weight);
  window_load(memory, at, x, state, tile / blocks, tile % blocks * TT, length, dilation);
  /* Of a 16 x 16 block: lane i gives row i % 16 and, behind eight columns, the second half. */
  int of_weight = lane % 16;
  int half = lane / 16 * 16;
  for (; tile < tiles; tile += GROUP_COUNT(0)) {
    int n = tile / blocks;
    int t0 = tile % blocks * TT;
    copy_async_wait<0>();
    BARRIER();
    for (int p0 = 0; p0 < PAIRS; p0 += 4 * PAIRS_AT_ONCE) {
      float f[PAIRS_AT_ONCE][4][4];
      float g[PAIRS_AT_ONCE][4][4];
      UNROLL
      for (int i = 0; i < PAIRS_AT_ONCE; i++) {
        int pair = p0 + wm + 4 * i;
        int r = (pair < PAIRS ? pair * 16 : 0) + lane / 4;
        begin(f[i], first_of(bias, condition, n, r), first_of(bias, condition, n, r + 8));
        r += HALF_ROWS;
        begin(g[i], first_of(bias, condition, n, r), first_of(bias, condition, n, r + 8));
      }
      UNROLL
      for (int step = 0; step < ROWS / 16; step++) {
        uint b[4][2];
        columns(b, at + X_AT + (step * 16 + of_weight) * PITCH_T + wn * 2 + half);
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
              mma_storage(f[i][j], u, b[j]);
              mma_storage(g[i][j], v, b[j]);
            }
          }
        }
      }
      UNROLL
      for (int i = 0; i < PAIRS_AT_ONCE; i++) {
        int pair = p0 + wm + 4 * i;
        if (pair < PAIRS) gates(memory, f[i], g[i], condition, kept, n, pair * 16, wn, t0, length);
      }
    }
    BARRIER(); /* z is there, the window is read out */
    int next = tile + GROUP_COUNT(0);
    if (next < tiles) window_load(memory, at, x, state, next / blocks, next % blocks * TT, length, dilation);
    for (int m0 = 0; m0 < OUT_TILES; m0 += 4 * OUTS_AT_ONCE) {
      int col = t0 + wn + lane % 4 * 8; /* of this lane's pieces */
#if ALIGNED
      uint4 ahead[OUTS_AT_ONCE][2];
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        UNROLL
        for (int h = 0; h < 2; h++) {
          int m = m0 + wm + 4 * i;
          ahead[i][h] = piece_zero();
          if (m < OUT_TILES && col < length) {
            Place p = place(m * 16 + lane / 4 + h * 8, n, length, x, base, y, skip, residual_bias, skip_bias);
            if (p.from != 0) ahead[i][h] = piece_load(p.from + col);
          }
        }
      }
#endif
      float acc[OUTS_AT_ONCE][4][4];
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        int m = m0 + wm + 4 * i;
        int r = (m < OUT_TILES ? m * 16 : 0) + lane / 4;
        Place upper = place(r, n, length, x, base, y, skip, residual_bias, skip_bias);
        Place lower = place(r + 8, n, length, x, base, y, skip, residual_bias, skip_bias);
        begin(acc[i], upper.bias, lower.bias);
      }
      UNROLL
      for (int step = 0; step < HALF_ROWS / 16; step++) {
        uint b[4][2];
        columns(b, at + Z_AT + (step * 16 + of_weight) * PITCH_T + wn * 2 + half);
        UNROLL
        for (int i = 0; i < OUTS_AT_ONCE; i++) {
          int m = m0 + wm + 4 * i;
          if (m < OUT_TILES) {
            uint u[4];
            ldmatrix_x4(u, at + W2_AT + (m * 16 + of_weight) * PITCH_W2 + step * 32 + half);
            UNROLL
            for (int j = 0; j < 4; j++) mma_storage(acc[i][j], u, b[j]);
          }
        }
      }
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        int m = m0 + wm + 4 * i;
        if (m < OUT_TILES) {
          UNROLL
          for (int h = 0; h < 2; h++) {
            Place p = place(m * 16 + lane / 4 + h * 8, n, length, x, base, y, skip, residual_bias, skip_bias);
#if ALIGNED
            uint w[4] = {ahead[i][h].x, ahead[i][h].y, ahead[i][h].z, ahead[i][h].w};
            quad_transpose(w);
            UNROLL
            for (int j = 0; j < 4; j++)
              w[j] = word_of(acc[i][j][h * 2] + word_low(w[j]), acc[i][j][h * 2 + 1] + word_high(w[j]));
            quad_transpose(w);
            if (col < length) piece_store(p.to + col, make_uint4(w[0], w[1], w[2], w[3]));
#else
            UNROLL
            for (int j = 0; j < 8; j++) {
              int t = t0 + wn + j / 2 * 8 + lane % 4 * 2 + j % 2;
              if (t < length) {
                float v = acc[i][j / 2][h * 2 + j % 2];
                if (p.from != 0) v += LD(p.from, t);
                ST(p.to, t, v);
              }
            }
#endif
          }
        }
      }
    }
  }
  copy_async_wait<0>();
}
