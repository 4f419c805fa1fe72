/* Depthwise convolution in two dimensions, its data gradient and its weight gradient on CUDA, any architecture: one
 * channel of the result for each of the source. Bound by memory: each element is fetched once from there, what
 * neighbouring threads share comes from the first cache, and results leave in whole words.
 *
 * A thread owns a tile of OY x OX neighbouring results of a plane. It asks for all rows of the window that they see
 * before it uses the first, in words of LV elements where a row is so aligned, the few elements to their left and right
 * in small ones, and holds the window in registers: a row serves all taps of all results that meet it. Tiles run along
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
#ifndef WEIGHT
#define WEIGHT 0
#endif
#if !WEIGHT
KERNEL_RESIDENT(BLOCK, RESIDENT) void depthwise(const ELEM* RESTRICT x, const ELEM* RESTRICT w, const ELEM* RESTRICT bias,
                                         const ELEM* RESTRICT residual, ELEM* RESTRICT y, int channels, int h, int wd,
                                         int oh, int ow, int tiles) {
  uint id = (uint)GROUP_ID(0) * BLOCK + (uint)LOCAL_ID(0);
  if (id >= (uint)tiles) return;
  uint strip = id / ACROSS;
  int tx = (int)(id % ACROSS);
  int plane = (int)(strip / DOWN);
  int ty = (int)(strip % DOWN);
  int channel = (int)((uint)plane % (uint)channels);
  WindowRow rows[NY];
  window_load(rows, x + plane * h * wd, ty * NEXT_Y, tx * NEXT_X, h, wd);
  float taps[KY * KX];
  taps_load(taps, w, channel);
  float sums[OY][OX] = {};
  UNROLL
  for (int r = 0; r < NY; r++) row_sums(sums, rows[r], r, taps);
  int out = plane * oh * ow;
  tile_store(y + out, residual + out, bias, sums, channel, ty * OY, tx * OX, oh, ow);
}

#else
/* Grid: parts, channels. tiles: of a channel, over all images; each: of a part. partial: [channels][parts][taps]. */
KERNEL_SIZED(BLOCK, 1, 1) void depthwise_weight(const ELEM* RESTRICT x, const ELEM* RESTRICT dy, ELEM* RESTRICT dw,
                                                float* RESTRICT partial, int* semaphores, int channels, int h, int wd,
                                                int oh, int ow, int tiles, int each) {
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
    uint strip = (uint)tile / ACROSS;
    int tx = (int)((uint)tile % ACROSS);
    int plane = (int)(strip / DOWN) * channels + channel;
    int ty = (int)(strip % DOWN);
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
