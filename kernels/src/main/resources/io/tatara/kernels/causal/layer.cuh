/* What WaveNet's gated layer has in common on CUDA: sizes, arguments, samples at the edges. A block works on TT samples
 * of a sequence at a time and keeps all weights in shared memory. */
#ifndef CHANNELS
#define CHANNELS 64
#define HALF_ROWS 64
#define SKIPS 128
#define TAPS 2
#define TT 64
#endif
#ifndef DSHIFT
#define DSHIFT 0 /* the dilation's place among the elements of a piece */
#endif
#ifndef ALIGNED
#define ALIGNED 0 /* whether rows are whole pieces of 16 bytes */
#endif
#ifndef BEFORE
#define BEFORE 0
#endif
#ifndef BIAS
#define BIAS 0
#endif
#ifndef CONDITION
#define CONDITION 0
#endif
#ifndef RESIDUAL_BIAS
#define RESIDUAL_BIAS 0
#endif
#ifndef SKIP_BIAS
#define SKIP_BIAS 0
#endif
#ifndef BASE
#define BASE 0
#endif
#ifndef KEEP
#define KEEP 0
#endif
#define ROWS (CHANNELS * TAPS)   /* terms of the convolution */
#define OUTS (CHANNELS + SKIPS) /* rows behind the gates: residual, then skip */

#define LAYER_ARGUMENTS                                                                                               \
  const ELEM *RESTRICT x, const ELEM *RESTRICT state, const ELEM *RESTRICT weight, const ELEM *RESTRICT bias,         \
      const ELEM *RESTRICT condition, const ELEM *RESTRICT residual_weight, const ELEM *RESTRICT residual_bias,       \
      const ELEM *RESTRICT skip_weight, const ELEM *RESTRICT skip_bias, const ELEM *RESTRICT base, ELEM *RESTRICT y,  \
      ELEM *RESTRICT skip, ELEM *RESTRICT kept, int length, int dilation, int blocks, int tiles

/* Sample i of a row of x (counted over sequences and channels), also before its beginning and behind its end. */
DEVICE ELEM sample(const ELEM* RESTRICT x, const ELEM* RESTRICT state, int row, int i, int length, int reach) {
  if (i >= length) return 0;
  if (i >= 0) return x[row * length + i];
#if BEFORE
  return state[row * reach + reach + i];
#else
  return 0;
#endif
}

/* The number that row r of the sums begins with. */
DEVICE float first_of(const ELEM* RESTRICT bias, const ELEM* RESTRICT condition, int n, int r) {
  float v = 0.0f;
#if BIAS
  v += LD(bias, r);
#endif
#if CONDITION == 1
  v += LD(condition, n * 2 * HALF_ROWS + r);
#endif
  return v;
}

/* tanh(f) σ(g), to float32's rounding of numbers around 1: (e − 1) / (e + 1) of e = exp(2f), which is −1 where e is 0
 * but no number where e is infinite. */
DEVICE float gated(float f, float g) {
  f = f > 15.0f ? 15.0f : f; /* NaN stays */
  float e = exp2_approx(2.0f * LOG2_E * f);
  float r = reciprocal_approx(FMA(e + 1.0f, exp2_approx(-LOG2_E * g), e + 1.0f));
  return FMA(e, r, -r);
}

/* z from the sums of filter row r and of its gate at sample t; the gates are stored where they are kept. */
DEVICE float gate(float a, float b, const ELEM* RESTRICT condition, ELEM* RESTRICT kept, int n, int r, int t, int length) {
#if CONDITION == 2
  if (t < length) {
    a += LD(condition, (n * 2 * HALF_ROWS + r) * length + t);
    b += LD(condition, (n * 2 * HALF_ROWS + HALF_ROWS + r) * length + t);
  }
#endif
#if KEEP
  float u = TANHF(a);
  float v = 1.0f / (1.0f + EXPF(-b));
  if (t < length) {
    ST(kept, (n * 2 * HALF_ROWS + r) * length + t, u);
    ST(kept, (n * 2 * HALF_ROWS + HALF_ROWS + r) * length + t, v);
  }
  return u * v;
#else
  return gated(a, b);
#endif
}

/* Where result row r (residual rows, then skip rows) of sequence n stands, and what is added there: null for nothing. */
struct Place {
  ELEM* to;
  const ELEM* from;
  float bias;
};
DEVICE Place place(int r, int n, int length, const ELEM* RESTRICT x, const ELEM* RESTRICT base, ELEM* y, ELEM* skip,
                   const ELEM* RESTRICT residual_bias, const ELEM* RESTRICT skip_bias) {
  Place p;
  p.bias = 0.0f;
  if (r < CHANNELS) {
    int at = (n * CHANNELS + r) * length;
    p.to = y + at;
    p.from = x + at;
#if RESIDUAL_BIAS
    p.bias = LD(residual_bias, r);
#endif
  } else {
    int at = (n * SKIPS + r - CHANNELS) * length;
    p.to = skip + at;
    p.from = BASE ? base + at : 0;
#if SKIP_BIAS
    p.bias = LD(skip_bias, r - CHANNELS);
#endif
  }
  return p;
}
