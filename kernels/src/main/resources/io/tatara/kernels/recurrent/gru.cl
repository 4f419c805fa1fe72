/* The GRU cell, gates r, z, n, in both reset conventions: forward and backward step. Follows recurrent.cl. */
#ifndef RESET_AFTER
#define RESET_AFTER 1
#endif

DEVICE float state_element(GLOBAL const ELEM* y, GLOBAL const ELEM* h0, GLOBAL const int* lengths, int d, int t,
                           int n, int j, int T, int N, int H) {
  return element(y, h0, state_before(lengths, d, t, n, T, N, H), j);
}

/* Both biases of one gate. */
DEVICE float bias_sum(GLOBAL const ELEM* bIh, GLOBAL const ELEM* bHh, int i) {
  float b = 0.0f;
#if HAS(B_BIAS)
  b += LD(bIh, i);
#endif
#if HAS(B_BIAS_HH)
  b += LD(bHh, i);
#endif
  return b;
}

/* h = (1-z) n + z h to y, and to hN after the last step. */
DEVICE void gru_state(GLOBAL ELEM* y, GLOBAL ELEM* hN, float z, float cand, float before, int d, int t, int n, int j,
                      int length, int N, int H) {
  float h = cand + z * (before - cand);
  ST(y, ((t * N + n) * DIRECTIONS + d) * H + j, h);
#if HAS(B_FINAL)
  if (t == (is_reverse(d) ? 0 : length - 1)) ST(hN, (d * N + n) * H + j, h);
#endif
}

/* A whole step where the reset comes after the product; else only r, z and r*h. gates holds the input's part. */
KERNEL void gru_step(GLOBAL ELEM* gates, GLOBAL ELEM* y, GLOBAL ELEM* hN, GLOBAL const ELEM* h0,
                     GLOBAL const int* lengths, GLOBAL const ELEM* w, GLOBAL const ELEM* bIh, GLOBAL const ELEM* bHh,
                     int T, int N, int H, int s) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[3 * UNITS * PITCH];
  TILE_INDICES
  int t = step_time(d, s, T);
  if (lid < ROWS) at[lid] = state_before(lengths, d, t, row0 + lid, T, N, H);
  BARRIER();
  float a[3] = {0.0f, 0.0f, 0.0f};
  product_forward(y, h0, w, d * 3 * H * H, RESET_AFTER ? 3 : 2, H, unit0, at, xs, ws, a);
  if (!OWNER) return;
  int g = ((d * T + t) * N + n) * 4 * H + j, b = d * 3 * H + j;
  int length = row_length(lengths, n, T);
  if (t >= length) {
    for (int i = 0; i < 4; i++) ST(gates, g + i * H, 0.0f);
    ST(y, ((t * N + n) * DIRECTIONS + d) * H + j, 0.0f);
    return;
  }
  float before = state_element(y, h0, lengths, d, t, n, j, T, N, H);
  float reset = sigmoid(LD(gates, g) + a[0] + bias_sum(bIh, bHh, b));
  float z = sigmoid(LD(gates, g + H) + a[1] + bias_sum(bIh, bHh, b + H));
  ST(gates, g, reset);
  ST(gates, g + H, z);
#if RESET_AFTER
  float x = LD(gates, g + 2 * H), q = a[2];
#if HAS(B_BIAS)
  x += LD(bIh, b + 2 * H);
#endif
#if HAS(B_BIAS_HH)
  q += LD(bHh, b + 2 * H);
#endif
  float cand = TANHF(x + reset * q);
  ST(gates, g + 2 * H, cand);
  ST(gates, g + 3 * H, q);
  gru_state(y, hN, z, cand, before, d, t, n, j, length, N, H);
#else
  ST(gates, g + 3 * H, reset * before);
#endif
}

/* The second half of a step where the reset comes before the product. */
KERNEL void gru_candidate(GLOBAL ELEM* gates, GLOBAL ELEM* y, GLOBAL ELEM* hN, GLOBAL const ELEM* h0,
                          GLOBAL const int* lengths, GLOBAL const ELEM* w, GLOBAL const ELEM* bIh,
                          GLOBAL const ELEM* bHh, int T, int N, int H, int s) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[UNITS * PITCH];
  TILE_INDICES
  int t = step_time(d, s, T);
  if (lid < ROWS) at[lid] = row0 + lid < N ? ((d * T + t) * N + row0 + lid) * 4 * H + 3 * H : -1;
  BARRIER();
  float a[1] = {0.0f};
  product_forward(gates, gates, w, (d * 3 + 2) * H * H, 1, H, unit0, at, xs, ws, a);
  if (!OWNER) return;
  int g = ((d * T + t) * N + n) * 4 * H + j;
  int length = row_length(lengths, n, T);
  if (t >= length) return; /* gru_step has written the zeros */
  float cand = TANHF(LD(gates, g + 2 * H) + a[0] + bias_sum(bIh, bHh, (d * 3 + 2) * H + j));
  ST(gates, g + 2 * H, cand);
  float before = state_element(y, h0, lengths, d, t, n, j, T, N, H);
  gru_state(y, hN, LD(gates, g + H), cand, before, d, t, n, j, length, N, H);
}

/* Slot s of the loop, from T-1 down; -1 writes dh0. Where the reset comes before the product, gru_back_reset
 * follows for delta of r and the rest of dh. */
KERNEL void gru_back(GLOBAL ELEM* delta, GLOBAL float* dh, GLOBAL const ELEM* y, GLOBAL const ELEM* gates,
                     GLOBAL const ELEM* h0, GLOBAL const int* lengths, GLOBAL const ELEM* w, GLOBAL const ELEM* dy,
                     GLOBAL const ELEM* dhN, GLOBAL const ELEM* dGates, GLOBAL ELEM* dh0, int T, int N, int H, int s,
                     int truncation) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[UNITS * PITCH];
  TILE_INDICES
  if (lid < ROWS) at[lid] = delta_row(lengths, d, s + 1, row0 + lid, T, N, 4 * H, truncation);
  BARRIER();
  float acc[1] = {0.0f};
  int depth = s + 1 < T ? (RESET_AFTER ? 3 : 2) * H : 0;
  product_back(delta, w, d * 3 * H * H, depth, 2 * H, H, H, unit0, at, xs, ws, acc);
  if (!OWNER) return;
  int i = (d * N + n) * H + j;
  float h = 0.0f;
  if (s + 1 < T) h = dh[i];
#if HAS(B_DHN)
  else h = LD(dhN, i);
#endif
  if (at[r] >= 0) h += acc[0];
  if (s < 0) {
    ST(dh0, i, h);
    return;
  }
  int t = step_time(d, s, T);
  int g = ((d * T + t) * N + n) * 4 * H + j;
  int length = row_length(lengths, n, T);
  if (t >= length) {
    for (int b = 0; b < 4; b++) ST(delta, g + b * H, 0.0f);
    dh[i] = h;
    return;
  }
#if HAS(B_DY)
  h += LD(dy, ((t * N + n) * DIRECTIONS + d) * H + j);
#endif
  float reset = LD(gates, g), z = LD(gates, g + H), cand = LD(gates, g + 2 * H), q = LD(gates, g + 3 * H);
  float before = state_element(y, h0, lengths, d, t, n, j, T, N, H);
  float dz = h * (before - cand), dn = h * (1.0f - z);
#if HAS(B_DGATES)
  dz += LD(dGates, g + H);
  dn += LD(dGates, g + 2 * H);
#endif
  dn *= 1.0f - cand * cand;
  ST(delta, g + H, dz * z * (1.0f - z));
  ST(delta, g + 2 * H, dn);
#if RESET_AFTER
  float dr = 0.0f, dq = 0.0f;
#if HAS(B_DGATES)
  dr = LD(dGates, g);
  dq = LD(dGates, g + 3 * H);
#endif
  ST(delta, g, (dr + dn * q) * reset * (1.0f - reset));
  ST(delta, g + 3 * H, dq + dn * reset);
  dh[i] = is_cut(d, t, length, truncation) ? 0.0f : h * z;
#else
  dh[i] = h;
#endif
}

KERNEL void gru_back_reset(GLOBAL ELEM* delta, GLOBAL float* dh, GLOBAL const ELEM* y, GLOBAL const ELEM* gates,
                           GLOBAL const ELEM* h0, GLOBAL const int* lengths, GLOBAL const ELEM* w,
                           GLOBAL const ELEM* dGates, int T, int N, int H, int s, int truncation) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[UNITS * PITCH];
  TILE_INDICES
  int t = step_time(d, s, T);
  if (lid < ROWS) at[lid] = row0 + lid < N ? ((d * T + t) * N + row0 + lid) * 4 * H + 2 * H : -1;
  BARRIER();
  float acc[1] = {0.0f};
  product_back(delta, w, (d * 3 + 2) * H * H, H, H, 0, H, unit0, at, xs, ws, acc);
  if (!OWNER) return;
  int length = row_length(lengths, n, T);
  if (t >= length) return;
  int i = (d * N + n) * H + j, g = ((d * T + t) * N + n) * 4 * H + j;
  float reset = LD(gates, g), dq = acc[0], dr = 0.0f;
#if HAS(B_DGATES)
  dr = LD(dGates, g);
  dq += LD(dGates, g + 3 * H);
#endif
  dr += dq * state_element(y, h0, lengths, d, t, n, j, T, N, H);
  ST(delta, g, dr * reset * (1.0f - reset));
  dh[i] = is_cut(d, t, length, truncation) ? 0.0f : dh[i] * LD(gates, g + H) + dq * reset;
}
