/* Elements around a tensor, and the sums of what became of each.
 *
 * pad: an element of y a work-item, which finds its place in x axis by axis.
 * pad_gradient: an element of dx a work-item, which adds up all elements of dy that are copies of it in their order: up
 *   to three an axis where mirrored, all of the border where it is the edge. No atomics, the same bits each time.
 * An axis is its extent n in x, b elements before and a behind; innermost first. Bound by memory and, for small elements,
 * by the division an axis.
 *
 * MODE: 0 a constant, 1 mirrored, 2 the edge. RANK: axes that are there. */
#ifndef MODE
#define MODE 1
#endif
#ifndef RANK
#define RANK 4
#endif

#define AXES                                                                                                   \
  int n0, int b0, int a0, int n1, int b1, int a1, int n2, int b2, int a2, int n3, int b3, int a3, int n4, int b4, \
      int a4, int n5, int b5, int a5

/* Which element of an axis stands at this place; -1: none. */
DEVICE int pad_source(int at, int n) {
#if MODE == 0
  return at < 0 || at >= n ? -1 : at;
#elif MODE == 1
  return at < 0 ? -at : at >= n ? 2 * (n - 1) - at : at;
#else
  return at < 0 ? 0 : at >= n ? n - 1 : at;
#endif
}

/* Takes one axis off the index i of y and moves along it in x. */
#define PAD_STEP(n, b, a)                          \
  {                                                \
    int extent = (b) + (n) + (a);                  \
    int rest = i / extent;                         \
    int at = pad_source(i - rest * extent - (b), n); \
    i = rest;                                      \
    inside = at < 0 ? 0 : inside;                  \
    from += at * pitch;                            \
    pitch *= (n);                                  \
  }

#define PAD_STEPS                 \
  int from = 0, pitch = 1, inside = 1; \
  if (RANK > 0) PAD_STEP(n0, b0, a0) \
  if (RANK > 1) PAD_STEP(n1, b1, a1) \
  if (RANK > 2) PAD_STEP(n2, b2, a2) \
  if (RANK > 3) PAD_STEP(n3, b3, a3) \
  if (RANK > 4) PAD_STEP(n4, b4, a4) \
  if (RANK > 5) PAD_STEP(n5, b5, a5)

KERNEL void pad(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT y, int count, float value, AXES) {
  int to = GLOBAL_ID(0);
  if (to >= count) return;
  int i = to;
  PAD_STEPS
  ST(y, to, inside ? LD(x, from) : value);
}

KERNEL void pad_ints(GLOBAL const int* RESTRICT x, GLOBAL int* RESTRICT y, int count, int value, AXES) {
  int to = GLOBAL_ID(0);
  if (to >= count) return;
  int i = to;
  PAD_STEPS
  y[to] = inside ? x[from] : value;
}

/* How many copies an element of an axis has. */
DEVICE int pad_copies(int at, int n, int b, int a) {
#if MODE == 2
  return 1 + (at == 0 ? b : 0) + (at == n - 1 ? a : 0);
#else
  return 1 + (at >= 1 && at <= b) + (at <= n - 2 && at >= n - 1 - a);
#endif
}

/* Where its copy number k stands in the padded axis. */
DEVICE int pad_copy(int k, int at, int n, int b, int a) {
#if MODE == 2
  return (at == 0 ? 0 : at + b) + k;
#else
  int before = at >= 1 && at <= b;
  if (k == 0 && before) return b - at;
  return k == before ? at + b : b + 2 * (n - 1) - at;
#endif
}

/* Takes one axis off the index i of dx. */
#define COPIES_STEP(c, at, n, b, a)    \
  int at, c;                           \
  {                                    \
    int rest = i / (n);                \
    at = i - rest * (n);               \
    i = rest;                          \
    c = pad_copies(at, n, b, a);       \
    all *= c;                          \
  }

/* Takes one axis off the number k of a copy and moves along it in dy. */
#define COPY_STEP(c, at, n, b, a)                                        \
  {                                                                      \
    int rest = left / (c);                                               \
    from += pad_copy(left - rest * (c), at, n, b, a) * pitch;            \
    left = rest;                                                         \
    pitch *= (b) + (n) + (a);                                            \
  }

KERNEL void pad_gradient(GLOBAL const ELEM* RESTRICT dy, GLOBAL ELEM* RESTRICT dx, int count, AXES) {
  int to = GLOBAL_ID(0);
  if (to >= count) return;
  int i = to;
  int all = 1;
  COPIES_STEP(c0, at0, n0, b0, a0)
  COPIES_STEP(c1, at1, n1, b1, a1)
  COPIES_STEP(c2, at2, n2, b2, a2)
  COPIES_STEP(c3, at3, n3, b3, a3)
  COPIES_STEP(c4, at4, n4, b4, a4)
  COPIES_STEP(c5, at5, n5, b5, a5)
  float sum = 0.0f;
  for (int k = 0; k < all; k++) {
    int left = k, from = 0, pitch = 1;
    COPY_STEP(c0, at0, n0, b0, a0)
    if (RANK > 1) COPY_STEP(c1, at1, n1, b1, a1)
    if (RANK > 2) COPY_STEP(c2, at2, n2, b2, a2)
    if (RANK > 3) COPY_STEP(c3, at3, n3, b3, a3)
    if (RANK > 4) COPY_STEP(c4, at4, n4, b4, a4)
    if (RANK > 5) COPY_STEP(c5, at5, n5, b5, a5)
    sum += LD(dy, from);
  }
  ST(dx, to, sum);
}
