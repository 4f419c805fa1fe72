/* One sample through a stack of WaveNet's layers: the portable kernel, OpenCL C and CUDA C. Not measured on a GPU yet.
 *
 * A group for each sequence; the sample's channels and z stay in shared memory through all layers, an item computes
 * every LOCAL-th row of each product. advance moves the rings on, in a launch of its own: slots are all sequences'.
 *
 * Behind stack.cl. */

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
    layer_products(l, layers, n, seen, a, present, total, weight, bias, condition, residual, residual_bias, skip_weight,
                   skip_bias);
  }
  for (int c = lane; c < CHANNELS; c += width) ST(y, n * CHANNELS + c, present[c]);
  for (int s = lane; s < SKIPS; s += width) ST(skip, n * SKIPS + s, total[s]);
}
