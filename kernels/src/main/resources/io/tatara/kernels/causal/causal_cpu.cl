/* Dilated causal convolution on CPUs through OpenCL, where a work-item is a loop: both ways of the data, as `shifted` of
 * causal.cl computes them, and the same arguments. No barriers, no local memory.
 *
 * A work-item takes a strip of NV vectors of places: it gathers the strip of each row and tap into an array of its own,
 * which stays in the first-level cache, then passes OUT channels at a time over it, OUT * NV vectors of sums in
 * registers. Rows that lie a whole sequence apart are so read once, and not once for every OUT channels.
 *
 * weight_gradient: a work-item takes DW x DW channels of one tap over all sequences and samples, vectors of sums in
 * registers, added up at the end in a fixed order.
 *
 * DEPTH: at least rows * taps. What is absent (state, bias, carried) is a null pointer here, so that few programs are
 * compiled. Behind vectors.cl. */
#ifndef DEPTH
#define DEPTH 8
#endif
#define OUT 8
#define DW 4
#if VEC == 16
#define NV 3
#else
#define NV 1
#endif
#define STRIP (NV * VEC)

DEVICE float sample_at(GLOBAL const ELEM *x, GLOBAL const ELEM *state, int row, int i, int length, int reach) {
  if (i >= 0) return i < length ? LD(x, row * length + i) : 0.0f;
  return state && i >= -reach ? LD(state, row * reach + reach + i) : 0.0f;
}

KERNEL_SIZED(1, 1, 1)
void shifted(GLOBAL const ELEM *RESTRICT x, GLOBAL const ELEM *RESTRICT state, GLOBAL const ELEM *RESTRICT weight,
             GLOBAL const ELEM *RESTRICT bias, GLOBAL const ELEM *RESTRICT carried, GLOBAL ELEM *RESTRICT y, int blocks,
             int outputs, int rows, int taps, int length, int reach, int columns, int first, int each,
             int weight_output, int weight_row, int offset, int carried_from, int carried_length) {
  float strip[DEPTH * STRIP];
  int n = GROUP_ID(0) / blocks;
  int from = GROUP_ID(0) % blocks * STRIP;
  int wanted = min(STRIP, columns - from);
  for (int r = 0; r < rows; r++) {
    for (int k = 0; k < taps; k++) {
      float *to = strip + (r * taps + k) * STRIP;
      int i = from + first + k * each;
      if (i >= 0 && i + STRIP <= length) {
        for (int v = 0; v < NV; v++) STOREV(LDV(x, (n * rows + r) * length + i + v * VEC), to + v * VEC);
      } else {
        for (int j = 0; j < STRIP; j++) to[j] = sample_at(x, state, n * rows + r, i + j, length, reach);
      }
    }
  }
  for (int o = 0; o < outputs; o += OUT) {
    FLOATV sum[OUT][NV];
    int at[OUT];
#pragma unroll
    for (int j = 0; j < OUT; j++) {
      /* Channels past the last read the last one's weights and are not stored. */
      at[j] = min(o + j, outputs - 1) * weight_output;
#pragma unroll
      for (int v = 0; v < NV; v++) sum[j][v] = (FLOATV)(0.0f);
    }
    const float *place = strip;
    for (int r = 0; r < rows; r++) {
      for (int k = 0; k < taps; k++) {
        FLOATV b[NV];
#pragma unroll
        for (int v = 0; v < NV; v++) b[v] = LOADV(place + v * VEC);
#pragma unroll
        for (int j = 0; j < OUT; j++) {
          FLOATV w = (FLOATV)(LD(weight, at[j] + r * weight_row + k));
#pragma unroll
          for (int v = 0; v < NV; v++) sum[j][v] = fma(w, b[v], sum[j][v]);
        }
        place += STRIP;
      }
    }
#pragma unroll
    for (int j = 0; j < OUT; j++) {
      float all[STRIP];
      int row = n * outputs + o + j;
      float more = 0.0f;
      if (o + j < outputs) {
        if (bias) more = LD(bias, o + j);
#pragma unroll
        for (int v = 0; v < NV; v++) STOREV(sum[j][v] + more, all + v * VEC);
        for (int i = carried ? max(0, carried_from - offset - from) : wanted; i < wanted; i++) {
          all[i] += LD(carried, row * carried_length + from + i + offset - carried_from);
        }
        for (int i = 0; i < wanted; i++) ST(y, row * columns + from + i, all[i]);
      }
    }
  }
}

KERNEL_SIZED(1, 1, 1)
void weight_gradient(GLOBAL const ELEM *RESTRICT x, GLOBAL const ELEM *RESTRICT state, GLOBAL const ELEM *RESTRICT dy,
                     GLOBAL ELEM *RESTRICT dw, int sequences, int inputs, int outputs, int taps, int length, int reach,
                     int dilation) {
  int k = GROUP_ID(0) % taps;
  int across = (inputs + DW - 1) / DW;
  int c = GROUP_ID(0) / taps % across * DW;
  int m = GROUP_ID(0) / taps / across * DW;
  int back = (taps - 1 - k) * dilation;
  FLOATV sum[DW * DW];
  float rest[DW * DW];
#pragma unroll
  for (int j = 0; j < DW * DW; j++) {
    sum[j] = (FLOATV)(0.0f);
    rest[j] = 0.0f;
  }
  for (int n = 0; n < sequences; n++) {
    int row[DW];
    int channel[DW];
#pragma unroll
    for (int j = 0; j < DW; j++) {
      row[j] = n * outputs + min(m + j, outputs - 1);
      channel[j] = n * inputs + min(c + j, inputs - 1);
    }
    int first = min(back, length);
    int whole = first + (length - first) / VEC * VEC;
    for (int t = first; t < whole; t += VEC) {
      FLOATV a[DW];
      FLOATV b[DW];
#pragma unroll
      for (int j = 0; j < DW; j++) {
        a[j] = LDV(dy, row[j] * length + t);
        b[j] = LDV(x, channel[j] * length + t - back);
      }
#pragma unroll
      for (int j = 0; j < DW * DW; j++) sum[j] = fma(a[j / DW], b[j % DW], sum[j]);
    }
    /* Before the piece, and what fills no vector at its end. */
    for (int i = state ? 0 : first; i < length; i++) {
      if (i == first) i = whole;
      if (i >= length) break;
      for (int j = 0; j < DW * DW; j++) {
        rest[j] = fma(LD(dy, row[j / DW] * length + i),
                      sample_at(x, state, channel[j % DW], i - back, length, reach), rest[j]);
      }
    }
  }
#pragma unroll
  for (int j = 0; j < DW * DW; j++) {
    int to = m + j / DW;
    int from = c + j % DW;
    if (to < outputs && from < inputs) ST(dw, (to * inputs + from) * taps + k, vector_sum(sum[j]) + rest[j]);
  }
}
