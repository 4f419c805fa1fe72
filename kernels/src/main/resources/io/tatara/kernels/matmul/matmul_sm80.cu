/* C = activation(A · B + bias) + residual on the matrix units by mma.sync, compute capability 8.0 and later: float16 and
 * bfloat16 (16x8x16), float32 rounded to TF32 (16x8x8); sums are float32. Arguments and finish are those of product.cl.
 *
 * A block computes a BM x BN tile of C, a warp WM x WN of it. Slices of A and B, BKB bytes deep along k, pass through
 * STAGES slots of shared memory, fetched by cp.async. All is counted in pieces of 16 bytes, so 16-bit and 32-bit
 * operands share the addressing: an mma takes 32 bytes (two pieces) of k whatever the type.
 *   AK (BK) 1: the operand runs along k. A row of the slot is one m (n), BKB bytes; ldmatrix gives fragments.
 *   AK (BK) 0: it runs along m (n). A row of the slot is one k; ldmatrix.trans turns 16-bit elements on the way, TF32
 *              fragments are read word by word.
 * ACOPY, BCOPY: bytes of a copy that strides and offsets are aligned to; 2 means plain loads, element by element.
 * Copies beyond an edge fetch fewer bytes or none and leave zeros, so the inner loop knows no edge.
 *
 * The ladder (what each step is for; docs/h200.md has the figures):
 *   1 mma.sync with ldmatrix: a warp's 64 x 64 tile needs 4 KiB of fragments for 32 mma, half of what shared memory
 *     gives meanwhile on 8.0; a 64 x 32 tile would need three quarters, and the copies take a quarter too.
 *   2 pieces XOR-permuted within 128 bytes: the eight rows of an ldmatrix, the 4 x 8 words of a TF32 fragment and the
 *     copies' writes touch each bank once, with no padding.
 *   3 cp.async, STAGES deep: loads are under way for STAGES - 1 slices while one is multiplied, without registers.
 *   4 the next 16 rows of A are read while these multiply, and with the last of a step all of B for the next one; one
 *     barrier a slice, in front of its last multiplications. Reading all of the next step ahead would cost 24 registers
 *     more, and spill.
 *   5 tiles in bands of eight rows for L2 (tile_place).
 *   6 SPLIT: few tiles and a long k are cut along k; the last block of a tile adds up in a fixed order.
 *   7 C goes through shared memory, 16 rows of a warp at a time, so that stores are 16 bytes a lane along rows. */
#ifndef BM
#define BM 128
#define BN 128
#define WM 64
#define WN 64
#define BKB 64
#define STAGES 3
#endif
#ifndef AK
#define AK 1
#define BK 0
#endif
#ifndef ACOPY
#define ACOPY 16
#define BCOPY 16
#endif
#define BYTES (STORAGE == 0 ? 4 : 2)
#define DEPTH (BKB / BYTES)
#define STEPS (BKB / 32)
#define WARPS_N (BN / WN)
#define THREADS ((BM / WM) * WARPS_N * 32)
#define MI (WM / 16)
#define NI (WN / 8)
#define SLOT ((BM + BN) * BKB)
#define STAGED (WN + 8) /* floats from row to row of a warp's part of C: rows of a store on different banks */
#if CVEC
#define RUN (CSTORAGE == 0 ? 4 : 8)
#else
#define RUN 1
#endif

/* Piece c of row r of a slot whose rows are `pieces` long: which place of the row it takes. */
template <int PIECES, bool WORDS>
DEVICE int swizzle(int r) {
  return WORDS ? (r & 3) << 1 : PIECES >= 8 ? r & 7 : PIECES == 4 ? (r >> 1) & 3 : (r >> 2) & 1;
}

/* What a thread fetches of an operand with R rows (of m or n) a tile. */
template <int R, bool ALONG_K, int COPY>
struct Fetch {
  static const int ROW = ALONG_K ? BKB / 16 : R * BYTES / 16; /* pieces of a slot's row */
  static const int EACH = R * BKB / 16 / THREADS;             /* pieces of a thread */
  static const int APART = THREADS / ROW;                     /* rows between them */
  const unsigned char *from;
  int apart, row, piece, to, limit;

  /* Rows row0 to rows, k from p0 on; ld: elements from one row of the slot to the next. */
  DEVICE_MEMBER void start(const ELEM *x, int rows, int row0, int p0, int ld) {
    int id = LOCAL_ID(0);
    row = id / ROW;
    piece = id % ROW;
    to = row * ROW * 16 + (piece ^ swizzle<ROW, !ALONG_K && STORAGE == 0>(row)) * 16;
    long long at = ALONG_K ? (long long)(row0 + row) * ld + p0 : (long long)(p0 + row) * ld + row0;
    from = (const unsigned char *)x + at * BYTES + piece * 16;
    apart = APART * ld; /* elements; where that overflows there is no other row */
    int left = rows - row0;
    /* along k: how many of this thread's rows are there; else: how many bytes of its piece */
    limit = ALONG_K ? (left - row + APART - 1) / APART : left * BYTES - piece * 16;
    if (ALONG_K && left <= row) limit = 0;
    if (!ALONG_K) limit = limit < 0 ? 0 : limit > 16 ? 16 : limit;
  }

  /* Fetches the next slice, of which `left` elements of k are there, into the slot at `slot`. */
  DEVICE_MEMBER void next(unsigned char *memory, uint base, int slot, int left) {
    int deep = left * BYTES - piece * 16;
    deep = deep < 0 ? 0 : deep > 16 ? 16 : deep;
    const unsigned char *p = from;
    UNROLL
    for (int i = 0; i < EACH; i++) {
      /* The permutation has a period of eight rows, that of words of four. */
      int there = APART % (!ALONG_K && STORAGE == 0 ? 4 : 8) == 0 ? to + i * APART * ROW * 16
                                 : (row + i * APART) * ROW * 16 +
                                       (piece ^ swizzle<ROW, !ALONG_K && STORAGE == 0>(row + i * APART)) * 16;
      int bytes = ALONG_K ? (i < limit ? deep : 0) : (row + i * APART < left ? limit : 0);
      copy(memory, base, slot + there, p, bytes);
      p += (long long)apart * BYTES;
    }
    from = ALONG_K ? from + BKB : p; /* EACH * APART is DEPTH where a row is one k */
  }

  static DEVICE_MEMBER void copy(unsigned char *memory, uint base, int at, const unsigned char *p, int bytes) {
    if (COPY == 16) {
      copy_async_16(base + at, p, bytes);
    } else if (COPY == 8) {
      copy_async_8(base + at, p, bytes < 8 ? bytes : 8);
      copy_async_8(base + at + 8, p + 8, bytes < 8 ? 0 : bytes - 8);
    } else if (COPY == 4) {
      UNROLL
      for (int j = 0; j < 16; j += 4) {
        int b = bytes - j;
        copy_async_4(base + at + j, p + j, b < 0 ? 0 : b > 4 ? 4 : b);
      }
    } else {
      uint w[4];
      UNROLL
      for (int j = 0; j < 4; j++) {
        uint lo = 4 * j < bytes ? ((const ushort *)p)[2 * j] : 0;
        uint hi = 4 * j + 2 < bytes ? ((const ushort *)p)[2 * j + 1] : 0;
        w[j] = lo | (hi << 16);
      }
      *(uint4 *)(memory + at) = make_uint4(w[0], w[1], w[2], w[3]);
    }
  }
};

/* Where a thread finds its fragments of an operand: 16 rows (m or n) and 32 bytes of k a time. The four registers are
 * (rows 0-7, first piece of k), (8-15, first), (0-7, second), (8-15, second) for A; for B the middle two change places,
 * which makes them the fragments of two neighbouring mma. */
template <int R, bool ALONG_K, bool IS_A>
struct Fragments {
  static const int ROW = ALONG_K ? BKB / 16 : R * BYTES / 16;
  int at, x;

  /* first: the warp's first row in the tile, a multiple of the warp tile's height. */
  DEVICE_MEMBER void start(int first) {
    int lane = lane_id();
    int high = lane >> 4;
    int low = (lane >> 3) & 1;
    int r8 = IS_A ? low : high; /* which eight rows */
    int k8 = IS_A ? high : low; /* which piece of k */
    if (ALONG_K) {
      int r = r8 * 8 + (lane & 7);
      at = (first + r) * BKB;
      x = k8 ^ swizzle<ROW, false>(r);
    } else if (STORAGE != 0) {
      int k = k8 * 8 + (lane & 7);
      at = k * ROW * 16;
      x = (first / 8) ^ r8 ^ swizzle<ROW, false>(k);
    } else {
      int k = lane & 3;
      at = k * ROW * 16;
      x = first ^ (lane >> 2) ^ (k << 3);
    }
  }

  DEVICE_MEMBER void load(uint (&r)[4], const unsigned char *memory, uint base, int slot, int step, int i) const {
    if (ALONG_K) {
      ldmatrix_x4(r, base + slot + at + i * 16 * BKB + ((x ^ (step * 2)) * 16));
    } else if (STORAGE != 0) {
      ldmatrix_x4_trans(r, base + slot + at + step * 16 * ROW * 16 + ((x ^ (i * 2)) * 16));
    } else {
      const unsigned char *p = memory + slot + at + step * 8 * ROW * 16;
      UNROLL
      for (int j = 0; j < 4; j++) {
        int r8 = IS_A ? j & 1 : j >> 1;
        int k4 = IS_A ? j >> 1 : j & 1;
        r[j] = *(const uint *)(p + k4 * 4 * ROW * 16 + (x ^ (i * 16 + r8 * 8)) * 4);
      }
    }
#if STORAGE == 0
    UNROLL
    for (int j = 0; j < 4; j++) r[j] = to_tf32(AS_FLOAT(r[j]));
#endif
  }
};

/* All fragments of B that a step takes. */
DEVICE void load_columns(uint (&y)[NI][2], const Fragments<BN, BK != 0, false> &f, const unsigned char *memory, uint base,
                         int slot, int step) {
  UNROLL
  for (int j = 0; j < NI / 2; j++) {
    uint r[4];
    f.load(r, memory, base, slot, step, j);
    y[2 * j][0] = r[0];
    y[2 * j][1] = r[1];
    y[2 * j + 1][0] = r[2];
    y[2 * j + 1][1] = r[3];
  }
}

/* Grid: tiles of C, splits, batch. depth: elements of k of a split, a multiple of DEPTH. */
KERNEL_SIZED(THREADS, 1, 1) void matmul_sm80(MATMUL_ARGUMENTS, int depth, float *partial, int *semaphores) {
  DYNAMIC_SHARED(memory);
#if SPLIT
  SHARED int last;
#endif
  uint base = shared_address(memory);
  int id = LOCAL_ID(0);
  int warp = id / 32;
  int wm = warp / WARPS_N * WM;
  int wn = warp % WARPS_N * WN;
  int tm = (m + BM - 1) / BM;
  int tn = (n + BN - 1) / BN;
  int row0, col0;
  tile_place(GROUP_ID(0), tm, tn, &row0, &col0);
  row0 *= BM;
  col0 *= BN;
  int p0 = GROUP_ID(1) * depth;
  int terms = k - p0 < depth ? k - p0 : depth;
  int slices = (terms + DEPTH - 1) / DEPTH;
  Fragments<BM, AK != 0, true> fa;
  Fragments<BN, BK != 0, false> fb;
  fa.start(wm);
  fb.start(wn);

  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    Fetch<BM, AK != 0, ACOPY> ga;
    Fetch<BN, BK != 0, BCOPY> gb;
    ga.start(a + ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3), m, row0, p0, AK ? ars : acs);
    gb.start(b + bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3), n, col0, p0, BK ? bcs : brs);
    float acc[MI * NI][4];
    UNROLL
    for (int i = 0; i < MI * NI; i++) {
      UNROLL
      for (int j = 0; j < 4; j++) acc[i][j] = 0.0f;
    }
    int left = terms; /* elements of k that are not asked for yet */
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
      ga.next(memory, base, s * SLOT, left);
      gb.next(memory, base, s * SLOT + BM * BKB, left);
      copy_async_commit();
      left -= DEPTH;
    }
    int slot = 0;                    /* that is read */
    int ahead = (STAGES - 1) * SLOT; /* that is filled next */
    uint x[2][4];     /* of these 16 rows of A and the next */
    uint y[2][NI][2]; /* of this step and the next */
    copy_async_wait<STAGES - 2>();
    BARRIER();
    fa.load(x[0], memory, base, slot, 0, 0);
    load_columns(y[0], fb, memory, base, slot + BM * BKB, 0);
    for (int t = 0; t < slices; t++) {
      UNROLL
      for (int step = 0; step < STEPS; step++) {
        UNROLL
        for (int i = 0; i < MI; i++) {
          uint (&ahead_x)[4] = x[(step * MI + i + 1) & 1];
          if (i < MI - 1) {
            fa.load(ahead_x, memory, base, slot, step, i + 1);
          } else {
            if (step == STEPS - 1) { /* this slot is read out, the next one has arrived */
              copy_async_wait<STAGES - 2>();
              BARRIER();
              slot = slot == (STAGES - 1) * SLOT ? 0 : slot + SLOT;
            }
            fa.load(ahead_x, memory, base, slot, (step + 1) % STEPS, 0);
            load_columns(y[(step + 1) & 1], fb, memory, base, slot + BM * BKB, (step + 1) % STEPS);
          }
          if (step == 0 && i == 0) {
            ga.next(memory, base, ahead, left);
            gb.next(memory, base, ahead + BM * BKB, left);
            copy_async_commit();
            left -= DEPTH;
            ahead = ahead == (STAGES - 1) * SLOT ? 0 : ahead + SLOT;
          }
          UNROLL
          for (int j = 0; j < NI; j++) mma_storage(acc[i * NI + j], x[(step * MI + i) & 1], y[step & 1][j]);
        }
      }
    }
    copy_async_wait<0>();
    BARRIER();
#if SPLIT
    int tile = z * tm * tn + GROUP_ID(0);
    float *pieces = partial + (long long)tile * GROUP_COUNT(1) * (BM * BN);
    bool mine = sums_leave<MI * NI, THREADS>(acc, pieces, semaphores + tile, GROUP_ID(1), GROUP_COUNT(1), &last);
    BARRIER(); /* last may be written again for the next matrix */
    if (!mine) continue;
    sums_gather<MI * NI, THREADS>(acc, pieces, GROUP_COUNT(1));
#endif
    float *own = (float *)memory + warp * 16 * STAGED;
    int lane = lane_id();
    UNROLL
    for (int i = 0; i < MI; i++) {
      float *to = own + (lane >> 2) * STAGED + (lane & 3) * 2;
      UNROLL
      for (int j = 0; j < NI; j++) {
        const float *d = acc[i * NI + j];
        *(float2 *)(to + j * 8) = make_float2(d[0], d[1]);
        *(float2 *)(to + 8 * STAGED + j * 8) = make_float2(d[2], d[3]);
      }
      warp_barrier();
      for (int e = lane * RUN; e < 16 * WN; e += 32 * RUN) {
        int row = row0 + wm + i * 16 + e / WN;
        int col = col0 + wn + e % WN;
        float v[RUN];
        UNROLL
        for (int j = 0; j < RUN; j += RUN == 1 ? 1 : 4) {
          const float *from = own + e / WN * STAGED + e % WN + j;
          if (RUN == 1) {
            v[j] = *from;
          } else {
            float4 w = *(const float4 *)from;
            v[j] = w.x;
            v[(j + 1) % RUN] = w.y;
            v[(j + 2) % RUN] = w.z;
            v[(j + 3) % RUN] = w.w;
          }
        }
        if (row < m && col < n)
          matmul_store_run<RUN>(c, bias, residual, co + z * cbs, ro + z * m * n, row, col, n, ldc, v);
      }
      warp_barrier();
    }
    BARRIER();
  }
}
