/* What the sources of weight gradients share: the arguments, where sums go, and the total of their parts. */
#ifndef PARTS
#define PARTS 0
#endif
#ifdef TX
#define TAPS_X TX
#define TAPS_Y TY
#else
#define TAPS_X tapsX
#define TAPS_Y tapsY
#endif
/* in, out: channels of a group; part: floats of all parts, used where PARTS; each: pixels of a part. */
#define WEIGHT_ARGUMENTS                                                                                            \
  GLOBAL const ELEM *RESTRICT x, GLOBAL const ELEM *RESTRICT dy, GLOBAL ELEM *dw, GLOBAL float *part, int images,   \
      int groups, int in, int h, int wd, int out, int oh, int ow, int tapsY, int tapsX, int strideY, int strideX,   \
      int padY, int padX, int dilationY, int dilationX, int parts, int each

#if PARTS
#define PUT(piece, at, v) part[(piece) * groups * out * in * TAPS_Y * TAPS_X + (at)] = (v)
#else
#define PUT(piece, at, v) ST(dw, at, v)
#endif

KERNEL void weight_total(GLOBAL const float *RESTRICT part, GLOBAL ELEM *RESTRICT dw, int n, int parts) {
  int i = GLOBAL_ID(0);
  if (i < n) {
    float s = 0.0f;
    for (int p = 0; p < parts; p += 16) { /* loads are under way together, sums stay in order */
      float v[16];
      UNROLL
      for (int j = 0; j < 16; j++) v[j] = p + j < parts ? part[(p + j) * n + i] : 0.0f;
      UNROLL
      for (int j = 0; j < 16; j++) s += v[j];
    }
    ST(dw, i, s);
  }
}
