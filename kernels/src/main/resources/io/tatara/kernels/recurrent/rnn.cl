/* The plain recurrent cell, h = activation(W x + U h + b): forward and backward step. Follows recurrent.cl.
 * ACTIVATION is the ordinal of the Activation. */
#ifndef ACTIVATION
#define ACTIVATION 3
#endif

DEVICE float activate(float x) {
#if ACTIVATION == 1
  return x < 0.0f ? 0.0f : x; /* NaN stays */
#elif ACTIVATION == 2
  return sigmoid(x);
#else
  return TANHF(x);
#endif
}

DEVICE float slope(float y) {
#if ACTIVATION == 1
  return y > 0.0f ? 1.0f : 0.0f;
#elif ACTIVATION == 2
  return y * (1.0f - y);
#else
  return 1.0f - y * y;
#endif
}

/* y holds the input's part of the sum at this step and gets the state. */
KERNEL void rnn_step(GLOBAL ELEM* y, GLOBAL ELEM* hN, GLOBAL const ELEM* h0, GLOBAL const int* lengths,
                     GLOBAL const ELEM* w, GLOBAL const ELEM* bias, int T, int N, int H, int s) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[UNITS * PITCH];
  TILE_INDICES
  int t = step_time(d, s, T);
  if (lid < ROWS) at[lid] = state_before(lengths, d, t, row0 + lid, T, N, H);
  BARRIER();
  float acc[1] = {0.0f};
  product_forward(y, h0, w, d * H * H, 1, H, unit0, at, xs, ws, acc);
  if (!OWNER) return;
  int o = ((t * N + n) * DIRECTIONS + d) * H + j;
  int length = row_length(lengths, n, T);
  if (t >= length) {
    ST(y, o, 0.0f);
    return;
  }
  float x = LD(y, o) + acc[0];
#if HAS(B_BIAS)
  x += LD(bias, d * H + j);
#endif
  float h = activate(x);
  ST(y, o, h);
#if HAS(B_FINAL)
  if (t == (is_reverse(d) ? 0 : length - 1)) ST(hN, (d * N + n) * H + j, h);
#endif
}

/* Slot s of the loop, from T-1 down; -1 writes dh0. */
KERNEL void rnn_back(GLOBAL ELEM* delta, GLOBAL float* dh, GLOBAL const ELEM* y, GLOBAL const int* lengths,
                     GLOBAL const ELEM* w, GLOBAL const ELEM* dy, GLOBAL const ELEM* dhN, GLOBAL ELEM* dh0, int T,
                     int N, int H, int s, int truncation) {
  SHARED int at[ROWS];
  SHARED float xs[ROWS * PITCH];
  SHARED float ws[UNITS * PITCH];
  TILE_INDICES
  if (lid < ROWS) at[lid] = delta_row(lengths, d, s + 1, row0 + lid, T, N, H, truncation);
  BARRIER();
  float acc[1] = {0.0f};
  product_back(delta, w, d * H * H, s + 1 < T ? H : 0, H, 0, H, unit0, at, xs, ws, acc);
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
  int o = ((d * T + t) * N + n) * H + j;
  if (t >= row_length(lengths, n, T)) {
    ST(delta, o, 0.0f);
    dh[i] = h;
    return;
  }
  int yo = ((t * N + n) * DIRECTIONS + d) * H + j;
#if HAS(B_DY)
  h += LD(dy, yo);
#endif
  ST(delta, o, h * slope(LD(y, yo)));
  dh[i] = 0.0f;
}
