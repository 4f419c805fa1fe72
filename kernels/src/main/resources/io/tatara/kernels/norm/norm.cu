/* Layer norm and root-mean-square norm of rows on CUDA, after dropout and the residual, in 16-byte pieces. Memory is
 * the only roof: one read of x and of the residual, one write of y and of the sum z.
 *
 * A row stands in registers as float32, PER pieces of it in each of WIDTH threads: lanes of a warp for rows up to
 * 1024 elements, which meet by shuffles alone, else a block, two barriers a row. Two sums after each other: the mean;
 * the mean of what is left and its square, which keeps the digits of rows far from 0. Dropout's mask is computed,
 * four elements a block of the generator.
 * Ladder: (1) an item an element, tree in local memory (norm.cl); (2) 16-byte loads, all of a row under way before
 * the first is used; (3) shuffles in place of trees. Figures: docs/h200.md.
 * CENTERED: layer norm. RESIDUAL, SCALE, SHIFT, DROPOUT: inputs that are there. SUM: z is an output. */
#ifndef RESIDUAL
#define RESIDUAL 0
#endif
#ifndef SHIFT
#define SHIFT 0
#endif
#ifndef SUM
#define SUM 0
#endif

KERNEL_SIZED(BLOCK, 1, 1) void norm_held(const ELEM* RESTRICT x, const ELEM* RESTRICT residual,
                                         const ELEM* RESTRICT scale, const ELEM* RESTRICT shift,
                                         const int* RESTRICT seed, ELEM* RESTRICT y, float* RESTRICT statistics,
                                         ELEM* RESTRICT z, int rows, int n, float epsilon, float p, float keep) {
  SHARED float part[96];
  int t = LOCAL_ID(0) % WIDTH;
  int r = GROUP_ID(0) * (BLOCK / WIDTH) + LOCAL_ID(0) / WIDTH;
  /* The rows of a block behind the last one have no elements. */
  int limit = r < rows ? n : 0;
  int start = r < rows ? r * n : 0;
  Loaded w[PER];
#if RESIDUAL
  Loaded u[PER];
#endif
  UNROLL
  for (int k = 0; k < PER; k++) {
    int i = (t + k * WIDTH) * VEC;
    w[k] = i < limit ? part_load(x + start + i) : part_zero();
#if RESIDUAL
    u[k] = i < limit ? part_load(residual + start + i) : part_zero();
#endif
  }
  float v[PER * VEC];
  float total[2] = {0.0f, 0.0f};
  UNROLL
  for (int k = 0; k < PER; k++) {
    float* e = v + k * VEC;
    int i = (t + k * WIDTH) * VEC;
    part_unpack(w[k], e);
#if DROPOUT
    if (i < limit) part_drop(e, seed, start + i, p, keep);
#endif
#if RESIDUAL
    float more[VEC];
    part_unpack(u[k], more);
    UNROLL
    for (int j = 0; j < VEC; j++) e[j] += more[j];
#endif
#if SUM
    if (i < limit) part_store(z + start + i, e);
#endif
    UNROLL
    for (int j = 0; j < VEC; j++) total[0] += e[j]; /* 0 where there is no element */
  }
  float mean = 0.0f;
#if CENTERED
  row_sums<1>(total, part);
  mean = total[0] / (float)n;
#endif
  total[0] = 0.0f;
  UNROLL
  for (int k = 0; k < PER; k++) {
    if ((t + k * WIDTH) * VEC < limit) {
      UNROLL
      for (int j = 0; j < VEC; j++) {
        float d = v[k * VEC + j] - mean;
        total[0] += d;
        total[1] += d * d;
      }
    }
  }
  row_sums<2>(total, part + 32);
  float rest = CENTERED ? total[0] / (float)n : 0.0f;
  float square = total[1] / (float)n - rest * rest;
  if (square < 0.0f) square = 0.0f;
  float inverse = 1.0f / SQRTF(square + epsilon);
  UNROLL
  for (int k = 0; k < PER; k++) {
    int i = (t + k * WIDTH) * VEC;
    if (i < limit) {
      float* e = v + k * VEC;
      UNROLL
      for (int j = 0; j < VEC; j++) e[j] = ((e[j] - mean) - rest) * inverse;
#if SCALE
      float a[VEC];
      part_unpack(part_load(scale + i), a);
      UNROLL
      for (int j = 0; j < VEC; j++) e[j] *= a[j];
#endif
#if SHIFT
      float b[VEC];
      part_unpack(part_load(shift + i), b);
      UNROLL
      for (int j = 0; j < VEC; j++) e[j] += b[j];
#endif
      part_store(y + start + i, e);
    }
  }
  if (t == 0 && r < rows) {
#if CENTERED
    /* The rest of an infinite mean is NaN. */
    statistics[2 * r] = FABSF(mean) == POS_INF ? mean : mean + rest;
    statistics[2 * r + 1] = inverse;
#else
    statistics[r] = inverse;
#endif
  }
}
