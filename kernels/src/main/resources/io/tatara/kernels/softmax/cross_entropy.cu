/* Cross-entropy from logits and its gradient on CUDA, WIDTH threads (a warp or a block) a row of c logits in
 * 16-byte pieces, BATCH of them under way a thread. Memory is the only roof.
 *
 * cross_entropy_rows: one read of the logits: each thread keeps a maximum and a sum scaled to it (Milakov and
 *   Gimelshein 2018), which meet by shuffles. cross_entropy_gradient: one read, one write.
 * Ladder: (1) a group a row, an element an access (cross_entropy.cl); (2) 16-byte pieces, several under way;
 *   (3) a warp a row where rows are short. Figures: docs/h200.md.
 * SMOOTH, PER_ROW, MORE and the meaning of the arrays as in cross_entropy.cl. */
#ifndef SMOOTH
#define SMOOTH 0
#endif
#ifndef PER_ROW
#define PER_ROW 0
#endif
#ifndef MORE
#define MORE 0
#endif

KERNEL_SIZED(BLOCK, 1, 1) void cross_entropy_rows(const ELEM* RESTRICT x, const int* RESTRICT labels,
                                                  float* RESTRICT losses, float* RESTRICT lse, int rows, int c,
                                                  int ignore, float smoothing) {
  SHARED float part[96];
  int row = GROUP_ID(0) * (BLOCK / WIDTH) + LOCAL_ID(0) / WIDTH;
  int label = row < rows ? labels[row] : ignore;
  bool read = row < rows && label != ignore;
  int start = read ? row * c : 0;
  RowPlace r = row_place(start, read ? c : 0);
  bool known = read && label >= 0 && label < c;
  float at_label = r.t == 0 && known ? LD(x, start + label) : 0.0f;
  float m = -POS_INF;
  float s = 0.0f;
  float t = 0.0f;
  row_stream(x + start, r, [&](float* v, int count, int) {
    float top = v[0];
    for (int j = 1; j < count; j++) top = FMAXF(top, v[j]);
    if (top > m) {
      s *= lane_exp(m - top);
      m = top;
    }
    float shift = m == -POS_INF ? 0.0f : m; /* NaN goes to the sum */
    for (int j = 0; j < count; j++) {
      s += lane_exp(v[j] - shift);
#if SMOOTH
      t += v[j];
#endif
    }
  });
  float top = row_max(m, part);
  s = row_sum(m == top ? s : s * lane_exp(m - top), part + 32);
#if SMOOTH
  t = row_sum(t, part + 64);
#endif
  if (r.t == 0 && row < rows) {
    float loss = 0.0f;
    float whole = 0.0f;
    float rest = 0.0f;
    if (read) {
      float nan = AS_FLOAT(0x7fc00000u);
      float log_s = LOGF(s);
      whole = FLOORF(top);
      rest = top - whole + log_s;
      if (!(FABSF(rest) < POS_INF)) {
        rest = top + log_s;
        whole = 0.0f;
      }
      loss = nan;
      if (known) {
        loss = top - at_label + log_s; /* top - x first: exact to rounding where both are large */
#if SMOOTH
        float mean = top - t / (float)c + log_s;
        loss = smoothing == 1.0f ? mean : (1.0f - smoothing) * loss + smoothing * mean;
#endif
      }
    }
    losses[row] = loss;
    lse[2 * row] = whole;
    lse[2 * row + 1] = rest;
  }
}

KERNEL_SIZED(BLOCK, 1, 1) void cross_entropy_gradient(const ELEM* RESTRICT x, const int* RESTRICT labels,
                                                      const float* RESTRICT lse, const float* RESTRICT dloss,
                                                      const float* RESTRICT dlse, ELEM* RESTRICT dx, int rows, int c,
                                                      int ignore, float smoothing) {
  int row = GROUP_ID(0) * (BLOCK / WIDTH) + LOCAL_ID(0) / WIDTH;
  if (row >= rows) return;
  int start = row * c;
  RowPlace r = row_place(start, c);
  int label = labels[row];
  ELEM* to = dx + start;
  if (label == ignore || label < 0 || label >= c) {
    float nothing = label == ignore ? 0.0f : AS_FLOAT(0x7fc00000u);
    float v[LANES];
    for (int j = 0; j < LANES; j++) v[j] = nothing;
    for (int piece = r.t; piece < r.pieces; piece += WIDTH) row_put(to, r.head + piece * LANES, v, LANES);
#if ODD
    if (r.edge >= 0) row_put(to, r.edge, v, 1);
#endif
    return;
  }
  float g = dloss[PER_ROW ? row : 0];
  float whole = lse[2 * row];
  float rest = lse[2 * row + 1];
  float scale = g;
#if MORE
  scale += dlse[2 * row + 1];
#endif
  scale *= EXPF(-rest);
  float shift = -g * smoothing / (float)c;
  float at_label = g * (1.0f - smoothing);
  row_stream(x + start, r, [&](float* v, int count, int i) {
    for (int j = 0; j < count; j++) {
      v[j] = lane_exp(v[j] - whole) * scale;
#if SMOOTH
      v[j] += shift;
#endif
    }
    if (label >= i && label < i + count) {
      for (int j = 0; j < count; j++) {
        if (i + j == label) v[j] -= at_label;
      }
    }
    row_put(to, i, v, count);
  });
}
