/* C = activation(A · B + bias) + residual for 16-bit A and B on Hopper (sm_90a): TMA, wgmma, clusters. The meaning
 * of the arguments is that of product.cl; sums are float32. Pointwise convolutions are such products too (ImageProduct: A for
 * all images, B an image, contiguous along n, a bias a row).
 *
 * A block of three warpgroups computes tiles of 128 x BN, one after the other (persistent grid):
 *   warpgroup 0, one thread of it (all with GATHERED), moves slices of A (128 x 64) and B (64 x BN) by the copy engine into a ring of
 *                STAGES stages, running ahead into the next tile while the others still store the last one;
 *   warpgroups 1 and 2 hold 64 x BN sums each in registers and multiply by wgmma m64 n(BN) k16, four a slice; then
 *                they finish the sums and store them.
 * CLUSTER blocks stand below each other: same columns, next rows. They need the same slice of B, so each loads
 * 1/CLUSTER of it and the copy engine delivers that to all of them. ACROSS: beside each other, and the same of A, where there
 * is but one row of tiles.
 *
 * In shared memory every operand stands in spans of 128 bytes (64 elements), swizzled as the copy engine does:
 *   contiguous along k   rows of m (n), 64 k each; wgmma steps 32 bytes along a row for the next 16 k;
 *   contiguous along m, n   (TA, TB_ROWS) boxes of 64 m (n) x 64 k, 8192 bytes apart; the next 16 k are 2048 bytes on.
 * A leading offset of 8192 (box to box) and a stride of 1024 (8 spans) describe both. Elements outside the matrices
 * read as 0, so a ragged k needs nothing and ragged rows and columns need care only where they are stored.
 *
 * Who waits for what. full[s]: one arrival (with GATHERED one of each producing warp), the block's own producer, which also announces the bytes of the whole
 * stage; its own copies and those of its cluster's other producers count them down. Bytes of another producer may come
 * before the announcement: the phase cannot end without the arrival. empty[s]: one arrival of each consumer warp
 * of each block of the cluster, since a producer writes into all of them; a warp arrives at all blocks' empty[s]
 * when its products from stage s are done. With four stages and more one slice's products are under way while the
 * next one's are issued (AHEAD), and the stage before is released; with three, the other warpgroup keeps the matrix
 * units busy meanwhile. Both count phases alike: pass p over the ring waits for full with parity p & 1 and for empty
 * with the other parity, which a fresh barrier grants. No block ends before all of its cluster are done (arrivals and
 * copies would fall into memory that is no longer its own). The order of memory that goes with these barriers is the
 * block's: they hand stages to and from the copy engine, and cluster-wide order would cost an emptied L1 and a fence
 * of all stores for each slice.
 *
 * Tiles go in bands of `group` cluster rows, down the band first, so that the tiles in work at one time form a near
 * square and share their slices through L2. PARTIAL: k is cut into pieces of `depth` slices; each is a tile of its own
 * and its raw sums go to `part`; matmul_hopper_sum adds them in order and finishes.
 *
 * TAPS: convolutions and their gradients as shifted products; what differs then is in shifted.cuh, and where threads gather
 * both operands in gathered_sm90.cuh.
 *
 * Storing. CVEC: n is a multiple of 8 and so are ldc and all offsets; else element by element.
 *   STAGED   (16-bit C) the tile goes to shared memory by stmatrix, in the copy engine's swizzle, and from there to C by
 *            the copy engine, which leaves out what is outside; the next tile's products begin at once.
 *   else     16 bytes at a time: the four threads that hold a row of four 8-column blocks exchange, and each stores
 *            one block's row (also how residual and old values are read).
 *
 * Ladder: (1) 128 x 128 tile, one stage, all threads load and multiply; (2) TMA into a ring, a producer warpgroup, its
 * registers given to the consumers: loads are free; (3) 64 x 256 a warpgroup: most products a byte of shared memory;
 * (4) products under way across slices: no gap at the barrier; (5) clusters with multicast: B crosses L2 once for two
 * blocks; (6) persistent grid in bands: L2 hits, and the next tile's loads overlap with storing; (7) staged tiles: all
 * blocks finish at about the same time, and writing 64 KB each waits on L2; the price is one stage of four. Only the
 * last version is kept. Figures: docs/h200.md. */
#if TAPS > 1
#define BOXES_PARAMETER , SHARED_PTR const int *boxes
#else
#define BOXES_PARAMETER
#endif
#ifndef GATHERED
#define GATHERED 0 /* whether threads gather A and B, not the copy engine; gathered_sm90.cuh */
#endif
#if TAPS
#define SHIFT p.shift
#else
#define SHIFT 0
#endif

#if !GATHERED
/* One slice of a tile into a stage; of what the cluster shares this block's part. */
DEVICE void fetch(uint stage, uint full, const TensorMap* a, const TensorMap* b, Place p, int k,
                  int rank BOXES_PARAMETER) {
  mbarrier_arrive_expect(full, STAGE_BYTES);
  fetch_a(stage, full, a, p.row, k, p.a, rank);
#if TAPS > 1
  boxes_fetch(stage + A_BYTES, full, b, boxes, k, p.a, rank);
#else
  uint to = stage + A_BYTES;
#if TB
  to += B_RANK * PART_BYTES;
  int col = p.col + SHIFT + B_RANK * (BN / B_SHARERS);
#if B_SHARERS > 1
  tma_load_3d_multicast(to, b, full, k, col, p.b, (1 << CLUSTER) - 1);
#else
  tma_load_3d(to, b, full, k, col, p.b);
#endif
#else
#if WHOLE
  to += B_RANK * PART_BYTES;
  int col = p.col + B_RANK * (BN / B_SHARERS);
  UNROLL
  for (int i = 0; i < BN / 64 / B_SHARERS; i++) {
#if B_SHARERS > 1
    tma_load_3d_multicast(to + i * BOX, b, full, col + i * 64, k, p.b, (1 << CLUSTER) - 1);
#else
    tma_load_3d(to + i * BOX, b, full, col + i * 64, k, p.b);
#endif
  }
#else
  to += B_RANK * (BOX / B_SHARERS);
  UNROLL
  for (int i = 0; i < BN / 64; i++)
    tma_load_3d_multicast(to + i * BOX, b, full, p.col + i * 64, k + B_RANK * (BK / B_SHARERS), p.b, (1 << CLUSTER) - 1);
#endif
#endif
#endif
}

#endif

#define FULL(s) (bars + (s) * 8)
#define EMPTY(s) (bars + (STAGES + (s)) * 8)

extern "C" __global__ void
#if CLUSTER > 1
    __cluster_dims__(CLUSTER, 1, 1)
#endif
        __launch_bounds__(128 * (1 + CONSUMERS), 1)
            matmul_hopper(
#if GATHERED
                          GLOBAL const ELEM* RESTRICT dy, GLOBAL const ELEM* RESTRICT x,
#else
                          TENSOR_MAP amap, TENSOR_MAP bmap,
#endif
#if STAGED && !TAPS
                          TENSOR_MAP cmap,
#endif
                          GLOBAL CELEM* c, int co, int ldc,
                          GLOBAL const CELEM* RESTRICT bias, GLOBAL const CELEM* RESTRICT residual, int ro,
                          GLOBAL float* part, int ldp, int m, int n, int tiles, GRID_ARGUMENTS TAP_ARGUMENTS) {
  DYNAMIC_SHARED(memory);
  uint ring = shared_address(memory);
  uint staging = ring + STAGES * STAGE_BYTES;
  uint bars = staging + STAGED * BM * BN * 2;
#if TAPS
  SHARED_PTR int* table = (SHARED_PTR int*)(memory + (bars - ring) + STAGES * 16);
  taps_fill(table, taps, tapsX, startY, stepY, strideY, firstY, startX, stepX, strideX, firstX, phasesX, pitch);
#endif
  int rank = 0;
#if CLUSTER > 1
  rank = cluster_rank();
#endif
  early_allow(); /* who adds partial sums */
  int warpgroup = shuffle(LOCAL_ID(0) / 128, 0); /* known to be one for the warp */
  int start = GROUP_ID(0) / CLUSTER;
  int step = GROUP_COUNT(0) / CLUSTER;
  if (LOCAL_ID(0) == 0) {
#if !GATHERED
    tma_prefetch(&amap);
    tma_prefetch(&bmap);
#endif
#if STAGED && !TAPS
    tma_prefetch(&cmap);
#endif
    for (int s = 0; s < STAGES; s++) {
      mbarrier_init(FULL(s), GATHERED ? 4 : 1);
      mbarrier_init(EMPTY(s), CLUSTER * CONSUMERS * 4);
    }
    mbarrier_fence_init();
  }
  BARRIER();
  cluster_meet();
  int s = 0;
  int parity = 0;
  if (warpgroup == 0) {
#if GATHERED
    int warp = shuffle(LOCAL_ID(0) / 32, 0);
    early_wait();
    int under_way = 0;
    int oldest = 0;
    for (int i = start; i < tiles; i += step) {
      Place p = place(i, rank, GRID);
      _Pragma("unroll 1")
      for (int slice = p.first; slice < p.last; slice++) {
        uint stage = ring + s * STAGE_BYTES;
        mbarrier_wait_copies(EMPTY(s), parity ^ 1);
        gather<BM>(stage, dy, p.row, m, slice * BK, images, warp);
        gather<BN>(stage + A_BYTES, x, p.col, CHANNELS, slice * BK, images, warp);
        copy_async_commit();
        if (under_way < GATHERED_AHEAD) {
          under_way++;
        } else {
          copy_async_wait<GATHERED_AHEAD>();
          gathered(FULL(oldest));
          if (++oldest == STAGES) oldest = 0;
        }
        if (++s == STAGES) {
          s = 0;
          parity ^= 1;
        }
      }
    }
    copy_async_wait<0>();
    for (; under_way > 0; under_way--) {
      gathered(FULL(oldest));
      if (++oldest == STAGES) oldest = 0;
    }
#else
    registers_decrease<40>();
    if (LOCAL_ID(0) == 0) {
      early_wait(); /* for operands that a launch has laid out */
      for (int i = start; i < tiles; i += step) {
        Place p = place(i, rank, GRID);
#if TAPS == 1
        int k = p.first / taps * BK;
        p.a = p.first % taps;
#elif TAPS > 1
        SHARED_PTR int* boxes = table + 2 * MOST_TAPS; /* this thread's alone */
        boxes_fill(boxes, table, p.col, rank, taps, n);
        int k = p.first * BK;
        p.a = 0;
#if TAPS == 3
        int each = (plane + BK - 1) / BK; /* slices of an image */
        p.a = p.first / each;
        k = p.first % each * BK;
#endif
#endif
        _Pragma("unroll 1") /* few registers are left here */
        for (int slice = p.first; slice < p.last; slice++) {
          mbarrier_wait_copies(EMPTY(s), parity ^ 1);
#if TAPS > 1
          fetch(ring + s * STAGE_BYTES, FULL(s), &amap, &bmap, p, k, rank, boxes);
          k += BK;
#if TAPS == 3
          if (k >= plane) {
            k = 0;
            p.a++;
          }
#endif
#elif TAPS
          p.shift = table[2 * p.a];
          p.b = table[2 * p.a + 1];
          fetch(ring + s * STAGE_BYTES, FULL(s), &amap, &bmap, p, k, rank);
          if (++p.a == taps) {
            p.a = 0;
            k += BK;
          }
#else
          fetch(ring + s * STAGE_BYTES, FULL(s), &amap, &bmap, p, slice * BK, rank);
#endif
          if (++s == STAGES) {
            s = 0;
            parity ^= 1;
          }
        }
      }
    }
#endif
    cluster_meet();
  } else {
#if !GATHERED
    registers_increase<232>();
#endif
    int half = warpgroup - 1;
    int lane = lane_id();
    int thread = LOCAL_ID(0) % 128;
    int warp = shuffle(thread / 32, 0);
    uint own = staging + half * (BN / 64) * BOX; /* this warpgroup's rows of the staged tile */
#if !TAPS || PARTIAL
    int row0 = half * 64 + thread / 32 * 16 + lane / 4;
    int col0 = lane % 4 * 2;
#else
    SHARED_PTR int* places = table + 2 * MOST_TAPS + half * BN;
#endif
    float d[SUMS];
    UNROLL
    for (int i = 0; i < SUMS; i++) d[i] = 0.0f;
    for (int i = start; i < tiles; i += step) {
      Place p;
      int before = 0;
      int first = 0;
      int last = slices;
#if PARTIAL
      first = i / (rows * cols * batches) * depth;
      last = first + depth < slices ? first + depth : slices;
#endif
      for (int slice = first; slice < last; slice++) {
        uint stage = ring + s * STAGE_BYTES;
        mbarrier_wait_copies(FULL(s), parity);
#if GATHERED
        fence_async_shared();
#endif
        wgmma_fence();
        multiply(d, stage + half * BOX, stage + A_BYTES, slice == first);
        wgmma_commit();
        /* Its divisions cost nothing here, behind the first products. */
        if (slice == first) {
          p = place(i, rank, GRID);
#if TAPS && !PARTIAL
          tile_places(places, p.col, thread, warpgroup, PLACES);
#endif
        }
        wgmma_wait<AHEAD>();
        if (!AHEAD) release<CLUSTER>(EMPTY(s), lane);
        if (AHEAD && slice > first) release<CLUSTER>(EMPTY(before), lane);
        before = s;
        if (++s == STAGES) {
          s = 0;
          parity ^= 1;
        }
      }
      wgmma_wait<0>();
      wgmma_hold(d);
      if (AHEAD) release<CLUSTER>(EMPTY(before), lane);
#if PARTIAL
      store_sums(d, part + (p.split * batches + p.batch) * m * ldp, p.row + row0, p.col + col0, m, ldp);
#else
#if TAPS
      tile_leaves(d, c, bias, residual, memory, own - ring, own, places, p.row + half * 64, p.col, thread, warpgroup, m, n,
                  height * width);
#else
#if STAGED
      /* The last tile has been read out of the staging area long since. */
      if (warp == 0 && warp_elect()) tma_store_wait_read<0>();
      named_barrier(warpgroup, 128);
#endif
      store(d, c, co + p.batch * m * ldc, ldc, bias, residual, ro + p.batch * m * n, p.row + row0, p.col + col0, m, n,
            own + thread / 32 * 16 * 128);
#if STAGED
      fence_async_shared();
      named_barrier(warpgroup, 128);
      if (warp == 0 && p.row + half * 64 < m && warp_elect()) {
        for (int j = 0; j < BN / 64; j++) {
          if (p.col + j * 64 < n) tma_store_3d(&cmap, own + j * BOX, p.col + j * 64, p.row + half * 64, p.batch);
        }
        tma_store_commit();
      }
#endif
#endif
#endif
    }
#if STAGED && !TAPS
    if (warp == 0 && warp_elect()) tma_store_wait_read<0>();
#endif
    cluster_meet();
  }
}
