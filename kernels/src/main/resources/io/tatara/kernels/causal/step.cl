/* One sample through a stack of WaveNet's layers: the portable kernel, OpenCL C and CUDA C. Not measured on a GPU yet.
 *
 * A group for each sequence; the sample's channels and z stay in shared memory through all layers, an item computes
 * every LOCAL-th row of each product. advance moves the rings on, in a launch of its own: slots are all sequences'.
 *
 * CHANNELS, HALF_ROWS, SKIPS: channels, gated channels, skip channels. TAPS. BIAS, CONDITION, RESIDUAL_BIAS, SKIP_BIAS: what is there.
 * IN_MEMORY: the stack is too wide for shared memory; what is between the layers is in scratch.
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

DEVICE int slot_of(int slot, int reach) {
  int s = slot % reach;
  return s < 0 ? s + reach : s;
}

KERNEL void advance(GLOBAL int* slots, int layers) {
  int l = GLOBAL_ID(0);
  if (l >= layers) return;
  int reach = (TAPS - 1) * dilation_of(l);
  slots[l] = reach == 0 ? 0 : (slot_of(slots[l], reach) + 1) % reach;
}

KERNEL void one_sample(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* queue, GLOBAL const int* RESTRICT slots,
                       GLOBAL const ELEM* RESTRICT weight, GLOBAL const ELEM* RESTRICT bias,
                       GLOBAL const ELEM* RESTRICT condition, GLOBAL const ELEM* RESTRICT residual,
                       GLOBAL const ELEM* RESTRICT residual_bias, GLOBAL const ELEM* RESTRICT skip_weight,
                       GLOBAL const ELEM* RESTRICT skip_bias, GLOBAL ELEM* RESTRICT skip, GLOBAL ELEM* RESTRICT y,
                       GLOBAL float* scratch, int layers, int size) {
#if IN_MEMORY
  GLOBAL float* present = scratch + GROUP_ID(0) * (CHANNELS * (1 + TAPS) + 2 * HALF_ROWS + SKIPS);
  GLOBAL float* seen = present + CHANNELS;
  GLOBAL float* a = seen + CHANNELS * TAPS;
  GLOBAL float* total = a + 2 * HALF_ROWS;
#else
  SHARED float present[CHANNELS + 1];
  SHARED float seen[CHANNELS * TAPS + 1];
  SHARED float a[2 * HALF_ROWS + 1];
  SHARED float total[SKIPS + 1];
#endif
  int n = GROUP_ID(0);
  int lane = LOCAL_ID(0);
  int width = LOCAL_SIZE(0);
  int ring = n * size;
  for (int c = lane; c < CHANNELS; c += width) present[c] = LD(x, n * CHANNELS + c);
  for (int s = lane; s < SKIPS; s += width) total[s] = 0.0f;
  BARRIER();
  for (int l = 0; l < layers; l++) {
    int dilation = dilation_of(l);
    int reach = (TAPS - 1) * dilation;
    int slot = reach == 0 ? 0 : slot_of(slots[l], reach);
    for (int c = lane; c < CHANNELS; c += width) {
      for (int k = 0; k < TAPS - 1; k++) seen[c * TAPS + k] = LD(queue, ring + (slot + k * dilation) % reach * CHANNELS + c);
      seen[c * TAPS + TAPS - 1] = present[c];
      if (reach > 0) ST(queue, ring + slot * CHANNELS + c, present[c]);
    }
    ring += reach * CHANNELS;
    BARRIER();
    for (int r = lane; r < 2 * HALF_ROWS; r += width) {
      float v = 0.0f;
      int at = (l * 2 * HALF_ROWS + r) * CHANNELS * TAPS;
      for (int i = 0; i < CHANNELS * TAPS; i++) v = FMA(LD(weight, at + i), seen[i], v);
#if BIAS
      v += LD(bias, l * 2 * HALF_ROWS + r);
#endif
#if CONDITION
      v += LD(condition, (n * layers + l) * 2 * HALF_ROWS + r);
#endif
      a[r] = r < HALF_ROWS ? TANHF(v) : 1.0f / (1.0f + EXPF(-v));
    }
    BARRIER();
    for (int d = lane; d < HALF_ROWS; d += width) a[d] *= a[HALF_ROWS + d];
    BARRIER();
    for (int r = lane; r < CHANNELS + SKIPS; r += width) {
      float v = 0.0f;
      if (r < CHANNELS) {
        for (int d = 0; d < HALF_ROWS; d++) v = FMA(LD(residual, (l * CHANNELS + r) * HALF_ROWS + d), a[d], v);
#if RESIDUAL_BIAS
        v += LD(residual_bias, l * CHANNELS + r);
#endif
        present[r] += v;
      } else {
        int s = r - CHANNELS;
        for (int d = 0; d < HALF_ROWS; d++) v = FMA(LD(skip_weight, (l * SKIPS + s) * HALF_ROWS + d), a[d], v);
#if SKIP_BIAS
        v += LD(skip_bias, l * SKIPS + s);
#endif
        total[s] += v;
      }
    }
    BARRIER();
  }
  for (int c = lane; c < CHANNELS; c += width) ST(y, n * CHANNELS + c, present[c]);
  for (int s = lane; s < SKIPS; s += width) ST(skip, n * SKIPS + s, total[s]);
}
