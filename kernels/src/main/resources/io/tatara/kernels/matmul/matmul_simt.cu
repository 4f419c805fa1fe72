/* C = activation(A · B + bias) + residual in strict float32: every product and sum in the ordinary arithmetic units.
 * Any CUDA architecture, any strides. Arguments and finish are those of product.cl.
 *
 * Tiles and sums are those of simt.cuh; slices of A and B stand in shared memory with k outermost.
 *   AK (BK) 1: the operand is fetched element by element and turned on the way; eight lanes along k and four along m
 *              read whole 32-byte sectors where it runs along k, and write 32 banks (rows are padded by four words).
 *   AK (BK) 0: it runs along m (n) and is copied as it is, ACOPY (BCOPY) bytes at a time.
 *
 * The ladder (what each step is for; docs/h200.md has the figures):
 *   1 … 4 of simt.cuh, with a loop of its own: simt_sums would give other machine code than was measured. Without ASYNC
 *     the next slice waits in registers while this one is multiplied.
 *   5 tiles in bands for L2 (tile_place).
 *   6 SPLIT: few tiles and a long k are cut along k; the last block of a tile adds up in a fixed order. */
#ifndef AK
#define AK 1
#define BK 0
#endif
#ifndef ACOPY
#define ACOPY 16
#define BCOPY 16
#endif

/* What a thread fetches of an operand with R rows (of m or n) a tile. */
template <int R, bool TURN, int COPY>
struct Fetch {
  static const int EACH = TURN ? R * DEPTH / THREADS : R * DEPTH / 4 / THREADS; /* elements, else words of four */
  static const int ROWS = TURN ? THREADS / 8 : THREADS / (R / 4); /* rows of the operand, else of k, at one time */
  static const int PITCH = R + 4;
  const float *from;
  long long apart, slice;
  int row, k, limit;
#if !ASYNC
  float held[TURN ? EACH : EACH * 4];
#endif

  /* x: element (row0, p0); rs, ks: strides along rows and along k. */
  DEVICE_MEMBER void start(const float *x, int left, int rs, int ks) {
    int id = LOCAL_ID(0);
    if (TURN) {
      k = id % 8;
      row = id / 8;
      limit = left <= row ? 0 : (left - row + ROWS - 1) / ROWS; /* rows that are there */
      apart = (long long)ROWS * rs;
    } else {
      row = id % (R / 4) * 4;
      k = id / (R / 4);
      limit = left - row; /* elements of this thread's words that are there */
      limit = limit < 0 ? 0 : limit > 4 ? 4 : limit;
      apart = (long long)ROWS * ks;
    }
    slice = (long long)(TURN ? 8 : DEPTH) * ks;
    from = x + (long long)row * rs + (long long)k * ks;
  }

  /* Place in a slot of thing number i: element (k + 8h, row + ...) or the word of four. */
  DEVICE_MEMBER int place(int i) const {
    const int each = R * 8 / THREADS;
    return TURN ? (k + i / (each < 1 ? 1 : each) * 8) * PITCH + row + i % (each < 1 ? 1 : each) * ROWS
                : (k + i * ROWS) * PITCH + row;
  }

  /* Asks for the next slice, of which `left` elements of k are there. */
  DEVICE_MEMBER void next(float *to, uint base, int left) {
    if (TURN) {
      UNROLL
      for (int h = 0; h < DEPTH / 8; h++) {
        const float *p = from;
        UNROLL
        for (int i = 0; i < R * 8 / THREADS; i++) {
          bool there = i < limit && k + h * 8 < left;
          one(to, base, h * (R * 8 / THREADS) + i, p, there);
          p += apart;
        }
        from += slice;
      }
    } else {
      const float *p = from;
      UNROLL
      for (int i = 0; i < EACH; i++) {
        four(to, base, i, p, k + i * ROWS < left ? limit : 0);
        p += apart;
      }
      from += slice;
    }
  }

#if ASYNC
  DEVICE_MEMBER void one(float *to, uint base, int i, const float *p, bool there) {
    copy_async_4(base + place(i) * 4, p, there ? 4 : 0);
  }
  DEVICE_MEMBER void four(float *to, uint base, int i, const float *p, int n) {
    uint at = base + place(i) * 4;
    if (COPY == 16) {
      copy_async_16(at, p, n * 4);
    } else {
      UNROLL
      for (int j = 0; j < 4; j++) copy_async_4(at + j * 4, p + j, j < n ? 4 : 0);
    }
  }
#else
  DEVICE_MEMBER void one(float *to, uint base, int i, const float *p, bool there) { held[i] = there ? *p : 0.0f; }
  DEVICE_MEMBER void four(float *to, uint base, int i, const float *p, int n) {
    if (COPY == 16 && n == 4) {
      float4 v = *(const float4 *)p;
      held[(i * 4) % (EACH * 4)] = v.x;
      held[(i * 4 + 1) % (EACH * 4)] = v.y;
      held[(i * 4 + 2) % (EACH * 4)] = v.z;
      held[(i * 4 + 3) % (EACH * 4)] = v.w;
    } else {
      UNROLL
      for (int j = 0; j < 4; j++) held[(i * 4 + j) % (EACH * 4)] = j < n ? p[j] : 0.0f;
    }
  }
  /* What was asked for goes into the slot. */
  DEVICE_MEMBER void put(float *to) {
    UNROLL
    for (int i = 0; i < EACH; i++) {
      if (TURN) {
        to[place(i)] = held[i];
      } else {
        *(float4 *)(to + place(i)) = make_float4(held[(i * 4) % (EACH * 4)], held[(i * 4 + 1) % (EACH * 4)],
                                                 held[(i * 4 + 2) % (EACH * 4)], held[(i * 4 + 3) % (EACH * 4)]);
      }
    }
  }
#endif
};

/* Grid: tiles of C, splits, batch. depth: elements of k of a split, a multiple of DEPTH. */
KERNEL_RESIDENT(THREADS, BLOCKS) void matmul_simt(MATMUL_ARGUMENTS, int depth, float *partial, int *semaphores) {
  DYNAMIC_SHARED(bytes);
#if SPLIT
  SHARED int last;
#endif
  float *memory = (float *)bytes;
#if ASYNC
  uint base = shared_address(memory);
#else
  uint base = 0;
#endif
  int id = LOCAL_ID(0);
  int warp = id / 32;
  int lane = id % 32;
  int wm = warp / WARPS_N * WM + (lane % 2 + lane / 16 * 2) * 4;
  int wn = warp % WARPS_N * WN + lane / 2 % 8 * 4;
  int tm = (m + BM - 1) / BM;
  int tn = (n + BN - 1) / BN;
  int row0, col0;
  tile_place(GROUP_ID(0), tm, tn, &row0, &col0);
  row0 *= BM;
  col0 *= BN;
  int p0 = GROUP_ID(1) * depth;
  int terms = k - p0 < depth ? k - p0 : depth;
  int slices = (terms + DEPTH - 1) / DEPTH;

  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    Fetch<BM, AK != 0, ACOPY> ga;
    Fetch<BN, BK != 0, BCOPY> gb;
    ga.start(a + ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3) + (long long)row0 * ars + (long long)p0 * acs,
             m - row0, ars, acs);
    gb.start(b + bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3) + (long long)p0 * brs + (long long)col0 * bcs,
             n - col0, bcs, brs);
    float acc[RQ * 4 * CQ][4];
    UNROLL
    for (int i = 0; i < RQ * 4 * CQ; i++) {
      UNROLL
      for (int j = 0; j < 4; j++) acc[i][j] = 0.0f;
    }
    int left = terms;
    int slot = 0;
#if ASYNC
    int ahead = (STAGES - 1) * SLOT;
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
      ga.next(memory + s * SLOT, base + s * SLOT * 4, left);
      gb.next(memory + s * SLOT + COLUMNS, base + (s * SLOT + COLUMNS) * 4, left);
      copy_async_commit();
      left -= DEPTH;
    }
    Operands o[2];
    copy_async_wait<STAGES - 2>();
    BARRIER();
    o[0].read(memory + wm, memory + COLUMNS + wn);
    for (int t = 0; t < slices; t++) {
      const float *x = memory + slot + wm;
      const float *y = memory + slot + COLUMNS + wn;
      slot = slot == (STAGES - 1) * SLOT ? 0 : slot + SLOT;
      ga.next(memory + ahead, base + ahead * 4, left);
      gb.next(memory + ahead + COLUMNS, base + (ahead + COLUMNS) * 4, left);
      copy_async_commit();
      left -= DEPTH;
      ahead = ahead == (STAGES - 1) * SLOT ? 0 : ahead + SLOT;
      UNROLL
      for (int p = 0; p < DEPTH; p++) {
        if (p + 1 < DEPTH) {
          o[(p + 1) % 2].read(x + (p + 1) * (BM + 4), y + (p + 1) * (BN + 4));
        } else {
          copy_async_wait<STAGES - 2>();
          BARRIER(); /* the next slice is there, this one is read out by all */
          o[0].read(memory + slot + wm, memory + slot + COLUMNS + wn);
        }
        multiply(acc, o[p % 2]);
      }
    }
    copy_async_wait<0>();
    BARRIER();
#else
    ga.next(memory, base, left);
    gb.next(memory, base, left);
    ga.put(memory);
    gb.put(memory + COLUMNS);
    BARRIER();
    for (int t = 0; t < slices; t++) {
      left -= DEPTH;
      ga.next(memory, base, left);
      gb.next(memory, base, left);
      UNROLL
      for (int p = 0; p < DEPTH; p++) {
        Operands o;
        o.read(memory + slot + wm + p * (BM + 4), memory + slot + COLUMNS + wn + p * (BN + 4));
        multiply(acc, o);
      }
      slot = SLOT - slot;
      ga.put(memory + slot);
      gb.put(memory + slot + COLUMNS);
      BARRIER();
    }
#endif
#if SPLIT
    int tile = z * tm * tn + GROUP_ID(0);
    float *pieces = partial + (long long)tile * GROUP_COUNT(1) * (BM * BN);
    bool mine = sums_leave<RQ * 4 * CQ, THREADS>(acc, pieces, semaphores + tile, GROUP_ID(1), GROUP_COUNT(1), &last);
    BARRIER(); /* last may be written again for the next matrix */
    if (!mine) continue;
    sums_gather<RQ * 4 * CQ, THREADS>(acc, pieces, GROUP_COUNT(1));
#endif
    UNROLL
    for (int i = 0; i < RQ * 4; i++) {
      UNROLL
      for (int r = 0; r < CQ; r++) {
        int row = row0 + wm + i / 4 * 16 + i % 4;
        int col = col0 + wn + r * 32;
        if (row < m && col < n)
          matmul_store_run<4>(c, bias, residual, co + z * cbs, ro + z * m * n, row, col, n, ldc, acc[i * CQ + r]);
      }
    }
  }
}
