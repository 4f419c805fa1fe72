/* Convolution in two dimensions, and its data gradient, as an implicit product on the matrix units by mma.sync: float16 and
 * bfloat16, compute capability 8.0 and later. Arguments as in conv.cl, one launch for each place within the stride, or
 * PLACES: one for all four places within a stride of 2, as in conv_simt.cu; images stay as they are, channel by channel, no
 * other layout and no matrix of patches is made.
 *
 * A block computes a BM x BN tile, a warp WM x WN of it; slices of both operands, DEPTH terms deep, pass through three slots
 * of shared memory.
 *   kernel   rows along the sum, whole pieces of 16 bytes (conv_pack makes such rows where the kernel has none), cp.async.
 *            A row of a slot is one result channel; pieces are permuted so that the rows of an ldmatrix lie on all banks.
 *   patches  a row of a slot is one term, its columns neighbouring pixels; ldmatrix.trans turns them. A thread looks after two
 *            neighbouring pixels: their places, and the bits that tell which taps fall into the image, are made once; what a
 *            term adds to a place stands in a table of the block. 2-byte loads, neighbours on neighbouring pixels, of the slice
 *            after next are under way in registers while one is multiplied.
 *   COPY 16 (8): one tap, pixel upon pixel, planes of whole 16 (8) bytes: copied by cp.async.
 * Results go through shared memory, 16 rows of a warp at a time, so that stores are runs of RUN elements along rows.
 *
 * Ladder: 1 conv_tiled in float32 arithmetic; 2 this. SPLIT: few tiles and a long sum are cut along it. Figures: docs/h200.md. Behind sums.cl and implicit.cuh. */
#ifndef BM
#define BM 128
#define BN 128
#define WM 64
#define WN 32
#endif
#ifndef BLOCKS
#define BLOCKS 1
#endif
#ifndef COPY
#define COPY 0
#endif
#ifndef RUN
#define RUN 1 /* neighbouring elements of the result that columns are, aligned */
#endif
#define DEPTH 32
#define STAGES 3
#define WARPS_N (BN / WN)
#define THREADS ((BM / WM) * WARPS_N * 32)
#define MI (WM / 16)
#define NI (WN / 8)
#define ROW_A (DEPTH * 2) /* bytes */
#define ROW_B (BN * 2)
#define SLOT (BM * ROW_A + DEPTH * ROW_B)
#define STAGED (WN + 8) /* floats from row to row of a warp's part of the result */
#define EACH (DEPTH * BN / 2 / THREADS) /* terms of a thread, two pixels each */

#if PLACES
#define PACK_ARGUMENTS , int tapsY, int tapsX, int tapsY1, int firstY1, int tapsX1, int firstX1
#else
#define PACK_ARGUMENTS
#endif

/* Rows of whole pieces from a kernel in any order: packed [places][groups][out][length], zeros behind the terms. */
KERNEL void conv_pack(const ELEM* RESTRICT w, ELEM* RESTRICT packed, int groups, int in, int out, int length, int wg, int wo,
                      int wi, int wr, int firstY, int nextY, int firstX, int nextX PACK_ARGUMENTS) {
  int e = GLOBAL_ID(0);
  if (e >= PLACE_COUNT * groups * out * length) return;
#if PLACES
  int place = e / length / out / groups;
  if (place / 2 == 1) {
    tapsY = tapsY1;
    firstY = firstY1;
  }
  if (place % 2 == 1) {
    tapsX = tapsX1;
    firstX = firstX1;
  }
#else
  const int tapsY = TY;
  const int tapsX = TX;
#endif
  int p = e % length;
  int row = e / length % out;
  int g = e / length / out % groups;
  int c = p / (tapsY * tapsX);
  int t = p % (tapsY * tapsX);
  packed[e] = c < in ? w[g * wg + row * wo + c * wi + (firstY + nextY * (t / tapsX)) * wr + firstX + nextX * (t % tapsX)]
                     : (ELEM)0;
}

/* What a thread fetches of the kernel: piece id % 4 of rows id / 4 and on. */
struct Weights {
  static const int ROWS = THREADS / 4;
  const ELEM* from;
  int apart, limit, to;

  DEVICE_MEMBER void start(const ELEM* w, int rows, int length) {
    int row = LOCAL_ID(0) / 4;
    int piece = LOCAL_ID(0) % 4;
    from = w + (long long)row * length + piece * 8;
    apart = ROWS * length;
    limit = rows <= row ? 0 : (rows - row + ROWS - 1) / ROWS;
    to = row * ROW_A + (piece ^ (row >> 1 & 3)) * 16;
  }

  /* The slice from term p on, of which `left` elements are there. */
  DEVICE_MEMBER void next(uint slot, int p, int left) const {
    int bytes = left * 2 - LOCAL_ID(0) % 4 * 16;
    bytes = bytes < 0 ? 0 : bytes > 16 ? 16 : bytes;
    UNROLL
    for (int i = 0; i < BM / ROWS; i++) /* the permutation has a period of eight rows */
      copy_async_16(slot + to + i * ROWS * ROW_A, from + (bytes != 0 && i < limit ? (long long)i * apart + p : 0),
                    i < limit ? bytes : 0);
  }
};

#if COPY
/* What a thread fetches of the patches: pieces of eight pixels of a term. */
struct Patches {
  static const int APART = THREADS / (BN / 8);
  const ELEM* from[16 / COPY];
  int plane, bytes[16 / COPY];

  DEVICE_MEMBER void start(const ELEM* x, int col, int columns, int h, int wd, int channels) {
    plane = h * wd;
    UNROLL
    for (int i = 0; i < 16 / COPY; i++) {
      int at = col + LOCAL_ID(0) % (BN / 8) * 8 + i * 4;
      bytes[i] = at < columns ? COPY : 0;
      from[i] = x + (at < columns ? at / plane * channels * plane + at % plane : 0);
    }
  }

  DEVICE_MEMBER void next(uint slot, int p, int left) const {
    int piece = LOCAL_ID(0) % (BN / 8);
    UNROLL
    for (int k = 0; k < DEPTH; k += APART) {
      int term = LOCAL_ID(0) / (BN / 8) + k;
      uint to = slot + BM * ROW_A + term * ROW_B + (piece ^ (term & 7)) * 16;
      int at = term < left ? (p + term) * plane : 0;
      UNROLL
      for (int i = 0; i < 16 / COPY; i++) {
        if (COPY == 16) copy_async_16(to, from[i] + at, term < left ? bytes[i] : 0);
        else copy_async_8(to + i * 8, from[i] + at, term < left ? bytes[i] : 0);
      }
    }
  }
};
#else
/* What a thread fetches of the patches: pixels 2i and 2i + 1 of EACH terms. */
struct Patches {
  Patch patch[2];
  const ELEM* from; /* the group's first channel of image 0 */
  uint held[EACH];

  DEVICE_MEMBER void load(const int* table, int p) {
    int first = LOCAL_ID(0) / (BN / 2) * EACH;
    UNROLL
    for (int i = 0; i < EACH; i += 4) {
      int4 e = *(const int4*)(table + p + first + i);
      int term[4] = {e.x, e.y, e.z, e.w};
      UNROLL
      for (int j = 0; j < 4; j++) {
        int tap = term[j] & ((1 << TAP_BITS) - 1);
        int far = term[j] >> TAP_BITS;
        uint lo = 0u;
        uint hi = 0u;
        if (patch[0].has(tap)) lo = from[patch[0].at + far];
        if (patch[1].has(tap)) hi = from[patch[1].at + far];
        held[i + j] = lo | (hi << 16);
      }
    }
  }

  DEVICE_MEMBER void put(unsigned char* slot) const {
    int pair = LOCAL_ID(0) % (BN / 2);
    int first = LOCAL_ID(0) / (BN / 2) * EACH;
    UNROLL
    for (int i = 0; i < EACH; i++)
      *(uint*)(slot + BM * ROW_A + (first + i) * ROW_B + (pair / 4 ^ (first + i & 7)) * 16 + pair % 4 * 4) = held[i];
  }
};
#endif

/* RUN sums of a row, from column `first` on, into the result. */
DEVICE void finish(const float* v, const ELEM* RESTRICT bias, const ELEM* RESTRICT residual, ELEM* y, int channel, int at) {
#if RUN == 1
  conv_store(y, bias, residual, at, channel, v[0]);
#else
  uint w[RUN / 2];
  float b = 0.0f;
#if BIAS
  b = LD(bias, channel);
#endif
#if RESIDUAL
  uint more[RUN / 2];
#if RUN == 8
  uint4 q = *(const uint4*)(residual + at);
  more[0] = q.x;
  more[1] = q.y;
  more[2 % (RUN / 2)] = q.z;
  more[3 % (RUN / 2)] = q.w;
#else
  uint2 q = *(const uint2*)(residual + at);
  more[0] = q.x;
  more[1] = q.y;
#endif
#endif
  UNROLL
  for (int i = 0; i < RUN / 2; i++) {
    float lo = conv_activation(v[2 * i] + b);
    float hi = conv_activation(v[2 * i + 1] + b);
#if RESIDUAL
    lo += word_low(more[i]);
    hi += word_high(more[i]);
#endif
    w[i] = word_of(lo, hi);
  }
#if RUN == 8
  *(uint4*)(y + at) = make_uint4(w[0], w[1], w[2 % (RUN / 2)], w[3 % (RUN / 2)]);
#else
  *(uint2*)(y + at) = make_uint2(w[0], w[1]);
#endif
#endif
}

/* Grid: tiles, splits, groups. w: rows of `length` elements, a multiple of 8, group after group, place after place. depth: terms of a split, a
 * multiple of DEPTH. */
KERNEL_RESIDENT(THREADS, BLOCKS) void conv_sm80(CONV_ARGUMENTS, int length, int depth, float* partial,
                                                int* semaphores MORE_ARGUMENTS) {
  DYNAMIC_SHARED(memory);
#if SPLIT
  SHARED int last;
#endif
  uint base = shared_address(memory);
  int* table = (int*)(memory + STAGES * SLOT);
  int id = LOCAL_ID(0);
  int lane = id % 32;
  int warp = id / 32;
  int wm = warp / WARPS_N * WM;
  int wn = warp % WARPS_N * WN;
  int place = GROUP_ID(2) % PLACE_COUNT;
  CHOOSE_PLACE(place);
  int pixels = countY * countX;
  int columns = images * pixels;
  int k = in * tapsY * tapsX;
#if PLACES
  /* Smaller places have fewer tiles and splits than the grid. */
  if ((int)GROUP_ID(0) >= (out + BM - 1) / BM * ((columns + BN - 1) / BN) || (int)GROUP_ID(1) * depth >= k) return;
#endif
  int row0, col0;
  tile_place(GROUP_ID(0), (out + BM - 1) / BM, (columns + BN - 1) / BN, &row0, &col0);
  row0 *= BM;
  col0 *= BN;
  int p0 = GROUP_ID(1) * depth;
  int terms = k - p0 < depth ? k - p0 : depth;
  int slices = (terms + DEPTH - 1) / DEPTH;
  int channels = groups * in;
  Weights ga;
  Patches gb;
#if !COPY
  terms_fill(table, table, p0, terms, STAGES * DEPTH, tapsY, tapsX, h, wd, wi, wr, tapY, firstY, nextY, tapX, firstX,
             nextX);
  UNROLL
  for (int i = 0; i < 2; i++) {
    int col = col0 + id % (BN / 2) * 2 + i;
    gb.patch[i].low = gb.patch[i].high = 0u;
    gb.patch[i].at = 0;
    if (col < columns) {
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
        if (t < 32) gb.patch[i].low |= bit << (t & 31);
        else gb.patch[i].high |= bit << (t & 31);
      }
      gb.patch[i].at = (col / pixels * channels * h + sy) * wd + sx;
    }
  }
  BARRIER();
#endif
  /* Places of fragments: lane i gives row i % 16 of a 16 x 16 block and, behind eight columns, its second half. */
  int r16 = lane % 16;
  int half = lane / 16;
  uint of_a = (wm + r16) * ROW_A;
  int turn_a = r16 >> 1 & 3;
  uint of_b = BM * ROW_A + r16 * ROW_B;
  int turn_b = r16 & 7;

  for (int g = GROUP_ID(2) / PLACE_COUNT; g < groups; g += GROUP_COUNT(2) / PLACE_COUNT) {
    ga.start(w + ((long long)(place * groups + g) * out + row0) * length + p0, out - row0, length);
#if COPY
    gb.start(x + (g * in + p0) * h * wd, col0, columns, h, wd, channels);
#else
    gb.from = x + g * in * h * wd;
#endif
    float acc[MI * NI][4];
    UNROLL
    for (int i = 0; i < MI * NI; i++) {
      UNROLL
      for (int j = 0; j < 4; j++) acc[i][j] = 0.0f;
    }
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
      ga.next(base + s * SLOT, s * DEPTH, terms - s * DEPTH);
#if COPY
      gb.next(base + s * SLOT, s * DEPTH, terms - s * DEPTH);
#else
      gb.load(table, s * DEPTH);
      gb.put(memory + s * SLOT);
#endif
      copy_async_commit();
    }
    int slot = 0;
    int ahead = (STAGES - 1) * SLOT;
    copy_async_wait<STAGES - 2>();
    BARRIER();
    for (int t = 0; t < slices; t++) {
      int p = (t + STAGES - 1) * DEPTH;
      ga.next(base + ahead, p, terms - p);
#if COPY
      gb.next(base + ahead, p, terms - p);
#else
      gb.load(table, p);
#endif
      copy_async_commit();
      UNROLL
      for (int step = 0; step < DEPTH / 16; step++) {
        uint b[NI][2];
        UNROLL
        for (int j = 0; j < NI / 2; j++) {
          uint r[4];
          ldmatrix_x4_trans(r, base + slot + of_b + step * 16 * ROW_B + ((wn / 8 + j * 2 + half) ^ turn_b) * 16);
          b[2 * j][0] = r[0];
          b[2 * j][1] = r[1];
          b[2 * j + 1][0] = r[2];
          b[2 * j + 1][1] = r[3];
        }
        UNROLL
        for (int i = 0; i < MI; i++) {
          uint a[4];
          ldmatrix_x4(a, base + slot + of_a + i * 16 * ROW_A + ((step * 2 + half) ^ turn_a) * 16);
          UNROLL
          for (int j = 0; j < NI; j++) mma_storage(acc[i * NI + j], a, b[j]);
        }
      }
#if !COPY
      gb.put(memory + ahead); /* nobody reads that slot: its slice was multiplied before the last barrier */
#endif
      slot = slot == (STAGES - 1) * SLOT ? 0 : slot + SLOT;
      ahead = ahead == (STAGES - 1) * SLOT ? 0 : ahead + SLOT;
      copy_async_wait<STAGES - 2>();
      BARRIER();
    }
    copy_async_wait<0>();
    BARRIER();
#if SPLIT
    int tile = (g * PLACE_COUNT + place) * (int)GROUP_COUNT(0) + GROUP_ID(0);
    int splits = PLACES ? (k + depth - 1) / depth : GROUP_COUNT(1);
    float* pieces = partial + (long long)tile * GROUP_COUNT(1) * (BM * BN);
    if (!sums_leave<MI * NI, THREADS>(acc, pieces, semaphores + tile, GROUP_ID(1), splits, &last)) {
      BARRIER(); /* last may be written again for the next group */
      continue;
    }
    sums_gather<MI * NI, THREADS>(acc, pieces, splits);
    BARRIER();
#endif
    float* own = (float*)memory + warp * 16 * STAGED;
    UNROLL
    for (int i = 0; i < MI; i++) {
      float* to = own + lane / 4 * STAGED + lane % 4 * 2;
      UNROLL
      for (int j = 0; j < NI; j++) {
        const float* d = acc[i * NI + j];
        *(float2*)(to + j * 8) = make_float2(d[0], d[1]);
        *(float2*)(to + 8 * STAGED + j * 8) = make_float2(d[2], d[3]);
      }
      warp_barrier();
      for (int e = lane * RUN; e < 16 * WN; e += 32 * RUN) {
        int row = row0 + wm + i * 16 + e / WN;
        int col = col0 + wn + e % WN;
        if (row < out && col < columns) {
          float v[RUN];
          UNROLL
          for (int j = 0; j < RUN; j++) v[j] = own[e / WN * STAGED + e % WN + j];
          int channel = g * out + row;
          int pixel = col % pixels;
          int yy = outY + outStepY * (pixel / countX);
          int xx = outX + outStepX * (pixel % countX);
          finish(v, bias, residual, y, channel, ((col / pixels * groups * out + channel) * oh + yy) * ow + xx);
        }
      }
      warp_barrier();
    }
    BARRIER();
  }
}
