/* Gradients of layer norm and root-mean-square norm on CUDA, in 16-byte pieces. Memory is the only roof: one read of
 * z and dy, one write of dz (and dx).
 *
 * norm_gradient_held: a row in registers as it is stored, PER pieces of z and dy in each of WIDTH threads. A block
 *   takes `chunk` rows, BLOCK / WIDTH at a time, and each thread the same columns of all of them, so that the sums
 *   over rows (PARAMETERS) stay in its registers: z and dy are not read a second time for them. Row sums: shuffles,
 *   for rows of a block one barrier. At the end the block's rows meet in shared memory and its sums go to
 *   sums [blocks, 2, n].
 * norm_total: adds the blocks' sums, 32 columns by 8 threads a block, which meet in a tree.
 * Order depends on shape and device alone. Ladder: (1) rows, then columns, an element at a time (norm_gradient.cl);
 * (2) 16-byte loads; (3) both sums from one read. Not measured on a GPU yet.
 * CENTERED: layer norm. SCALE, DROPOUT, DSTATISTICS, DSUM: inputs that are there. TOTAL: the kernel norm_total, with
 * DSCALE, DSHIFT the outputs that are there. */
#ifndef PARAMETERS
#define PARAMETERS 0
#endif
#ifndef DSTATISTICS
#define DSTATISTICS 0
#endif
#ifndef DSUM
#define DSUM 0
#endif
#ifndef TOTAL
#define TOTAL 0
#endif
#ifndef DSCALE
#define DSCALE 0
#endif
#ifndef DSHIFT
#define DSHIFT 0
#endif
#define ABREAST (BLOCK / WIDTH)

#if !TOTAL
KERNEL_SIZED(BLOCK, 1, 1) void norm_gradient_held(
    const ELEM* RESTRICT z, const ELEM* RESTRICT scale, const int* RESTRICT seed, const float* RESTRICT statistics,
    const ELEM* RESTRICT dy, const float* RESTRICT dstatistics, const ELEM* RESTRICT dsum, ELEM* RESTRICT dz,
    ELEM* RESTRICT dx, float* RESTRICT sums, int rows, int n, int chunk, float p, float keep) {
  SHARED float part[192];
  int t = LOCAL_ID(0) % WIDTH;
  int first = GROUP_ID(0) * chunk;
  int end = rows - first < chunk ? rows : first + chunk;
#if SCALE
  Loaded factor[PER];
  UNROLL
  for (int k = 0; k < PER; k++) {
    int i = (t + k * WIDTH) * VEC;
    factor[k] = i < n ? part_load(scale + i) : part_zero();
  }
#endif
#if PARAMETERS
  float to_scale[PER * VEC];
  float to_shift[PER * VEC];
  UNROLL
  for (int j = 0; j < PER * VEC; j++) to_scale[j] = to_shift[j] = 0.0f;
#endif
  int turn = 0;
  for (int r0 = first; r0 < end; r0 += ABREAST) {
    int r = r0 + LOCAL_ID(0) / WIDTH;
    bool there = r < end;
    int limit = there ? n : 0;
    int start = there ? r * n : 0;
    Loaded w[PER];
    Loaded u[PER];
    UNROLL
    for (int k = 0; k < PER; k++) {
      int i = (t + k * WIDTH) * VEC;
      w[k] = i < limit ? part_load(z + start + i) : part_zero();
      u[k] = i < limit ? part_load(dy + start + i) : part_zero();
    }
#if CENTERED
    float mean = there ? statistics[2 * r] : 0.0f;
    float inverse = there ? statistics[2 * r + 1] : 0.0f;
#else
    float mean = 0.0f;
    float inverse = there ? statistics[r] : 0.0f;
#endif
    float total[3] = {0.0f, 0.0f, 0.0f};
    UNROLL
    for (int k = 0; k < PER; k++) {
      if ((t + k * WIDTH) * VEC < limit) {
        float v[VEC];
        float g[VEC];
        part_unpack(w[k], v);
        part_unpack(u[k], g);
#if SCALE
        float a[VEC];
        part_unpack(factor[k], a);
#endif
        UNROLL
        for (int j = 0; j < VEC; j++) {
          float d = v[j] - mean;
#if SCALE
          g[j] *= a[j];
#endif
          total[0] += d;
          total[1] += g[j];
          total[2] += g[j] * d;
        }
      }
    }
    row_sums<3>(total, part + 96 * turn);
    turn ^= 1;
    float rest = CENTERED ? total[0] / (float)n : 0.0f;
    float mean_g = CENTERED ? total[1] / (float)n : 0.0f;
    float mean_gx = (total[2] - rest * total[1]) / (float)n * inverse;
    float plus = 0.0f;
#if DSTATISTICS
#if CENTERED
    if (there) {
      plus = dstatistics[2 * r] / (float)n;
      mean_gx += dstatistics[2 * r + 1] * inverse / (float)n;
    }
#else
    if (there) mean_gx += dstatistics[r] * inverse / (float)n;
#endif
#endif
    UNROLL
    for (int k = 0; k < PER; k++) {
      int i = (t + k * WIDTH) * VEC;
      if (i < limit) {
        float v[VEC];
        float g[VEC];
        part_unpack(w[k], v);
        part_unpack(u[k], g);
#if SCALE
        float a[VEC];
        part_unpack(factor[k], a);
#endif
        UNROLL
        for (int j = 0; j < VEC; j++) {
          float d = ((v[j] - mean) - rest) * inverse;
#if PARAMETERS
          to_scale[k * VEC + j] += g[j] * d;
          to_shift[k * VEC + j] += g[j];
#endif
#if SCALE
          g[j] *= a[j];
#endif
          v[j] = inverse * ((g[j] - mean_g) - d * mean_gx) + plus;
        }
#if DSUM
        part_unpack(part_load(dsum + start + i), g);
        UNROLL
        for (int j = 0; j < VEC; j++) v[j] += g[j];
#endif
        part_store(dz + start + i, v);
#if DROPOUT
        part_drop(v, seed, start + i, p, keep);
        part_store(dx + start + i, v);
#endif
      }
    }
  }
#if PARAMETERS
  float* to = sums + GROUP_ID(0) * 2 * n;
#if ABREAST > 1
  SHARED float rows_part[2 * BLOCK];
#endif
  UNROLL
  for (int k = 0; k < PER; k++) {
    UNROLL
    for (int j = 0; j < VEC; j++) {
      float s = to_scale[k * VEC + j];
      float b = to_shift[k * VEC + j];
#if ABREAST > 1
      rows_part[LOCAL_ID(0)] = s;
      rows_part[BLOCK + LOCAL_ID(0)] = b;
      BARRIER();
      if (LOCAL_ID(0) < WIDTH) {
        for (int q = 1; q < ABREAST; q++) {
          s += rows_part[q * WIDTH + t];
          b += rows_part[BLOCK + q * WIDTH + t];
        }
      }
      BARRIER();
#endif
      int i = (t + k * WIDTH) * VEC + j;
      if (LOCAL_ID(0) < WIDTH && i < n) {
        to[i] = s;
        to[n + i] = b;
      }
    }
  }
#endif
}

#else
KERNEL_SIZED(256, 1, 1) void norm_total(const float* RESTRICT sums, ELEM* RESTRICT dscale, ELEM* RESTRICT dshift,
                                        int chunks, int n) {
  SHARED float part[512];
  int t = LOCAL_ID(0);
  int i = GROUP_ID(0) * 32 + t % 32;
  float s = 0.0f;
  float b = 0.0f;
  if (i < n) {
    _Pragma("unroll 4")
    for (int k = t / 32; k < chunks; k += 8) {
      s += sums[k * 2 * n + i];
      b += sums[k * 2 * n + n + i];
    }
  }
  part[t] = s;
  part[256 + t] = b;
  BARRIER();
  for (int step = 128; step >= 32; step >>= 1) {
    if (t < step) {
      part[t] += part[t + step];
      part[256 + t] += part[256 + t + step];
    }
    BARRIER();
  }
  if (t < 32 && i < n) {
#if DSCALE
    ST(dscale, i, part[t]);
#endif
#if DSHIFT
    ST(dshift, i, part[256 + t]);
#endif
  }
}
#endif
