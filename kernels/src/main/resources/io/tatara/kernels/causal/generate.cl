/* WaveNet's samples one after the other: the portable kernel, OpenCL C and CUDA C. Not measured on a GPU yet.
 *
 * A group for each stream, which makes all samples of the call: what is between the products stays in shared memory,
 * an item computes every LOCAL-th row of each product. A channel's slots of the rings are one item's alone. advance
 * moves the clock on, in a launch of its own: it is all streams'.
 *
 * CHANNELS, HALF_ROWS, SKIPS, HIDDEN, LEVELS: residual, gated, skip channels, channels before the last product, levels.
 * TAPS, FIRST: of the layers, of the first convolution. FIRST_BIAS, ADDED, BIAS, CONDITION, RESIDUAL_BIAS, SKIP_BIAS,
 * HIDDEN_BIAS, LAST_BIAS: what is there. SAMPLING: 0 for the likeliest level.
 * IN_MEMORY: the network is too wide for shared memory; what is between the products is in scratch.
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
#ifndef HIDDEN
#define HIDDEN 4
#endif
#ifndef LEVELS
#define LEVELS 4
#endif
#ifndef TAPS
#define TAPS 2
#endif
#ifndef FIRST
#define FIRST 2
#endif
#ifndef FIRST_BIAS
#define FIRST_BIAS 0
#endif
#ifndef ADDED
#define ADDED 0
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
#ifndef HIDDEN_BIAS
#define HIDDEN_BIAS 0
#endif
#ifndef LAST_BIAS
#define LAST_BIAS 0
#endif
#ifndef SAMPLING
#define SAMPLING 1
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

KERNEL void advance(GLOBAL int* clock, int count) {
  if (GLOBAL_ID(0) == 0) clock[0] += count;
}

KERNEL void samples(GLOBAL int* history, GLOBAL float* queue, GLOBAL const int* RESTRICT clock,
                    GLOBAL const int* RESTRICT seed, GLOBAL const ELEM* RESTRICT table,
                    GLOBAL const ELEM* RESTRICT first_bias, GLOBAL const ELEM* RESTRICT added,
                    GLOBAL const ELEM* RESTRICT weight, GLOBAL const ELEM* RESTRICT bias,
                    GLOBAL const ELEM* RESTRICT condition, GLOBAL const ELEM* RESTRICT residual,
                    GLOBAL const ELEM* RESTRICT residual_bias, GLOBAL const ELEM* RESTRICT skip_weight,
                    GLOBAL const ELEM* RESTRICT skip_bias, GLOBAL const ELEM* RESTRICT hidden_weight,
                    GLOBAL const ELEM* RESTRICT hidden_bias, GLOBAL const ELEM* RESTRICT last_weight,
                    GLOBAL const ELEM* RESTRICT last_bias, GLOBAL int* RESTRICT levels, GLOBAL float* RESTRICT logits,
                    GLOBAL float* scratch, int layers, int size, int count, float temperature) {
#if IN_MEMORY
  GLOBAL float* present = scratch + GROUP_ID(0) * (CHANNELS * (1 + TAPS) + 2 * HALF_ROWS + SKIPS + HIDDEN + LEVELS);
  GLOBAL float* seen = present + CHANNELS;
  GLOBAL float* a = seen + CHANNELS * TAPS;
  GLOBAL float* total = a + 2 * HALF_ROWS;
  GLOBAL float* middle = total + SKIPS;
  GLOBAL float* score = middle + HIDDEN;
#else
  SHARED float present[CHANNELS + 1];
  SHARED float seen[CHANNELS * TAPS + 1];
  SHARED float a[2 * HALF_ROWS + 1];
  SHARED float total[SKIPS + 1];
  SHARED float middle[HIDDEN + 1];
  SHARED float score[LEVELS];
#endif
  SHARED int best;
  int n = GROUP_ID(0);
  int lane = LOCAL_ID(0);
  int width = LOCAL_SIZE(0);
  for (int t = 0; t < count; t++) {
    int ring = n * size;
    for (int c = lane; c < CHANNELS; c += width) {
      float x = GIVEN(FIRST_BIAS, first_bias, c) + GIVEN(ADDED, added, (n * count + t) * CHANNELS + c);
      for (int j = 0; j < FIRST; j++) {
        int level = history[n * FIRST + j];
        if (level >= 0 && level < LEVELS) x += LD(table, (j * LEVELS + level) * CHANNELS + c);
      }
      present[c] = x;
    }
    for (int s = lane; s < SKIPS; s += width) total[s] = 0.0f;
    BARRIER();
    for (int l = 0; l < layers; l++) {
      int dilation = dilation_of(l);
      int reach = (TAPS - 1) * dilation;
      int slot = reach == 0 ? 0 : slot_of(clock[0] + t, reach);
      for (int c = lane; c < CHANNELS; c += width) {
        for (int k = 0; k < TAPS - 1; k++) seen[c * TAPS + k] = queue[ring + (slot + k * dilation) % reach * CHANNELS + c];
        seen[c * TAPS + TAPS - 1] = present[c];
        if (reach > 0) queue[ring + slot * CHANNELS + c] = present[c];
      }
      ring += reach * CHANNELS;
      BARRIER();
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
    for (int s = lane; s < SKIPS; s += width) total[s] = total[s] < 0.0f ? 0.0f : total[s];
    BARRIER();
    for (int r = lane; r < HIDDEN; r += width) {
      float v = row_product(hidden_weight, r * SKIPS, total, SKIPS) + GIVEN(HIDDEN_BIAS, hidden_bias, r);
      middle[r] = v < 0.0f ? 0.0f : v;
    }
    BARRIER();
    for (int r = lane; r < LEVELS; r += width) {
      score[r] = row_product(last_weight, r * HIDDEN, middle, HIDDEN) + GIVEN(LAST_BIAS, last_bias, r);
      if (t == count - 1) logits[n * LEVELS + r] = score[r];
    }
    BARRIER();
    if (lane == 0) {
      int top = 0;
      for (int i = 1; i < LEVELS; i++) top = score[i] > score[top] ? i : top;
      best = top;
    }
    BARRIER();
#if SAMPLING
    float greatest = score[best];
    BARRIER();
    for (int r = lane; r < LEVELS; r += width) score[r] = EXPF((score[r] - greatest) / temperature);
    BARRIER();
#endif
    if (lane == 0) {
      int level = best;
#if SAMPLING
      float sum = 0.0f;
      for (int i = 0; i < LEVELS; i++) sum += score[i];
      float place = tatara_uniform((uint)seed[0], (uint)seed[1], (uint)n, (uint)(clock[0] + t)) * sum;
      sum = 0.0f;
      for (level = 0; level < LEVELS - 1; level++) {
        sum += score[level];
        if (sum > place) break;
      }
#endif
      levels[n * count + t] = level;
      for (int j = 0; j < FIRST - 1; j++) history[n * FIRST + j] = history[n * FIRST + j + 1];
      history[n * FIRST + FIRST - 1] = level;
    }
    BARRIER();
  }
}
