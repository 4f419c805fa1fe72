/* Dilated causal convolution and its gradients: the portable kernels, OpenCL C and CUDA C. Not measured on a GPU yet.
 *
 * shifted: out[n, o, i] = bias[o] + sum over r, k of weight[o, r, k] * in[n, r, i + first + k * each]; forward
 * (first = -reach, each = dilation) and the data's gradient (first = reach or 0, each = -dilation) are this with other
 * strides of the weight. An item computes OUTPUTS channels of one place, so that a sample is loaded once for them;
 * neighbouring items take neighbouring places; all items of a group read the same weight.
 * weight_gradient: a group for a tile of TILE x TILE channels of one tap; its items walk over sequences and time in
 * steps of LOCAL, and their sums meet in a tree, in a fixed order.
 *
 * BEFORE: there is a state before the input (else zeros). BIAS. CARRIED: what came to the outgoing state is added to
 * the last `carried_length` places. */
#ifndef OUTPUTS
#define OUTPUTS 8
#endif
#ifndef BEFORE
#define BEFORE 0
#endif
#ifndef BIAS
#define BIAS 0
#endif
#ifndef CARRIED
#define CARRIED 0
#endif
#ifndef LOCAL
#define LOCAL 64
#endif
#define TILE 4

/* Sample i of a row: of the input, of the state before it where i < 0, else 0. */
DEVICE float sample_at(GLOBAL const ELEM* x, GLOBAL const ELEM* state, int row, int i, int length, int reach) {
  if (i >= 0) return i < length ? LD(x, row * length + i) : 0.0f;
#if BEFORE
  return i >= -reach ? LD(state, row * reach + reach + i) : 0.0f;
#else
  return 0.0f;
#endif
}

/* blocks: groups along time of a sequence's channels. offset: place of out's first element on the axis that
 * carried_from belongs to. */
KERNEL void shifted(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT state,
                    GLOBAL const ELEM* RESTRICT weight, GLOBAL const ELEM* RESTRICT bias,
                    GLOBAL const ELEM* RESTRICT carried, GLOBAL ELEM* RESTRICT y, int blocks, int outputs, int rows,
                    int taps, int length, int reach, int columns, int first, int each, int weight_output,
                    int weight_row, int offset, int carried_from, int carried_length) {
  int tiles = (outputs + OUTPUTS - 1) / OUTPUTS;
  int block = GROUP_ID(0) % blocks;
  int tile = GROUP_ID(0) / blocks % tiles;
  int n = GROUP_ID(0) / blocks / tiles;
  int i = block * LOCAL_SIZE(0) + LOCAL_ID(0);
  int o = tile * OUTPUTS;
  float sum[OUTPUTS];
  if (i >= columns) return;
  UNROLL for (int j = 0; j < OUTPUTS; j++) sum[j] = 0.0f;
  for (int r = 0; r < rows; r++) {
    for (int k = 0; k < taps; k++) {
      float v = sample_at(x, state, n * rows + r, i + first + k * each, length, reach);
      UNROLL for (int j = 0; j < OUTPUTS; j++) {
        /* Channels past the last read the last one's weights and are not stored. */
        int at = o + j < outputs ? o + j : outputs - 1;
        sum[j] = FMA(LD(weight, at * weight_output + r * weight_row + k), v, sum[j]);
      }
    }
  }
  UNROLL for (int j = 0; j < OUTPUTS; j++) {
    if (o + j < outputs) {
      float v = sum[j];
#if BIAS
      v += LD(bias, o + j);
#endif
#if CARRIED
      int there = i + offset - carried_from;
      if (there >= 0) v += LD(carried, (n * outputs + o + j) * carried_length + there);
#endif
      ST(y, (n * outputs + o + j) * columns + i, v);
    }
  }
}

/* The last `reach` samples of each row. */
KERNEL void carry(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT state, GLOBAL ELEM* RESTRICT out, int all,
                  int length, int reach) {
  int g = GLOBAL_ID(0);
  if (g >= all) return;
  int row = g / reach;
  ST(out, g, sample_at(x, state, row, length - reach + g - row * reach, length, reach));
}

KERNEL void weight_gradient(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT state,
                            GLOBAL const ELEM* RESTRICT dy, GLOBAL ELEM* RESTRICT dw, int sequences, int inputs,
                            int outputs, int taps, int length, int reach, int dilation) {
  SHARED float part[TILE * TILE * LOCAL];
  int lane = LOCAL_ID(0);
  int k = GROUP_ID(0) % taps;
  int across = (inputs + TILE - 1) / TILE;
  int c = GROUP_ID(0) / taps % across * TILE;
  int m = GROUP_ID(0) / taps / across * TILE;
  int back = (taps - 1 - k) * dilation;
  float sum[TILE * TILE];
  UNROLL for (int j = 0; j < TILE * TILE; j++) sum[j] = 0.0f;
  for (int n = 0; n < sequences; n++) {
    for (int t = lane; t < length; t += LOCAL) {
      float a[TILE];
      float b[TILE];
      UNROLL for (int j = 0; j < TILE; j++) {
        int row = m + j < outputs ? m + j : outputs - 1;
        int channel = c + j < inputs ? c + j : inputs - 1;
        a[j] = LD(dy, (n * outputs + row) * length + t);
        b[j] = sample_at(x, state, n * inputs + channel, t - back, length, reach);
      }
      UNROLL for (int j = 0; j < TILE; j++) {
        UNROLL for (int i = 0; i < TILE; i++) sum[j * TILE + i] = FMA(a[j], b[i], sum[j * TILE + i]);
      }
    }
  }
  UNROLL for (int j = 0; j < TILE * TILE; j++) part[j * LOCAL + lane] = sum[j];
  for (int s = LOCAL / 2; s > 0; s /= 2) {
    BARRIER();
    if (lane < s) {
      for (int j = 0; j < TILE * TILE; j++) part[j * LOCAL + lane] += part[j * LOCAL + lane + s];
    }
  }
  BARRIER();
  for (int j = lane; j < TILE * TILE; j += LOCAL) {
    int row = m + j / TILE;
    int channel = c + j % TILE;
    if (row < outputs && channel < inputs) ST(dw, (row * inputs + channel) * taps + k, part[j * LOCAL]);
  }
}
