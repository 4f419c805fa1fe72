/* WaveNet's samples one after the other: the portable kernel, OpenCL C and CUDA C. Not measured on a GPU yet.
 *
 * A group for each stream, which makes all samples of the call: what is between the products stays in shared memory,
 * an item computes every LOCAL-th row of each product. A channel's slots of the rings are one item's alone. advance
 * moves the clock on, in a launch of its own: it is all streams'.
 *
 * Behind stack.cl, and the functions of random numbers. HIDDEN, LEVELS: channels before the last product, levels. FIRST:
 * taps of the first convolution. FIRST_BIAS, ADDED, HIDDEN_BIAS, LAST_BIAS: what is there. SAMPLING: 0 for the likeliest
 * level. */
#ifndef HIDDEN
#define HIDDEN 4
#endif
#ifndef LEVELS
#define LEVELS 4
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
#ifndef HIDDEN_BIAS
#define HIDDEN_BIAS 0
#endif
#ifndef LAST_BIAS
#define LAST_BIAS 0
#endif
#ifndef SAMPLING
#define SAMPLING 1
#endif

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
      layer_products(l, layers, n, seen, a, present, total, weight, bias, condition, residual, residual_bias, skip_weight,
                     skip_bias);
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
