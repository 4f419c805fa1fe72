/* Cross-entropy from logits and its gradient, a work-group of GROUP items a row of c logits.
 *
 * cross_entropy_rows: one read of the logits: each item keeps a maximum and a sum scaled to it, which meet in
 * a tree in local memory (Milakov and Gimelshein 2018). cross_entropy_total: one group sums the rows.
 * cross_entropy_share: one group counts the rows of a mean. cross_entropy_gradient: one read, one write.
 * SMOOTH: label smoothing is on. PER_ROW: a dloss a row. MORE: a gradient of logSumExp arrives too.
 * Rows whose label is `ignore` are not read. Loss and logSumExp are float32 whatever the storage; lse [n, 2] holds
 * a whole number, the floor of the maximum, and what is to be added to it, or 0 and a sum that is not finite. */
#ifndef GROUP
#define GROUP 64
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

DEVICE float tree_sum(float v, SHARED_PTR float* part) {
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
DEVICE float scaled_to(float s, float m, float larger) { return m == larger ? s : s * EXPF(m - larger); }

KERNEL_SIZED(GROUP, 1, 1) void cross_entropy_rows(GLOBAL const ELEM* RESTRICT x, GLOBAL const int* RESTRICT labels,
                                                  GLOBAL float* RESTRICT losses, GLOBAL float* RESTRICT lse, int c,
                                                  int ignore, float smoothing) {
  SHARED float maxima[GROUP];
  SHARED float sums[GROUP];
  SHARED float part[GROUP];
  int lid = LOCAL_ID(0);
  int r = GROUP_ID(0);
  int row = r * c;
  int label = labels[r];
  int end = label == ignore ? 0 : c;
  float m = -POS_INF;
  float s = 0.0f;
  float t = 0.0f;
  for (int i = lid; i < end; i += GROUP) {
    float v = LD(x, row + i);
    t += v;
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
      sums[lid] = scaled_to(sums[lid], maxima[lid], larger) + scaled_to(sums[lid + step], maxima[lid + step], larger);
      maxima[lid] = larger;
    }
    BARRIER();
  }
#if SMOOTH
  t = tree_sum(t, part);
#endif
  if (lid == 0) {
    float loss = 0.0f;
    float whole = 0.0f;
    float rest = 0.0f;
    if (label != ignore) {
      float nan = AS_FLOAT(0x7fc00000u);
      m = maxima[0];
      float log_s = m == POS_INF ? nan : LOGF(sums[0]);
      whole = FLOORF(m);
      rest = m - whole + log_s;
      if (!(FABSF(rest) < POS_INF)) {
        rest = m + log_s;
        whole = 0.0f;
      }
      loss = nan;
      if (label >= 0 && label < c) {
        /* m - x first: exact to rounding where both are large. */
        loss = m - LD(x, row + label) + log_s;
#if SMOOTH
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

KERNEL_SIZED(GROUP, 1, 1) void cross_entropy_total(GLOBAL const float* RESTRICT losses,
                                                   GLOBAL const int* RESTRICT labels, GLOBAL float* RESTRICT loss,
                                                   int n, int ignore, int mean) {
  SHARED float part[GROUP];
  float s = 0.0f;
  int count = 0;
  for (int i = LOCAL_ID(0); i < n; i += GROUP) {
    s += losses[i];
    count += labels[i] == ignore ? 0 : 1;
  }
  s = tree_sum(s, part);
  float rows = tree_sum((float)count, part);
  if (LOCAL_ID(0) == 0) loss[0] = mean && rows > 0.0f ? s / rows : s;
}

KERNEL_SIZED(GROUP, 1, 1) void cross_entropy_share(GLOBAL const float* RESTRICT dloss,
                                                   GLOBAL const int* RESTRICT labels, GLOBAL float* RESTRICT share,
                                                   int n, int ignore) {
  SHARED float part[GROUP];
  int count = 0;
  for (int i = LOCAL_ID(0); i < n; i += GROUP) count += labels[i] == ignore ? 0 : 1;
  float rows = tree_sum((float)count, part);
  if (LOCAL_ID(0) == 0) share[0] = rows > 0.0f ? dloss[0] / rows : 0.0f;
}

KERNEL_SIZED(GROUP, 1, 1) void cross_entropy_gradient(
    GLOBAL const ELEM* RESTRICT x, GLOBAL const int* RESTRICT labels, GLOBAL const float* RESTRICT lse,
    GLOBAL const float* RESTRICT dloss, GLOBAL const float* RESTRICT dlse, GLOBAL ELEM* RESTRICT dx, int c,
    int ignore, float smoothing) {
  int r = GROUP_ID(0);
  int row = r * c;
  int label = labels[r];
  int known = label >= 0 && label < c;
  if (label == ignore || !known) {
    float v = label == ignore ? 0.0f : AS_FLOAT(0x7fc00000u);
    for (int i = LOCAL_ID(0); i < c; i += GROUP) ST(dx, row + i, v);
    return;
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
  float at_label = g * (1.0f - smoothing);
  float whole = lse[2 * r];
  for (int i = LOCAL_ID(0); i < c; i += GROUP) {
    float v = EXPF(LD(x, row + i) - whole) * scale + shift;
    if (i == label) v -= at_label;
    ST(dx, row + i, v);
  }
}
