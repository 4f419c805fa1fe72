/* Recurrent networks, one launch a step. This text is the part that all cells share; rnn.cl, lstm.cl or gru.cl
 * follows it in the program. The products over all steps (the input's part of the gates; gradients of weights
 * and input) are matmul.cl's.
 *
 * Tile scheme: a group owns ROWS rows of the batch x UNITS hidden units x all gates of these units, so that the
 * gates' arithmetic follows the recurrent product in registers and a step needs no second launch (two where a
 * GRU resets before its product). Operands go through local memory, TILE_K columns at a time; where the batch is
 * small, SPLIT work-items share one sum and are added in a fixed order. States are read from and written to the
 * outputs themselves: step t reads y and cells at the step before. Third grid axis: the direction.
 *
 * Lengths are looked up here: a row without a step at time t writes zeros and keeps its state. What flows back
 * between steps stands in float buffers dh and dc: all of it but the product, which the next launch adds.
 *
 * Version 1: portable, no matrix units, the weight is read anew at every step. */
#ifndef ROWS
#define ROWS 4
#endif
#ifndef SPLIT
#define SPLIT 4
#endif
#ifndef SUM_LANES
#define SUM_LANES 8
#endif
#define UNITS 16
#define GROUP (UNITS * ROWS * SPLIT)
#define TILE_K 32
#define PITCH (TILE_K + 1)

/* Adds up what SPLIT work-items have of each sum; the first of them gets it. */
DEVICE void join(int gates, SHARED_PTR float* ws, float* acc) {
#if SPLIT > 1
  int lid = LOCAL_ID(0);
  UNROLL
  for (int g = 0; g < gates; g++) ws[g * GROUP + lid] = acc[g];
  BARRIER();
  if (lid < UNITS * ROWS) {
    UNROLL
    for (int g = 0; g < gates; g++) {
      float s = 0.0f;
      for (int p = 0; p < SPLIT; p++) s += ws[g * GROUP + p * UNITS * ROWS + lid];
      acc[g] = s;
    }
  }
#endif
}

/* acc[g] += sum over k < H of A[row][k] * W[g * H + unit][k], W from element wo on. */
DEVICE void product_forward(GLOBAL const ELEM* a, GLOBAL const ELEM* first, GLOBAL const ELEM* w, int wo, int gates,
                            int H, int unit0, SHARED_PTR int* at, SHARED_PTR float* xs, SHARED_PTR float* ws,
                            float* acc) {
  int lid = LOCAL_ID(0);
  int u = lid % UNITS, r = lid / UNITS % ROWS, p = lid / (UNITS * ROWS);
  for (int k0 = 0; k0 < H; k0 += TILE_K) {
    for (int i = lid; i < ROWS * TILE_K; i += GROUP) {
      int k = i % TILE_K, row = i / TILE_K;
      xs[row * PITCH + k] = k0 + k < H ? element(a, first, at[row], k0 + k) : 0.0f;
    }
    for (int i = lid; i < gates * UNITS * TILE_K; i += GROUP) {
      int k = i % TILE_K, row = i / TILE_K, unit = unit0 + row % UNITS;
      ws[row * PITCH + k] = k0 + k < H && unit < H ? LD(w, wo + (row / UNITS * H + unit) * H + k0 + k) : 0.0f;
    }
    BARRIER();
    for (int k = p; k < TILE_K; k += SPLIT) {
      float x = xs[r * PITCH + k];
      UNROLL
      for (int g = 0; g < gates; g++) acc[g] = FMA(x, ws[(g * UNITS + u) * PITCH + k], acc[g]);
    }
    BARRIER();
  }
  join(gates, ws, acc);
}

/* acc[0] += sum over k < depth of A[row][k] * W[k][unit]; A's columns from `from` on stand `skip` further on. */
DEVICE void product_back(GLOBAL const ELEM* a, GLOBAL const ELEM* w, int wo, int depth, int from, int skip, int H,
                         int unit0, SHARED_PTR int* at, SHARED_PTR float* xs, SHARED_PTR float* ws, float* acc) {
  int lid = LOCAL_ID(0);
  int u = lid % UNITS, r = lid / UNITS % ROWS, p = lid / (UNITS * ROWS);
  for (int k0 = 0; k0 < depth; k0 += TILE_K) {
    for (int i = lid; i < ROWS * TILE_K; i += GROUP) {
      int k = k0 + i % TILE_K, row = i / TILE_K;
      xs[row * PITCH + i % TILE_K] = k < depth && at[row] >= 0 ? LD(a, at[row] + (k < from ? k : k + skip)) : 0.0f;
    }
    for (int i = lid; i < UNITS * TILE_K; i += GROUP) {
      int k = k0 + i / UNITS, unit = unit0 + i % UNITS;
      ws[i] = k < depth && unit < H ? LD(w, wo + k * H + unit) : 0.0f;
    }
    BARRIER();
    for (int k = p; k < TILE_K; k += SPLIT) acc[0] = FMA(xs[r * PITCH + k], ws[k * UNITS + u], acc[0]);
    BARRIER();
  }
  join(1, ws, acc);
}

/* Row and unit of this work-item in a step's tile; OWNER: the one that holds the joined sum. */
#define TILE_INDICES                                                        \
  int lid = LOCAL_ID(0), d = GROUP_ID(2);                                   \
  int unit0 = GROUP_ID(0) * UNITS, row0 = GROUP_ID(1) * ROWS;               \
  int j = unit0 + lid % UNITS, r = lid / UNITS % ROWS, n = row0 + r;
#define OWNER (lid < UNITS * ROWS && n < N && j < H)

KERNEL void recurrent_zero(GLOBAL ELEM* RESTRICT to, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(to, i, 0.0f);
}

KERNEL void recurrent_copy(GLOBAL const ELEM* RESTRICT from, GLOBAL ELEM* RESTRICT to, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(to, i, LD(from, i));
}

/* before [T*N, H]: the states that the steps of direction d started from, 0 where there is no step. */
KERNEL void states_before(GLOBAL const ELEM* y, GLOBAL const ELEM* h0, GLOBAL const int* lengths, int d,
                          GLOBAL ELEM* RESTRICT before, int T, int N, int H) {
  int i = GLOBAL_ID(0);
  if (i >= T * N * H) return;
  int at = state_before(lengths, d, i / H / N, i / H % N, T, N, H);
  ST(before, i, element(y, h0, at, i % H));
}

/* Adds SUM_LANES partial sums of 16 columns and writes them. */
DEVICE void write_sums(SHARED_PTR float* part, float s, int c, int n, GLOBAL ELEM* out, int oo) {
  int lid = LOCAL_ID(0);
  part[lid] = s;
  BARRIER();
  if (lid < 16 && c < n) {
    float total = 0.0f;
    for (int p = 0; p < SUM_LANES; p++) total += part[p * 16 + lid];
    ST(out, oo + c, total);
  }
}

/* out[oo + c] = sum over rows of delta[at + row * ld + column c]; columns from `from` on stand `skip` further. */
KERNEL void column_sums(GLOBAL const ELEM* RESTRICT delta, int at, int ld, int rows, int n, int from, int skip,
                        GLOBAL ELEM* RESTRICT out, int oo) {
  SHARED float part[16 * SUM_LANES];
  int lid = LOCAL_ID(0), c = GROUP_ID(0) * 16 + lid % 16;
  int column = at + (c < from ? c : c + skip);
  float s = 0.0f;
  if (c < n)
    for (int row = lid / 16; row < rows; row += SUM_LANES) s += LD(delta, column + row * ld);
  write_sums(part, s, c, n, out, oo);
}

/* out [D, rows, H] = sum over groups of part [groups][D][width][H], rows from `first` on, those from `from` on one
 * further. */
KERNEL void group_sums(GLOBAL const float* RESTRICT part, int groups, int width, int first, int from, int rows, int H,
                       GLOBAL ELEM* RESTRICT out) {
  int i = GLOBAL_ID(0);
  if (i >= DIRECTIONS * rows * H) return;
  int j = i % H, b = i / H % rows, d = i / H / rows;
  int at = (d * width + first + b + (b < from ? 0 : 1)) * H + j;
  float s = 0.0f;
  for (int g = 0; g < groups; g++) s += part[g * DIRECTIONS * width * H + at];
  ST(out, i, s);
}
