/* Convolution in two dimensions, and its data gradient, as an implicit product in strict float32: every product and sum in
 * the ordinary arithmetic units. CUDA with cp.async, compute capability 8.0 and later. Arguments as in conv.cl, one launch
 * for each place within the stride; or PLACES: one for all four places within a stride of 2, those with the most taps
 * first, of which none would fill the device.
 *
 * Tiles and sums are those of simt.cuh.
 *   kernel   element by element, eight lanes along the sum, turned on the way.
 *   patches  a thread looks after one pixel: neighbours read neighbouring pixels, all terms of a pixel share its place and the
 *            bits that tell which taps fall into the image; what a term adds to the place, and its tap, stand in a table of
 *            the block, of which a warp reads the same four words at a time. A tap outside copies no bytes and leaves a zero.
 *   POINTWISE: one tap, pixel upon pixel, rows of whole 16 bytes: four pixels a copy.
 *
 * Ladder: 1 conv_tiled: loads, barrier, products, barrier; divisions for each element; 2 this. SPLIT: few tiles and a long
 * sum are cut along it. Figures: docs/h200.md. Behind sums.cl and implicit.cuh. */
#define TABLE (STAGES * SLOT)

/* What a thread fetches of the kernel: rows id / 8 and on, term id % 8 of each eight. */
struct Weights {
  static const int ROWS = THREADS / 8;
  static const int EACH = BM / ROWS;
  const float* from;
  const int* table; /* where terms stand, unless LINEAR */
  int apart, limit;

  DEVICE_MEMBER void start(const float* w, const int* places, int rows, int wo) {
    table = places;
    int row = LOCAL_ID(0) / 8;
    from = w + row * wo + (LINEAR ? LOCAL_ID(0) % 8 : 0);
    apart = ROWS * wo;
    limit = rows <= row ? 0 : (rows - row + ROWS - 1) / ROWS;
  }

  /* The slice of terms p and on, counted from the first of this block; `left` of them are there. */
  DEVICE_MEMBER void next(uint to, int p, int left) const {
    UNROLL
    for (int d = 0; d < DEPTH; d += 8) {
      int k = LOCAL_ID(0) % 8 + d;
      bool there = k < left;
      const float* x = LINEAR ? from + p + d : from + (there ? table[p + k] : 0);
      UNROLL
      for (int i = 0; i < EACH; i++) {
        copy_async_4(to + (k * (BM + 4) + LOCAL_ID(0) / 8 + i * ROWS) * 4, x, there && i < limit ? 4 : 0);
        x += apart;
      }
    }
  }
};

/* What a thread fetches of the patches: one column, EACH terms; or four columns of a term, EACH times. */
struct Patches {
#if POINTWISE
  static const int APART = THREADS / (BN / 4);
  static const int EACH = DEPTH / APART;
  const float* from;
  int plane, bytes;

  DEVICE_MEMBER void start(const float* x, int col, int columns, int h, int wd, int channels) {
    plane = h * wd;
    int at = col + LOCAL_ID(0) % (BN / 4) * 4;
    bytes = at < columns ? 16 : 0;
    int image = bytes ? at / plane : 0;
    from = x + (bytes ? image * channels * plane + at % plane : 0);
  }

  DEVICE_MEMBER void next(uint to, int p, int left) const {
    UNROLL
    for (int i = 0; i < EACH; i++) {
      int k = LOCAL_ID(0) / (BN / 4) + i * APART;
      bool there = k < left;
      copy_async_16(to + (k * (BN + 4) + LOCAL_ID(0) % (BN / 4) * 4) * 4, from + (there ? (p + k) * plane : 0),
                    there ? bytes : 0);
    }
  }
#else
  static const int EACH = DEPTH * BN / THREADS;
  Patch patch;
  const float* from;
  const int* table;

  DEVICE_MEMBER void next(uint to, int p, int left) const {
    int k0 = LOCAL_ID(0) / BN * EACH;
    int col = LOCAL_ID(0) % BN;
    UNROLL
    for (int i = 0; i < EACH; i += 4) {
      int4 e = *(const int4*)(table + p + k0 + i);
      int term[4] = {e.x, e.y, e.z, e.w};
      UNROLL
      for (int j = 0; j < 4; j++) {
        int k = k0 + i + j;
        bool there = patch.has(term[j] & ((1 << TAP_BITS) - 1));
        copy_async_4(to + (k * (BN + 4) + col) * 4, from + (there ? term[j] >> TAP_BITS : 0), there ? 4 : 0);
      }
    }
  }
#endif
};

/* Grid: tiles, splits, groups. depth: terms of a split, a multiple of DEPTH. */
KERNEL_RESIDENT(THREADS, BLOCKS) void conv_simt(CONV_ARGUMENTS, int depth, float* partial,
                                                int* semaphores MORE_ARGUMENTS) {
  DYNAMIC_SHARED(bytes);
#if SPLIT
  SHARED int last;
#endif
  float* memory = (float*)bytes;
  uint base = shared_address(memory);
  int* table = (int*)memory + TABLE;
  int* places = table + (depth + STAGES * DEPTH); /* of weights */
  int id = LOCAL_ID(0);
  int warp = id / 32;
  int lane = id % 32;
  int wm = warp / WARPS_N * WM + (lane % 2 + lane / 16 * 2) * 4;
  int wn = warp % WARPS_N * WN + lane / 2 % 8 * 4;
  int place = GROUP_ID(2) % PLACE_COUNT;
  CHOOSE_PLACE(place);
  int pixels = countY * countX;
  int columns = images * pixels;
  int k = in * tapsY * tapsX;
  int tn = (columns + BN - 1) / BN;
#if PLACES
  /* Smaller places have fewer tiles and splits than the grid. */
  if ((int)GROUP_ID(0) >= (out + BM - 1) / BM * tn || (int)GROUP_ID(1) * depth >= k) return;
#endif
  int row0, col0;
  tile_place(GROUP_ID(0), (out + BM - 1) / BM, tn, &row0, &col0);
  row0 *= BM;
  col0 *= BN;
  int p0 = GROUP_ID(1) * depth;
  int terms = k - p0 < depth ? k - p0 : depth;
  int channels = groups * in;
#if !POINTWISE || !LINEAR
  terms_fill(table, places, p0, terms, STAGES * DEPTH, tapsY, tapsX, h, wd, wi, wr, tapY, firstY, nextY, tapX, firstX,
             nextX);
#endif
  Weights ga;
  Patches gb;
#if !POINTWISE
  int col = col0 + id % BN;
  int image = 0;
  gb.table = table;
  gb.patch.low = gb.patch.high = 0u;
  gb.patch.at = 0;
  if (col < columns) {
    image = col / pixels;
    int sy = inY + inStepY * (col % pixels / countX);
    int sx = inX + inStepX * (col % pixels % countX);
#if PLACES
    for (int t = 0; t < tapsY * tapsX; t++) {
#else
    UNROLL
    for (int t = 0; t < TAPS; t++) {
#endif
      int yy = sy + tapY * (t / tapsX);
      int xx = sx + tapX * (t % tapsX);
      uint bit = yy >= 0 && yy < h && xx >= 0 && xx < wd ? 1u : 0u;
      if (t < 32) gb.patch.low |= bit << (t & 31);
      else gb.patch.high |= bit << (t & 31);
    }
    gb.patch.at = sy * wd + sx;
  }
#endif
  BARRIER();

  for (int g = GROUP_ID(2) / PLACE_COUNT; g < groups; g += GROUP_COUNT(2) / PLACE_COUNT) {
    ga.start(w + g * wg + row0 * wo + (LINEAR ? p0 : 0), places, out - row0, wo);
#if POINTWISE
    gb.start(x + (g * in + p0) * h * wd, col0, columns, h, wd, channels);
#else
    gb.from = x + (image * channels + g * in) * h * wd + gb.patch.at;
#endif
    float acc[RQ * 4 * CQ][4];
    simt_sums(acc, ga, gb, memory, base, terms, wm, wn);
#if SPLIT
    int tile = (g * PLACE_COUNT + place) * (int)GROUP_COUNT(0) + GROUP_ID(0);
    int splits = PLACES ? (k + depth - 1) / depth : GROUP_COUNT(1);
    float* pieces = partial + (long long)tile * GROUP_COUNT(1) * (BM * BN);
    if (!sums_leave<RQ * 4 * CQ, THREADS>(acc, pieces, semaphores + tile, GROUP_ID(1), splits, &last)) {
      BARRIER(); /* last may be written again for the next group */
      continue;
    }
    sums_gather<RQ * 4 * CQ, THREADS>(acc, pieces, splits);
    BARRIER();
#endif
    UNROLL
    for (int r = 0; r < CQ; r++) {
      int first = col0 + wn + r * 32;
#if OVEC
      int row1 = not_kept(row0 + wm); /* else all rows' places and biases are kept over the columns */
      int to = first / pixels * groups * out * pixels + first % pixels;
      UNROLL
      for (int i = 0; i < RQ * 4; i++) {
        int row = row1 + i / 4 * 16 + i % 4;
        if (row < out && first < columns) {
          int channel = g * out + row;
          int at = to + channel * pixels;
          float4 v = make_float4(acc[i * CQ + r][0], acc[i * CQ + r][1], acc[i * CQ + r][2], acc[i * CQ + r][3]);
#if BIAS
          float b = bias[channel];
          v = make_float4(v.x + b, v.y + b, v.z + b, v.w + b);
#endif
          v = make_float4(conv_activation(v.x), conv_activation(v.y), conv_activation(v.z), conv_activation(v.w));
#if RESIDUAL
          float4 more = LOADF4(residual, at);
          v = make_float4(v.x + more.x, v.y + more.y, v.z + more.z, v.w + more.w);
#endif
          STOREF4(y, at, v);
        }
      }
#else
      UNROLL
      for (int j = 0; j < 4; j++) {
        int c = first + j;
        int n = c / pixels;
        int pixel = c % pixels;
        int yy = outY + outStepY * (pixel / countX);
        int xx = outX + outStepX * (pixel % countX);
        int to = (n * groups * out * oh + yy) * ow + xx;
        int row1 = not_kept(row0 + wm);
        UNROLL
        for (int i = 0; i < RQ * 4; i++) {
          int row = row1 + i / 4 * 16 + i % 4;
          if (row < out && c < columns) {
            int channel = g * out + row;
            conv_store(y, bias, residual, to + channel * oh * ow, channel, acc[i * CQ + r][j]);
          }
        }
      }
#endif
    }
  }
}
