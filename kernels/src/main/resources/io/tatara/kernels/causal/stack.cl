/* What one sample through a layer of WaveNet's stack is: common to step.cl and generate.cl, which stand behind this text.
 *
 * What is between the products stays in shared memory; an item computes every LOCAL-th row of each product.
 *
 * CHANNELS, HALF_ROWS, SKIPS: channels, gated channels, skip channels. TAPS. BIAS, CONDITION, RESIDUAL_BIAS, SKIP_BIAS: what is there.
 * IN_MEMORY: the stack is too wide for shared memory; what is between the products is in scratch.
 * DILATIONS: the host has put dilation_of, a layer's dilation, before this text. */
#ifndef CHANNELS
#define CHANNELS 4
#endif
#ifndef HALF_ROWS
#define HALF_ROWS 4
#endif
#ifndef SKIPS
#define SKIPS 4
#endif
#ifndef TAPS
#define TAPS 2
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
#ifndef IN_MEMORY
#define IN_MEMORY 0
#endif
#ifndef DILATIONS
DEVICE int dilation_of(int layer) { return 1 << (layer % 10); }
#endif
#if IN_MEMORY
#define SPACE GLOBAL
#else
#define SPACE SHARED_PTR
#endif

/* The slot of a ring at this time. */
DEVICE int slot_of(int clock, int reach) {
  int s = clock % reach;
  return s < 0 ? s + reach : s;
}

/* Element `at` of an optional tensor. */
#define GIVEN_0(p, at) 0.0f
#define GIVEN_1(p, at) LD(p, at)
#define GIVEN(there, p, at) PASTE(GIVEN_, there)(p, at)

DEVICE float row_product(GLOBAL const ELEM* RESTRICT w, int at, SPACE const float* v, int terms) {
  float sum = 0.0f;
  for (int i = 0; i < terms; i++) sum = FMA(LD(w, at + i), v[i], sum);
  return sum;
}

/* From what the taps see, [CHANNELS, TAPS], through a, [2 * HALF_ROWS], onto the sample's channels and the skip sum.
 * All items of the group call it, when all of `seen` is written; behind it all of both is. */
DEVICE void layer_products(int l, int layers, int n, SPACE const float* seen, SPACE float* a, SPACE float* present,
                           SPACE float* total, GLOBAL const ELEM* RESTRICT weight, GLOBAL const ELEM* RESTRICT bias,
                           GLOBAL const ELEM* RESTRICT condition, GLOBAL const ELEM* RESTRICT residual,
                           GLOBAL const ELEM* RESTRICT residual_bias, GLOBAL const ELEM* RESTRICT skip_weight,
                           GLOBAL const ELEM* RESTRICT skip_bias) {
  int lane = LOCAL_ID(0);
  int width = LOCAL_SIZE(0);
  for (int r = lane; r < 2 * HALF_ROWS; r += width) {
    int row = l * 2 * HALF_ROWS + r;
    float v = row_product(weight, row * CHANNELS * TAPS, seen, CHANNELS * TAPS);
    v += GIVEN(BIAS, bias, row) + GIVEN(CONDITION, condition, (n * layers + l) * 2 * HALF_ROWS + r);
    a[r] = r < HALF_ROWS ? TANHF(v) : 1.0f / (1.0f + EXPF(-v));
  }
  BARRIER();
  for (int d = lane; d < HALF_ROWS; d += width) a[d] *= a[HALF_ROWS + d];
  BARRIER();
  for (int r = lane; r < CHANNELS + SKIPS; r += width) {
    if (r < CHANNELS) {
      int row = l * CHANNELS + r;
      present[r] += row_product(residual, row * HALF_ROWS, a, HALF_ROWS) + GIVEN(RESIDUAL_BIAS, residual_bias, row);
    } else {
      int row = l * SKIPS + r - CHANNELS;
      total[r - CHANNELS] += row_product(skip_weight, row * HALF_ROWS, a, HALF_ROWS) + GIVEN(SKIP_BIAS, skip_bias, row);
    }
  }
  BARRIER();
}
