/* Batch norm of [N, C, S] in training, per channel over N and S, and its gradient: three launches each.
 *
 * *_sums: a work-group of GROUP items a chunk of a channel; neighbouring items read neighbouring elements, sums meet
 *   in a tree. Forward in two sweeps: the chunk's mean, then what is left of it and the squares around it (found in
 *   cache), so that channels far from 0 keep their digits.
 * *_finish: an item a channel adds its chunks in order (Chan, Golub, LeVeque 1979) and makes the coefficients of
 * *_apply: an item an element, y = ((x - mean) - rest) * a + b, or dx = a dy + b (x - mean) + d.
 * Bound by memory: x is read twice from it (gradient: x and dy), y written once. First version; not measured on a GPU
 * yet.
 * SCALE, SHIFT, RUNNING, DSTATISTICS, DMEAN, DVARIANCE: inputs that are there; DSCALE, DSHIFT: outputs wanted. */
#ifndef GROUP
#define GROUP 64
#endif
#ifndef SCALE
#define SCALE 1
#endif
#ifndef SHIFT
#define SHIFT 1
#endif
#ifndef RUNNING
#define RUNNING 1
#endif
#ifndef DSTATISTICS
#define DSTATISTICS 0
#endif
#ifndef DMEAN
#define DMEAN 0
#endif
#ifndef DVARIANCE
#define DVARIANCE 0
#endif
#ifndef DSCALE
#define DSCALE 1
#endif
#ifndef DSHIFT
#define DSHIFT 1
#endif

/* Element m of channel c. */
#define AT(m) (((m) / space * channels + c) * space + (m) % space)

/* Three sums over the group, for all items. */
DEVICE void group_sums(float* a, float* b, float* d, SHARED_PTR float* part) {
  int lid = LOCAL_ID(0);
  part[lid] = *a;
  part[lid + GROUP] = *b;
  part[lid + 2 * GROUP] = *d;
  BARRIER();
  for (int step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) {
      part[lid] += part[lid + step];
      part[lid + GROUP] += part[lid + GROUP + step];
      part[lid + 2 * GROUP] += part[lid + 2 * GROUP + step];
    }
    BARRIER();
  }
  *a = part[0];
  *b = part[GROUP];
  *d = part[2 * GROUP];
  BARRIER();
}

/* parts [channels, chunks, 3]: mean, rest of the mean, squares around both. */
KERNEL_SIZED(GROUP, 1, 1) void batch_norm_sums(GLOBAL const ELEM* RESTRICT x, GLOBAL float* RESTRICT parts,
                                               int channels, int space, int count, int chunk) {
  SHARED float part[3 * GROUP];
  int c = GROUP_ID(1);
  int from = GROUP_ID(0) * chunk;
  int to = count - from < chunk ? count : from + chunk;
  float n = (float)(to - from);
  float s = 0.0f;
  float q = 0.0f;
  float unused = 0.0f;
  for (int m = from + LOCAL_ID(0); m < to; m += GROUP) s += LD(x, AT(m));
  group_sums(&s, &q, &unused, part);
  float mean = s / n;
  s = 0.0f;
  q = 0.0f;
  for (int m = from + LOCAL_ID(0); m < to; m += GROUP) {
    float t = LD(x, AT(m)) - mean;
    s += t;
    q += t * t;
  }
  group_sums(&s, &q, &unused, part);
  if (LOCAL_ID(0) == 0) {
    int at = 3 * (c * GROUP_COUNT(0) + GROUP_ID(0));
    parts[at] = mean;
    parts[at + 1] = s / n;
    parts[at + 2] = q - s * (s / n);
  }
}

/* coefficients [channels, 4]: mean, rest, a, b. */
KERNEL void batch_norm_finish(GLOBAL const float* RESTRICT parts, GLOBAL const ELEM* RESTRICT scale,
                              GLOBAL const ELEM* RESTRICT shift, GLOBAL const float* RESTRICT running_mean,
                              GLOBAL const float* RESTRICT running_variance, GLOBAL float* RESTRICT statistics,
                              GLOBAL float* RESTRICT new_mean, GLOBAL float* RESTRICT new_variance,
                              GLOBAL float* RESTRICT coefficients, int channels, int count, int chunk, int chunks,
                              float epsilon, float momentum) {
  int c = GLOBAL_ID(0);
  if (c >= channels) return;
  int at = 3 * c * chunks;
  float n = (float)count;
  float mean = count > 0 ? parts[at] : 0.0f / n;
  float rest = 0.0f;
  float square = 0.0f;
  for (int k = 0; k < chunks; k++) {
    float share = (float)(count - k * chunk < chunk ? count - k * chunk : chunk) / n;
    rest += share * ((parts[at + 3 * k] - mean) + parts[at + 3 * k + 1]);
  }
  for (int k = 0; k < chunks; k++) {
    float size = (float)(count - k * chunk < chunk ? count - k * chunk : chunk);
    float d = ((parts[at + 3 * k] - mean) - rest) + parts[at + 3 * k + 1];
    square += parts[at + 3 * k + 2] + size * d * d;
  }
  float variance = square / n;
  if (variance < 0.0f) variance = 0.0f;
  float inverse = 1.0f / SQRTF(variance + epsilon);
  /* The rest of an infinite mean is NaN. */
  float whole = FABSF(mean) == POS_INF ? mean : mean + rest;
  statistics[2 * c] = whole;
  statistics[2 * c + 1] = inverse;
#if RUNNING
  int still = count == 0 || momentum == 0.0f;
  float more = count > 1 ? n / (n - 1.0f) : 1.0f;
  new_mean[c] = still ? running_mean[c] : (1.0f - momentum) * running_mean[c] + momentum * whole;
  new_variance[c] = still ? running_variance[c] : (1.0f - momentum) * running_variance[c] + momentum * variance * more;
#endif
  float a = inverse;
  float b = 0.0f;
#if SCALE
  a *= LD(scale, c);
#endif
#if SHIFT
  b = LD(shift, c);
#endif
  coefficients[4 * c] = mean;
  coefficients[4 * c + 1] = rest;
  coefficients[4 * c + 2] = a;
  coefficients[4 * c + 3] = b;
}

KERNEL void batch_norm_apply(GLOBAL const ELEM* RESTRICT x, GLOBAL const float* RESTRICT coefficients,
                             GLOBAL ELEM* RESTRICT y, int size, int channels, int space) {
  int i = GLOBAL_ID(0);
  if (i >= size) return;
  int c = 4 * (i / space % channels);
  float t = (LD(x, i) - coefficients[c]) - coefficients[c + 1];
  ST(y, i, t * coefficients[c + 2] + coefficients[c + 3]);
}

/* parts [channels, chunks, 3]: sums of x - mean, of dy and of their product. */
KERNEL_SIZED(GROUP, 1, 1) void batch_norm_gradient_sums(GLOBAL const ELEM* RESTRICT x,
                                                        GLOBAL const ELEM* RESTRICT dy,
                                                        GLOBAL const float* RESTRICT statistics,
                                                        GLOBAL float* RESTRICT parts, int channels, int space,
                                                        int count, int chunk) {
  SHARED float part[3 * GROUP];
  int c = GROUP_ID(1);
  int from = GROUP_ID(0) * chunk;
  int to = count - from < chunk ? count : from + chunk;
  float mean = statistics[2 * c];
  float s = 0.0f;
  float g = 0.0f;
  float p = 0.0f;
  for (int m = from + LOCAL_ID(0); m < to; m += GROUP) {
    float t = LD(x, AT(m)) - mean;
    float d = LD(dy, AT(m));
    s += t;
    g += d;
    p += t * d;
  }
  group_sums(&s, &g, &p, part);
  if (LOCAL_ID(0) == 0) {
    int at = 3 * (c * GROUP_COUNT(0) + GROUP_ID(0));
    parts[at] = s;
    parts[at + 1] = g;
    parts[at + 2] = p;
  }
}

/* coefficients [channels, 4]: mean, a, b, d. */
KERNEL void batch_norm_gradient_finish(GLOBAL const float* RESTRICT parts, GLOBAL const ELEM* RESTRICT scale,
                                       GLOBAL const float* RESTRICT statistics,
                                       GLOBAL const float* RESTRICT dstatistics, GLOBAL const float* RESTRICT dmean,
                                       GLOBAL const float* RESTRICT dvariance, GLOBAL ELEM* RESTRICT dscale,
                                       GLOBAL ELEM* RESTRICT dshift, GLOBAL float* RESTRICT coefficients,
                                       int channels, int count, int chunks, float momentum) {
  int c = GLOBAL_ID(0);
  if (c >= channels) return;
  float s = 0.0f;
  float g = 0.0f;
  float p = 0.0f;
  for (int k = 0; k < chunks; k++) {
    int at = 3 * (c * chunks + k);
    s += parts[at];
    g += parts[at + 1];
    p += parts[at + 2];
  }
  float n = (float)(count > 0 ? count : 1);
  float r = statistics[2 * c + 1];
  float rest = s / n;
  float product = count > 0 ? (p - rest * g) * r : 0.0f;
#if DSCALE
  ST(dscale, c, product);
#endif
#if DSHIFT
  ST(dshift, c, g);
#endif
  float dm = 0.0f;
  float dr = 0.0f;
  float dv = 0.0f;
#if DSTATISTICS
  dm += dstatistics[2 * c];
  dr += dstatistics[2 * c + 1];
#endif
#if DMEAN
  dm += momentum * dmean[c];
#endif
#if DVARIANCE
  dv += 2.0f * momentum * dvariance[c] * (count > 1 ? n / (n - 1.0f) : 1.0f);
#endif
  float a = r;
#if SCALE
  a *= LD(scale, c);
#endif
  float b = (dv - (a * product + dr * r * r) * r) / n;
  coefficients[4 * c] = statistics[2 * c];
  coefficients[4 * c + 1] = a;
  coefficients[4 * c + 2] = b;
  coefficients[4 * c + 3] = (dm - a * g) / n - b * rest;
}

KERNEL void batch_norm_gradient_apply(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT dy,
                                      GLOBAL const float* RESTRICT coefficients, GLOBAL ELEM* RESTRICT dx, int size,
                                      int channels, int space) {
  int i = GLOBAL_ID(0);
  if (i >= size) return;
  int c = 4 * (i / space % channels);
  float t = LD(x, i) - coefficients[c];
  ST(dx, i, coefficients[c + 1] * LD(dy, i) + (coefficients[c + 2] * t + coefficients[c + 3]));
}
