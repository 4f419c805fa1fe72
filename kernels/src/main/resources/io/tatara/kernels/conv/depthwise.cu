/* Depthwise convolution in two dimensions, its data gradient and its weight gradient on CUDA, any architecture: one
 * channel of the result for each of the source. Bound by memory: each element is fetched once from there, what
 * neighbouring threads share comes from the first cache, and results leave in whole words.
 *
 * A thread owns a tile of OY x OX neighbouring results of a plane. It asks for all rows of the window that they see
 * before it uses the first, in words of LV elements where a row is so aligned, the few elements to their left and right
 * one by one, and holds the window in registers: a row serves all taps of all results that meet it. Tiles run along
 * rows, then down the plane, then over planes, so that a warp's words stand side by side and rows at the seams of tiles
 * are still in the first cache. Taps, strides, dilations and padding are constants of the program: which element of the
 * window meets which tap is decided by the compiler, also for the data gradient, where only every stride-th does.
 *   depthwise         results of the convolution, or GRADIENT: of its data gradient, the same sums with places divided
 *                     by the stride instead of multiplied.
 *   depthwise_weight  a block takes a part of a channel's tiles (of dy); a thread sums all taps over its tiles; then a
 *                     warp by shuffles, the block in shared memory, and of several blocks the last, in their order: no
 *                     atomics on sums, one launch, equal inputs give equal bits.
 * PY, PX: padding before; SY, SX: strides; DY, DX: dilations; KY, KX: taps; LOY … HIY, LOX … HIX: the window, counted
 * from the tile's first element of the source; SV, LV: elements of a word of results and of the source.
 *
 * Ladder: (1) conv_direct: a result a thread, a load of 4 bytes for each multiplication; (2) tiles in registers: (OY + 2)
 * · (OX + 2) elements for 9 · OY · OX multiplications; (3) words of 16 bytes, all under way at once. Behind sums.cl.
 * Figures: docs/h200.md. */
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
#ifndef GRADIENT
#define GRADIENT 0
#endif
#ifndef WEIGHT
#define WEIGHT 0
#endif
#ifndef BLOCK
#define BLOCK 128
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

/* V neighbouring elements, aligned to their size, as they stand in memory. */
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
template <int V>
DEVICE float run_get(const Run<V>& r, int i) {
  return LD((const ELEM*)&r.w, i);
}
template <int V>
DEVICE void run_store(ELEM* p, const float (&v)[V]) {
  Run<V> r;
  UNROLL
  for (int i = 0; i < V; i++) ST((ELEM*)&r.w, i, v[i]);
  *(Word<V * (int)sizeof(ELEM)>*)p = r.w;
}

#define RUNS (NEXT_X / LV)                       /* words of a row */
#define LEFT (LOX < 0 ? -LOX : 0)                /* single elements before them */
#define RIGHT (HIX >= NEXT_X ? HIX - NEXT_X + 1 : 0) /* and behind */

/* A row of the window as it was fetched: words and single elements. */
struct WindowRow {
  Run<LV> run[RUNS];
  ELEM left[LEFT + 1];
  ELEM right[RIGHT + 1];
};

/* Asks for the row at `row`, the tile's first element in column x. */
DEVICE void row_load(WindowRow& r, const ELEM* RESTRICT row, int x, int wd, bool there) {
  UNROLL
  for (int i = 0; i < RUNS; i++) {
    if (i * LV <= HIX && (i + 1) * LV > LOX) run_load<LV>(r.run[i], row + x + i * LV, there && x + i * LV < wd);
  }
  UNROLL
  for (int i = 0; i < LEFT; i++) {
    int at = x - LEFT + i;
    r.left[i] = 0;
    if (there && at >= 0 && at < wd) r.left[i] = row[at];
  }
  UNROLL
  for (int i = 0; i < RIGHT; i++) {
    int at = x + NEXT_X + i;
    r.right[i] = 0;
    if (there && at < wd) r.right[i] = row[at];
  }
}

/* Element e of the window, LOX <= e <= HIX. */
DEVICE float row_get(const WindowRow& r, int e) {
  if (e < 0) return LD(r.left, (e + LEFT) % (LEFT + 1));
  if (e >= NEXT_X) return LD(r.right, (e - NEXT_X) % (RIGHT + 1));
  return run_get<LV>(r.run[e / LV], e % LV);
}

/* Asks for the window whose tile begins at row y0 of the plane x, column x0. */
DEVICE void window_load(WindowRow (&rows)[NY], const ELEM* RESTRICT x, int y0, int x0, int h, int wd) {
  UNROLL
  for (int r = 0; r < NY; r++) {
    int yy = y0 + LOY + r;
    bool there = yy >= 0 && yy < h;
    row_load(rows[r], x + (there ? yy : 0) * wd, x0, wd, there);
  }
}

#if !WEIGHT
KERNEL_SIZED(BLOCK, 1, 1) void depthwise(const ELEM* RESTRICT x, const ELEM* RESTRICT w, const ELEM* RESTRICT bias,
                                         const ELEM* RESTRICT residual, ELEM* RESTRICT y, int channels, int h, int wd,
                                         int oh, int ow, int across, int down, int tiles) {
  uint id = (uint)GROUP_ID(0) * BLOCK + (uint)LOCAL_ID(0);
  if (id >= (uint)tiles) return;
  uint strip = id / (uint)across;
  int tx = (int)(id % (uint)across);
  int plane = (int)(strip / (uint)down);
  int ty = (int)(strip % (uint)down);
  int channel = plane % channels;
  WindowRow rows[NY];
  window_load(rows, x + plane * h * wd, ty * NEXT_Y, tx * NEXT_X, h, wd);
  float taps[KY * KX];
  UNROLL
  for (int t = 0; t < KY * KX; t++) taps[t] = LD(w, channel * (KY * KX) + t);
  float sums[OY][OX];
  UNROLL
  for (int i = 0; i < OY; i++) {
    UNROLL
    for (int j = 0; j < OX; j++) sums[i][j] = 0.0f;
  }
  UNROLL
  for (int r = 0; r < NY; r++) {
    float v[NX];
    UNROLL
    for (int e = 0; e < NX; e++) v[e] = row_get(rows[r], LOX + e);
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
#if BIAS
  float b = LD(bias, channel);
#endif
  UNROLL
  for (int i = 0; i < OY; i++) {
    int yy = ty * OY + i;
    UNROLL
    for (int j = 0; j < OX; j += SV) {
      int xx = tx * OX + j;
      if (yy < oh && xx < ow) {
        int at = (plane * oh + yy) * ow + xx;
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

#else
/* Grid: parts, channels. tiles: of a channel, over all images; each: of a part. partial: [channels][parts][taps]. */
KERNEL_SIZED(BLOCK, 1, 1) void depthwise_weight(const ELEM* RESTRICT x, const ELEM* RESTRICT dy, ELEM* RESTRICT dw,
                                                float* RESTRICT partial, int* semaphores, int channels, int h, int wd,
                                                int oh, int ow, int across, int down, int tiles, int each) {
  SHARED float sums[BLOCK / 32 * KY * KX];
  SHARED int last;
  int id = LOCAL_ID(0);
  int part = GROUP_ID(0);
  int parts = GROUP_COUNT(0);
  int channel = GROUP_ID(1);
  int end = (part + 1) * each < tiles ? (part + 1) * each : tiles;
  float acc[KY * KX];
  UNROLL
  for (int t = 0; t < KY * KX; t++) acc[t] = 0.0f;
  for (int tile = part * each + id; tile < end; tile += BLOCK) {
    uint strip = (uint)tile / (uint)across;
    int tx = (int)((uint)tile % (uint)across);
    int plane = (int)(strip / (uint)down) * channels + channel;
    int ty = (int)(strip % (uint)down);
    WindowRow rows[NY];
    window_load(rows, x + plane * h * wd, ty * NEXT_Y, tx * NEXT_X, h, wd);
    Run<SV> d[OY * (OX / SV)];
    UNROLL
    for (int i = 0; i < OY; i++) {
      int yy = ty * OY + i;
      UNROLL
      for (int j = 0; j < OX / SV; j++) {
        int xx = tx * OX + j * SV;
        run_load<SV>(d[i * (OX / SV) + j], dy + (plane * oh + yy) * ow + xx, yy < oh && xx < ow);
      }
    }
    UNROLL
    for (int r = 0; r < NY; r++) {
      float v[NX];
      UNROLL
      for (int e = 0; e < NX; e++) v[e] = row_get(rows[r], LOX + e);
      UNROLL
      for (int t = 0; t < KY * OY; t++) {
        const int i = t / KY;
        const int p = t % KY;
        if (MEETS(i, p, SY, DY, PY) == LOY + r) {
          if (ty * OY + i < oh) { /* a row that is not there must not meet a NaN */
            UNROLL
            for (int s = 0; s < KX * OX; s++) {
              const int j = s / KX;
              const int q = s % KX;
              const int e = MEETS(j, q, SX, DX, PX);
              acc[p * KX + q] =
                  FMA(run_get<SV>(d[i * (OX / SV) + j / SV], j % SV), v[(e - LOX) % NX], acc[p * KX + q]);
            }
          }
        }
      }
    }
  }
  UNROLL
  for (int t = 0; t < KY * KX; t++) {
    float s = warp_sum(acc[t]);
    if (lane_id() == 0) sums[id / 32 * (KY * KX) + t] = s;
  }
  BARRIER();
  float* own = partial + (channel * parts + part) * (KY * KX);
  for (int t = id; t < KY * KX; t += BLOCK) {
    float s = 0.0f;
    for (int i = 0; i < BLOCK / 32; i++) s += sums[i * (KY * KX) + t];
    if (parts == 1) ST(dw, channel * (KY * KX) + t, s);
    else own[t] = s;
  }
  if (parts == 1) return;
  BARRIER();
  if (id == 0) {
    last = semaphore_add(semaphores + channel, 1) == parts - 1;
    if (last) semaphore_write(semaphores + channel, 0);
  }
  BARRIER();
  if (last) {
    for (int t = id; t < KY * KX; t += BLOCK) {
      float s = 0.0f;
      for (int i = 0; i < parts; i++) s += load_l2(partial + (channel * parts + i) * (KY * KX) + t);
      ST(dw, channel * (KY * KX) + t, s);
    }
  }
}
#endif
