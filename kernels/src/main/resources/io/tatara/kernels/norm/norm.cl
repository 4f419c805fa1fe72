/* Layer norm and root-mean-square norm of rows, after dropout and the residual: a work-group of GROUP items a row,
 * neighbouring items read neighbouring elements, partial sums meet in a tree in local memory. Follows the pointwise
 * functions (random numbers).
 *
 * A row stands in registers, PER elements an item, so that it is read once; PER = 0: longer rows, read and summed
 * anew in each of three sweeps, of which the later ones find it in cache. Three sweeps: the mean; the mean of what
 * is left and its square; the result. The second mean keeps the digits of rows far from 0. Bound by memory.
 * CENTERED: layer norm. RESIDUAL, SCALE, SHIFT, DROPOUT: inputs that are there. SUM: the sum z is an output. */
#ifndef GROUP
#define GROUP 64
#endif
#ifndef PER
#define PER 4
#endif
#ifndef CENTERED
#define CENTERED 1
#endif
#ifndef RESIDUAL
#define RESIDUAL 0
#endif
#ifndef SCALE
#define SCALE 0
#endif
#ifndef SHIFT
#define SHIFT 0
#endif
#ifndef DROPOUT
#define DROPOUT 0
#endif
#ifndef SUM
#define SUM 0
#endif

/* Both sums over the group, for all items. */
DEVICE void group_sums(float* a, float* b, SHARED_PTR float* part) {
  int lid = LOCAL_ID(0);
  part[lid] = *a;
  part[lid + GROUP] = *b;
  BARRIER();
  for (int step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) {
      part[lid] += part[lid + step];
      part[lid + GROUP] += part[lid + GROUP + step];
    }
    BARRIER();
  }
  *a = part[0];
  *b = part[GROUP];
  BARRIER();
}

/* Element i of the tensor z. */
DEVICE float sum_at(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT residual,
                    GLOBAL const int* RESTRICT seed, int i, float p, float keep) {
  float v = LD(x, i);
#if DROPOUT
  v = tatara_uniform((uint)seed[0], (uint)seed[1], 0u, (uint)i) >= p ? v * keep : 0.0f;
#endif
#if RESIDUAL
  v += LD(residual, i);
#endif
  return v;
}

/* For each of this item's elements i of the row, with its value v. */
#if PER > 0
#define EACH(v, i)            \
  for (int k = 0; k < PER; k++) { \
    int i = lid + k * GROUP;  \
    float v = held[k];        \
    if (i < n) {
#else
#define EACH(v, i)                      \
  for (int i = lid; i < n; i += GROUP) { \
    float v = sum_at(x, residual, seed, row + i, p, keep); \
    {
#endif
#define END_EACH \
  }              \
  }

KERNEL_SIZED(GROUP, 1, 1) void norm_rows(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT residual,
                                         GLOBAL const ELEM* RESTRICT scale, GLOBAL const ELEM* RESTRICT shift,
                                         GLOBAL const int* RESTRICT seed, GLOBAL ELEM* RESTRICT y,
                                         GLOBAL float* RESTRICT statistics, GLOBAL ELEM* RESTRICT z, int n,
                                         float epsilon, float p, float keep) {
  SHARED float part[2 * GROUP];
  int lid = LOCAL_ID(0);
  int row = GROUP_ID(0) * n;
#if PER > 0
  float held[PER];
  UNROLL
  for (int k = 0; k < PER; k++) {
    int i = lid + k * GROUP;
    held[k] = i < n ? sum_at(x, residual, seed, row + i, p, keep) : 0.0f;
  }
#endif
  float s = 0.0f;
  float q = 0.0f;
  float mean = 0.0f;
#if CENTERED
  EACH(v, i)
  s += v;
  END_EACH
  group_sums(&s, &q, part);
  mean = s / (float)n;
  s = 0.0f;
#endif
  EACH(v, i)
  float t = v - mean;
  s += t;
  q += t * t;
  END_EACH
  group_sums(&s, &q, part);
  float rest = CENTERED ? s / (float)n : 0.0f;
  float square = q / (float)n - rest * rest;
  if (square < 0.0f) square = 0.0f;
  float inverse = 1.0f / SQRTF(square + epsilon);
  EACH(v, i)
  float t = ((v - mean) - rest) * inverse;
#if SCALE
  t *= LD(scale, i);
#endif
#if SHIFT
  t += LD(shift, i);
#endif
  ST(y, row + i, t);
#if SUM
  ST(z, row + i, v);
#endif
  END_EACH
  if (lid == 0) {
#if CENTERED
    /* The rest of an infinite mean is NaN. */
    statistics[2 * GROUP_ID(0)] = FABSF(mean) == POS_INF ? mean : mean + rest;
    statistics[2 * GROUP_ID(0) + 1] = inverse;
#else
    statistics[GROUP_ID(0)] = inverse;
#endif
  }
}
