/* The weight gradient of a dense convolution of stride 1 on Hopper (sm_90a), from images in NCHW as they are: for each tap
 * dW[m, c] = sum over places q of dY[m, q] · X[c, q + shift of the tap], places as in lines_sm90.cuh, all images in one row.
 *
 * A block computes all taps of a tile of 64 channels m by 64 channels c over one piece of the places:
 *   warpgroups 0 … TAPSY - 1   one row of the kernel each: 64 x 64 · TAPSX sums in registers;
 *   one more                   two warps turn dY's images to lines in shared memory, two X's, FILL_TURNS · 16 places at a time: a
 *                              thread has as many words under way. 512 threads have 128 registers each.
 * Both operands stand as [place][channel], so k runs over the lines and wgmma transposes both; 16 places are 2048 bytes.
 * Every tap reads the same lines of X, so many lines further on as its shift is: the swizzle is a permutation by bits of the
 * address, so a descriptor may begin at any line, with a base offset of 0. The taps of a row are one wgmma of N = 64 · TAPSX,
 * whose groups of 64 columns are DILATION lines apart, that is, overlap; A is read once for all of them. (A wgmma for each tap
 * took an H200 up to 12 % longer.)
 *
 * Two rings that both go on by STEP places a step: dY's of STAGES · STEP lines, X's of LEAD more, what the last tap reads beyond
 * the first. So each place of X is turned once. What is read over the end of X's ring has a copy behind it, TAIL lines.
 * full[s]: an arrival of each producing warp; empty[s]: one of each consuming warp, for both rings. A step's products are
 * under way while the next one's are issued.
 *
 * Raw sums leave through shared memory in the order of the result, so that lines_weights_sum adds pieces element by
 * element. Gaps of dY are 0 and add nothing, unless a NaN or an infinity of X meets one (or of dY one of X): what is NaN it sums once more,
 * term by term. Behind lines_sm90.cuh. */
#ifndef TAPSX
#define TAPSX 3
#define TAPSY 3
#define DILATION 1  /* along x */
#define ROW 8       /* lines from a row of taps to the next */
#define BASE (-10)  /* the place that X's ring begins with, for that of dY's: even */
#define FIRST 1     /* lines from there to the first tap */
#define LEAD 64
#define STAGES 4
#endif
#ifndef X_H
#define X_H 7
#define X_W 7
#define Y_H 7
#define Y_W 7
#endif
#ifndef SHARE
#define SHARE 4 /* threads that add the pieces of four results */
#endif
#ifndef FILL_TURNS
#define FILL_TURNS 4
#endif
#define LINE_BYTES 128
#define SLICE_BYTES (16 * LINE_BYTES) /* places of one wgmma */
#define UNIT (16 * FILL_TURNS)             /* places that a warp turns at a time */
#define STEP 64
#define Y_BYTES (STAGES * STEP * LINE_BYTES)
#define X_BYTES (Y_BYTES + LEAD * LINE_BYTES)
#define TAIL_BYTES ((15 + (TAPSX - 1) * DILATION + UNIT - 1) / UNIT * UNIT * LINE_BYTES)
#define TAPS (TAPSX * TAPSY)
#define PRODUCERS 4 /* warps, half of them for X */
#define CONSUMERS (4 * TAPSY)
#define THREADS (32 * (CONSUMERS + PRODUCERS))
#define FULL(s) (bars + (s) * 8)
#define EMPTY(s) (bars + (STAGES + (s)) * 8)
/* Where row r of the sums stands in shared memory, so that neither 8 rows of 8 channels nor a row's lie in the same banks. */
#define STAGED_ROW(r) ((r) * (64 * TAPS + 8) + (r) / 4 % 2)
#if STORAGE == 1
#define MULTIPLY wgmma_f16<1, 1>
#else
#define MULTIPLY wgmma_bf16<1, 1>
#endif

/* Turns all lines of one operand, from place q on, as warp `warp` of two who take units in turn: a ring of `size` bytes, whole
 * units, with a copy of what it begins with up to `end`; a step asks for `lead` lines behind its own. */
DEVICE void produce(uint ring, uint size, uint end, int lead, uint bars, const Images& s, int q, int c0, int steps, int warp) {
  uint at = ring + warp * UNIT * LINE_BYTES;
  int unit = warp;
  int lines = lead;
  int stage = 0;
  int parity = 1;
  for (int step = 0; step < steps; step++) {
    lines += STEP;
    _Pragma("unroll 1")
    for (; unit * UNIT < lines; unit += 2) {
      uint v[FILL_TURNS][2][8];
      lines_load<1, FILL_TURNS>(v, s, q + unit * UNIT, 0, c0);
      mbarrier_wait_copies(EMPTY(stage), parity); /* behind the loads, which come meanwhile */
      _Pragma("unroll 1")
      for (uint to = at; to < end; to += size) lines_store<1, FILL_TURNS>(to, 0, 0, v);
      at += 2 * UNIT * LINE_BYTES;
      if (at >= ring + size) at -= size;
    }
    mbarrier_wait_copies(EMPTY(stage), parity); /* also who has no unit now: else it would arrive a round too early */
    fence_async_shared();
    warp_barrier();
    if (lane_id() == 0) mbarrier_arrive(FULL(stage));
    if (++stage == STAGES) {
      stage = 0;
      parity ^= 1;
    }
  }
}

/* part: [pieces, each], of which m · channels · TAPS are used. steps, depth: of all places, of a piece. A block for each tile
 * of each piece, tiles in rows of `cols`. */
extern "C" __global__ void __launch_bounds__(THREADS, 1)
    lines_weights(GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, GLOBAL float* part, int each, int images,
                  int m, int channels, int tiles, int cols, int steps, int depth) {
  DYNAMIC_SHARED(memory);
  early_allow();
  uint ys = shared_address(memory);
  uint xs = ys + Y_BYTES;
  uint bars = xs + X_BYTES + TAIL_BYTES;
  int warp = shuffle(LOCAL_ID(0) / 32, 0); /* known to be one for the warp */
  int piece = GROUP_ID(0) / tiles;
  int tile = GROUP_ID(0) - piece * tiles;
  int m0 = tile / cols * 64;
  int c0 = tile % cols * 64;
  int first = piece * depth;
  int count = steps - first < depth ? steps - first : depth;
  if (LOCAL_ID(0) == 0) {
    for (int s = 0; s < STAGES; s++) {
      mbarrier_init(FULL(s), PRODUCERS);
      mbarrier_init(EMPTY(s), CONSUMERS);
    }
    mbarrier_fence_init();
  }
  BARRIER();
  if (warp >= CONSUMERS) {
    int of = warp - CONSUMERS;
    if (of < PRODUCERS / 2) {
      Images s = {x, images, channels, X_H, X_W, 1, 0, 1, 0};
      produce(xs, X_BYTES, xs + X_BYTES + TAIL_BYTES, LEAD, bars, s, first * STEP + BASE, c0, count, of);
    } else {
      Images s = {dy, images, m, Y_H, Y_W, 1, 0, 1, 0};
      produce(ys, Y_BYTES, ys + Y_BYTES, 0, bars, s, first * STEP, m0, count, of - PRODUCERS / 2);
    }
  } else {
    int lane = lane_id();
    int row = warp / 4; /* of the kernel */
    float d[TAPSX * 32];
    UNROLL
    for (int i = 0; i < TAPSX * 32; i++) d[i] = 0.0f;
    uint line = (FIRST + row * ROW) * LINE_BYTES; /* of X's ring */
    int stage = 0;
    int parity = 0;
    int before = 0;
    for (int step = 0; step < count; step++) {
      mbarrier_wait_copies(FULL(stage), parity);
      wgmma_fence();
      UNROLL
      for (int k = 0; k < STEP / 16; k++) {
        unsigned long long a = wgmma_descriptor(ys + (stage * (STEP / 16) + k) * SLICE_BYTES, 0, 1024, 128);
        MULTIPLY(d, a, wgmma_descriptor(xs + line, DILATION * LINE_BYTES, 1024, 128), 1);
        line += SLICE_BYTES;
        if (line >= X_BYTES) line -= X_BYTES;
      }
      wgmma_commit();
      wgmma_wait<1>();
      if (step > 0 && lane == 0) mbarrier_arrive(EMPTY(before));
      before = stage;
      if (++stage == STAGES) {
        stage = 0;
        parity ^= 1;
      }
    }
    wgmma_wait<0>();
    wgmma_hold(d);
    named_barrier(1, 32 * CONSUMERS); /* nobody reads the rings any more */
    SHARED_PTR float* sums = (SHARED_PTR float*)memory;
    UNROLL
    for (int half = 0; half < 2; half++) {
      int r = warp % 4 * 16 + lane / 4 + 8 * half;
      SHARED_PTR float* to = sums + STAGED_ROW(r) + lane % 4 * 2 * TAPS + row * TAPSX;
      UNROLL
      for (int i = 0; i < TAPSX * 16; i++) {
        int tap = i / 16;
        int c = i % 16 / 2 * 8 + i % 2;
        to[c * TAPS + tap] = d[32 * tap + i % 16 / 2 * 4 + 2 * half + i % 2];
      }
    }
    named_barrier(1, 32 * CONSUMERS);
    int left = channels - c0 < 64 ? channels - c0 : 64;
    for (int r = warp; r < 64 && m0 + r < m; r += CONSUMERS) {
      GLOBAL float* to = part + piece * each + ((m0 + r) * channels + c0) * TAPS;
      UNROLL
      for (int j = lane; j < 64 * TAPS; j += 32) {
        if (j < left * TAPS) to[j] = sums[STAGED_ROW(r) + j];
      }
    }
  }
}

/* Element e of the gradient from the images themselves. */
DEVICE float weight_directly(GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, int e, int images, int m,
                             int height, int width, int channels, int h, int wd, int startY, int stepY, int startX,
                             int stepX) {
  int tap = e % TAPS;
  int c = e / TAPS % channels;
  int row = e / TAPS / channels;
  int y0 = startY + stepY * (tap / TAPSX);
  int x0 = startX + stepX * (tap % TAPSX);
  float sum = 0.0f;
  for (int i = 0; i < images; i++) {
    for (int oy = 0; oy < height; oy++) {
      int y = y0 + oy;
      for (int ox = 0; ox < width && y >= 0 && y < h; ox++) {
        int column = x0 + ox;
        if (column >= 0 && column < wd) {
          float u = LD(dy, ((i * m + row) * height + oy) * width + ox);
          sum += u * LD(x, ((i * channels + c) * h + y) * wd + column);
        }
      }
    }
  }
  return sum;
}

/* Adds the pieces: SHARE threads have every SHARE-th piece of four results each, and the first adds theirs in order. */
KERNEL_SIZED(256, 1, 1) void lines_weights_sum(GLOBAL const float* part, int each, int pieces, GLOBAL ELEM* to,
                                               GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, int images,
                                               int m, int height, int width, int channels, int h, int wd, int startY,
                                               int stepY, int startX, int stepX) {
  SHARED float4 shares[256];
  early_wait();
  int thread = LOCAL_ID(0) % (256 / SHARE);
  int e = (GROUP_ID(0) * (256 / SHARE) + thread) * 4;
  float4 sum = MAKE4(0.0f, 0.0f, 0.0f, 0.0f);
  if (e < each) {
    _Pragma("unroll 8")
    for (int s = LOCAL_ID(0) / (256 / SHARE); s < pieces; s += SHARE) {
      float4 u = LOADF4(part, s * each + e);
      sum.x += u.x;
      sum.y += u.y;
      sum.z += u.z;
      sum.w += u.w;
    }
  }
#if SHARE > 1
  shares[LOCAL_ID(0)] = sum;
  BARRIER();
  if (LOCAL_ID(0) >= 256 / SHARE) return;
  UNROLL
  for (int s = 1; s < SHARE; s++) {
    float4 u = shares[s * (256 / SHARE) + thread];
    sum.x += u.x;
    sum.y += u.y;
    sum.z += u.z;
    sum.w += u.w;
  }
#endif
  float all[4] = {sum.x, sum.y, sum.z, sum.w};
  UNROLL
  for (int j = 0; j < 4; j++) {
    if (e + j >= m * channels * TAPS) return;
    if (all[j] != all[j])
      all[j] = weight_directly(dy, x, e + j, images, m, height, width, channels, h, wd, startY, stepY, startX, stepX);
    ST(to, e + j, all[j]);
  }
}
