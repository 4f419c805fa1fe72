/* The GRU cell, gates r, z, n, in both reset conventions, for a whole sequence: forward and backward. Follows
 * steps.cl and recurrent_grid.cu, where the scheme is told. States, and what flows back to them, stay in float32
 * in the owner's shared memory. Reset before the product: two phases a step; r*h (forward, in gates) and the delta
 * of n (backward) travel between them. */
#ifndef RESET_AFTER
#define RESET_AFTER 1
#endif

#if !BACK
/* pre [D, T, N, 4H] holds the input's part of the sums in its first three blocks; it may be gates itself. */
KERNEL __launch_bounds__(THREADS, 1) void gru_grid(const float* pre, ELEM* gates, ELEM* y, ELEM* hN, const ELEM* h0,
                                                   const int* lengths, const ELEM* w, const ELEM* bIh, const ELEM* bHh,
                                                   int* semaphores, int d0, int T, int N, int H, int units, int rows) {
  DYNAMIC_SHARED(memory);
  const Place p = place(memory, semaphores, d0, N, H, units, rows);
  const int d = p.d, j = p.j;
  REGISTERS;
  load_weights<PHASE0, 1>(p, reg, w, 3, 0, RESET_AFTER ? 3 : 2, H, H);
#if !RESET_AFTER
  load_weights<PHASE1, 1>(p, reg, w, 3, 2, 1, H, H);
#endif
  for (int c = 0; c < p.chunks; c++) {
    int n = own_row(p, c), i = (d * N + n) * H + j;
    if (n < 0) continue;
    float h = 0.0f;
#if HAS(B_H0)
    h = LD(h0, i);
#endif
    *own_state(p, 0, c) = h;
    if (row_length(lengths, n, T) == 0) ST(hN, i, h);
  }
  float fixed[4] = {0.0f, 0.0f, 0.0f, 0.0f}; /* biases; the fourth: that of n which the reset gate scales */
  if (j >= 0) {
    UNROLL
    for (int b = 0; b < 3; b++) {
#if HAS(B_BIAS)
      fixed[b] += LD(bIh, (d * 3 + b) * H + j);
#endif
#if HAS(B_BIAS_HH)
      fixed[RESET_AFTER && b == 2 ? 3 : b] += LD(bHh, (d * 3 + b) * H + j);
#endif
    }
  }
  const Source states = {y, h0, H, H, 0};
  for (int s = 0; s < T; s++) {
    int t = step_time(d, s, T);
    for (int c = 0; c < p.chunks; c++) {
      int n = own_row(p, c), length = n < 0 ? 0 : row_length(lengths, n, T);
      int g = ((d * T + t) * N + n) * 4 * H + j;
      bool live = n >= 0 && t < length;
      if (p.tid < CHUNK) p.at[p.tid] = state_before(lengths, d, t, batch_row(p, c, p.tid, N), T, N, H);
      float a[3] = {0.0f, 0.0f, 0.0f}, q = 0.0f, h = 0.0f, before = 0.0f;
      if (live) {
        before = *own_state(p, 0, c);
        UNROLL
        for (int b = 0; b < 3; b++) a[b] = TILED ? pre[g + b * H] : pre[g + b * H] + fixed[b];
      }
      await(p, c, PHASES * s);
      product<PHASE0>(p, reg, states, c);
      BARRIER();
      if (live) {
#if TILED
        /* Here, since what was read before the wait may still be under way until now. */
        UNROLL
        for (int b = 0; b < 3; b++) a[b] += fixed[b];
#endif
        a[0] = sigmoid(a[0] + sum_of(p, p.u));
        a[1] = sigmoid(a[1] + sum_of(p, units + p.u));
#if RESET_AFTER
        q = sum_of(p, 2 * units + p.u) + fixed[3];
        a[2] = TANHF(a[2] + a[0] * q);
#else
        q = a[0] * before;
#endif
      }
#if !RESET_AFTER
      if (n >= 0) ST(gates, g + 3 * H, q);
      if (p.tid < CHUNK) {
        int m = batch_row(p, c, p.tid, N);
        p.at[p.tid] = m < N && t < row_length(lengths, m, T) ? (((d * T + t) * N + m) * 4 + 3) * H : -1;
      }
      deliver(p, c);
      await(p, c, PHASES * s + 1);
      const Source reset = {gates, gates, H, H, 0};
      product<PHASE1>(p, reg, reset, c);
      BARRIER();
      if (live) a[2] = TANHF(a[2] + sum_of(p, p.u));
#endif
      if (live) {
        h = a[2] + a[1] * (before - a[2]);
        *own_state(p, 0, c) = h;
      }
      if (n >= 0) ST(y, ((t * N + n) * DIRECTIONS + d) * H + j, h);
      deliver(p, c);
      if (n < 0) continue;
      UNROLL
      for (int b = 0; b < 3; b++) ST(gates, g + b * H, a[b]);
      if (RESET_AFTER) ST(gates, g + 3 * H, q);
      if (live && t == (is_reverse(d) ? 0 : length - 1)) ST(hN, (d * N + n) * H + j, h);
    }
  }
  leave(p);
}
#else
/* delta [D, T, N, 4H] (blocks r, z, n and, reset after, that of the fourth block of gates) and dh0. Slots of the
 * loop from T-1 down; -1 writes dh0. Sums: of the deltas. */
KERNEL __launch_bounds__(THREADS, 1) void gru_grid_back(ELEM* delta, const ELEM* y, const ELEM* gates, const ELEM* h0,
                                                        const int* lengths, const ELEM* w, const ELEM* dy,
                                                        const ELEM* dhN, const ELEM* dGates, ELEM* dh0, float* sums TEAM_PARTS,
                                                        int* semaphores, int d0, int T, int N, int H, int units,
                                                        int rows, int truncation) {
  DYNAMIC_SHARED(memory);
  const Place p = place(memory, semaphores, d0, N, H, units, rows);
  const int d = p.d, j = p.j;
  REGISTERS;
  const int depth = RESET_AFTER ? 3 * H : 2 * H;
  load_weights<PHASE0, 0>(p, reg, w, 3, 0, 1, depth, H);
#if !RESET_AFTER
  load_weights<PHASE1, 0>(p, reg, w, 3, 2, 1, H, H);
#endif
  clear_sums(p);
  for (int c = 0; c < p.chunks; c++) {
    int n = own_row(p, c);
    if (n < 0) continue;
    float h = 0.0f;
#if HAS(B_DHN)
    h = LD(dhN, (d * N + n) * H + j);
#endif
    *own_state(p, 0, c) = h;
  }
  const Source deltas = {delta, delta, depth, 2 * H, H};
  for (int s = T - 1; s >= -1; s--) {
    int t = step_time(d, s, T), done = T - 1 - s;
#if TEAM > 1
    for (int c = 0; c < p.chunks; c++) {
      if (p.tid < CHUNK)
        p.at[p.tid] = delta_row(lengths, d, s + 1, batch_row(p, c, p.tid, N), T, N, 4 * H, truncation);
      await(p, c, done);
      if (s + 1 == T) continue;
      product<PHASE0>(p, reg, deltas, c);
      parts_leave(p, parts, c);
    }
#endif
    for (int c = 0; c < p.chunks; c++) {
      int n = own_row(p, c), length = n < 0 ? 0 : row_length(lengths, n, T);
      int g = ((d * T + t) * N + n) * 4 * H + j;
      bool live = n >= 0 && s >= 0 && t < length;
#if TEAM == 1
      if (p.tid < CHUNK)
        p.at[p.tid] = delta_row(lengths, d, s + 1, batch_row(p, c, p.tid, N), T, N, 4 * H, truncation);
#endif
      float a[4] = {0.0f, 0.0f, 0.0f, 0.0f}, da[4] = {0.0f, 0.0f, 0.0f, 0.0f};
      float before = 0.0f, arrived = 0.0f, h = n >= 0 ? *own_state(p, 0, c) : 0.0f;
      if (live) {
        UNROLL
        for (int b = 0; b < 4; b++) {
          a[b] = LD(gates, g + b * H);
#if HAS(B_DGATES)
          da[b] = LD(dGates, g + b * H);
#endif
        }
        before = element(y, h0, state_before(lengths, d, t, n, T, N, H), j);
#if HAS(B_DY)
        arrived = LD(dy, ((t * N + n) * DIRECTIONS + d) * H + j);
#endif
      }
#if TEAM > 1
      if (s + 1 < T) h += parts_take(p, parts, c, done);
#else
      await(p, c, PHASES * done);
      if (s + 1 < T) product<PHASE0>(p, reg, deltas, c);
      BARRIER();
      if (n >= 0 && p.at[p.row] >= 0) h += sum_of(p, p.u);
#endif
      if (s < 0) {
        if (n >= 0) ST(dh0, (d * N + n) * H + j, h);
        BARRIER();
        continue;
      }
      float next = h;
      if (live) {
        h += arrived;
        da[1] = (da[1] + h * (before - a[2])) * a[1] * (1.0f - a[1]);
        da[2] = (da[2] + h * (1.0f - a[1])) * (1.0f - a[2] * a[2]);
#if RESET_AFTER
        da[0] = (da[0] + da[2] * a[3]) * a[0] * (1.0f - a[0]);
        da[3] += da[2] * a[0];
#endif
        next = h * a[1];
      }
      if (n >= 0) {
        UNROLL
        for (int b = RESET_AFTER ? 0 : 1; b < (RESET_AFTER ? 4 : 3); b++) ST(delta, g + b * H, da[b]);
      }
#if !RESET_AFTER
      BARRIER();
      if (p.tid < CHUNK) {
        int m = batch_row(p, c, p.tid, N);
        p.at[p.tid] = m < N && t < row_length(lengths, m, T) ? (((d * T + t) * N + m) * 4 + 2) * H : -1;
      }
      deliver(p, c);
      await(p, c, PHASES * done + 1);
      const Source candidates = {delta, delta, H, H, 0};
      product<PHASE1>(p, reg, candidates, c);
      BARRIER();
      if (live) {
        float dq = da[3] + sum_of(p, p.u);
        da[0] = (da[0] + dq * before) * a[0] * (1.0f - a[0]);
        next += dq * a[0];
      }
      if (n >= 0) ST(delta, g, da[0]);
#endif
      if (n >= 0) *own_state(p, 0, c) = live && is_cut(d, t, length, truncation) ? 0.0f : next;
      deliver(p, c);
      if (!live) continue;
      UNROLL
      for (int b = 0; b < SUMS; b++) add_sum(p, b, da[b]);
    }
  }
  write_sums(p, sums, H);
  leave(p);
}
#endif
