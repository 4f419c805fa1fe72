/* WaveNet's gated layer in one launch in strict float32: the dilated convolution, the gates, the residual and the skip
 * connection, every product and sum in the ordinary arithmetic units. Bound by these, not by memory: with 64 channels
 * and 128 skip channels a sample takes 28 672 fused multiply-adds and 1 536 bytes. cp.async: compute capability 8.0 and
 * later, and shared memory for both weights: 9.0 and its kin.
 *
 * A block of 8 warps stays for several tiles of TT = 128 samples. Weights stand in shared memory with rows innermost
 * (turned on the way in: eight lanes along the terms and four along the rows fill whole sectors and 32 banks), the window
 * with time innermost: row c · TAPS + k holds samples t − (TAPS − 1 − k) · dilation of channel c. A lane has four
 * neighbouring samples, a warp all 128, and rows in blocks of eight: a term costs one 16-byte word of the window a lane
 * and two words of weights a block of rows, which all lanes of the warp read at once. That is 5 words for 64 fused
 * multiply-adds with 8 filters and their 8 gates, 7 for 96 behind the gates. z = tanh(a_f) σ(a_g) goes through shared
 * memory; the next tile's window is on its way while [residual; skip] = W · z is computed.
 *
 * Ladder: 1 gates and outputs apart, z through memory (layer.cl); 2 this. Figures: docs/h200.md. Behind layer.cuh. */
#define THREADS 256
#define WARPS 8
#define PITCH_W1 (2 * HALF_ROWS + 4) /* floats */
#define PITCH_W2 (OUTS + 4)
#define W2_AT (ROWS * PITCH_W1)
#define X_AT (W2_AT + HALF_ROWS * PITCH_W2)
#define Z_AT (X_AT + ROWS * TT)
#define PAIRS (HALF_ROWS / 8)
#define OUT_BLOCKS (OUTS / 8)
#define OUTS_AT_ONCE (OUT_BLOCKS > 16 ? 3 : OUT_BLOCKS > 8 ? 2 : 1)
#define QUADS (TT / 4)

DEVICE void words(float (&v)[4], const float* p) {
  float4 w = *(const float4*)p;
  v[0] = w.x;
  v[1] = w.y;
  v[2] = w.z;
  v[3] = w.w;
}

/* Fills the window of the tile at t0. */
DEVICE void window_load(float* memory, uint at, const float* RESTRICT x, const float* RESTRICT state, int n, int t0,
                        int length, int dilation) {
  int reach = (TAPS - 1) * dilation;
  UNROLL
  for (int k = 0; k < TAPS; k++) {
    const bool whole = ALIGNED && (TAPS - 1 - k) * DSHIFT % 4 == 0;
    int back = (TAPS - 1 - k) * dilation;
    for (int e = LOCAL_ID(0); e < CHANNELS * QUADS; e += THREADS) {
      int c = e / QUADS;
      int row = n * CHANNELS + c;
      int s = t0 + e % QUADS * 4 - back;
      int to = X_AT + (c * TAPS + k) * TT + e % QUADS * 4;
      const float* from = x + row * length + s;
      if (whole && s >= 0 && s + 4 <= length) {
        copy_async_16(at + to * 4, from, 16);
      } else if (s >= 0 && s + 4 <= length) {
        UNROLL
        for (int i = 0; i < 4; i++) copy_async_4(at + (to + i) * 4, from + i, 4);
      } else {
        UNROLL
        for (int i = 0; i < 4; i++) memory[to + i] = sample(x, state, row, s + i, length, reach);
      }
    }
  }
  copy_async_commit();
}

/* Rows of a weight into shared memory, turned. */
template <int COUNT, int TERMS, int PITCH>
DEVICE void weight_load(uint to, const float* RESTRICT w) {
  for (int e = LOCAL_ID(0); e < COUNT * TERMS; e += THREADS) {
    int k = e / (COUNT * 8) * 8 + e % 8;
    int r = e / 8 % COUNT;
    copy_async_4(to + (k * PITCH + r) * 4, w + r * TERMS + k, 4);
  }
}

/* acc += eight rows of weights (at w) times four samples. */
DEVICE void multiply(float (&acc)[8][4], const float* w, const float (&v)[4]) {
  float u[8];
  float4 lo = *(const float4*)w;
  float4 hi = *(const float4*)(w + 4);
  u[0] = lo.x;
  u[1] = lo.y;
  u[2] = lo.z;
  u[3] = lo.w;
  u[4] = hi.x;
  u[5] = hi.y;
  u[6] = hi.z;
  u[7] = hi.w;
  UNROLL
  for (int i = 0; i < 8; i++) {
    UNROLL
    for (int j = 0; j < 4; j++) acc[i][j] = FMA(u[i], v[j], acc[i][j]);
  }
}

/* Begins the sums of a row. */
DEVICE void begin(float (&acc)[4], float v) {
  UNROLL
  for (int j = 0; j < 4; j++) acc[j] = v;
}

/* Gates of 8 rows from `row` on: stores them where they are kept, and their product in shared memory. */
DEVICE void gates(float* memory, const float (&f)[8][4], const float (&g)[8][4], const float* RESTRICT condition,
                  float* RESTRICT kept, int n, int row, int t0, int length) {
  UNROLL
  for (int h = 0; h < 8; h++) {
    int r = row + h;
    float z[4];
    UNROLL
    for (int i = 0; i < 4; i++) {
      z[i] = gate(f[h][i], g[h][i], condition, kept, n, r, t0 + lane_id() * 4 + i, length);
    }
    *(float4*)(memory + Z_AT + r * TT + lane_id() * 4) = make_float4(z[0], z[1], z[2], z[3]);
  }
}

/* blocks: tiles of a sequence; tiles: of all. */
KERNEL_SIZED(THREADS, 1, 1) void layer_simt(LAYER_ARGUMENTS) {
  DYNAMIC_SHARED(bytes);
  float* memory = (float*)bytes;
  uint at = shared_address(bytes);
  int lane = lane_id();
  int warp = LOCAL_ID(0) / 32;
  int tile = GROUP_ID(0);
  weight_load<2 * HALF_ROWS, ROWS, PITCH_W1>(at, weight);
  weight_load<CHANNELS, HALF_ROWS, PITCH_W2>(at + W2_AT * 4, residual_weight);
  weight_load<SKIPS, HALF_ROWS, PITCH_W2>(at + (W2_AT + CHANNELS) * 4, skip_weight);
  window_load(memory, at, x, state, tile / blocks, tile % blocks * TT, length, dilation);
  for (; tile < tiles; tile += GROUP_COUNT(0)) {
    int n = tile / blocks;
    int t0 = tile % blocks * TT;
    copy_async_wait<0>();
    BARRIER();
    for (int pair = warp; pair < PAIRS; pair += WARPS) {
      float f[8][4];
      float g[8][4];
      UNROLL
      for (int h = 0; h < 8; h++) {
        begin(f[h], first_of(bias, condition, n, pair * 8 + h));
        begin(g[h], first_of(bias, condition, n, HALF_ROWS + pair * 8 + h));
      }
      const float* w = memory + pair * 8;
      const float* v = memory + X_AT + lane * 4;
      for (int k0 = 0; k0 < ROWS; k0 += 8) {
        UNROLL
        for (int k = 0; k < 8; k++) {
          float u[4];
          words(u, v + k * TT);
          multiply(f, w + k * PITCH_W1, u);
          multiply(g, w + k * PITCH_W1 + HALF_ROWS, u);
        }
        w += 8 * PITCH_W1;
        v += 8 * TT;
      }
      gates(memory, f, g, condition, kept, n, pair * 8, t0, length);
    }
    BARRIER(); /* z is there, the window is read out */
    int next = tile + GROUP_COUNT(0);
    if (next < tiles) window_load(memory, at, x, state, next / blocks, next % blocks * TT, length, dilation);
    for (int m0 = warp; m0 < OUT_BLOCKS; m0 += WARPS * OUTS_AT_ONCE) {
#if ALIGNED
      float4 ahead[OUTS_AT_ONCE][8]; /* what is added, on its way during the products */
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        UNROLL
        for (int h = 0; h < 8; h++) {
          int m = m0 + i * WARPS;
          ahead[i][h] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
          if (m < OUT_BLOCKS && t0 + lane * 4 < length) {
            Place p = place(m * 8 + h, n, length, x, base, y, skip, residual_bias, skip_bias);
            if (p.from != 0) ahead[i][h] = LOADF4(p.from, t0 + lane * 4);
          }
        }
      }
#endif
      float acc[OUTS_AT_ONCE][8][4];
      int rows[OUTS_AT_ONCE]; /* a block behind the last one is the last once more, and not stored */
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        rows[i] = (m0 + i * WARPS < OUT_BLOCKS ? m0 + i * WARPS : OUT_BLOCKS - 1) * 8;
        UNROLL
        for (int h = 0; h < 8; h++) {
          Place p = place(rows[i] + h, n, length, x, base, y, skip, residual_bias, skip_bias);
          begin(acc[i][h], p.bias);
        }
      }
      const float* w = memory + W2_AT;
      const float* v = memory + Z_AT + lane * 4;
      for (int k0 = 0; k0 < HALF_ROWS; k0 += 8) {
        UNROLL
        for (int k = 0; k < 8; k++) {
          float u[4];
          words(u, v + k * TT);
          UNROLL
          for (int i = 0; i < OUTS_AT_ONCE; i++) {
            multiply(acc[i], w + k * PITCH_W2 + rows[i], u);
          }
        }
        w += 8 * PITCH_W2;
        v += 8 * TT;
      }
      UNROLL
      for (int i = 0; i < OUTS_AT_ONCE; i++) {
        int m = m0 + i * WARPS;
        if (m < OUT_BLOCKS) {
          UNROLL
          for (int h = 0; h < 8; h++) {
            Place p = place(m * 8 + h, n, length, x, base, y, skip, residual_bias, skip_bias);
            int t = t0 + lane * 4;
#if ALIGNED
            float4 b = ahead[i][h];
            if (t < length) {
              STOREF4(p.to, t,
                      make_float4(acc[i][h][0] + b.x, acc[i][h][1] + b.y, acc[i][h][2] + b.z,
                                  acc[i][h][3] + b.w));
            }
#else
            UNROLL
            for (int j = 0; j < 4; j++) {
              if (t + j < length) ST(p.to, t + j, acc[i][h][j] + (p.from != 0 ? LD(p.from, t + j) : 0.0f));
            }
#endif
          }
        }
      }
    }
  }
  copy_async_wait<0>();
}
