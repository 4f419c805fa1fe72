/* Gradients of layer norm and root-mean-square norm. Follows the pointwise functions (random numbers).
 *
 * norm_gradient_rows: a work-group of GROUP items a row; one sweep for the row's three sums, one that writes; the
 *   second read comes from cache.
 * norm_parameters: sums over rows, an item a column of a chunk of rows: neighbouring items read neighbouring
 *   elements. norm_total.cl adds the chunks, so that the order is fixed.
 * Bound by memory: two reads of z and dy where the parameters' gradients are asked for.
 * CENTERED: layer norm. SCALE, DROPOUT, DSTATISTICS, DSUM: inputs that are there. REST: what the statistics leave of
 * a row's mean is kept for norm_parameters. */
#ifndef GROUP
#define GROUP 64
#endif
#ifndef CENTERED
#define CENTERED 1
#endif
#ifndef SCALE
#define SCALE 0
#endif
#ifndef DROPOUT
#define DROPOUT 0
#endif
#ifndef DSTATISTICS
#define DSTATISTICS 0
#endif
#ifndef DSUM
#define DSUM 0
#endif
#ifndef REST
#define REST 0
#endif

DEVICE float gradient_at(GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT scale, int row, int i) {
  float g = LD(dy, row + i);
#if SCALE
  g *= LD(scale, i);
#endif
  return g;
}

KERNEL_SIZED(GROUP, 1, 1) void norm_gradient_rows(
    GLOBAL const ELEM* RESTRICT z, GLOBAL const ELEM* RESTRICT scale, GLOBAL const int* RESTRICT seed,
    GLOBAL const float* RESTRICT statistics, GLOBAL const ELEM* RESTRICT dy, GLOBAL const float* RESTRICT dstatistics,
    GLOBAL const ELEM* RESTRICT dsum, GLOBAL ELEM* RESTRICT dz, GLOBAL ELEM* RESTRICT dx, GLOBAL float* RESTRICT rests,
    int n, float p, float keep) {
  SHARED float part[3 * GROUP];
  int lid = LOCAL_ID(0);
  int r = GROUP_ID(0);
  int row = r * n;
#if CENTERED
  float mean = statistics[2 * r];
  float inverse = statistics[2 * r + 1];
#else
  float mean = 0.0f;
  float inverse = statistics[r];
#endif
  float s = 0.0f;
  float g = 0.0f;
  float gz = 0.0f;
  for (int i = lid; i < n; i += GROUP) {
    float t = LD(z, row + i) - mean;
    float u = gradient_at(dy, scale, row, i);
    s += t;
    g += u;
    gz += u * t;
  }
  part[lid] = s;
  part[lid + GROUP] = g;
  part[lid + 2 * GROUP] = gz;
  BARRIER();
  for (int step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) {
      part[lid] += part[lid + step];
      part[lid + GROUP] += part[lid + GROUP + step];
      part[lid + 2 * GROUP] += part[lid + 2 * GROUP + step];
    }
    BARRIER();
  }
  float rest = CENTERED ? part[0] / (float)n : 0.0f;
  float mean_g = CENTERED ? part[GROUP] / (float)n : 0.0f;
  float mean_gx = (part[2 * GROUP] - rest * part[GROUP]) / (float)n * inverse;
  float plus = 0.0f;
#if DSTATISTICS
#if CENTERED
  plus = dstatistics[2 * r] / (float)n;
  mean_gx += dstatistics[2 * r + 1] * inverse / (float)n;
#else
  mean_gx += dstatistics[r] * inverse / (float)n;
#endif
#endif
  for (int i = lid; i < n; i += GROUP) {
    float t = ((LD(z, row + i) - mean) - rest) * inverse;
    float v = inverse * ((gradient_at(dy, scale, row, i) - mean_g) - t * mean_gx) + plus;
#if DSUM
    v += LD(dsum, row + i);
#endif
    ST(dz, row + i, v);
#if DROPOUT
    v = tatara_uniform((uint)seed[0], (uint)seed[1], 0u, (uint)(row + i)) >= p ? v * keep : 0.0f;
    ST(dx, row + i, v);
#endif
  }
#if REST
  if (lid == 0) rests[r] = rest;
#endif
}

/* sums [chunks, 2, n]: of dy x^ and of dy. */
KERNEL void norm_parameters(GLOBAL const ELEM* RESTRICT z, GLOBAL const float* RESTRICT statistics,
                            GLOBAL const ELEM* RESTRICT dy, GLOBAL const float* RESTRICT rests,
                            GLOBAL float* RESTRICT sums, int rows, int n, int chunk) {
  int i = GLOBAL_ID(0);
  int first = GROUP_ID(1) * chunk;
  int end = rows - first < chunk ? rows : first + chunk;
  if (i >= n) return;
  float s = 0.0f;
  float b = 0.0f;
  for (int r = first; r < end; r++) {
    float d = LD(dy, r * n + i);
    float t = LD(z, r * n + i);
#if CENTERED
    t -= statistics[2 * r];
#if REST
    t -= rests[r];
#endif
    t *= statistics[2 * r + 1];
#else
    t *= statistics[r];
#endif
    s += d * t;
    b += d;
  }
  sums[GROUP_ID(1) * 2 * n + i] = s;
  sums[GROUP_ID(1) * 2 * n + n + i] = b;
}
