/* The gradients of scale and shift from the sums over chunks of rows, [chunks, 2, n]: an item a column, chunks in
 * order. DSCALE, DSHIFT: outputs that are there. */
#ifndef DSCALE
#define DSCALE 1
#endif
#ifndef DSHIFT
#define DSHIFT 1
#endif

KERNEL void norm_total(GLOBAL const float* RESTRICT sums, GLOBAL ELEM* RESTRICT dscale, GLOBAL ELEM* RESTRICT dshift,
                       int chunks, int n) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  float s = 0.0f;
  float b = 0.0f;
  for (int k = 0; k < chunks; k++) {
    s += sums[k * 2 * n + i];
    b += sums[k * 2 * n + n + i];
  }
#if DSCALE
  ST(dscale, i, s);
#endif
#if DSHIFT
  ST(dshift, i, b);
#endif
}
