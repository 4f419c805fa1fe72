/* Max and average pooling of planes [N, C, H, W] and their gradients.
 *
 * An item an element of what is written; neighbouring items stand in a row, so reads of a tap are neighbours too (at
 * stride 1) and the overlap of windows is found in cache. Gradients gather: an input element walks the windows that
 * hold it, in their order, so no atomics and the same bits each time. The window is a constant of the program, so
 * that loops over taps unroll. Bound by memory. First version; not measured on a GPU yet. */
#ifndef KH
#define KH 3
#define KW 3
#define SH 2
#define SW 2
#define DH 1
#define DW 1
#endif
#ifndef COUNT_PAD
#define COUNT_PAD 0
#endif

KERNEL void max_pool(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT y, GLOBAL int* RESTRICT index, int count,
                     int h, int w, int oh, int ow, int top, int left) {
  int i = GLOBAL_ID(0);
  if (i >= count) return;
  int row = i / ow % oh * SH - top;
  int column = i % ow * SW - left;
  int base = i / (oh * ow) * (h * w);
  float best = -POS_INF;
  int place = -1;
  for (int k = 0; k < KH; k++) {
    int r = row + k * DH;
    if (r < 0 || r >= h) continue;
    for (int l = 0; l < KW; l++) {
      int c = column + l * DW;
      if (c < 0 || c >= w) continue;
      float v = LD(x, base + r * w + c);
      if (place < 0 || v > best || (IS_NAN(v) && !IS_NAN(best))) {
        best = v;
        place = r * w + c;
      }
    }
  }
  ST(y, i, best);
  index[i] = place;
}

KERNEL void max_pool_gradient(GLOBAL const int* RESTRICT index, GLOBAL const ELEM* RESTRICT dy,
                              GLOBAL ELEM* RESTRICT dx, int count, int h, int w, int oh, int ow, int top, int left) {
  int i = GLOBAL_ID(0);
  if (i >= count) return;
  int place = i % (h * w);
  int base = i / (h * w) * (oh * ow);
  float sum = 0.0f;
  for (int k = KH - 1; k >= 0; k--) {
    int r = place / w + top - k * DH;
    if (r < 0 || r % SH != 0 || r / SH >= oh) continue;
    for (int l = KW - 1; l >= 0; l--) {
      int c = place % w + left - l * DW;
      if (c < 0 || c % SW != 0 || c / SW >= ow) continue;
      int o = base + r / SH * ow + c / SW;
      if (index[o] == place) sum += LD(dy, o);
    }
  }
  ST(dx, i, sum);
}

/* Taps of a window from start on that lie in [0, size). */
DEVICE int inside(int start, int taps, int dilation, int size) {
  int first = start < 0 ? (dilation - 1 - start) / dilation : 0;
  int last = (size - 1 - start) / dilation;
  if (last > taps - 1) last = taps - 1;
  return last < first ? 0 : last - first + 1;
}

DEVICE float divisor(int row, int column, int h, int w) {
#if COUNT_PAD
  return (float)(KH * KW);
#else
  int n = inside(row, KH, DH, h) * inside(column, KW, DW, w);
  return (float)(n > 1 ? n : 1);
#endif
}

KERNEL void average_pool(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT y, int count, int h, int w, int oh,
                         int ow, int top, int left) {
  int i = GLOBAL_ID(0);
  if (i >= count) return;
  int row = i / ow % oh * SH - top;
  int column = i % ow * SW - left;
  int base = i / (oh * ow) * (h * w);
  float sum = 0.0f;
  for (int k = 0; k < KH; k++) {
    int r = row + k * DH;
    if (r < 0 || r >= h) continue;
    for (int l = 0; l < KW; l++) {
      int c = column + l * DW;
      if (c >= 0 && c < w) sum += LD(x, base + r * w + c);
    }
  }
  ST(y, i, sum / divisor(row, column, h, w));
}

KERNEL void average_pool_gradient(GLOBAL const ELEM* RESTRICT dy, GLOBAL ELEM* RESTRICT dx, int count, int h, int w,
                                  int oh, int ow, int top, int left) {
  int i = GLOBAL_ID(0);
  if (i >= count) return;
  int base = i / (h * w) * (oh * ow);
  float sum = 0.0f;
  for (int k = KH - 1; k >= 0; k--) {
    int r = i / w % h + top - k * DH;
    if (r < 0 || r % SH != 0 || r / SH >= oh) continue;
    for (int l = KW - 1; l >= 0; l--) {
      int c = i % w + left - l * DW;
      if (c < 0 || c % SW != 0 || c / SW >= ow) continue;
      float d = divisor(r / SH * SH - top, c / SW * SW - left, h, w);
      sum += LD(dy, base + r / SH * ow + c / SW) / d;
    }
  }
  ST(dx, i, sum);
}
