/* Convolutions of 16-bit images as sums over taps of shifted products, as shifted.cuh's, but straight from images
 * [images, channels, h, wd]: warps of the block itself turn them to the lines that wgmma reads (lines_sm90.cuh), for all
 * taps of 64 channels at once. So nothing is laid out in memory first, and a pixel crosses L2 once for all taps of a tile
 * instead of once for each row of the kernel.
 *
 * Work: for each class of places of the result (one, or with a data gradient's stride as many as it has places; tile_of)
 * C[place] = sum over slices of 64 channels, over lines of the stride (KINDS), over the taps of both W[tap] · X[place + shift].
 * TAP_LINES has, class by class and kind by kind, the line of a strip at which a tap's columns begin, TAP_INDEX the matrix of
 * the kernel, TAP_FIRST where those of a class and kind begin, TAP_LOW the place of a strip's first line, counted from the tile's
 * first column.
 *
 * Tile: ROWS x COLS; two warpgroups multiply, below each other (128 rows, BN columns) or with few channels of the result
 * beside each other (SIDE: 64 rows, 2 · BN columns). A cluster's blocks stand beside each other and share A.
 * Warps: the first of FILLERS warpgroups fetches A by the copy engine, one thread; the others of these turn images. Two
 * rings, A's STAGES of a tap, STRIPS of lines, as in matmul_sm90.cu; a strip is full when all turning warps have arrived.
 *
 * Ladder: (1) laid out by a launch of its own, fetched for each tap: matmul_sm90.cu with shifted.cuh; (2) for each row of the
 * kernel, 1 to 10 % faster with many tiles; (3) this.
 * Figures: docs/h200.md. */
#ifndef TAP_LINES /* a 3 x 3 kernel */
#define CLASSES 1
#define KINDS 1
#define TAP_FIRST 0, 9
#define TAP_LINES 0, 1, 2, 8, 9, 10, 16, 17, 18
#define TAP_INDEX 0, 1, 2, 3, 4, 5, 6, 7, 8
#define TAP_LOW -10
#define OUT_Y 0
#define OUT_X 0
#define COUNT_Y 7
#define COUNT_X 7
#endif
#ifndef SOURCE_H
#define SOURCE_H 7
#define SOURCE_W 7
#define STRIDE_Y 1
#define FIRST_Y 0
#define STRIDE_X 1
#define FIRST_X 0
#define STEP_Y 1 /* of the result, from a class's place to the next */
#define STEP_X 1
#endif
#ifndef LINES
#define LINES 288 /* of a strip's phase: the columns, and as far as the taps reach */
#define STRIPS 2
#endif
#ifndef SIDE
#define SIDE 0
#endif
#if SPLIT > 1 && (CLUSTER > 1 || GROUPED)
#error "a cluster shares a tile or A, and the sums of one class"
#endif
#ifndef FILLERS
#define FILLERS 2 /* warpgroups that do not multiply; with 2 there are 128 registers a thread, which hold up to 192 columns */
#endif
#ifndef FILL_TURNS
#define FILL_TURNS 2
#endif
#ifndef SKEW
#define SKEW 0 /* taps by which one warpgroup of the products goes ahead of the other, so that its tiles leave while that one multiplies */
#endif
#ifndef PHASES_X
#define PHASES_X 1 /* of the stride along x that a strip holds */
#endif
/* GROUPED: a tile has all classes, each its own sums of the same columns, so that these are turned once. */
#define TILE_CLASSES (GROUPED ? 1 : CLASSES)
#define TILE_FIRST(kind) tap_first[GROUPED ? 0 : (kind) * KINDS]
#define TILE_LAST(kind) tap_first[GROUPED ? CLASSES * KINDS : (kind) * KINDS + KINDS]
#define ROWS (SIDE ? 64 : 128)
#define COLS (SIDE ? 2 * BN : BN)
#define STAGE (ROWS * BK * 2)
#define STRIP_BYTES (PHASES_X * LINES * 128)
#ifndef RAW
#define RAW 0 /* whether lines_raw_sm90.cuh turns images, else lines_sm90.cuh */
#endif
#define FETCHERS (RAW ? 2 : 1) /* warps that have the copy engine fetch */
#if RAW
#ifndef RAWS
#define RAWS 6 /* blocks of pixels at a time */
#endif
#define RAW_SHARE ((4 * FILLERS - FETCHERS) / RAWS) /* each so many warps' of its own, so that they see all of its phases */
#define FILL_WARPS (RAWS * RAW_SHARE)               /* any others have nothing to do */
#else
#undef RAWS
#define RAWS 0
#define FILL_WARPS (4 * FILLERS - FETCHERS)
#endif
#define FULL(s) (bars + (s) * 8)
#define EMPTY(s) (bars + (STAGES + (s)) * 8)
#define STRIP_FULL(s) (bars + (2 * STAGES + (s)) * 8)
#define STRIP_EMPTY(s) (bars + (2 * STAGES + STRIPS + (s)) * 8)
#define RAW_FULL(s) (bars + (2 * (STAGES + STRIPS) + (s)) * 8)
#define RAW_EMPTY(s) (bars + (2 * (STAGES + STRIPS) + RAWS + (s)) * 8)
#if STAGES < 4 || STRIPS < 2
#error "products are under way while the next ones are issued: both rings need a stage more"
#endif
#if SKEW >= STAGES || SKEW && SPLIT > 1
#error "who is ahead needs stages that the other has not released; blocks that share a tile meet once a tile"
#endif
/* Boxes of A where it runs along its rows: 64 rows, and so many of k that the cluster's blocks fetch as many each. */
#define HEIGHT (SIDE && CLUSTER == 2 ? 32 : 64)
#define A_BOXES (ROWS / 64 * (64 / HEIGHT) / CLUSTER)

__constant__ int tap_first[CLASSES * KINDS + 1] = {TAP_FIRST};
__constant__ int tap_lines[] = {TAP_LINES};
__constant__ int tap_index[] = {TAP_INDEX};
__constant__ int low_places[CLASSES] = {TAP_LOW};
__constant__ int out_y[CLASSES] = {OUT_Y};
__constant__ int out_x[CLASSES] = {OUT_X};
__constant__ int count_y[CLASSES] = {COUNT_Y};
__constant__ int count_x[CLASSES] = {COUNT_X};

/* Whether a class has no strip of this kind. */
DEVICE int without_taps(int c, int kind) { return !GROUPED && tap_first[c * KINDS + kind] == tap_first[c * KINDS + kind + 1]; }

struct Tile {
  int kind, row, col;
};

/* Tile i of block `rank` of a cluster: class by class, columns by columns, so that the rows over the same columns run at
 * the same time. */
DEVICE Tile tile_of(int i, int rank, int rows, int cols) {
  Tile t;
  t.kind = i / (rows * cols);
  int r = i - t.kind * rows * cols;
  t.row = r % rows * ROWS;
  t.col = (SPLIT > 1 ? r / rows : r / rows * CLUSTER + rank) * COLS;
  return t;
}

/* Slices of k of block `rank`. */
#define FIRST_SLICE (SPLIT > 1 ? slices * rank / SPLIT : 0)
#define LAST_SLICE (SPLIT > 1 ? slices * (rank + 1) / SPLIT : slices)

#if SPLIT > 1
DEVICE void split_meet() {
  warp_barrier();
  cluster_arrive();
  cluster_wait();
}
/* What a thread has summed, for the block that finishes its warp's rows: `at` is the first of its numbers, a row of all
 * threads' to the next. */
DEVICE void split_give(SHARED_PTR float* at, const float (&d)[SUMS]) {
  UNROLL
  for (int i = 0; i < SUMS; i++) at[i * 128 * CONSUMERS] = d[i];
}
/* Adds what the others' threads have summed, block by block. */
DEVICE void split_take(uint at, float (&d)[SUMS], int rank) {
  _Pragma("unroll 1")
  for (int r = 0; r < SPLIT; r++) {
    if (r == rank) continue;
    uint from = cluster_address(at, r);
    UNROLL
    for (int i = 0; i < SUMS; i++) d[i] += cluster_load(from + i * 128 * CONSUMERS * 4);
  }
}
#else
#define split_meet cluster_meet
#endif

/* 64 k of the tile's rows for one tap; of what the cluster shares this block's part. */
DEVICE void fetch_tap(uint stage, uint full, const TensorMap* a, int row, int k, int matrix, int rank) {
#if TA
  UNROLL
  for (int i = 0; i < A_BOXES; i++) {
    int box = rank * A_BOXES + i;
    uint to = stage + box * HEIGHT * 128;
    int x = row + box * HEIGHT / 64 * 64;
    int y = k + box * HEIGHT % 64;
#else
  {
    uint to = stage + rank * (STAGE / CLUSTER);
    int x = k;
    int y = row + rank * (ROWS / CLUSTER);
#endif
#if CLUSTER > 1
    tma_load_3d_multicast(to, a, full, x, y, matrix, (1 << CLUSTER) - 1);
#else
    tma_load_3d(to, a, full, x, y, matrix);
#endif
  }
}

extern "C" __global__ void
#if CLUSTER * SPLIT > 1
    __cluster_dims__(CLUSTER * SPLIT, 1, 1)
#endif
        __launch_bounds__(128 * (FILLERS + CONSUMERS), 1)
            matmul_lines(TENSOR_MAP amap,
#if RAW
                         TENSOR_MAP xmap,
#endif
                         GLOBAL const ELEM* RESTRICT x, GLOBAL CELEM* c, GLOBAL const CELEM* RESTRICT bias,
                         GLOBAL const CELEM* RESTRICT residual, int m, int channels, int images, int rows, int cols, int slices) {
  DYNAMIC_SHARED(memory);
  uint ring = shared_address(memory);
  uint strips = ring + STAGES * STAGE;
  uint staging = strips + STRIPS * STRIP_BYTES;
  uint bars = staging + CONSUMERS * STAGED_BYTES;
#if RAW
  uint raws = ring + STAGES * STAGE; /* boxes begin at whole patterns of the swizzle, as strips do */
  strips = raws + RAWS * RAW_BYTES;
  staging = strips + STRIPS * STRIP_BYTES;
  bars = staging + CONSUMERS * STAGED_BYTES;
#endif
  int rank = 0;
#if CLUSTER * SPLIT > 1
  rank = cluster_rank();
#endif
  int warpgroup = shuffle(LOCAL_ID(0) / 128, 0); /* known to be one for the warp */
  int start = GROUP_ID(0) / (CLUSTER * SPLIT);
  int step = GROUP_COUNT(0) / (CLUSTER * SPLIT);
  int tiles = TILE_CLASSES * rows * cols;
  if (LOCAL_ID(0) == 0) {
    tma_prefetch(&amap);
    for (int s = 0; s < STAGES; s++) {
      mbarrier_init(FULL(s), 1);
      mbarrier_init(EMPTY(s), CLUSTER * CONSUMERS * 4);
    }
    for (int s = 0; s < STRIPS; s++) {
      mbarrier_init(STRIP_FULL(s), FILL_WARPS);
      mbarrier_init(STRIP_EMPTY(s), CONSUMERS * 4);
    }
#if RAW
    tma_prefetch(&xmap);
    for (int s = 0; s < RAWS; s++) {
      mbarrier_init(RAW_FULL(s), 1);
      mbarrier_init(RAW_EMPTY(s), RAW_SHARE);
    }
#endif
    mbarrier_fence_init();
  }
  BARRIER();
  split_meet();
  int s = 0;
  int parity = 0;
  int strip = 0;
  int strip_parity = 0;
  if (warpgroup < FILLERS) {
    int warp = shuffle(LOCAL_ID(0) / 32, 0);
    if (warp == 0) {
      if (warp_elect()) {
        early_wait(); /* for the kernel tap by tap; the images were there before */
        for (int i = start; i < tiles; i += step) {
          Tile p = tile_of(i, rank, rows, cols);
          for (int k = FIRST_SLICE * BK; k < LAST_SLICE * BK; k += BK) {
            _Pragma("unroll 1")
            for (int t = TILE_FIRST(p.kind); t < TILE_LAST(p.kind); t++) {
              mbarrier_wait_copies(EMPTY(s), parity ^ 1);
              mbarrier_arrive_expect(FULL(s), STAGE);
              fetch_tap(ring + s * STAGE, FULL(s), &amap, p.row, k, tap_index[t], SPLIT > 1 ? 0 : rank);
              if (++s == STAGES) {
                s = 0;
                parity ^= 1;
              }
            }
          }
        }
      }
      warp_barrier();
#if RAW
    } else if (warp == 1) {
      if (warp_elect()) {
        int raw = 0;
        int raw_parity = 1;
        for (int i = start; i < tiles; i += step) {
          Tile p = tile_of(i, rank, rows, cols);
          int q0 = p.col + low_places[p.kind];
          for (int k = FIRST_SLICE * BK; k < LAST_SLICE * BK; k += BK) {
            _Pragma("unroll 1")
            for (int kind = 0; kind < KINDS; kind++) {
              if (without_taps(p.kind, kind)) continue;
              _Pragma("unroll 1")
              for (int image = raw_first_image(q0); image < raw_end_image(q0, LINES, images); image++) {
                int2 blocks = raw_blocks(image, q0, LINES, kind);
                _Pragma("unroll 1")
                for (int b = blocks.x; b < blocks.y; b++) {
                  mbarrier_wait_copies(RAW_EMPTY(raw), raw_parity);
                  mbarrier_arrive_expect(RAW_FULL(raw), RAW_BYTES);
                  tma_load_3d(raws + raw * RAW_BYTES, &xmap, RAW_FULL(raw), raw_pixel(b, kind), k, image);
                  if (++raw == RAWS) {
                    raw = 0;
                    raw_parity ^= 1;
                  }
                }
              }
            }
          }
        }
      }
      warp_barrier();
    } else if (warp < FETCHERS + FILL_WARPS) {
      int mine = warp - FETCHERS;
      int raw = mine / RAW_SHARE;
      int turns = raw; /* blocks until this warp's next */
      int raw_parity = 0;
      for (int i = start; i < tiles; i += step) {
        Tile p = tile_of(i, rank, rows, cols);
        int q0 = p.col + low_places[p.kind];
        for (int k = FIRST_SLICE * BK; k < LAST_SLICE * BK; k += BK) {
          _Pragma("unroll 1")
          for (int kind = 0; kind < KINDS; kind++) {
            if (without_taps(p.kind, kind)) continue;
            uint to = strips + strip * STRIP_BYTES;
            mbarrier_wait_copies(STRIP_EMPTY(strip), strip_parity ^ 1);
            raw_gaps((SHARED_PTR unsigned char*)(memory + (to - ring)), kind, q0, LINES, images, mine, FILL_WARPS);
            _Pragma("unroll 1")
            for (int image = raw_first_image(q0); image < raw_end_image(q0, LINES, images); image++) {
              int2 blocks = raw_blocks(image, q0, LINES, kind);
              _Pragma("unroll 1")
              for (int b = blocks.x; b < blocks.y; b++) {
                if (turns-- > 0) continue;
                turns = RAWS - 1;
                mbarrier_wait_copies(RAW_FULL(raw), raw_parity);
                raw_parity ^= 1;
                int beside = raw_turn(to, raws + raw * RAW_BYTES, kind, image, raw_pixel(b, kind), q0, LINES,
                                      mine % RAW_SHARE, RAW_SHARE);
                if (beside) fence_async_shared();
                warp_barrier();
                if (lane_id() == 0) mbarrier_arrive(RAW_EMPTY(raw));
              }
            }
            fence_async_shared();
            warp_barrier();
            if (lane_id() == 0) mbarrier_arrive(STRIP_FULL(strip));
            if (++strip == STRIPS) {
              strip = 0;
              strip_parity ^= 1;
            }
          }
        }
      }
    }
#else
    } else {
      for (int i = start; i < tiles; i += step) {
        Tile p = tile_of(i, rank, rows, cols);
        int q0 = p.col + low_places[p.kind];
        for (int k = FIRST_SLICE * BK; k < LAST_SLICE * BK; k += BK) {
          _Pragma("unroll 1")
          for (int kind = 0; kind < KINDS; kind++) {
            if (without_taps(p.kind, kind)) continue;
            Images from = {x, images, channels, SOURCE_H, SOURCE_W, STRIDE_Y, FIRST_Y + kind, STRIDE_X, FIRST_X};
            lines_fill<PHASES_X, FILL_TURNS>(strips + strip * STRIP_BYTES, STRIP_FULL(strip), STRIP_EMPTY(strip), strip_parity ^ 1,
                                        LINES, from, q0, k, warp - 1, FILL_WARPS);
            if (++strip == STRIPS) {
              strip = 0;
              strip_parity ^= 1;
            }
          }
        }
      }
    }
#endif
#if SPLIT > 1
    split_meet(); /* all have given */
#endif
    split_meet();
  } else {
    int half = warpgroup - FILLERS;
    int lane = lane_id();
    int thread = LOCAL_ID(0) % 128;
    SHARED_PTR ushort* stage = (SHARED_PTR ushort*)(memory + (staging - ring) + half * STAGED_BYTES);
    SHARED_PTR int* table = (SHARED_PTR int*)(memory + (bars - ring) + (STAGES + STRIPS + RAWS) * 16) + half * TABLE;
    uint rows_at = SIDE ? 0 : half * BOX;
    uint lines_at = SIDE ? half * BN * 128 : 0;
#if GROUPED
    float d[CLASSES][SUMS];
    UNROLL
    for (int i = 0; i < CLASSES * SUMS; i++) d[i / SUMS][i % SUMS] = 0.0f;
#else
    float d[1][SUMS];
    UNROLL
    for (int i = 0; i < SUMS; i++) d[0][i] = 0.0f;
#endif
#if SKEW
    int ahead = half == 0 ? SKEW : 0;
    if (half) named_barrier(FILLERS + CONSUMERS, 128 * CONSUMERS);
#endif
    for (int i = start; i < tiles; i += step) {
      Tile p = tile_of(i, rank, rows, cols);
      int col = p.col + (SIDE ? half * BN : 0);
      int before = -1;
      int strip_before = -1;
      for (int slice = FIRST_SLICE; slice < LAST_SLICE; slice++) {
        _Pragma("unroll 1")
        for (int kind = 0; kind < KINDS; kind++) {
          int tap = GROUPED ? 0 : tap_first[p.kind * KINDS + kind];
          if (without_taps(p.kind, kind)) continue;
          mbarrier_wait_copies(STRIP_FULL(strip), strip_parity);
          uint at = strips + strip * STRIP_BYTES + lines_at;
          UNROLL
          for (int q = 0; q < (GROUPED ? CLASSES : 1); q++) {
            int last = tap_first[GROUPED ? q + 1 : p.kind * KINDS + kind + 1];
            int clear = slice == FIRST_SLICE && (GROUPED || before < 0);
            _Pragma("unroll 1")
            for (; tap < last; tap++) {
              mbarrier_wait_copies(FULL(s), parity);
              wgmma_fence();
              multiply(d[q], ring + s * STAGE + rows_at, at + tap_lines[tap] * 128, clear);
              wgmma_commit();
              clear = 0;
#if SKEW
              if (ahead > 0 && --ahead == 0) named_barrier_arrive(FILLERS + CONSUMERS, 128 * CONSUMERS);
#endif
              /* Its divisions cost nothing here, behind the first products. */
              if (q == 0 && before < 0) {
                leave_tables(table, col, thread, warpgroup, m, images, count_y[p.kind], count_x[p.kind], out_y[p.kind],
                             STEP_Y, out_x[p.kind], STEP_X);
              }
              wgmma_wait<1>();
              if (q > 0 || before >= 0) release<CLUSTER>(EMPTY(before), lane);
              if (strip_before >= 0) release<1>(STRIP_EMPTY(strip_before), lane);
              strip_before = -1;
              before = s;
              if (++s == STAGES) {
                s = 0;
                parity ^= 1;
              }
            }
          }
          strip_before = strip;
          if (++strip == STRIPS) {
            strip = 0;
            strip_parity ^= 1;
          }
        }
      }
      wgmma_wait<0>();
      UNROLL
      for (int q = 0; q < (GROUPED ? CLASSES : 1); q++) wgmma_hold(d[q]);
      release<CLUSTER>(EMPTY(before), lane);
      release<1>(STRIP_EMPTY(strip_before), lane);
      int row = p.row + (SIDE ? 0 : half * 64);
#if SPLIT > 1
      int warp = half * 4 + thread / 32;
      int mine = warp / (4 * CONSUMERS / SPLIT) == rank;
      named_barrier(FILLERS + CONSUMERS, 128 * CONSUMERS); /* nobody reads A any more, where sums are given */
      uint given = (half * 128 + thread) * 4;
      if (!mine) split_give((SHARED_PTR float*)(memory + given), d[0]);
      split_meet();
      if (!mine) continue;
      split_take(ring + given, d[0], rank);
#endif
#if GROUPED
      leave(d, c, stage, table, row, col, thread, warpgroup, m, images, count_y[0]);
#else
      leave(d[0], c, bias, residual, stage, table, row, col, thread, warpgroup, m, images, count_y[p.kind]);
#endif
    }
    split_meet();
  }
}
