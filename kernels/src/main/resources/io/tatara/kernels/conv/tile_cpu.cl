/* The register tile of products on CPUs: MR rows, NR columns in two vectors, KC products at a time; a work-item has at
 * most PANELS panels of rows. Behind vectors.cl. */
#ifndef MR
#define MR 12
#endif
#define KC 256
#define PANELS 16
#define NR (2 * VEC)

/* sums[r][NR] (+)= sum over p of a[p][r] * b[p][NR]. */
DEVICE void conv_tile(GLOBAL const float *RESTRICT a, const float *b, int depth, int more, float *sums) {
  FLOATV x[MR];
  FLOATV y[MR];
  _Pragma("unroll") for (int r = 0; r < MR; r++) {
    x[r] = 0.0f;
    y[r] = 0.0f;
  }
  for (int p = 0; p < depth; p++) {
    FLOATV u = LOADV(b + p * NR);
    FLOATV v = LOADV(b + p * NR + VEC);
    _Pragma("unroll") for (int r = 0; r < MR; r++) {
      FLOATV s = (FLOATV)(a[p * MR + r]);
      x[r] = fma(s, u, x[r]);
      y[r] = fma(s, v, y[r]);
    }
  }
  _Pragma("unroll") for (int r = 0; r < MR; r++) {
    if (more) {
      x[r] += LOADV(sums + r * NR);
      y[r] += LOADV(sums + r * NR + VEC);
    }
    STOREV(x[r], sums + r * NR);
    STOREV(y[r], sums + r * NR + VEC);
  }
}
