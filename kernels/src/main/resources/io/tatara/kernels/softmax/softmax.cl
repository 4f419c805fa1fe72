/* Softmax and its gradient over the last axis, a work-group of GROUP items a row: neighbouring items read
 * neighbouring elements, partial results meet in a tree in local memory.
 *
 * softmax_rows: one sweep for maximum and sum together (each item keeps a maximum and a sum scaled to it;
 * Milakov and Gimelshein 2018), one to write. The second read comes from cache for rows that fit there.
 * LOG: the logarithm. RAGGED: lengths [rows] are there. Bound by memory: one read, one write. */
#ifndef GROUP
#define GROUP 64
#endif
#ifndef LOG
#define LOG 0
#endif
#ifndef RAGGED
#define RAGGED 0
#endif

DEVICE float group_sum(float v, SHARED_PTR float* part) {
  int lid = LOCAL_ID(0);
  part[lid] = v;
  BARRIER();
  for (int step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) part[lid] += part[lid + step];
    BARRIER();
  }
  float r = part[0];
  BARRIER();
  return r;
}

/* s scaled from maximum m to the larger maximum; equal ones leave it alone, also where both are -inf. */
DEVICE float rescaled(float s, float m, float larger) { return m == larger ? s : s * EXPF(m - larger); }

KERNEL_SIZED(GROUP, 1, 1) void softmax_rows(GLOBAL const ELEM* RESTRICT x, GLOBAL const int* RESTRICT lengths,
                                            GLOBAL ELEM* RESTRICT y, int n) {
  SHARED float maxima[GROUP];
  SHARED float sums[GROUP];
  int lid = LOCAL_ID(0);
  int row = GROUP_ID(0) * n;
  int length = n;
#if RAGGED
  length = lengths[GROUP_ID(0)];
  if (length < 0) length = 0;
  if (length > n) length = n;
#endif
  float m = -POS_INF;
  float s = 0.0f;
  for (int i = lid; i < length; i += GROUP) {
    float v = LD(x, row + i);
    if (v > m) {
      s = s * EXPF(m - v) + 1.0f;
      m = v;
    } else if (v != -POS_INF) {
      s += EXPF(v - m); /* NaN comes here and makes the sum NaN */
    }
  }
  maxima[lid] = m;
  sums[lid] = s;
  BARRIER();
  for (int step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) {
      float larger = maxima[lid] > maxima[lid + step] ? maxima[lid] : maxima[lid + step];
      sums[lid] = rescaled(sums[lid], maxima[lid], larger) + rescaled(sums[lid + step], maxima[lid + step], larger);
      maxima[lid] = larger;
    }
    BARRIER();
  }
  m = maxima[0];
  s = sums[0];
  int nothing = m == -POS_INF && s == 0.0f;
  if (m == POS_INF) s = AS_FLOAT(0x7fc00000u);
#if LOG
  float empty = -POS_INF;
  float log_s = LOGF(s);
#else
  float empty = 0.0f;
  float inverse = 1.0f / s;
#endif
  for (int i = lid; i < n; i += GROUP) {
    float v = empty;
    if (i < length && !nothing) {
#if LOG
      v = LD(x, row + i) - m - log_s;
#else
      v = EXPF(LD(x, row + i) - m) * inverse;
#endif
    }
    ST(y, row + i, v);
  }
}

/* dx = y (dy - sum y dy); LOG: dx = dy - exp(y) sum dy over the positions where y is not -inf. */
KERNEL_SIZED(GROUP, 1, 1) void softmax_gradient(GLOBAL const ELEM* RESTRICT y, GLOBAL const ELEM* RESTRICT dy,
                                                GLOBAL ELEM* RESTRICT dx, int n) {
  SHARED float part[GROUP];
  int row = GROUP_ID(0) * n;
  float s = 0.0f;
  for (int i = LOCAL_ID(0); i < n; i += GROUP) {
#if LOG
    if (LD(y, row + i) != -POS_INF) s += LD(dy, row + i);
#else
    s += LD(y, row + i) * LD(dy, row + i);
#endif
  }
  s = group_sum(s, part);
  for (int i = LOCAL_ID(0); i < n; i += GROUP) {
    float p = LD(y, row + i);
    float d = LD(dy, row + i);
#if LOG
    float v = 0.0f;
    if (p != -POS_INF) v = d - EXPF(p) * s;
    ST(dx, row + i, v);
#else
    ST(dx, row + i, p * (d - s));
#endif
  }
}
