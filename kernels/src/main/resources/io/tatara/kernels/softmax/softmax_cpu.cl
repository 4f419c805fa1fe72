/* Softmax, cross-entropy and their gradients for OpenCL on CPUs: a work-item takes `each` rows, one after the
 * other, in vectors; no barriers, no local memory. Meaning as in softmax.cl and cross_entropy.cl.
 *
 * A row is read for its largest number, then for the sum of its exponentials, then written; all but the first
 * from cache for rows that fit there.
 * Behind vectors.cl. */
#ifndef LOG
#define LOG 0
#endif
#ifndef RAGGED
#define RAGGED 0
#endif
#ifndef SMOOTH
#define SMOOTH 0
#endif
#ifndef PER_ROW
#define PER_ROW 0
#endif
#ifndef MORE
#define MORE 0
#endif
#define FIRST_ROW (GROUP_ID(0) * each)
#define END_ROW min(rows, FIRST_ROW + each)

/* The largest number of a row, NaN passed over: it makes the sum NaN. -inf for none. */
DEVICE float row_max(GLOBAL const ELEM *RESTRICT x, int n) {
  FLOATV m = -POS_INF;
  int i = 0;
  for (; i + VEC <= n; i += VEC) {
    FLOATV v = LDV(x, i);
    m = select(m, v, v > m);
  }
  float lanes[VEC];
  STOREV(m, lanes);
  float r = -POS_INF;
  for (int l = 0; l < VEC; l++) r = lanes[l] > r ? lanes[l] : r;
  for (; i < n; i++) {
    float v = LD(x, i);
    r = v > r ? v : r;
  }
  return r;
}

/* The sum of exp(x - m), 0 for -inf whatever m. */
DEVICE float row_sum_exp(GLOBAL const ELEM *RESTRICT x, int n, float m) {
  FLOATV s = 0.0f;
  int i = 0;
  for (; i + VEC <= n; i += VEC) {
    FLOATV v = LDV(x, i);
    s += select(exp(v - m), (FLOATV)(0.0f), v == (FLOATV)(-POS_INF));
  }
  float r = vector_sum(s);
  for (; i < n; i++) {
    float v = LD(x, i);
    if (v != -POS_INF) r += EXPF(v - m);
  }
  return r;
}

DEVICE void fill(GLOBAL ELEM *RESTRICT y, int from, int n, float v) {
  for (int i = from; i < n; i++) ST(y, i, v);
}

KERNEL_SIZED(1, 1, 1)
void softmax_rows(GLOBAL const ELEM *RESTRICT xs, GLOBAL const int *RESTRICT lengths, GLOBAL ELEM *RESTRICT ys, int n,
                  int rows, int each) {
  for (int r = FIRST_ROW; r < END_ROW; r++) {
    GLOBAL const ELEM *x = xs + r * n;
    GLOBAL ELEM *y = ys + r * n;
    int length = n;
#if RAGGED
    length = clamp(lengths[r], 0, n);
#endif
    float m = row_max(x, length);
    float s = row_sum_exp(x, length, m);
#if LOG
    float empty = -POS_INF;
#else
    float empty = 0.0f;
#endif
    if (m == -POS_INF && s == 0.0f) {
      fill(y, 0, n, empty);
      continue;
    }
    if (m == POS_INF) s = AS_FLOAT(0x7fc00000u);
#if LOG
    float log_s = LOGF(s);
#else
    float inverse = 1.0f / s;
#endif
    int i = 0;
    for (; i + VEC <= length; i += VEC) {
#if LOG
      STV_OF(STORAGE, y, i, LDV(x, i) - m - log_s);
#else
      STV_OF(STORAGE, y, i, exp(LDV(x, i) - m) * inverse);
#endif
    }
    for (; i < length; i++) {
#if LOG
      ST(y, i, LD(x, i) - m - log_s);
#else
      ST(y, i, EXPF(LD(x, i) - m) * inverse);
#endif
    }
    fill(y, length, n, empty);
  }
}

KERNEL_SIZED(1, 1, 1)
void softmax_gradient(GLOBAL const ELEM *RESTRICT ys, GLOBAL const ELEM *RESTRICT dys, GLOBAL ELEM *RESTRICT dxs, int n,
                      int rows, int each) {
  for (int r = FIRST_ROW; r < END_ROW; r++) {
    GLOBAL const ELEM *y = ys + r * n;
    GLOBAL const ELEM *dy = dys + r * n;
    GLOBAL ELEM *dx = dxs + r * n;
    FLOATV sums = 0.0f;
    int i = 0;
    for (; i + VEC <= n; i += VEC) {
#if LOG
      sums += select(LDV(dy, i), (FLOATV)(0.0f), LDV(y, i) == (FLOATV)(-POS_INF));
#else
      sums += LDV(y, i) * LDV(dy, i);
#endif
    }
    float s = vector_sum(sums);
    for (; i < n; i++) {
#if LOG
      if (LD(y, i) != -POS_INF) s += LD(dy, i);
#else
      s += LD(y, i) * LD(dy, i);
#endif
    }
    for (i = 0; i + VEC <= n; i += VEC) {
      FLOATV p = LDV(y, i);
      FLOATV d = LDV(dy, i);
#if LOG
      STV_OF(STORAGE, dx, i, select(d - exp(p) * s, (FLOATV)(0.0f), p == (FLOATV)(-POS_INF)));
#else
      STV_OF(STORAGE, dx, i, p * (d - s));
#endif
    }
    for (; i < n; i++) {
      float p = LD(y, i);
      float d = LD(dy, i);
#if LOG
      ST(dx, i, p == -POS_INF ? 0.0f : d - EXPF(p) * s);
#else
      ST(dx, i, p * (d - s));
#endif
    }
  }
}

KERNEL_SIZED(1, 1, 1)
void cross_entropy_rows(GLOBAL const ELEM *RESTRICT xs, GLOBAL const int *RESTRICT labels, GLOBAL float *RESTRICT losses,
                        GLOBAL float *RESTRICT lse, int c, int ignore, float smoothing, int rows, int each) {
  for (int r = FIRST_ROW; r < END_ROW; r++) {
    GLOBAL const ELEM *x = xs + r * c;
    int label = labels[r];
    float loss = 0.0f;
    float whole = 0.0f;
    float rest = 0.0f;
    if (label != ignore) {
      float nan = AS_FLOAT(0x7fc00000u);
      float m = row_max(x, c);
      float s = row_sum_exp(x, c, m);
      float log_s = m == POS_INF ? nan : LOGF(s);
      whole = FLOORF(m);
      rest = m - whole + log_s;
      if (!(FABSF(rest) < POS_INF)) {
        rest = m + log_s;
        whole = 0.0f;
      }
      loss = nan;
      if (label >= 0 && label < c) {
        /* m - x first: exact to rounding where both are large. */
        loss = m - LD(x, label) + log_s;
#if SMOOTH
        FLOATV sums = 0.0f;
        int i = 0;
        for (; i + VEC <= c; i += VEC) sums += LDV(x, i);
        float t = vector_sum(sums);
        for (; i < c; i++) t += LD(x, i);
        float mean = m - t / (float)c + log_s;
        loss = smoothing == 1.0f ? mean : (1.0f - smoothing) * loss + smoothing * mean;
#endif
      }
    }
    losses[r] = loss;
    lse[2 * r] = whole;
    lse[2 * r + 1] = rest;
  }
}

KERNEL_SIZED(1, 1, 1)
void cross_entropy_gradient(GLOBAL const ELEM *RESTRICT xs, GLOBAL const int *RESTRICT labels,
                            GLOBAL const float *RESTRICT lse, GLOBAL const float *RESTRICT dloss,
                            GLOBAL const float *RESTRICT dlse, GLOBAL ELEM *RESTRICT dxs, int c, int ignore,
                            float smoothing, int rows, int each) {
  for (int r = FIRST_ROW; r < END_ROW; r++) {
    GLOBAL const ELEM *x = xs + r * c;
    GLOBAL ELEM *dx = dxs + r * c;
    int label = labels[r];
    if (label == ignore || label < 0 || label >= c) {
      fill(dx, 0, c, label == ignore ? 0.0f : AS_FLOAT(0x7fc00000u));
      continue;
    }
#if PER_ROW
    float g = dloss[r];
#else
    float g = dloss[0];
#endif
    float scale = g;
#if MORE
    scale += dlse[2 * r + 1];
#endif
    scale *= EXPF(-lse[2 * r + 1]);
    float shift = -g * smoothing / (float)c;
    float whole = lse[2 * r];
    int i = 0;
    for (; i + VEC <= c; i += VEC) STV_OF(STORAGE, dx, i, exp(LDV(x, i) - whole) * scale + shift);
    for (; i < c; i++) ST(dx, i, EXPF(LD(x, i) - whole) * scale + shift);
    ST(dx, label, EXPF(LD(x, label) - whole) * scale + shift - g * (1.0f - smoothing));
  }
}
