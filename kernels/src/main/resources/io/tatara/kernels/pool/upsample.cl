/* Nearest and bilinear interpolation of planes [N, C, H, W], and its gradient.
 *
 * An item an element of what is written. Along an axis output o stands at max(0, o step + start) / den of the input:
 * integers, so that no floor falls on the wrong element. The gradient gathers: an input element sums, in order, the
 * outputs whose place lies less than one element away (nearest: on it). Bound by memory. First version; not measured
 * on a GPU yet. */
#ifndef BLEND
#define BLEND 1
#endif

DEVICE int numerator(int o, int step, int start) {
  int n = o * step + start;
  return n < 0 ? 0 : n;
}

/* Weight that output o gives to input element i of an axis. */
DEVICE float weight(int o, int i, int step, int start, int den) {
  int n = numerator(o, step, start);
  int low = n / den;
  float f = (float)(n - low * den) / (float)den;
  return low == i ? 1.0f - f : f;
}

/* First output whose place is at or behind the numerator n. */
DEVICE int first_from(int n, int step, int start, int out) {
  int o = n - start <= 0 ? 0 : step == 0 ? out : (n - start + step - 1) / step;
  return o < out ? o : out;
}

KERNEL void interpolate(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT y, int count, int h, int w, int oh, int ow,
                     int step_y, int start_y, int den_y, int step_x, int start_x, int den_x) {
  int i = GLOBAL_ID(0);
  if (i >= count) return;
  int ny = numerator(i / ow % oh, step_y, start_y);
  int nx = numerator(i % ow, step_x, start_x);
  int r = ny / den_y < h - 1 ? ny / den_y : h - 1;
  int c = nx / den_x < w - 1 ? nx / den_x : w - 1;
  int at = (i / (oh * ow) * h + r) * w + c;
  float v = LD(x, at);
#if BLEND
  float fy = r < h - 1 ? (float)(ny % den_y) / (float)den_y : 0.0f;
  float fx = c < w - 1 ? (float)(nx % den_x) / (float)den_x : 0.0f;
  int below = fy > 0.0f ? w : 0;
  int right = fx > 0.0f ? 1 : 0;
  float a = right ? (1.0f - fx) * v + fx * LD(x, at + 1) : v;
  float b = LD(x, at + below);
  b = right ? (1.0f - fx) * b + fx * LD(x, at + below + 1) : b;
  v = below ? (1.0f - fy) * a + fy * b : a;
#endif
  ST(y, i, v);
}

KERNEL void interpolate_gradient(GLOBAL const ELEM* RESTRICT dy, GLOBAL ELEM* RESTRICT dx, int count, int h, int w,
                              int oh, int ow, int step_y, int start_y, int den_y, int step_x, int start_x, int den_x) {
  int i = GLOBAL_ID(0);
  if (i >= count) return;
  int c = i % w;
  int r = i / w % h;
  int base = i / (h * w) * (oh * ow);
  int y0 = r == 0 ? 0 : first_from((r - BLEND) * den_y + BLEND, step_y, start_y, oh);
  int x0 = c == 0 ? 0 : first_from((c - BLEND) * den_x + BLEND, step_x, start_x, ow);
  int y1 = r == h - 1 ? oh : first_from((r + 1) * den_y, step_y, start_y, oh);
  int x1 = c == w - 1 ? ow : first_from((c + 1) * den_x, step_x, start_x, ow);
  float sum = 0.0f;
  for (int o = y0; o < y1; o++) {
    float line = 0.0f;
    for (int p = x0; p < x1; p++) {
      float g = LD(dy, base + o * ow + p);
#if BLEND
      int whole = c == w - 1 && numerator(p, step_x, start_x) >= c * den_x;
      line += whole ? g : weight(p, c, step_x, start_x, den_x) * g;
#else
      line += g;
#endif
    }
#if BLEND
    int whole = r == h - 1 && numerator(o, step_y, start_y) >= r * den_y;
    sum += whole ? line : weight(o, r, step_y, start_y, den_y) * line;
#else
    sum += line;
#endif
  }
  ST(dx, i, sum);
}
