/* Softmax and its gradient over the last axis on CUDA, in 16-byte pieces. Memory is the only roof: one read and
 * one write of every element.
 *
 * softmax_held, softmax_gradient_held: a row in registers, PER pieces (64 bytes and more under way) a thread;
 *   WIDTH threads a row: some lanes of a warp for rows up to 4 KiB, which meet by shuffles alone, else a block
 *   of up to 1024 threads. 16-bit rows are held as they are stored and their exponentials are taken twice,
 *   which is cheaper than the registers of their float32.
 * softmax_long, softmax_gradient_long: longer rows, read twice (a running maximum with the sum scaled to it;
 *   Milakov and Gimelshein 2018): the second read finds most of the row in the L2 cache.
 * Ladder: (1) an item an element, tree in local memory (softmax.cl); (2) 16-byte loads: fewer requests under
 * way for the same bytes; (3) rows in registers: no second read; (4) shuffles in place of trees: two barriers a
 * row in all. Figures: docs/h200.md.
 * LOG: the logarithm. RAGGED: lengths [rows] are there. GRADIENT: the kernels of the gradient instead. */
#ifndef LOG
#define LOG 0
#endif
#ifndef RAGGED
#define RAGGED 0
#endif
#ifndef GRADIENT
#define GRADIENT 0
#endif

#if !GRADIENT

/* Where this thread's row is; the rows of a warp behind the last one have no elements. */
struct SoftmaxRow {
  int start;
  int limit;
  RowPlace place;
};

DEVICE SoftmaxRow softmax_row(const int* RESTRICT lengths, int rows, int n) {
  int row = GROUP_ID(0) * (BLOCK / WIDTH) + LOCAL_ID(0) / WIDTH;
  bool there = row < rows;
  SoftmaxRow r;
  r.start = there ? row * n : 0;
  r.limit = there ? n : 0;
  r.place = row_place(r.start, r.limit);
#if RAGGED
  if (there) {
    int length = lengths[row];
    r.limit = length < 0 ? 0 : length > n ? n : length;
  }
#endif
  return r;
}

/* Elements at or past the limit take no part. */
DEVICE bool takes_part(int i, int limit) { return !RAGGED || i < limit; }

/* What is subtracted before exp: 0 where there is no maximum, so that a row of -inf sums to 0. */
DEVICE float shift_of(float m) { return m == -POS_INF ? 0.0f : m; }

/* The result for one element; s is the row's sum, scale its inverse or logarithm. */
DEVICE float softmax_value(float v, float shift, float s, float scale) {
#if LOG
  return s == 0.0f ? -POS_INF : v - shift - scale;
#else
  return s == 0.0f ? 0.0f : lane_exp(v - shift) * scale;
#endif
}

KERNEL_SIZED(BLOCK, 1, 1) void softmax_held(const ELEM* RESTRICT x, const int* RESTRICT lengths, ELEM* RESTRICT y,
                                            int rows, int n) {
  SHARED float part[64];
  SoftmaxRow r = softmax_row(lengths, rows, n);
  RowHeld h;
  row_load(x + r.start, r.place, r.limit, h);
  float m = -POS_INF;
  row_each(h, r.place, [&](float* v, int count, int i) {
    for (int j = 0; j < count; j++) {
      if (takes_part(i + j, r.limit)) m = FMAXF(m, v[j]);
    }
  });
  m = row_max(m, part);
  float shift = shift_of(m);
  float s = 0.0f;
  row_each(h, r.place, [&](float* v, int count, int i) {
    for (int j = 0; j < count; j++) {
      if (takes_part(i + j, r.limit)) s += lane_exp(v[j] - shift);
    }
  });
  s = row_sum(s, part + 32);
  float scale = LOG ? LOGF(s) : 1.0f / s;
  ELEM* to = y + r.start;
  row_each(h, r.place, [&](float* v, int count, int i) {
    for (int j = 0; j < count; j++) {
      float empty = LOG ? -POS_INF : 0.0f;
      v[j] = takes_part(i + j, r.limit) ? softmax_value(v[j], shift, s, scale) : empty;
    }
    row_put(to, i, v, count);
  });
}

/* A running maximum and the sum scaled to it. NaN goes to the sum. */
struct Online {
  float m;
  float s;
};
DEVICE void online_scale(Online& o, float m) {
  if (m > o.m) {
    o.s *= lane_exp(o.m - m);
    o.m = m;
  }
}

KERNEL_SIZED(BLOCK, 1, 1) void softmax_long(const ELEM* RESTRICT x, const int* RESTRICT lengths, ELEM* RESTRICT y,
                                            int rows, int n) {
  SHARED float part[64];
  SoftmaxRow r = softmax_row(lengths, rows, n);
  Online o = {-POS_INF, 0.0f};
  row_stream(x + r.start, r.place, [&](float* v, int count, int i) {
    float top = -POS_INF;
    for (int j = 0; j < count; j++) {
      if (!takes_part(i + j, r.limit)) v[j] = -POS_INF;
      top = FMAXF(top, v[j]);
    }
    online_scale(o, top);
    float shift = shift_of(o.m);
    for (int j = 0; j < count; j++) o.s += lane_exp(v[j] - shift);
  });
  float m = row_max(o.m, part);
  float s = row_sum(o.m == m ? o.s : o.s * lane_exp(o.m - m), part + 32);
  float shift = shift_of(m);
  float scale = LOG ? LOGF(s) : 1.0f / s;
  ELEM* to = y + r.start;
  row_stream(x + r.start, r.place, [&](float* v, int count, int i) {
    for (int j = 0; j < count; j++) {
      float empty = LOG ? -POS_INF : 0.0f;
      v[j] = takes_part(i + j, r.limit) ? softmax_value(v[j], shift, s, scale) : empty;
    }
    row_put(to, i, v, count);
  });
}

#else
/* The term of the gradient's sum, and the gradient: dx = y (dy - sum y dy); LOG: dx = dy - exp(y) sum dy over the
 * positions where y is not -inf. */
DEVICE float gradient_term(float y, float dy) {
#if LOG
  return y == -POS_INF ? 0.0f : dy;
#else
  return y * dy;
#endif
}
DEVICE float gradient_value(float y, float dy, float s) {
#if LOG
  return y == -POS_INF ? 0.0f : dy - lane_exp(y) * s;
#else
  return y * (dy - s);
#endif
}

KERNEL_SIZED(BLOCK, 1, 1) void softmax_gradient_held(const ELEM* RESTRICT y, const ELEM* RESTRICT dy,
                                                     ELEM* RESTRICT dx, int rows, int n) {
  SHARED float part[32];
  int row = GROUP_ID(0) * (BLOCK / WIDTH) + LOCAL_ID(0) / WIDTH;
  int start = row < rows ? row * n : 0;
  RowPlace r = row_place(start, row < rows ? n : 0);
  RowHeld h;
  RowHeld d;
  row_load(y + start, r, n, h);
  row_load(dy + start, r, n, d);
  float s = 0.0f;
  row_each(h, d, r, [&](float* v, float* u, int count, int) {
    for (int j = 0; j < count; j++) s += gradient_term(v[j], u[j]);
  });
  s = row_sum(s, part);
  ELEM* to = dx + start;
  row_each(h, d, r, [&](float* v, float* u, int count, int i) {
    for (int j = 0; j < count; j++) v[j] = gradient_value(v[j], u[j], s);
    row_put(to, i, v, count);
  });
}

KERNEL_SIZED(BLOCK, 1, 1) void softmax_gradient_long(const ELEM* RESTRICT y, const ELEM* RESTRICT dy,
                                                     ELEM* RESTRICT dx, int rows, int n) {
  SHARED float part[32];
  int start = GROUP_ID(0) * n;
  RowPlace r = row_place(start, n);
  float s = 0.0f;
  row_stream(y + start, dy + start, r, [&](float* v, float* u, int count, int) {
    for (int j = 0; j < count; j++) s += gradient_term(v[j], u[j]);
  });
  s = row_sum(s, part);
  ELEM* to = dx + start;
  row_stream(y + start, dy + start, r, [&](float* v, float* u, int count, int i) {
    for (int j = 0; j < count; j++) v[j] = gradient_value(v[j], u[j], s);
    row_put(to, i, v, count);
  });
}
#endif
