/* Weight gradients of convolutions of 3 × 3 taps with stride 1 in float32 by Winograd's minimal filtering: the transposed form of
 * F(4 × 4, 3 × 3), dW = Gᵀ (Σ over tiles of (A dY Aᵀ) · (Bᵀ x B)) G, place by place, a quarter of the products.
 *
 *   winograd_gradients   Bᵀ x B of all tiles to v [36, channels, pitch] and A dY Aᵀ to z [36, rows, pitch], a thread each.
 *   (matmul_simt.cu      36 products z · vᵀ, sums over the tiles, to d [36, rows, line], one launch)
 *   winograd_weights     Gᵀ d G, a thread for a kernel of 3 × 3.
 *
 * A NaN or an infinity spreads over its tile's taps: a kernel whose taps are not all finite is summed directly by its whole
 * block. Behind winograd_tiles.cl.
 *
 * Ladder: (1) this. All but the product is bound by memory: 9/4 of the source and of the result are written and read again.
 * Figures: docs/h200.md. */
#ifndef VEC
#define VEC 1 /* 4: rows of the output gradient are whole 16 bytes */
#endif
#define KERNELS 128 /* of a block of winograd_weights */

/* As winograd_source_tile, of the output gradient. */
DEVICE void winograd_gradient_tile(GLOBAL const float *RESTRICT dy, GLOBAL float *RESTRICT z, int i, int rows, int oh, int ow,
                                   int first, int tiles, int pitch, int down, int along) {
  int row = i / pitch;
  int t = i - row * pitch;
  if (row >= rows || t >= tiles) return;
  WinogradTile at = winograd_tile(t, first, down, along);
  int top = 4 * at.row;
  int left = 4 * at.column;
  GLOBAL const float *from = dy + ((at.image * rows + row) * oh + top) * ow + left;
  float d[PLACES];
  UNROLL
  for (int a = 0; a < 4; a++) {
#if VEC == 4
    float4 s = top + a < oh ? LOADF4(from, a * ow) : MAKE4(0.0f, 0.0f, 0.0f, 0.0f);
    d[6 * a] = s.x;
    d[6 * a + 1] = s.y;
    d[6 * a + 2] = s.z;
    d[6 * a + 3] = s.w;
#else
    UNROLL
    for (int b = 0; b < 4; b++) d[6 * a + b] = top + a < oh && left + b < ow ? from[a * ow + b] : 0.0f;
#endif
  }
  UNROLL
  for (int b = 0; b < 4; b++) winograd_spread(d + b, 6);
  UNROLL
  for (int a = 0; a < 6; a++) {
    winograd_spread(d + 6 * a, 1);
    UNROLL
    for (int b = 0; b < 6; b++) z[(6 * a + b) * rows * pitch + i] = d[6 * a + b];
  }
}

/* The first `sources` blocks transform the source, the others the output gradient. */
TRANSFORM void winograd_gradients(GLOBAL const float *RESTRICT x, GLOBAL float *RESTRICT v, int channels, int h,
                                                    int wd, int first, int tiles, int pitch, int down, int along, int lowY,
                                                    int lowX, GLOBAL const float *RESTRICT dy, GLOBAL float *RESTRICT z, int rows,
                                                    int oh, int ow, int sources) {
  int block = GROUP_ID(0);
  if (block < sources) {
    winograd_source_tile(x, v, block * THREADS + LOCAL_ID(0), channels, h, wd, first, tiles, pitch, down, along, lowY, lowX);
  } else {
    int i = (block - sources) * THREADS + LOCAL_ID(0);
    winograd_gradient_tile(dy, z, i, rows, oh, ow, first, tiles, pitch, down, along);
  }
}

/* What a thread of the block contributes to the nine taps of a kernel: every KERNELS-th pixel. */
DEVICE void winograd_pixels(SHARED_PTR float *sums, GLOBAL const float *RESTRICT x, GLOBAL const float *RESTRICT dy, int row,
                            int c, int channels, int rows, int images, int h, int wd, int oh, int ow, int lowY, int lowX) {
  float sum[9];
  UNROLL
  for (int t = 0; t < 9; t++) sum[t] = 0.0f;
  ROLLED
  for (int p = LOCAL_ID(0); p < images * oh * ow; p += KERNELS) {
    int image = p / (oh * ow);
    int pixel = p - image * oh * ow;
    int top = pixel / ow + lowY;
    int left = pixel % ow + lowX;
    GLOBAL const float *from = x + ((image * channels + c) * h + top) * wd + left;
    float d = dy[(image * rows + row) * oh * ow + pixel];
    UNROLL
    for (int t = 0; t < 9; t++) {
      int a = t / 3;
      int b = t % 3;
      if (top + a >= 0 && top + a < h && left + b >= 0 && left + b < wd) sum[t] = FMA(d, from[a * wd + b], sum[t]);
    }
  }
  UNROLL
  for (int t = 0; t < 9; t++) sums[t * KERNELS + LOCAL_ID(0)] = sum[t];
}

/* Kernel number i = row · channels + channel; line: elements of d from a row to the next. */
KERNEL_SIZED(KERNELS, 1, 1) void winograd_weights(GLOBAL const float *RESTRICT m, GLOBAL float *RESTRICT dw,
                                                  GLOBAL const float *RESTRICT x, GLOBAL const float *RESTRICT dy, int channels,
                                                  int rows, int line, int images, int h, int wd, int oh, int ow, int lowY,
                                                  int lowX) {
  SHARED float taps[9 * KERNELS];
  SHARED float sums[9 * KERNELS];
  SHARED float wrong[KERNELS]; /* 1 where a kernel is to be summed directly */
  int id = LOCAL_ID(0);
  int base = GROUP_ID(0) * KERNELS;
  int i = base + id;
  float bad = 0.0f;
  if (i < rows * channels) {
    int row = i / channels;
    int from = row * line + i - row * channels;
    float d[PLACES];
    UNROLL
    for (int p = 0; p < PLACES; p++) d[p] = m[p * rows * line + from];
    UNROLL
    for (int b = 0; b < 6; b++) winograd_sums(d + b, 6);
    UNROLL
    for (int a = 0; a < 3; a++) {
      winograd_sums(d + 6 * a, 1);
      UNROLL
      for (int b = 0; b < 3; b++) {
        taps[9 * id + 3 * a + b] = d[6 * a + b];
        bad = FMA(d[6 * a + b], 0.0f, bad);
      }
    }
  }
  wrong[id] = IS_NAN(bad) ? 1.0f : 0.0f;
  BARRIER();
  float any = 0.0f;
  UNROLL
  for (int e = 0; e < KERNELS; e += 4) {
    float4 f = LOADF4(wrong, e);
    any += f.x + f.y + f.z + f.w;
  }
  if (any != 0.0f) { /* for all threads or none */
    ROLLED
    for (int e = 0; e < KERNELS; e++) {
      if (wrong[e] == 0.0f) continue;
      int row = (base + e) / channels;
      winograd_pixels(sums, x, dy, row, base + e - row * channels, channels, rows, images, h, wd, oh, ow, lowY, lowX);
      BARRIER();
      if (id < 9) {
        float sum = 0.0f;
        ROLLED
        for (int k = 0; k < KERNELS; k++) sum += sums[id * KERNELS + k];
        taps[9 * e + id] = sum;
      }
      BARRIER();
    }
  }
  int count = 9 * (rows * channels - base < KERNELS ? rows * channels - base : KERNELS);
  for (int e = id; e < count; e += KERNELS) dw[9 * base + e] = taps[e];
}
