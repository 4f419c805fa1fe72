/* Sums of products in strict float32 for tiled products: CUDA, any architecture; follows tensor.cuh where ASYNC is 1.
 * A block computes a BM x BN tile, a warp WM x WN of it, its 32 lanes as 4 x 8: a lane holds blocks of 4 x 4 sums, 16 rows
 * and 32 columns apart. Slices of both operands, DEPTH deep, stand in slots of shared memory, the sum's axis outermost, rows
 * padded by four words, so that a lane reads its four rows and its four columns of a term as one 16-byte word each.
 *   1 8 x 8 sums a lane: 64 fused multiply-adds for four 16-byte reads; 16 x 8 sums: 128 for six, for architectures that
 *     multiply 128 a clock, where shared memory would else give out first.
 *   2 lanes 4 x 8 in a warp tile: a read of rows has four different words a warp, one of columns eight, no bank twice.
 *     Eight neighbouring lanes stand 2 x 4: what they read of either, others of the warp read too.
 *   3 ASYNC: cp.async (8.0 and later), STAGES slices under way, no registers for what is under way.
 *   4 ASYNC: operands of the next term are read while this one's are multiplied, also from slice to slice: the barrier
 *     stands before the last products of a slice, whose operands are in registers by then. */
#ifndef BM
#define BM 128
#define BN 128
#define WM 64
#define WN 64
#define DEPTH 8
#define STAGES 4
#endif
#ifndef BLOCKS
#define BLOCKS 1
#endif
#ifndef ASYNC
#define ASYNC 1
#endif
#define WARPS_N (BN / WN)
#define THREADS ((BM / WM) * WARPS_N * 32)
#define RQ (WM / 16)
#define CQ (WN / 32)
#define SLOT (DEPTH * (BM + 4 + BN + 4)) /* floats */
#define COLUMNS (DEPTH * (BM + 4))       /* where the second operand's part of a slot begins */

DEVICE void words(float (&x)[4], const float* p) {
  float4 v = *(const float4*)p;
  x[0] = v.x;
  x[1] = v.y;
  x[2] = v.z;
  x[3] = v.w;
}

/* What a lane needs of one term. */
struct Operands {
  float u[RQ][4];
  float v[CQ][4];

  DEVICE_MEMBER void read(const float* x, const float* y) {
    UNROLL
    for (int q = 0; q < RQ; q++) words(u[q], x + q * 16);
    UNROLL
    for (int q = 0; q < CQ; q++) words(v[q], y + q * 32);
  }
};

DEVICE void multiply(float (&acc)[RQ * 4 * CQ][4], const Operands& o) {
  UNROLL
  for (int q = 0; q < RQ; q++) {
    UNROLL
    for (int i = 0; i < 4; i++) {
      UNROLL
      for (int r = 0; r < CQ; r++) {
        UNROLL
        for (int j = 0; j < 4; j++)
          acc[(q * 4 + i) * CQ + r][j] = FMA(o.u[q][i], o.v[r][j], acc[(q * 4 + i) * CQ + r][j]);
      }
    }
  }
}

#if ASYNC
/* Sums over `terms`; a and b fetch: next(shared address of the part of a slot, first term, how many are left). wm, wn: this
 * lane's first row and column. All copies have come and all threads are through when it returns. */
template <class A, class B>
DEVICE void simt_sums(float (&acc)[RQ * 4 * CQ][4], A& a, B& b, float* memory, uint base, int terms, int wm, int wn) {
  int slices = (terms + DEPTH - 1) / DEPTH;
  UNROLL
  for (int i = 0; i < RQ * 4 * CQ; i++) {
    UNROLL
    for (int j = 0; j < 4; j++) acc[i][j] = 0.0f;
  }
  int asked = 0; /* terms */
  UNROLL
  for (int s = 0; s < STAGES - 1; s++) {
    a.next(base + s * SLOT * 4, asked, terms - asked);
    b.next(base + (s * SLOT + COLUMNS) * 4, asked, terms - asked);
    copy_async_commit();
    asked += DEPTH;
  }
  int slot = 0;
  int ahead = (STAGES - 1) * SLOT;
  Operands o[2];
  copy_async_wait<STAGES - 2>();
  BARRIER();
  o[0].read(memory + wm, memory + COLUMNS + wn);
  for (int t = 0; t < slices; t++) {
    const float* u = memory + slot + wm;
    const float* v = memory + slot + COLUMNS + wn;
    slot = slot == (STAGES - 1) * SLOT ? 0 : slot + SLOT;
    a.next(base + ahead * 4, asked, terms - asked);
    b.next(base + (ahead + COLUMNS) * 4, asked, terms - asked);
    copy_async_commit();
    asked += DEPTH;
    ahead = ahead == (STAGES - 1) * SLOT ? 0 : ahead + SLOT;
    UNROLL
    for (int p = 0; p < DEPTH; p++) {
      if (p + 1 < DEPTH) {
        o[(p + 1) % 2].read(u + (p + 1) * (BM + 4), v + (p + 1) * (BN + 4));
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
}
#endif
