/* What every source of a convolution's sums begins with: the arguments, and what becomes of a sum. */
#ifndef BIAS
#define BIAS 0
#endif
#ifndef RESIDUAL
#define RESIDUAL 0
#endif
#ifndef ACTIVATION
#define ACTIVATION 0
#endif
/* in, out: channels of a group of source and result; h × wd, oh × ow: their extents; wg, wo, wi, wr: elements of the
 * kernel from a group, result channel, source channel, row to the next. */
#define CONV_ARGUMENTS                                                                                              \
  GLOBAL const ELEM *RESTRICT x, GLOBAL const ELEM *RESTRICT w, GLOBAL const ELEM *RESTRICT bias,                   \
      GLOBAL const ELEM *RESTRICT residual, GLOBAL ELEM *y, int images, int groups, int in, int h, int wd, int out, \
      int oh, int ow, int wg, int wo, int wi, int wr, int countY, int outY, int outStepY, int inY, int inStepY,     \
      int tapY, int tapsY, int firstY, int nextY, int countX, int outX, int outStepX, int inX, int inStepX, int tapX, \
      int tapsX, int firstX, int nextX

/* f is a constant wherever this is called. */
DEVICE float conv_apply(int f, float v) {
  if (f == 1) return v < 0.0f ? 0.0f : v;
  if (f == 2) return 1.0f / (1.0f + EXPF(-v));
  if (f == 3) return TANHF(v);
  if (f == 4) return 0.5f * v * (1.0f + ERFF(v * 0.70710678118654752f));
  if (f == 5) return v / (1.0f + EXPF(-v));
  if (f == 6) return v > 0.0f ? v : EXPM1F(v);
  if (f == 7) return v < 0.0f ? 0.0f : v > 6.0f ? 6.0f : v;
  return v;
}

DEVICE float conv_activation(float v) { return conv_apply(ACTIVATION, v); }

/* Finishes an element of a channel (counted over all groups). */
DEVICE void conv_store(GLOBAL ELEM *y, GLOBAL const ELEM *RESTRICT bias, GLOBAL const ELEM *RESTRICT residual, int at,
                       int channel, float v) {
#if BIAS
  v += LD(bias, channel);
#endif
  v = conv_activation(v);
#if RESIDUAL
  v += LD(residual, at);
#endif
  ST(y, at, v);
}
