/* matmul_sm90.cu's shifted products (TAPS 1 of shifted.cuh) where the taps of a kernel's row are shifts by so many places
 * each, stride 1 along x: the columns of all of them are one strip of BN places and a few more, fetched once. A tap's B
 * begins so many lines further in it.
 *
 * What for: with few channels of the result a tile's columns cross L2 once for each tap, and that, not the matrix units, sets
 * the pace: at BN 256 and 3 taps, A shared by two blocks, 40 KB a slice of k; here 20.
 *
 * Two rings: STAGES stages of A, one slice of one tap (16 KB), and STRIPS of B, one for 64 channels and a kernel's row, each
 * with its own full and empty barriers, which go on as in matmul_sm90.cu. Only what a cluster shares is released by all of
 * it: of A and B each ring has its own writers. Slices of k are in the same order, so a strip serves tapsX neighbouring ones;
 * pieces of k are whole strips.
 *
 * A strip comes in STRIP_BOXES boxes of STRIP_HEIGHT lines, whole patterns of 8 lines: the copy engine takes at most 256, and
 * a cluster's blocks below each other fetch as many boxes each. The swizzle is a permutation by bits of the address, so a
 * descriptor may begin at any line, with a base offset of 0 (tried on an H200). A strip is released a slice after its last, whose products are still under
 * way then: two strips suffice, and the next but one has as many slices' time to come as the row has taps.
 *
 * 34 µs where matmul_sm90.cu took 38 on an H200 (64 images, 128 channels, 28 x 28): L2 no longer binds, the epilogue and
 * the last round do. Figures: docs/h200.md. */
#define STRIP_BYTES (STRIP_BOXES * STRIP_HEIGHT * 128)
#define A_WRITERS (ACROSS ? CLUSTER : 1)
#define FULL(s) (bars + (s) * 8)
#define EMPTY(s) (bars + (STAGES + (s)) * 8)
#define STRIP_FULL(s) (bars + (2 * STAGES + (s)) * 8)
#define STRIP_EMPTY(s) (bars + (2 * STAGES + STRIPS + (s)) * 8)
#if STAGES < 4 || STRIPS < 2
#error "products are under way while the next ones are issued: both rings need a stage more"
#endif

/* A strip from column `col` on; of what the cluster shares this block's boxes. */
DEVICE void fetch_strip(uint to, uint full, const TensorMap* b, int k, int col, int phase, int rank) {
  mbarrier_arrive_expect(full, STRIP_BYTES);
  UNROLL
  for (int i = 0; i < STRIP_BOXES / B_SHARERS; i++) {
    int line = (B_RANK * (STRIP_BOXES / B_SHARERS) + i) * STRIP_HEIGHT;
#if B_SHARERS > 1
    tma_load_3d_multicast(to + line * 128, b, full, k, col + line, phase, (1 << CLUSTER) - 1);
#else
    tma_load_3d(to + line * 128, b, full, k, col + line, phase);
#endif
  }
}

extern "C" __global__ void
#if CLUSTER > 1
    __cluster_dims__(CLUSTER, 1, 1)
#endif
        __launch_bounds__(128 * (1 + CONSUMERS), 1)
            matmul_hopper(TENSOR_MAP amap, TENSOR_MAP bmap, GLOBAL CELEM* c, int co, int ldc,
                          GLOBAL const CELEM* RESTRICT bias, GLOBAL const CELEM* RESTRICT residual, int ro,
                          GLOBAL float* part, int ldp, int m, int n, int tiles, GRID_ARGUMENTS TAP_ARGUMENTS) {
  DYNAMIC_SHARED(memory);
  uint ring = shared_address(memory);
  uint strips = ring + STAGES * A_BYTES;
  uint staging = strips + STRIPS * STRIP_BYTES;
  uint bars = staging + STAGED * 2 * STAGED_BOXES * BOX;
  SHARED_PTR int* table = (SHARED_PTR int*)(memory + (bars - ring) + (STAGES + STRIPS) * 16);
  taps_fill(table, taps, tapsX, startY, stepY, strideY, firstY, startX, stepX, strideX, firstX, phasesX, pitch);
  int rank = 0;
#if CLUSTER > 1
  rank = cluster_rank();
#endif
  int warpgroup = shuffle(LOCAL_ID(0) / 128, 0); /* known to be one for the warp */
  int start = GROUP_ID(0) / CLUSTER;
  int step = GROUP_COUNT(0) / CLUSTER;
  if (LOCAL_ID(0) == 0) {
    tma_prefetch(&amap);
    tma_prefetch(&bmap);
    for (int s = 0; s < STAGES; s++) {
      mbarrier_init(FULL(s), 1);
      mbarrier_init(EMPTY(s), A_WRITERS * CONSUMERS * 4);
    }
    for (int s = 0; s < STRIPS; s++) {
      mbarrier_init(STRIP_FULL(s), 1);
      mbarrier_init(STRIP_EMPTY(s), B_SHARERS * CONSUMERS * 4);
    }
    mbarrier_fence_init();
  }
  BARRIER();
  cluster_meet();
  int s = 0;
  int parity = 0;
  int strip = 0;
  int strip_parity = 0;
  if (warpgroup == 0) {
    registers_decrease<40>();
    if (LOCAL_ID(0) == 0) {
      int low = stepX < 0 ? tapsX - 1 : 0; /* the tap of a row that reads furthest left */
      for (int i = start; i < tiles; i += step) {
        Place p = place(i, rank, GRID);
        int k = p.first / taps * BK;
        int tap = p.first % taps;
        _Pragma("unroll 1") /* few registers are left here */
        for (int slice = p.first; slice < p.last; slice += tapsX) {
          mbarrier_wait_copies(STRIP_EMPTY(strip), strip_parity ^ 1);
          fetch_strip(strips + strip * STRIP_BYTES, STRIP_FULL(strip), &bmap, k, p.col + table[2 * (tap + low)],
                      table[2 * (tap + low) + 1], rank);
          if (++strip == STRIPS) {
            strip = 0;
            strip_parity ^= 1;
          }
          _Pragma("unroll 1")
          for (int last = tap + tapsX; tap < last; tap++) {
            mbarrier_wait_copies(EMPTY(s), parity ^ 1);
            mbarrier_arrive_expect(FULL(s), A_BYTES);
            fetch_a(ring + s * A_BYTES, FULL(s), &amap, p.row, k, tap, rank);
            if (++s == STAGES) {
              s = 0;
              parity ^= 1;
            }
          }
          if (tap == taps) {
            tap = 0;
            k += BK;
          }
        }
      }
    }
    cluster_meet();
  } else {
    registers_increase<232>();
    int half = warpgroup - 1;
    int lane = lane_id();
    int thread = LOCAL_ID(0) % 128;
#if PARTIAL
    int row0 = half * 64 + thread / 32 * 16 + lane / 4;
    int col0 = lane % 4 * 2;
#else
    uint own = staging + half * STAGED_BOXES * BOX; /* this warpgroup's rows of the staged tile */
    SHARED_PTR int* places = table + 2 * MOST_TAPS + half * BN;
#endif
    int line0 = stepX < 0 ? (1 - tapsX) * stepX * 128 : 0; /* where a row's first tap begins in a strip */
    int line = line0;
    int left = tapsX; /* taps of the row, this one among them */
    float d[SUMS];
    UNROLL
    for (int i = 0; i < SUMS; i++) d[i] = 0.0f;
    for (int i = start; i < tiles; i += step) {
      Place p;
      int before = 0;
      int strip_before = 0;
      int first = 0;
      int last = slices;
#if PARTIAL
      first = i / (rows * cols * batches) * depth;
      last = first + depth < slices ? first + depth : slices;
#endif
      for (int slice = first; slice < last; slice++) {
        int begins = left == tapsX;
        if (begins) mbarrier_wait_copies(STRIP_FULL(strip), strip_parity);
        mbarrier_wait_copies(FULL(s), parity);
        wgmma_fence();
        multiply(d, ring + s * A_BYTES + half * BOX, strips + strip * STRIP_BYTES + line, slice == first);
        wgmma_commit();
        /* Its divisions cost nothing here, behind the first products. */
        if (slice == first) {
          p = place(i, rank, GRID);
#if !PARTIAL
          tile_places(places, p.col, thread, warpgroup, PLACES);
#endif
        }
        wgmma_wait<AHEAD>();
        if (slice > first) {
          release<A_WRITERS>(EMPTY(before), lane);
          if (begins) release<B_SHARERS>(STRIP_EMPTY(strip_before), lane);
        }
        before = s;
        if (++s == STAGES) {
          s = 0;
          parity ^= 1;
        }
        line += stepX * 128;
        if (--left == 0) {
          left = tapsX;
          line = line0;
          strip_before = strip;
          if (++strip == STRIPS) {
            strip = 0;
            strip_parity ^= 1;
          }
        }
      }
      wgmma_wait<0>();
      wgmma_hold(d);
      release<A_WRITERS>(EMPTY(before), lane);
      release<B_SHARERS>(STRIP_EMPTY(strip_before), lane);
#if PARTIAL
      store_sums(d, part + p.split * m * ldp, p.row + row0, p.col + col0, m, ldp);
#else
      tile_leaves(d, c, bias, residual, memory, own - ring, own, places, p.row + half * 64, p.col, thread, warpgroup, m, n,
                  height * width);
#endif
    }
    cluster_meet();
  }
}
