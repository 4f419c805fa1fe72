/* The LSTM cell, gates i, f, g, o, with optional peepholes: forward and backward step. Follows recurrent.cl. */
/* gates holds the input's part of the sums at this step and gets the gates. */
KERNEL void lstm_step(GLOBAL ELEM* gates, GLOBAL ELEM* cells, GLOBAL ELEM* y, GLOBAL ELEM* hN, GLOBAL ELEM* cN,
                      GLOBAL const ELEM* h0, GLOBAL const ELEM* c0, GLOBAL const int* lengths, GLOBAL const ELEM* w,
                      GLOBAL const ELEM* bias, GLOBAL const ELEM* peep, int T, int N, int H, int s) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[4 * UNITS * PITCH];
  TILE_INDICES
  int t = step_time(d, s, T);
  if (lid < ROWS) at[lid] = state_before(lengths, d, t, row0 + lid, T, N, H);
  BARRIER();
  float a[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  product_forward(y, h0, w, d * 4 * H * H, 4, H, unit0, at, xs, ws, a);
  if (!OWNER) return;
  int k = ((d * T + t) * N + n) * H;
  int g = 4 * k + j, yo = ((t * N + n) * DIRECTIONS + d) * H + j;
  int length = row_length(lengths, n, T);
  if (t >= length) {
    for (int b = 0; b < 4; b++) ST(gates, g + b * H, 0.0f);
    ST(cells, k + j, 0.0f);
    ST(y, yo, 0.0f);
    return;
  }
  for (int b = 0; b < 4; b++) {
    a[b] += LD(gates, g + b * H);
#if HAS(B_BIAS)
    a[b] += LD(bias, (d * 4 + b) * H + j);
#endif
  }
  float c = cell_element(cells, c0, cell_before(d, t, n, length, T, N, H), j);
#if HAS(B_PEEPHOLE)
  a[0] += LD(peep, d * 3 * H + j) * c;
  a[1] += LD(peep, (d * 3 + 1) * H + j) * c;
#endif
  a[0] = sigmoid(a[0]);
  a[1] = sigmoid(a[1]);
  a[2] = TANHF(a[2]);
  c = a[1] * c + a[0] * a[2];
#if HAS(B_PEEPHOLE)
  a[3] += LD(peep, (d * 3 + 2) * H + j) * c;
#endif
  a[3] = sigmoid(a[3]);
  float h = a[3] * TANHF(c);
  for (int b = 0; b < 4; b++) ST(gates, g + b * H, a[b]);
  ST(cells, k + j, c);
  ST(y, yo, h);
#if HAS(B_FINAL)
  if (t == (is_reverse(d) ? 0 : length - 1)) {
    ST(hN, (d * N + n) * H + j, h);
    ST(cN, (d * N + n) * H + j, c);
  }
#endif
}

/* Slot s of the loop, from T-1 down; -1 writes dh0 and dc0. */
KERNEL void lstm_back(GLOBAL ELEM* delta, GLOBAL float* dh, GLOBAL float* dc, GLOBAL const ELEM* gates,
                      GLOBAL const ELEM* cells, GLOBAL const ELEM* c0, GLOBAL const int* lengths,
                      GLOBAL const ELEM* w, GLOBAL const ELEM* peep, GLOBAL const ELEM* dy, GLOBAL const ELEM* dhN,
                      GLOBAL const ELEM* dcN, GLOBAL const ELEM* dGates, GLOBAL const ELEM* dCells,
                      GLOBAL ELEM* dh0, GLOBAL ELEM* dc0, int T, int N, int H, int s, int truncation) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[UNITS * PITCH];
  TILE_INDICES
  if (lid < ROWS) at[lid] = delta_row(lengths, d, s + 1, row0 + lid, T, N, 4 * H, truncation);
  BARRIER();
  float acc[1] = {0.0f};
  product_back(delta, w, d * 4 * H * H, s + 1 < T ? 4 * H : 0, 4 * H, 0, H, unit0, at, xs, ws, acc);
  if (!OWNER) return;
  int i = (d * N + n) * H + j;
  float h = 0.0f, c = 0.0f;
  if (s + 1 < T) {
    h = dh[i];
    c = dc[i];
  } else {
#if HAS(B_DHN)
    h = LD(dhN, i);
#endif
#if HAS(B_DCN)
    c = LD(dcN, i);
#endif
  }
  if (at[r] >= 0) h += acc[0];
  if (s < 0) {
    ST(dh0, i, h);
    ST(dc0, i, c);
    return;
  }
  int t = step_time(d, s, T);
  int k = ((d * T + t) * N + n) * H, g = 4 * k + j;
  int length = row_length(lengths, n, T);
  if (t >= length) {
    for (int b = 0; b < 4; b++) ST(delta, g + b * H, 0.0f);
    dh[i] = h;
    dc[i] = c;
    return;
  }
#if HAS(B_DY)
  h += LD(dy, ((t * N + n) * DIRECTIONS + d) * H + j);
#endif
  float a[4], da[4];
  for (int b = 0; b < 4; b++) {
    a[b] = LD(gates, g + b * H);
#if HAS(B_DGATES)
    da[b] = LD(dGates, g + b * H);
#else
    da[b] = 0.0f;
#endif
  }
  float before = cell_element(cells, c0, cell_before(d, t, n, length, T, N, H), j);
  float th = TANHF(LD(cells, k + j));
  da[3] = (da[3] + h * th) * a[3] * (1.0f - a[3]);
  c += h * a[3] * (1.0f - th * th);
#if HAS(B_DCELLS)
  c += LD(dCells, k + j);
#endif
#if HAS(B_PEEPHOLE)
  c += da[3] * LD(peep, (d * 3 + 2) * H + j);
#endif
  da[0] = (da[0] + c * a[2]) * a[0] * (1.0f - a[0]);
  da[1] = (da[1] + c * before) * a[1] * (1.0f - a[1]);
  da[2] = (da[2] + c * a[0]) * (1.0f - a[2] * a[2]);
  c *= a[1];
#if HAS(B_PEEPHOLE)
  c += da[0] * LD(peep, d * 3 * H + j) + da[1] * LD(peep, (d * 3 + 1) * H + j);
#endif
  for (int b = 0; b < 4; b++) ST(delta, g + b * H, da[b]);
  dh[i] = 0.0f;
  dc[i] = is_cut(d, t, length, truncation) ? 0.0f : c;
}

/* dpeep [D, 3, H] of direction d: second grid axis the gate (i, f, o). */
KERNEL void peephole_sums(GLOBAL const ELEM* RESTRICT delta, GLOBAL const ELEM* RESTRICT cells,
                          GLOBAL const ELEM* RESTRICT c0, GLOBAL const int* RESTRICT lengths, int d,
                          GLOBAL ELEM* RESTRICT dpeep, int T, int N, int H) {
  SHARED float part[16 * SUM_LANES];
  int lid = LOCAL_ID(0), j = GROUP_ID(0) * 16 + lid % 16, gate = GROUP_ID(1);
  float s = 0.0f;
  if (j < H)
    for (int row = lid / 16; row < T * N; row += SUM_LANES) {
      int t = row / N, n = row % N, length = row_length(lengths, n, T);
      int k = ((d * T + t) * N + n) * H;
      if (t < length) {
        int at = gate == 2 ? k : cell_before(d, t, n, length, T, N, H);
        s += LD(delta, 4 * k + (gate == 2 ? 3 : gate) * H + j) * cell_element(cells, c0, at, j);
      }
    }
  write_sums(part, s, j, H, dpeep, (d * 3 + gate) * H);
}
