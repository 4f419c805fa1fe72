/* WaveNet's gated layer: the portable kernels, OpenCL C and CUDA C. Not measured on a GPU yet.
 *
 * gates: an item computes PAIRS filters and their gates of one sample, so that a sample's channels are loaded once for
 * 2 * PAIRS sums; z goes to a temporary in float32. outputs: an item computes OUTPUTS channels of W z of one sample and
 * adds what the layer adds there; launched for the residual and for the skip connection.
 * activation_gradient: an element of z an item. activate: what of gates follows its sums, for devices where the
 * convolution runs apart (CPUs); an element of z an item.
 *
 * BEFORE: there is a state (else zeros). BIAS. CONDITION: 1 for each sequence, 2 for each sample. KEEP: gates are
 * stored. BASE: outputs adds to a tensor. MORE: the gates have a gradient of their own. */
#ifndef PAIRS
#define PAIRS 4
#endif
#ifndef OUTPUTS
#define OUTPUTS 8
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
#ifndef KEEP
#define KEEP 0
#endif
#ifndef BASE
#define BASE 0
#endif
#ifndef MORE
#define MORE 0
#endif

DEVICE float sigmoid_of(float x) { return 1.0f / (1.0f + EXPF(-x)); }

KERNEL void gates(GLOBAL const ELEM* RESTRICT x, GLOBAL const ELEM* RESTRICT state, GLOBAL const ELEM* RESTRICT weight,
                  GLOBAL const ELEM* RESTRICT bias, GLOBAL const ELEM* RESTRICT condition, GLOBAL float* RESTRICT z,
                  GLOBAL ELEM* RESTRICT kept, int blocks, int channels, int half_rows, int taps, int length,
                  int dilation) {
  int tiles = (half_rows + PAIRS - 1) / PAIRS;
  int block = GROUP_ID(0) % blocks;
  int d = GROUP_ID(0) / blocks % tiles * PAIRS;
  int n = GROUP_ID(0) / blocks / tiles;
  int t = block * LOCAL_SIZE(0) + LOCAL_ID(0);
  int reach = (taps - 1) * dilation;
  float f[PAIRS];
  float g[PAIRS];
  if (t >= length) return;
  UNROLL for (int j = 0; j < PAIRS; j++) f[j] = g[j] = 0.0f;
  for (int c = 0; c < channels; c++) {
    int row = n * channels + c;
    for (int k = 0; k < taps; k++) {
      int i = t - reach + k * dilation;
      float v = 0.0f;
      if (i >= 0) v = LD(x, row * length + i);
#if BEFORE
      else v = LD(state, row * reach + reach + i);
#endif
      UNROLL for (int j = 0; j < PAIRS; j++) {
        int at = d + j < half_rows ? d + j : half_rows - 1;
        f[j] = FMA(LD(weight, (at * channels + c) * taps + k), v, f[j]);
        g[j] = FMA(LD(weight, ((half_rows + at) * channels + c) * taps + k), v, g[j]);
      }
    }
  }
  UNROLL for (int j = 0; j < PAIRS; j++) {
    if (d + j < half_rows) {
      int row = n * 2 * half_rows + d + j;
#if BIAS
      f[j] += LD(bias, d + j);
      g[j] += LD(bias, half_rows + d + j);
#endif
#if CONDITION == 1
      f[j] += LD(condition, row);
      g[j] += LD(condition, row + half_rows);
#elif CONDITION == 2
      f[j] += LD(condition, row * length + t);
      g[j] += LD(condition, (row + half_rows) * length + t);
#endif
      f[j] = TANHF(f[j]);
      g[j] = sigmoid_of(g[j]);
#if KEEP
      ST(kept, row * length + t, f[j]);
      ST(kept, (row + half_rows) * length + t, g[j]);
#endif
      z[(n * half_rows + d + j) * length + t] = f[j] * g[j];
    }
  }
}

KERNEL void activate(GLOBAL const float* RESTRICT a, GLOBAL const ELEM* RESTRICT bias,
                     GLOBAL const ELEM* RESTRICT condition, GLOBAL float* RESTRICT z, GLOBAL ELEM* RESTRICT kept,
                     int blocks, int half_rows, int length) {
  int t = GROUP_ID(0) % blocks * LOCAL_SIZE(0) + LOCAL_ID(0);
  int d = GROUP_ID(0) / blocks % half_rows;
  int n = GROUP_ID(0) / blocks / half_rows;
  int row = n * 2 * half_rows + d;
  if (t >= length) return;
  float f = a[row * length + t];
  float g = a[(row + half_rows) * length + t];
#if BIAS
  f += LD(bias, d);
  g += LD(bias, half_rows + d);
#endif
#if CONDITION == 1
  f += LD(condition, row);
  g += LD(condition, row + half_rows);
#elif CONDITION == 2
  f += LD(condition, row * length + t);
  g += LD(condition, (row + half_rows) * length + t);
#endif
  f = TANHF(f);
  g = sigmoid_of(g);
#if KEEP
  ST(kept, row * length + t, f);
  ST(kept, (row + half_rows) * length + t, g);
#endif
  z[(n * half_rows + d) * length + t] = f * g;
}

KERNEL void outputs(GLOBAL const float* RESTRICT z, GLOBAL const ELEM* RESTRICT weight,
                    GLOBAL const ELEM* RESTRICT bias, GLOBAL const ELEM* RESTRICT base, GLOBAL ELEM* RESTRICT y,
                    int blocks, int rows, int half_rows, int length) {
  int tiles = (rows + OUTPUTS - 1) / OUTPUTS;
  int block = GROUP_ID(0) % blocks;
  int o = GROUP_ID(0) / blocks % tiles * OUTPUTS;
  int n = GROUP_ID(0) / blocks / tiles;
  int t = block * LOCAL_SIZE(0) + LOCAL_ID(0);
  float sum[OUTPUTS];
  if (t >= length) return;
  UNROLL for (int j = 0; j < OUTPUTS; j++) sum[j] = 0.0f;
  for (int d = 0; d < half_rows; d++) {
    float v = z[(n * half_rows + d) * length + t];
    UNROLL for (int j = 0; j < OUTPUTS; j++) {
      int at = o + j < rows ? o + j : rows - 1;
      sum[j] = FMA(LD(weight, at * half_rows + d), v, sum[j]);
    }
  }
  UNROLL for (int j = 0; j < OUTPUTS; j++) {
    if (o + j < rows) {
      int at = (n * rows + o + j) * length + t;
      float v = sum[j];
#if BIAS
      v += LD(bias, o + j);
#endif
#if BASE
      v += LD(base, at);
#endif
      ST(y, at, v);
    }
  }
}

KERNEL void activation_gradient(GLOBAL const ELEM* RESTRICT kept, GLOBAL const ELEM* RESTRICT dz,
                                GLOBAL const ELEM* RESTRICT more, GLOBAL ELEM* RESTRICT da, GLOBAL ELEM* RESTRICT z,
                                int all, int half_size) {
  int i = GLOBAL_ID(0);
  if (i >= all) return;
  int n = i / half_size;
  int f = i + n * half_size;
  int g = f + half_size;
  float a = LD(kept, f);
  float b = LD(kept, g);
  float v = LD(dz, i);
  float df = v * b;
  float dg = v * a;
#if MORE
  df += LD(more, f);
  dg += LD(more, g);
#endif
  ST(da, f, df * (1.0f - a) * (1.0f + a));
  ST(da, g, dg * b * (1.0f - b));
  ST(z, i, a * b);
}
