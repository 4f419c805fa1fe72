/* Convolutions of 3 × 3 taps with stride 1 in float32, and their data gradients, by Winograd's minimal filtering F(4 × 4, 3 × 3):
 * a quarter of the products, in three launches.
 *
 *   winograd_prepare   Bᵀ d B of all tiles to v [36, channels, pitch], a thread each; the last blocks make G g Gᵀ of the kernel,
 *                      u [36, channels, line], a thread for a source and a result channel.
 *   (matmul_simt.cu    36 products uᵀ · v to m [36, rows, pitch], one launch; both operands are copied as they stand)
 *   winograd_finish    Aᵀ m A of all tiles, bias, activation, residual, a thread for 4 × 4 pixels.
 *
 * FLIP   the data gradient: the kernel turned by 180 degrees, its outer channels those of the source.
 * VEC    neighbouring results that a thread writes at a time: 4 or 2 where rows of the result are whole such words.
 *
 * A NaN or an infinity spreads over its tile, and a sum may leave float32's range: where one of a tile's results is not finite,
 * its thread sums all of its pixels directly. Behind sums.cl and winograd_tiles.cl.
 *
 * Ladder: (1) this. All but the product is bound by memory: 9/4 of the source and of the result are written and read again.
 * Figures: docs/h200.md. */
#ifndef FLIP
#define FLIP 0
#endif
#ifndef VEC
#define VEC 1
#endif
/* A block's part of the kernel: result channels along the threads of a warp, a source channel each warp. */
#define RESULTS 32
#define SOURCES (THREADS / RESULTS)
#define KERNEL_ROWS (FLIP ? SOURCES : RESULTS)
#define KERNEL_RUN (9 * (FLIP ? RESULTS : SOURCES))

/* Block number `block` of those that transform the kernel [rows, channels, 9], FLIP: [channels, rows, 9]. */
DEVICE void winograd_kernel(GLOBAL const float *RESTRICT w, GLOBAL float *RESTRICT u, SHARED_PTR float *taps, int block,
                            int channels, int rows, int line) {
  int across = (rows + RESULTS - 1) / RESULTS;
  int row0 = block % across * RESULTS;
  int channel0 = block / across * SOURCES;
  int outer0 = FLIP ? channel0 : row0;
  int inner0 = FLIP ? row0 : channel0;
  int outers = FLIP ? channels : rows;
  int inners = FLIP ? rows : channels;
  for (int e = LOCAL_ID(0); e < KERNEL_ROWS * KERNEL_RUN; e += THREADS) {
    int o = e / KERNEL_RUN;
    int i = e % KERNEL_RUN;
    int there = outer0 + o < outers && i < 9 * (inners - inner0);
    taps[o * (KERNEL_RUN + 1) + i] = there ? w[((outer0 + o) * inners + inner0) * 9 + i] : 0.0f;
  }
  BARRIER();
  int row = LOCAL_ID(0) % RESULTS;
  int channel = LOCAL_ID(0) / RESULTS;
  if (row0 + row >= rows || channel0 + channel >= channels) return;
  int from = FLIP ? channel * (KERNEL_RUN + 1) + 9 * row : row * (KERNEL_RUN + 1) + 9 * channel;
  float g[9], turned[18];
  UNROLL
  for (int t = 0; t < 9; t++) g[t] = taps[from + (FLIP ? 8 - t : t)];
  UNROLL
  for (int b = 0; b < 3; b++) winograd_taps(g + b, 3, turned + b, 3);
  int to = (channel0 + channel) * line + row0 + row;
  UNROLL
  for (int a = 0; a < 6; a++) {
    float p[6];
    winograd_taps(turned + 3 * a, 1, p, 1);
    UNROLL
    for (int b = 0; b < 6; b++) u[(6 * a + b) * channels * line + to] = p[b];
  }
}

/* first: the image of tile 0; lowY, lowX: where the tile of result (0, 0) begins in the source. The first `sources` blocks
 * transform tiles. */
TRANSFORM void winograd_prepare(GLOBAL const float *RESTRICT x, GLOBAL float *RESTRICT v, int channels, int h,
                                                  int wd, int first, int tiles, int pitch, int down, int along, int lowY,
                                                  int lowX, GLOBAL const float *RESTRICT w, GLOBAL float *RESTRICT u, int rows,
                                                  int line, int sources) {
  SHARED float taps[KERNEL_ROWS * (KERNEL_RUN + 1)];
  int block = GROUP_ID(0);
  if (block < sources) {
    winograd_source_tile(x, v, block * THREADS + LOCAL_ID(0), channels, h, wd, first, tiles, pitch, down, along, lowY, lowX);
  } else {
    winograd_kernel(w, u, taps, block - sources, channels, rows, line);
  }
}

/* A result as the plain sum over channels and taps. */
DEVICE float winograd_direct(GLOBAL const float *RESTRICT x, GLOBAL const float *RESTRICT w, int channels, int rows, int row,
                             int h, int wd, int top, int left) {
  float sum = 0.0f;
  ROLLED
  for (int c = 0; c < channels; c++) {
    GLOBAL const float *g = w + (FLIP ? c * rows + row : row * channels + c) * 9;
    UNROLL
    for (int t = 0; t < 9; t++) {
      int yy = top + t / 3;
      int xx = left + t % 3;
      if (yy >= 0 && yy < h && xx >= 0 && xx < wd) sum = FMA(x[(c * h + yy) * wd + xx], g[FLIP ? 8 - t : t], sum);
    }
  }
  return sum;
}

/* What follows the sum and the bias. */
DEVICE float winograd_one(GLOBAL const float *RESTRICT residual, int at, float v) {
#if RESIDUAL
  return conv_activation(v) + residual[at];
#else
  return conv_activation(v);
#endif
}

#ifdef TATARA_OPENCL
#define WINOGRAD_STORE2(p, i, v, u) vstore2((float2)(v, u), 0, (p) + (i))
#else
#define WINOGRAD_STORE2(p, i, v, u) (*(float2 *)((p) + (i)) = make_float2(v, u))
#endif

/* Thread i: row and tile, as in winograd_source_tile. */
TRANSFORM void winograd_finish(GLOBAL const float *RESTRICT m, GLOBAL float *RESTRICT y,
                                                 GLOBAL const float *RESTRICT bias, GLOBAL const float *RESTRICT residual,
                                                 GLOBAL const float *RESTRICT x, GLOBAL const float *RESTRICT w, int rows,
                                                 int oh, int ow, int first, int tiles, int pitch, int down, int along,
                                                 int channels, int h, int wd, int lowY, int lowX) {
  int i = GLOBAL_ID(0);
  int row = i / pitch;
  int t = i - row * pitch;
  if (row >= rows || t >= tiles) return;
  WinogradTile at = winograd_tile(t, first, down, along);
  float d[PLACES];
  UNROLL
  for (int p = 0; p < PLACES; p++) d[p] = m[p * rows * pitch + i];
  UNROLL
  for (int b = 0; b < 6; b++) winograd_result(d + b, 6);
  float wrong = 0.0f; /* NaN where any of them is not finite */
  UNROLL
  for (int a = 0; a < 4; a++) {
    winograd_result(d + 6 * a, 1);
    UNROLL
    for (int b = 0; b < 4; b++) wrong = FMA(d[6 * a + b], 0.0f, wrong);
  }
  int top = 4 * at.row;
  int left = 4 * at.column;
  int to = ((at.image * rows + row) * oh + top) * ow + left;
  if (IS_NAN(wrong)) {
    GLOBAL const float *from = x + at.image * channels * h * wd;
    ROLLED
    for (int e = 0; e < 16; e++) {
      int a = e / 4;
      int b = e % 4;
      if (top + a < oh && left + b < ow) {
        float v = winograd_direct(from, w, channels, rows, row, h, wd, top + a + lowY, left + b + lowX);
        conv_store(y, bias, residual, to + a * ow + b, row, v);
      }
    }
    return;
  }
#if BIAS
  float more = bias[row];
#else
  float more = 0.0f;
#endif
  UNROLL
  for (int a = 0; a < 4; a++) {
    if (top + a < oh) {
      int here = to + a * ow;
      float *v = d + 6 * a;
#if VEC == 4
      float4 s = MAKE4(winograd_one(residual, here, v[0] + more), winograd_one(residual, here + 1, v[1] + more),
                       winograd_one(residual, here + 2, v[2] + more), winograd_one(residual, here + 3, v[3] + more));
      STOREF4(y, here, s);
#else
      UNROLL
      for (int b = 0; b < 4; b += VEC) {
        if (left + b < ow) {
#if VEC == 2
          WINOGRAD_STORE2(y, here + b, winograd_one(residual, here + b, v[b] + more),
                          winograd_one(residual, here + b + 1, v[b + 1] + more));
#else
          ST(y, here + b, winograd_one(residual, here + b, v[b] + more));
#endif
        }
      }
#endif
    }
  }
}
