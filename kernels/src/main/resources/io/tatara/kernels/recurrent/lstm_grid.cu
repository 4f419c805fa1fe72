/* The LSTM cell, gates i, f, g, o, with optional peepholes, for a whole sequence: forward and backward. Follows
 * steps.cl and recurrent_grid.cu, where the scheme is told. Cell states, and what flows back to them, stay in
 * float32 in the owner's shared memory. */

#if !BACK
/* pre [D, T, N, 4H] holds the input's part of the sums; it may be gates itself. */
KERNEL __launch_bounds__(THREADS, 1) void lstm_grid(const float* pre, ELEM* gates, ELEM* cells, ELEM* y, ELEM* hN,
                                                    ELEM* cN, const ELEM* h0, const ELEM* c0, const int* lengths,
                                                    const ELEM* w, const ELEM* bias, const ELEM* peep, int* semaphores,
                                                    int d0, int T, int N, int H, int units, int rows) {
  DYNAMIC_SHARED(memory);
  const Place p = place(memory, semaphores, d0, N, H, units, rows);
  const int d = p.d, j = p.j;
  REGISTERS;
  load_weights<PHASE0, 1>(p, reg, w, 4, 0, 4, H, H);
  for (int c = 0; c < p.chunks; c++) {
    int n = own_row(p, c);
    if (n < 0) continue;
    int i = (d * N + n) * H + j;
    float cell = 0.0f, h = 0.0f;
#if HAS(B_C0)
    cell = LD(c0, i);
#endif
    *own_state(p, 0, c) = cell;
#if HAS(B_LENGTHS)
#if HAS(B_H0)
    h = LD(h0, i);
#endif
    if (row_length(lengths, n, T) == 0) {
      ST(hN, i, h);
      ST(cN, i, cell);
    }
#endif
  }
#if HAS(B_PEEPHOLE)
  float pi = 0.0f, pf = 0.0f, po = 0.0f;
  if (j >= 0) {
    pi = LD(peep, d * 3 * H + j);
    pf = LD(peep, (d * 3 + 1) * H + j);
    po = LD(peep, (d * 3 + 2) * H + j);
  }
#endif
#if TILED
  float fixed[4] = {0.0f, 0.0f, 0.0f, 0.0f};
#if HAS(B_BIAS)
  UNROLL
  for (int b = 0; b < 4; b++)
    if (j >= 0) fixed[b] = LD(bias, (d * 4 + b) * H + j);
#endif
#endif
  const Source states = {y, h0, H, H, 0};
  for (int s = 0; s < T; s++) {
    int t = step_time(d, s, T);
    for (int c = 0; c < p.chunks; c++) {
      int n = own_row(p, c), length = n < 0 ? 0 : row_length(lengths, n, T);
      int k = ((d * T + t) * N + n) * H + j, g = k * 4 - 3 * j;
      bool live = n >= 0 && t < length;
      if (p.tid < CHUNK) p.at[p.tid] = state_before(lengths, d, t, batch_row(p, c, p.tid, N), T, N, H);
      float a[4] = {0.0f, 0.0f, 0.0f, 0.0f}, cell = 0.0f, h = 0.0f;
      if (live) {
        cell = *own_state(p, 0, c);
        UNROLL
        for (int b = 0; b < 4; b++) {
          a[b] = pre[g + b * H];
#if HAS(B_BIAS) && !TILED
          a[b] += LD(bias, (d * 4 + b) * H + j);
#endif
        }
      }
      await(p, c, s);
      product<PHASE0>(p, reg, states, c);
      BARRIER();
      if (live) {
        UNROLL
        for (int b = 0; b < 4; b++) a[b] += sum_of(p, b * units + p.u);
#if TILED
        /* Here, since what was read before the wait may still be under way until now. */
        UNROLL
        for (int b = 0; b < 4; b++) a[b] += fixed[b];
#endif
#if HAS(B_PEEPHOLE)
        a[0] += pi * cell;
        a[1] += pf * cell;
#endif
        a[0] = sigmoid(a[0]);
        a[1] = sigmoid(a[1]);
        a[2] = TANHF(a[2]);
        cell = a[1] * cell + a[0] * a[2];
#if HAS(B_PEEPHOLE)
        a[3] += po * cell;
#endif
        a[3] = sigmoid(a[3]);
        h = a[3] * TANHF(cell);
        *own_state(p, 0, c) = cell;
      }
      if (n >= 0) ST(y, ((t * N + n) * DIRECTIONS + d) * H + j, h);
      deliver(p, c);
      if (n < 0) continue;
      UNROLL
      for (int b = 0; b < 4; b++) ST(gates, g + b * H, a[b]);
      ST(cells, k, cell);
      if (live && t == (is_reverse(d) ? 0 : length - 1)) {
        ST(hN, (d * N + n) * H + j, h);
        ST(cN, (d * N + n) * H + j, cell);
      }
    }
  }
  leave(p);
}
#else
/* delta [D, T, N, 4H], dh0 and dc0. Slots of the loop from T-1 down; -1 writes dh0 and dc0. Sums: of
 * the deltas, and with peepholes of the products that their gradients are made of. */
KERNEL __launch_bounds__(THREADS, 1) void lstm_grid_back(
    ELEM* delta, const ELEM* gates, const ELEM* cells, const ELEM* c0, const int* lengths, const ELEM* w,
    const ELEM* peep, const ELEM* dy, const ELEM* dhN, const ELEM* dcN, const ELEM* dGates, const ELEM* dCells,
    ELEM* dh0, ELEM* dc0, float* sums TEAM_PARTS, int* semaphores, int d0, int T, int N, int H, int units, int rows,
    int truncation) {
  DYNAMIC_SHARED(memory);
  const Place p = place(memory, semaphores, d0, N, H, units, rows);
  const int d = p.d, j = p.j;
  REGISTERS;
  load_weights<PHASE0, 0>(p, reg, w, 4, 0, 1, 4 * H, H);
  clear_sums(p);
  for (int c = 0; c < p.chunks; c++) {
    int n = own_row(p, c), i = (d * N + n) * H + j;
    if (n < 0) continue;
    float h = 0.0f, cell = 0.0f;
#if HAS(B_DHN)
    h = LD(dhN, i);
#endif
#if HAS(B_DCN)
    cell = LD(dcN, i);
#endif
    *own_state(p, 0, c) = h;
    *own_state(p, 1, c) = cell;
  }
#if HAS(B_PEEPHOLE)
  float pi = 0.0f, pf = 0.0f, po = 0.0f;
  if (j >= 0) {
    pi = LD(peep, d * 3 * H + j);
    pf = LD(peep, (d * 3 + 1) * H + j);
    po = LD(peep, (d * 3 + 2) * H + j);
  }
#endif
  const Source deltas = {delta, delta, 4 * H, 4 * H, 0};
  for (int s = T - 1; s >= -1; s--) {
    int t = step_time(d, s, T);
#if TEAM > 1
    for (int c = 0; c < p.chunks; c++) {
      if (p.tid < CHUNK)
        p.at[p.tid] = delta_row(lengths, d, s + 1, batch_row(p, c, p.tid, N), T, N, 4 * H, truncation);
      await(p, c, T - 1 - s);
      if (s + 1 == T) continue;
      product<PHASE0>(p, reg, deltas, c);
      parts_leave(p, parts, c);
    }
#endif
    for (int c = 0; c < p.chunks; c++) {
      int n = own_row(p, c), length = n < 0 ? 0 : row_length(lengths, n, T);
      int k = ((d * T + t) * N + n) * H + j, g = k * 4 - 3 * j;
      bool live = n >= 0 && s >= 0 && t < length;
#if TEAM == 1
      if (p.tid < CHUNK)
        p.at[p.tid] = delta_row(lengths, d, s + 1, batch_row(p, c, p.tid, N), T, N, 4 * H, truncation);
#endif
      float a[4] = {0.0f, 0.0f, 0.0f, 0.0f}, da[4] = {0.0f, 0.0f, 0.0f, 0.0f};
      float before = 0.0f, now = 0.0f, th = 0.0f, h = 0.0f, cell = 0.0f;
      if (n >= 0) {
        h = *own_state(p, 0, c);
        cell = *own_state(p, 1, c);
      }
      float arrived = 0.0f, cellArrived = 0.0f;
      if (live) {
        UNROLL
        for (int b = 0; b < 4; b++) {
          a[b] = LD(gates, g + b * H);
#if HAS(B_DGATES)
          da[b] = LD(dGates, g + b * H);
#endif
        }
        before = cell_element(cells, c0, cell_before(d, t, n, length, T, N, H), j);
        now = LD(cells, k);
        th = TANHF(now);
#if HAS(B_DY)
        arrived = LD(dy, ((t * N + n) * DIRECTIONS + d) * H + j);
#endif
#if HAS(B_DCELLS)
        cellArrived = LD(dCells, k);
#endif
      }
#if TEAM > 1
      if (s + 1 < T) h += parts_take(p, parts, c, T - 1 - s);
#else
      await(p, c, T - 1 - s);
      if (s + 1 < T) product<PHASE0>(p, reg, deltas, c);
      BARRIER();
      if (n >= 0 && p.at[p.row] >= 0) h += sum_of(p, p.u);
#endif
      if (s < 0) {
        if (n >= 0) {
          ST(dh0, (d * N + n) * H + j, h);
          ST(dc0, (d * N + n) * H + j, cell);
        }
        BARRIER();
        continue;
      }
      if (live) {
        h += arrived;
        da[3] = (da[3] + h * th) * a[3] * (1.0f - a[3]);
        cell += h * a[3] * (1.0f - th * th) + cellArrived;
#if HAS(B_PEEPHOLE)
        cell += da[3] * po;
#endif
        da[0] = (da[0] + cell * a[2]) * a[0] * (1.0f - a[0]);
        da[1] = (da[1] + cell * before) * a[1] * (1.0f - a[1]);
        da[2] = (da[2] + cell * a[0]) * (1.0f - a[2] * a[2]);
        cell *= a[1];
#if HAS(B_PEEPHOLE)
        cell += da[0] * pi + da[1] * pf;
#endif
        h = 0.0f;
        if (is_cut(d, t, length, truncation)) cell = 0.0f;
      }
      if (n >= 0) {
        UNROLL
        for (int b = 0; b < 4; b++) ST(delta, g + b * H, da[b]);
        *own_state(p, 0, c) = h;
        *own_state(p, 1, c) = cell;
      }
      deliver(p, c);
      if (!live) continue;
      UNROLL
      for (int b = 0; b < 4; b++) add_sum(p, b, da[b]);
#if HAS(B_PEEPHOLE)
      add_sum(p, 4, da[0] * before);
      add_sum(p, 5, da[1] * before);
      add_sum(p, 6, da[3] * now);
#endif
    }
  }
  write_sums(p, sums, H);
  leave(p);
}
#endif
