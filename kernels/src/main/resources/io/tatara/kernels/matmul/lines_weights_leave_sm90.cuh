/* How the sums of lines_weights_sm90.cu leave: each block's go through its shared memory, where they stand in the order of the
 * result. The CLUSTER blocks of a cluster have pieces of one tile's sums; each adds 64 / CLUSTER rows of all blocks, four
 * numbers at a time, first its own and then those of the blocks behind it in turn: always in the same order, and at one time
 * not all from the same block. Where that is the whole sum (DIRECT) it is stored in the result's type.
 *
 * Gaps of dY are 0 and add nothing, unless a NaN or an infinity of X meets one (or of dY one of X): what is NaN is summed once
 * more, term by term. Behind lines_sm90.cuh. */
#ifndef TAPSX
#define TAPSX 3
#define TAPSY 3
#define START_Y (-1) /* line and column that the first tap reads for the first result */
#define START_X (-1)
#define DILATION_Y 1
#define DILATION_X 1
#define STRIDE 1 /* along both axes, 1 or 2 */
#endif
#ifndef X_H
#define X_H 7
#define X_W 7
#define Y_H 7
#define Y_W 7
#endif
#ifndef CLUSTER
#define CLUSTER 1
#define DIRECT 1
#endif
#ifndef WIDE
#define WIDE 0 /* whether each row of the result begins at a multiple of four elements */
#endif
#define TAPS (TAPSX * TAPSY)
#define PRODUCERS 4 /* warps, for X half of them or, with a stride, three */
#define CONSUMERS (4 * TAPSY)
#define THREADS (32 * (CONSUMERS + PRODUCERS))
/* Where row r of the sums stands in shared memory, so that eight rows' first elements lie in other banks. */
#define STAGED_ROW(r) ((r) * (64 * TAPS + 8))
#define QUADS (16 * TAPS) /* of a row, four numbers each */
#define SHARE_ROWS (64 / CLUSTER)
#define SHARE_QUADS (SHARE_ROWS * QUADS)
#define QUADS_UNDER_WAY (CLUSTER > 4 ? 1 : 3) /* of a thread, each of all blocks */
#if DIRECT
#define SUM ELEM
#else
#define SUM float
#endif
#if STORAGE == 1
#define PACK_SUMS pack_f16
#else
#define PACK_SUMS pack_bf16
#endif

/* A thread's: of a row of taps, with stride 2 of its first and last one and of that between them. */
struct Sums {
#if STRIDE == 2
  float taps[64];
  float middle[32];
#else
  float taps[TAPSX * 32];
#endif
};
DEVICE void sums_clear(Sums& d) {
  UNROLL
  for (int i = 0; i < (int)(sizeof(d.taps) / 4); i++) d.taps[i] = 0.0f;
#if STRIDE == 2
  UNROLL
  for (int i = 0; i < 32; i++) d.middle[i] = 0.0f;
#endif
}
DEVICE void sums_hold(Sums& d) {
  wgmma_hold(d.taps);
#if STRIDE == 2
  wgmma_hold(d.middle);
#endif
}
DEVICE float sum_of(const Sums& d, int tap, int i) {
#if STRIDE == 2
  return tap == 1 ? d.middle[i] : d.taps[tap / 2 * 32 + i];
#else
  return d.taps[tap * 32 + i];
#endif
}

/* A warp's sums to shared memory. Neighbouring columns change places in half of the rows: with an odd number of taps no two
 * lanes meet in a bank then. */
DEVICE void stage_sums(SHARED_PTR float* sums, const Sums& d, int warp, int lane) {
  int turned = lane / 16;
  UNROLL
  for (int half = 0; half < 2; half++) {
    int r = warp % 4 * 16 + lane / 4 + 8 * half;
    SHARED_PTR float* to = sums + STAGED_ROW(r) + lane % 4 * 2 * TAPS + warp / 4 * TAPSX;
    SHARED_PTR float* first = to + turned * TAPS;
    SHARED_PTR float* second = to + (1 - turned) * TAPS;
    UNROLL
    for (int i = 0; i < TAPSX * 8; i++) {
      int tap = i / 8;
      int at = i % 8 * 8 * TAPS + tap;
      float u = sum_of(d, tap, i % 8 * 4 + 2 * half);
      float v = sum_of(d, tap, i % 8 * 4 + 2 * half + 1);
      first[at] = turned ? v : u;
      second[at] = turned ? u : v;
    }
  }
}

/* All blocks that share a tile. */
DEVICE void meet() {
#if CLUSTER > 1
  warp_barrier();
  cluster_arrive();
  cluster_wait();
#else
  BARRIER();
#endif
}

/* sums: this block's; m0, c0: the tile's first channels. */
struct Leaving {
  GLOBAL SUM* to;
  SHARED_PTR const float* sums;
  int rank, m, channels, m0, c0;
};

/* Four numbers: their row, and how far they stand in it. */
DEVICE int quad_row(const Leaving& l, int q) { return l.rank * SHARE_ROWS + q / QUADS; }
DEVICE int quad_at(int q) { return q % QUADS * 4; }
/* Where they begin in the result, and how many of them it has. */
DEVICE int quad_element(const Leaving& l, int q) {
  return ((l.m0 + quad_row(l, q)) * l.channels + l.c0) * TAPS + quad_at(q);
}
DEVICE int quad_count(const Leaving& l, int q) {
  int left = (l.channels - l.c0 < 64 ? l.channels - l.c0 : 64) * TAPS - quad_at(q);
  return q >= SHARE_QUADS || l.m0 + quad_row(l, q) >= l.m || left < 0 ? 0 : left < 4 ? left : 4;
}

DEVICE void quad_store(GLOBAL SUM* to, int count, float4 v) {
#if WIDE
  if (count == 0) return; /* else there are four */
#if DIRECT
  *(GLOBAL uint2*)to = make_uint2(PACK_SUMS(v.x, v.y), PACK_SUMS(v.z, v.w));
#else
  *(GLOBAL float4*)to = v;
#endif
#else
  float all[4] = {v.x, v.y, v.z, v.w};
  UNROLL
  for (int j = 0; j < 4; j++) {
#if DIRECT
    if (j < count) ST(to, j, all[j]);
#else
    if (j < count) to[j] = all[j];
#endif
  }
#endif
}

/* Whether a sum must be made once more. */
DEVICE int sum_fails(float x) { return x != x; }

/* Adds this block's share of the rows and stores it; whether any of this thread's sums fails. */
DEVICE int leave_sums(const Leaving& l) {
#if CLUSTER > 1
  uint others[CLUSTER - 1];
  UNROLL
  for (int r = 1; r < CLUSTER; r++) others[r - 1] = cluster_address(shared_address(l.sums), (l.rank + r) % CLUSTER);
#endif
  int fails = 0;
  _Pragma("unroll 1")
  for (int q0 = LOCAL_ID(0); q0 < SHARE_QUADS; q0 += QUADS_UNDER_WAY * THREADS) {
    float4 v[QUADS_UNDER_WAY][CLUSTER];
    UNROLL
    for (int i = 0; i < QUADS_UNDER_WAY; i++) {
      int q = q0 + i * THREADS < SHARE_QUADS ? q0 + i * THREADS : q0;
      int at = STAGED_ROW(quad_row(l, q)) + quad_at(q);
      v[i][0] = LOADF4(l.sums, at);
#if CLUSTER > 1
      UNROLL
      for (int r = 1; r < CLUSTER; r++) v[i][r] = cluster_load4(others[r - 1] + at * 4);
#endif
    }
    UNROLL
    for (int i = 0; i < QUADS_UNDER_WAY; i++) {
      float4 sum = v[i][0];
      UNROLL
      for (int r = 1; r < CLUSTER; r++) {
        sum.x += v[i][r].x;
        sum.y += v[i][r].y;
        sum.z += v[i][r].z;
        sum.w += v[i][r].w;
      }
      int q = q0 + i * THREADS;
      quad_store(l.to + quad_element(l, q), quad_count(l, q), sum);
      fails |= sum_fails(sum.x) | sum_fails(sum.y) | sum_fails(sum.z) | sum_fails(sum.w);
    }
  }
  return fails;
}

/* Element e of the gradient from the images themselves. */
DEVICE float weight_directly(GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, int e, int images, int m,
                             int channels) {
  int tap = e % TAPS;
  int c = e / TAPS % channels;
  int row = e / TAPS / channels;
  int y0 = START_Y + DILATION_Y * (tap / TAPSX);
  int x0 = START_X + DILATION_X * (tap % TAPSX);
  float sum = 0.0f;
  for (int i = 0; i < images; i++) {
    for (int oy = 0; oy < Y_H; oy++) {
      int y = y0 + STRIDE * oy;
      for (int ox = 0; ox < Y_W && y >= 0 && y < X_H; ox++) {
        int column = x0 + STRIDE * ox;
        if (column >= 0 && column < X_W) {
          float u = LD(dy, ((i * m + row) * Y_H + oy) * Y_W + ox);
          sum += u * LD(x, ((i * channels + c) * X_H + y) * X_W + column);
        }
      }
    }
  }
  return sum;
}

#if DIRECT
/* Looks through what this thread has stored and sums once more what failed. */
DEVICE void repair_sums(const Leaving& l, GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, int images) {
  _Pragma("unroll 1")
  for (int q = LOCAL_ID(0); q < SHARE_QUADS; q += THREADS) {
    int e = quad_element(l, q);
    _Pragma("unroll 1")
    for (int end = e + quad_count(l, q); e < end; e++) {
      if (sum_fails(LD(l.to, e))) ST(l.to, e, weight_directly(dy, x, e, images, l.m, l.channels));
    }
  }
}
#endif
