/* A tile of results of a depthwise convolution and the window of the source that it sees, in registers; behind sums.cl,
 * for depthwise.cu and depthwise_planes.cu, which tell what the macros are. */
#ifndef KY
#define KY 3
#define KX 3
#define SY 1
#define SX 1
#define DY 1
#define DX 1
#define PY 1
#define PX 1
#define OY 4
#define OX 4
#define LOY -1
#define HIY 4
#define LOX -1
#define HIX 4
#define SV 4
#define LV 4
#endif
#ifndef ACROSS
#define ACROSS 1u /* tiles of a row */
#define DOWN 1u   /* rows of tiles of a plane */
#endif
#ifndef GRADIENT
#define GRADIENT 0
#endif
#ifndef BLOCK
#define BLOCK 128
#endif
#ifndef RESIDENT
#define RESIDENT 1 /* blocks of a multiprocessor at least */
#endif
#define NY (HIY - LOY + 1)
#define NX (HIX - LOX + 1)
#define NEVER (-(1 << 20))
#if GRADIENT
#define NEXT_Y (OY / SY) /* rows of the source from a tile to the one below */
#define NEXT_X (OX / SX)
#define MEETS(u, t, stride, dilation, pad) \
  (((u) + (pad) - (t) * (dilation)) % (stride) == 0 ? ((u) + (pad) - (t) * (dilation)) / (stride) : NEVER)
#else
#define NEXT_Y (OY * SY)
#define NEXT_X (OX * SX)
#define MEETS(u, t, stride, dilation, pad) ((u) * (stride) + (t) * (dilation) - (pad))
#endif


/* V neighbouring elements, aligned to their size. 16-bit ones are taken from whole registers: as an array of halves, the
 * compiler takes each word apart where its load may have been left out, and so waits there before it asks for more. */
template <int BYTES>
struct Word;
template <>
struct Word<2> {
  ushort bits;
};
template <>
struct Word<4> {
  uint bits;
};
template <>
struct Word<8> {
  uint2 bits;
};
template <>
struct Word<16> {
  uint4 bits;
};
DEVICE uint word_part(const Word<2>& w, int i) { return w.bits; }
DEVICE uint word_part(const Word<4>& w, int i) { return w.bits; }
DEVICE uint word_part(const Word<8>& w, int i) { return i == 0 ? w.bits.x : w.bits.y; }
DEVICE uint word_part(const Word<16>& w, int i) {
  return i == 0 ? w.bits.x : i == 1 ? w.bits.y : i == 2 ? w.bits.z : w.bits.w;
}
template <int V>
struct Run {
  Word<V * (int)sizeof(ELEM)> w;
};
template <int V>
DEVICE void run_load(Run<V>& r, const ELEM* p, bool there) {
  typedef Word<V * (int)sizeof(ELEM)> W;
  W zero = {};
  r.w = zero;
  if (there) r.w = *(const W*)p;
}
#if STORAGE != 0
/* The compiler must not draw what is done with a word into the branch that loads it, where it would wait. */
DEVICE uint opaque(uint w) {
  asm("" : "+r"(w));
  return w;
}
#endif
template <int V>
DEVICE float run_get(const Run<V>& r, int i) {
#if STORAGE == 0
  return AS_FLOAT(word_part(r.w, i));
#else
  uint part = opaque(word_part(r.w, i / 2));
  return i % 2 == 0 ? word_low(part) : word_high(part);
#endif
}
template <int V>
DEVICE void run_store(ELEM* p, const float (&v)[V]) {
  Run<V> r;
  UNROLL
  for (int i = 0; i < V; i++) ST((ELEM*)&r.w, i, v[i]);
  *(Word<V * (int)sizeof(ELEM)>*)p = r.w;
}

#define RUNS (NEXT_X / LV) /* words of a row */
/* What is left and right of them comes in words of EDGE elements: LEFT, RIGHT of these. */
#if STORAGE != 0 && LV % 2 == 0
#define EDGE 2
#else
#define EDGE 1
#endif
#define LEFT (LOX < 0 ? (-LOX + EDGE - 1) / EDGE : 0)
#define RIGHT (HIX >= NEXT_X ? (HIX - NEXT_X + EDGE) / EDGE : 0)

/* A row of the window as it was fetched. */
struct WindowRow {
  Run<LV> run[RUNS];
  Run<EDGE> left[LEFT + 1];
  Run<EDGE> right[RIGHT + 1];
};

/* Asks for the row in which `at` is the tile's first element, in column x; `at` may lie outside where nothing is there. */
DEVICE void row_load(WindowRow& r, const ELEM* at, int x, int wd, bool there) {
  UNROLL
  for (int i = 0; i < RUNS; i++) {
    if (i * LV <= HIX && (i + 1) * LV > LOX) run_load<LV>(r.run[i], at + i * LV, there && x + i * LV < wd);
  }
  UNROLL
  for (int i = 0; i < LEFT; i++) {
    int column = x - (LEFT - i) * EDGE;
    run_load<EDGE>(r.left[i], at - (LEFT - i) * EDGE, there && column >= 0 && column < wd);
  }
  UNROLL
  for (int i = 0; i < RIGHT; i++) {
    run_load<EDGE>(r.right[i], at + NEXT_X + i * EDGE, there && x + NEXT_X + i * EDGE < wd);
  }
}

/* Element e of the window, LOX <= e <= HIX. */
DEVICE float row_get(const WindowRow& r, int e) {
  if (e < 0) return run_get<EDGE>(r.left[(e + LEFT * EDGE) / EDGE % (LEFT + 1)], (e + LEFT * EDGE) % EDGE);
  if (e >= NEXT_X) return run_get<EDGE>(r.right[(e - NEXT_X) / EDGE % (RIGHT + 1)], (e - NEXT_X) % EDGE);
  return run_get<LV>(r.run[e / LV], e % LV);
}

/* Asks for the window whose tile begins at row y0 of the plane x, column x0. */
DEVICE void window_load(WindowRow (&rows)[NY], const ELEM* x, int y0, int x0, int h, int wd) {
  const ELEM* at = x + (y0 + LOY) * wd + x0;
  UNROLL
  for (int r = 0; r < NY; r++) {
    int yy = y0 + LOY + r;
    row_load(rows[r], at + r * wd, x0, wd, yy >= 0 && yy < h);
  }
}

DEVICE void taps_load(float (&taps)[KY * KX], const ELEM* RESTRICT w, int channel) {
  UNROLL
  for (int t = 0; t < KY * KX; t++) taps[t] = LD(w, channel * (KY * KX) + t);
}

/* Adds what row r of the window gives to the sums. */
DEVICE void row_sums(float (&sums)[OY][OX], const WindowRow& row, int r, const float (&taps)[KY * KX]) {
  float v[NX];
  UNROLL
  for (int e = 0; e < NX; e++) v[e] = row_get(row, LOX + e);
  UNROLL
  for (int t = 0; t < KY * OY; t++) {
    const int i = t / KY;
    const int p = t % KY;
    if (MEETS(i, p, SY, DY, PY) == LOY + r) {
      UNROLL
      for (int s = 0; s < KX * OX; s++) {
        const int j = s / KX;
        const int q = s % KX;
        const int e = MEETS(j, q, SX, DX, PX);
        if (e != NEVER) sums[i][j] = FMA(taps[p * KX + q], v[(e - LOX) % NX], sums[i][j]);
      }
    }
  }
}

/* Finishes the tile at row y0, column x0 of a plane of results; what is added to it stands at the same place. */
DEVICE void tile_store(ELEM* y, const ELEM* residual, const ELEM* RESTRICT bias, const float (&sums)[OY][OX], int channel,
                       int y0, int x0, int oh, int ow) {
#if BIAS
  float b = LD(bias, channel);
#endif
  int first = y0 * ow + x0;
  UNROLL
  for (int i = 0; i < OY; i++) {
    UNROLL
    for (int j = 0; j < OX; j += SV) {
      if (y0 + i < oh && x0 + j < ow) {
        int at = first + i * ow + j;
        float v[SV];
#if RESIDUAL
        Run<SV> more;
        run_load<SV>(more, residual + at, true);
#endif
        UNROLL
        for (int k = 0; k < SV; k++) {
          v[k] = sums[i][j + k];
#if BIAS
          v[k] += b;
#endif
          v[k] = conv_activation(v[k]);
#if RESIDUAL
          v[k] += run_get<SV>(more, k);
#endif
        }
        run_store<SV>(y + at, v);
      }
    }
  }
}
