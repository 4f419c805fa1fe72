/* The elementwise steps of a reduction's gradient; the broadcast between them is a strided copy. */

KERNEL void divide_by_count(GLOBAL const ELEM* RESTRICT dy, GLOBAL ELEM* RESTRICT g, int n, float count) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(g, i, LD(dy, i) / count);
}

/* dx holds the maximum that each element went into: 1 where x is it, else 0. */
KERNEL void mark_maxima(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT dx, int n) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  float v = LD(x, i);
  ST(dx, i, v == LD(dx, i) || IS_NAN(v) ? 1.0f : 0.0f);
}

KERNEL void divide_by_counts(GLOBAL const ELEM* RESTRICT dy, GLOBAL const float* RESTRICT counts,
                             GLOBAL ELEM* RESTRICT g, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(g, i, LD(dy, i) / counts[i]);
}

KERNEL void keep_marked(GLOBAL const ELEM* RESTRICT shares, GLOBAL ELEM* RESTRICT dx, int n) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  float v = 0.0f;
  if (LD(dx, i) != 0.0f) v = LD(shares, i);
  ST(dx, i, v);
}
