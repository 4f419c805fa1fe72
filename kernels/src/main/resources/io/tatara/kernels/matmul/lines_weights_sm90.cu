/* The weight gradient of a dense convolution of stride 1 or 2 on Hopper (sm_90a), from images in NCHW as they are: for each tap
 * dW[m, c] = sum over places q of dY[m, q] · X[c, q + shift of the tap], places as in lines_sm90.cuh, all images in one row.
 *
 * A block computes all taps of a tile of 64 channels m by 64 channels c over one piece of the places:
 *   warpgroups 0 … TAPSY - 1   one row of the kernel each: 64 x 64 · TAPSX sums in registers;
 *   one more                   its warps turn dY's and X's images to lines in shared memory, FILL_TURNS · 16 elements at a time: a
 *                              thread has as many words under way. 512 threads have 128 registers each.
 * Both operands stand as [place][channel], so k runs over the lines and wgmma transposes both; 16 places are 2048 bytes.
 * Every tap reads the same lines of X, so many lines further on as its shift is: the swizzle is a permutation by bits of the
 * address, so a descriptor may begin at any line, with a base offset of 0. The taps of a row are one wgmma of N = 64 · TAPSX,
 * whose groups of 64 columns are DILATION_X lines apart, that is, overlap; A is read once for all of them. (A wgmma for each tap
 * took an H200 up to 12 % longer.)
 *
 * Two rings that both go on by STEP places a step: dY's of STAGES · STEP lines, X's of LEAD more, what the last tap reads beyond
 * the first. So each place of X is turned once. With stride 2 there are four rings of X, one for each phase (element modulo
 * stride) along both axes, and a row of three taps is two wgmmas: its first and last tap, which read the same phase, and that
 * between them. What is read over the end of X's ring has a copy behind it, TAIL lines.
 * full[s]: an arrival of each producing warp; empty[s]: one of each consuming warp, for both rings. A step's products are
 * under way while the next one's are issued.
 *
 * Pieces of a tile: CLUSTER blocks add theirs in shared memory (lines_weights_leave_sm90.cuh). Where these are all of them
 * (DIRECT) the result is done; else raw sums leave in its order, so that lines_weights_sum adds them element by element.
 * Behind lines_sm90.cuh and that file. */
#ifndef BASE
#define BASE (-10)  /* the place that X's ring begins with, for that of dY's: even */
#define LEAD 64
#define STAGES 4
#endif
#ifndef SHARE
#define SHARE 4 /* threads that add the sums of four results */
#endif
#ifndef FILL_TURNS
#define FILL_TURNS 4
#endif
#ifndef X_VEC
#define X_VEC VEC /* of X's loads, VEC of dY's */
#endif
#if STRIDE == 2 && (TAPSX != 3 || DILATION_X % 2 == 0)
#error "stride 2 is for three taps of which the first and the last read one phase"
#endif
#define LINE_BYTES 128
#define SLICE_BYTES (16 * LINE_BYTES) /* places of one wgmma */
#define X_UNIT (16 * FILL_TURNS / STRIDE) /* places of X that a warp turns at a time, in all phases along x */
#define STEP 64
#define Y_BYTES (STAGES * STEP * LINE_BYTES)
#define X_BYTES (Y_BYTES + LEAD * LINE_BYTES)
#define PAST (15 + (STRIDE == 2 ? 1 : TAPSX - 1) * DILATION_X) /* lines that a wgmma reads behind its first */
#define TAIL_BYTES ((PAST + X_UNIT - 1) / X_UNIT * X_UNIT * LINE_BYTES)
#define PHASES (STRIDE * STRIDE)
#define X_FILLERS (STRIDE == 2 ? 3 : 2) /* warps that turn X */
/* Phase and place of element `a` along an axis, floor of a / STRIDE. */
#define PHASE(a) ((a) & (STRIDE - 1))
#define PLACE(a) ((a) >> (STRIDE - 1))
#define FULL(s) (bars + (s) * 8)
#define EMPTY(s) (bars + (STAGES + (s)) * 8)
#if STORAGE == 1
#define MULTIPLY wgmma_f16<1, 1>
#else
#define MULTIPLY wgmma_bf16<1, 1>
#endif

/* Turns all lines of one operand, from place q on, as warp `warp` of `warps` who take units in turn: for each of ALONG phases
 * along both axes a ring of `size` bytes, whole units, and `tail` bytes with a copy of what it begins with. A step asks for
 * `lead` lines behind its own. */
template <int ALONG, int VECTOR>
DEVICE void produce(uint ring, uint size, uint tail, int lead, uint bars, Images s, int q, int c0, int steps, int warp, int warps) {
  const int places = 16 * FILL_TURNS / ALONG;
  int unit = warp;
  for (int step = 0; step < steps; step++) {
    int stage = step % STAGES; /* and parity from the step: no registers of their own beside the loads */
    int parity = step / STAGES & 1 ^ 1;
    _Pragma("unroll 1")
    for (; unit / ALONG * places < lead + (step + 1) * STEP; unit += warps) {
      uint v[FILL_TURNS][2][8];
      int place = unit / ALONG * places;
      s.offsetY = unit % ALONG;
      lines_load<ALONG, FILL_TURNS, VECTOR>(v, s, q + place, 0, c0);
      mbarrier_wait_copies(EMPTY(stage), parity); /* behind the loads, which come meanwhile */
      uint to = ring + unit % ALONG * ALONG * (size + tail);
      _Pragma("unroll 1")
      for (uint at = (uint)place % (size / LINE_BYTES) * LINE_BYTES; at < size + tail; at += size)
        lines_store<ALONG, FILL_TURNS, VECTOR>(to + at, (size + tail) / LINE_BYTES, 0, v);
    }
    mbarrier_wait_copies(EMPTY(stage), parity); /* also who has no unit now: else it would arrive a round too early */
    fence_async_shared();
    warp_barrier();
    if (lane_id() == 0) mbarrier_arrive(FULL(stage));
  }
}

/* Where X's lines for tap kx of kernel row ky begin in their ring, and that ring from the first one on. */
DEVICE uint tap_line(int ky, int kx) {
  return (uint)(PLACE(START_Y + DILATION_Y * ky) * PITCH + PLACE(START_X + DILATION_X * kx) - (BASE)) * LINE_BYTES;
}
DEVICE uint tap_ring(int ky, int kx) {
  return (uint)(PHASE(START_Y + DILATION_Y * ky) * STRIDE + PHASE(START_X + DILATION_X * kx)) * (X_BYTES + TAIL_BYTES);
}

/* On by the places of a wgmma. */
DEVICE uint next_line(uint line) { return line + SLICE_BYTES >= X_BYTES ? line + SLICE_BYTES - X_BYTES : line + SLICE_BYTES; }

/* to: the result, or raw sums [clusters of a tile, each], of which m · channels · TAPS are used. steps, depth: of all places,
 * of a piece. A cluster for each tile of each CLUSTER pieces, tiles in rows of `cols`. */
extern "C" __global__ void
#if CLUSTER > 1
    __cluster_dims__(CLUSTER, 1, 1)
#endif
        __launch_bounds__(THREADS, 1)
            lines_weights(GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, GLOBAL SUM* to, int each, int images,
                          int m, int channels, int tiles, int cols, int steps, int depth) {
  DYNAMIC_SHARED(memory);
#if !DIRECT
  early_allow();
#endif
  uint ys = shared_address(memory);
  uint xs = ys + Y_BYTES;
  uint bars = xs + PHASES * (X_BYTES + TAIL_BYTES);
  int warp = shuffle(LOCAL_ID(0) / 32, 0); /* known to be one for the warp */
  int cluster = GROUP_ID(0) / CLUSTER;
  int rank = GROUP_ID(0) % CLUSTER;
  int part = cluster / tiles;
  int tile = cluster - part * tiles;
  int m0 = tile / cols * 64;
  int c0 = tile % cols * 64;
  int first = (part * CLUSTER + rank) * depth;
  int count = steps - first < depth ? steps - first : depth; /* none or less where a cluster has more blocks than pieces */
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
    if (of < X_FILLERS) {
      Images s = {x, images, channels, X_H, X_W, STRIDE, 0, STRIDE, 0};
      produce<STRIDE, X_VEC>(xs, X_BYTES, TAIL_BYTES, LEAD, bars, s, first * STEP + BASE, c0, count, of, X_FILLERS);
    } else {
      Images s = {dy, images, m, Y_H, Y_W, 1, 0, 1, 0};
      produce<1, VEC>(ys, Y_BYTES, 0, 0, bars, s, first * STEP, m0, count, of - X_FILLERS, PRODUCERS - X_FILLERS);
    }
  } else {
    int lane = lane_id();
    int row = warp / 4; /* of the kernel */
    Sums d;
    sums_clear(d);
    uint line = tap_line(row, 0);
#if STRIDE == 2
    uint middle = tap_line(row, 1);
    uint ring = xs + tap_ring(row, 0);
    uint middles = xs + tap_ring(row, 1);
#else
    uint ring = xs;
#endif
    int stage = 0;
    int parity = 0;
    int before = 0;
    for (int step = 0; step < count; step++) {
      mbarrier_wait_copies(FULL(stage), parity);
      wgmma_fence();
      UNROLL
      for (int k = 0; k < STEP / 16; k++) {
        unsigned long long a = wgmma_descriptor(ys + (stage * (STEP / 16) + k) * SLICE_BYTES, 0, 1024, 128);
        MULTIPLY(d.taps, a, wgmma_descriptor(ring + line, DILATION_X * LINE_BYTES, 1024, 128), 1);
        line = next_line(line);
#if STRIDE == 2
        MULTIPLY(d.middle, a, wgmma_descriptor(middles + middle, 0, 1024, 128), 1);
        middle = next_line(middle);
#endif
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
    sums_hold(d);
    named_barrier(1, 32 * CONSUMERS); /* nobody reads the rings any more */
    stage_sums((SHARED_PTR float*)memory, d, warp, lane);
  }
  Leaving l = {to + part * each, (SHARED_PTR const float*)memory, rank, m, channels, m0, c0};
  meet(); /* all sums are there */
#if DIRECT
  if (leave_sums(l)) repair_sums(l, dy, x, images);
#else
  leave_sums(l);
#endif
#if CLUSTER > 1
  meet(); /* nobody reads another's any more */
#endif
}

#if !DIRECT
/* Adds the sums of all clusters: SHARE threads have every SHARE-th of four results each, and the first adds theirs in order. */
KERNEL_SIZED(256, 1, 1) void lines_weights_sum(GLOBAL const float* part, int each, int parts, GLOBAL ELEM* to,
                                               GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x, int images,
                                               int m, int channels) {
  SHARED float4 shares[256];
  early_wait();
  int thread = LOCAL_ID(0) % (256 / SHARE);
  int e = (GROUP_ID(0) * (256 / SHARE) + thread) * 4;
  float4 sum = MAKE4(0.0f, 0.0f, 0.0f, 0.0f);
  if (e < each) {
    _Pragma("unroll 8")
    for (int s = LOCAL_ID(0) / (256 / SHARE); s < parts; s += SHARE) {
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
    if (sum_fails(all[j])) all[j] = weight_directly(dy, x, e + j, images, m, channels);
    ST(to, e + j, all[j]);
  }
}
#endif
