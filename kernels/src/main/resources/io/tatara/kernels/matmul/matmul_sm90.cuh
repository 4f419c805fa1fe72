/* Sizes of matmul_sm90.cu's tiles, and how a warpgroup's sums get to C; see there. Behind product.cl, product.cuh. */
#ifndef BN
#define BN 256
#define STAGES 4
#define CLUSTER 2
#endif
#ifndef TA
#define TA 0
#endif
#ifndef TB
#define TB 0
#endif
#ifndef PARTIAL
#define PARTIAL 0
#endif
#ifndef STAGED
#define STAGED 0
#endif
#ifndef TAPS
#define TAPS 0 /* what is multiplied: a product, or as in shifted.cuh */
#endif
#ifndef ACROSS
#define ACROSS 0 /* whether the cluster's blocks stand beside each other and share A, else below and B */
#endif
#if ACROSS
#define B_SHARERS 1
#define B_RANK 0
#else
#define B_SHARERS CLUSTER
#define B_RANK rank
#endif
#define BM 128
#define BK 64
#define BOX 8192 /* bytes of 64 spans */
#define A_BYTES (BM * BK * 2)
#define B_BYTES (BN * BK * 2)
#define STAGE_BYTES (A_BYTES + B_BYTES)
#define PART_BYTES (B_BYTES / B_SHARERS)
#define CONSUMERS 2
/* Whether a block's share of B, where that does not run along k, is whole boxes; else it is its share of each. */
#define WHOLE (BN / 64 % B_SHARERS == 0)
#define SUMS (BN / 2)
#define STAGED_BOXES ((BN + 63) / 64) /* of 64 rows of a staged tile */
/* Slices whose products may be under way while the next one's are issued. */
#define AHEAD (STAGES > 3 ? 1 : 0)
/* TB says that B runs contiguously along k (as in matmul.cl), so wgmma transposes where it does not. */
#define TB_ROWS (1 - TB)

#if PARTIAL
/* Raw sums, in rows of `ld` (a multiple of 8). */
DEVICE void store_sums(const float (&d)[SUMS], GLOBAL float* part, int row, int col, int m, int ld) {
  UNROLL
  for (int h = 0; h < 2; h++) {
    UNROLL
    for (int j = 0; j < BN / 8; j++) {
      if (row + 8 * h < m && col + 8 * j < ld)
        *(float2*)(part + (row + 8 * h) * ld + col + 8 * j) = make_float2(d[4 * j + 2 * h], d[4 * j + 2 * h + 1]);
    }
  }
}
#endif

#if CSTORAGE == 1
#define PACK(x, y) pack_f16(x, y)
#define LOW(w) tatara_from_half((ushort)(w))
#define HIGH(w) tatara_from_half((ushort)((w) >> 16))
#elif CSTORAGE == 2
#define PACK(x, y) pack_bf16(x, y)
#define LOW(w) tatara_from_bf16((ushort)(w))
#define HIGH(w) tatara_from_bf16((ushort)((w) >> 16))
#endif

/* Thread t of four has pair t of the rows of four blocks; afterwards it has the four pairs of block t. Its own inverse. */
DEVICE void exchange(uint (&p)[4], int lane) {
  int odd = lane & 1;
  int high = lane & 2;
  UNROLL
  for (int i = 0; i < 4; i += 2) {
    uint x = shuffle_xor(odd ? p[i] : p[i + 1], 1);
    p[i] = odd ? x : p[i];
    p[i + 1] = odd ? p[i + 1] : x;
  }
  UNROLL
  for (int i = 0; i < 2; i++) {
    uint x = shuffle_xor(high ? p[i] : p[i + 2], 2);
    p[i] = high ? x : p[i];
    p[i + 2] = high ? p[i + 2] : x;
  }
}

#if CVEC && CSTORAGE
/* Four blocks' row in 16-byte pieces, as pairs of columns. */
DEVICE void load_row(uint (&p)[4], GLOBAL const CELEM* x, int at, int inside, int lane) {
  uint4 v = make_uint4(0, 0, 0, 0);
  if (inside) v = *(const uint4*)(x + at);
  p[0] = v.x;
  p[1] = v.y;
  p[2] = v.z;
  p[3] = v.w;
  exchange(p, lane);
}

#if TAPS
#define STORE_PLACES , SHARED_PTR const int *places, int size
/* The same of elements that stand where the places say, 0 for those that are nowhere. */
DEVICE void load_places(uint (&p)[4], GLOBAL const CELEM* x, SHARED_PTR const int* places, int inside) {
  UNROLL
  for (int q = 0; q < 4; q++) {
    int u = places[8 * q];
    int v = places[8 * q + 1];
    uint low = inside && u >= 0 ? x[u] : 0;
    uint high = inside && v >= 0 ? x[v] : 0;
    p[q] = high << 16 | low;
  }
}
#else
#define STORE_PLACES
#endif

/* Finishes and stores; row, col: this thread's first; at, dense: where the tile's matrix starts in C and residual.
 * to: where this warp's rows of the staged tile stand. places: with TAPS, those of this thread's columns in an image of the
 * result, whose rows are `size` apart. */
DEVICE void store(const float (&d)[SUMS], GLOBAL CELEM* c, int at, int ldc, GLOBAL const CELEM* RESTRICT bias,
                  GLOBAL const CELEM* RESTRICT residual, int dense, int row, int col, int m, int n,
                  uint to STORE_PLACES) {
  int lane = lane_id();
  int t = lane & 3;
  int block = col - 2 * t;
  UNROLL
  for (int g = 0; g < BN / 32; g++) {
#if BIAS == 1
    float x[4];
    float y[4];
    UNROLL
    for (int q = 0; q < 4; q++) {
      int j = col + 32 * g + 8 * q;
      uint w = 0;
      if (j < n) w = *(const uint*)(bias + j);
      x[q] = LOW(w);
      y[q] = HIGH(w);
    }
#endif
    uint p[2][4];
    UNROLL
    for (int h = 0; h < 2; h++) {
      int i = row + 8 * h;
      int j = block + 32 * g + 8 * t;
      int inside = i < m && j < n;
#if BIAS == 2
      warp_barrier(); /* one group at a time, its bias read again: registers are short */
      float of_row = 0.0f;
      if (i < m) of_row = LD_OF(CSTORAGE, bias, i);
#endif
#if RESIDUAL
      uint r[4];
#if TAPS
      load_places(r, residual + i * size, places + 32 * g, i < m);
#else
      load_row(r, residual, dense + i * n + j, inside, lane);
#endif
#endif
#if ACCUMULATE
      uint o[4];
      load_row(o, c, at + i * ldc + j, inside, lane);
#endif
      UNROLL
      for (int q = 0; q < 4; q++) {
        float u = d[16 * g + 4 * q + 2 * h];
        float v = d[16 * g + 4 * q + 2 * h + 1];
#if BIAS == 1
        u += x[q];
        v += y[q];
#elif BIAS == 2
        u += of_row;
        v += of_row;
#endif
        u = matmul_activation(u);
        v = matmul_activation(v);
#if RESIDUAL
        u += LOW(r[q]);
        v += HIGH(r[q]);
#endif
#if ACCUMULATE
        u += LOW(o[q]);
        v += HIGH(o[q]);
#endif
        p[h][q] = PACK(u, v);
      }
#if !STAGED
      exchange(p[h], lane);
      if (inside) *(uint4*)(c + at + i * ldc + j) = make_uint4(p[h][0], p[h][1], p[h][2], p[h][3]);
#endif
    }
#if STAGED
    UNROLL
    for (int q = 0; q < 4; q += 2) {
      uint w[4] = {p[0][q], p[1][q], p[0][q + 1], p[1][q + 1]};
      /* Rows 0-7 and 8-15 of one block of 8 columns, then of the next, swizzled as the copy engine reads. */
      int swizzled = (lane / 16 ^ lane % 8) * 16 ^ (2 * g + q / 2) % 4 * 32;
      stmatrix_x4(to + g / 2 * BOX + lane % 16 * 128 + swizzled, w);
    }
#endif
  }
}
#else
/* j: columns from the pointers on; a row's bias stands at its pointer. */
DEVICE float finish(float v, GLOBAL const CELEM* c, GLOBAL const CELEM* RESTRICT bias,
                    GLOBAL const CELEM* RESTRICT residual, int j) {
#if BIAS
  v += LD_OF(CSTORAGE, bias, BIAS == 2 ? 0 : j);
#endif
  v = matmul_activation(v);
#if RESIDUAL
  v += LD_OF(CSTORAGE, residual, j);
#endif
#if ACCUMULATE
  v += LD_OF(CSTORAGE, c, j);
#endif
  return v;
}

DEVICE void store(const float (&d)[SUMS], GLOBAL CELEM* c, int at, int ldc, GLOBAL const CELEM* RESTRICT bias,
                  GLOBAL const CELEM* RESTRICT residual, int dense, int row, int col, int m, int n, uint unused) {
  UNROLL
  for (int h = 0; h < 2; h++) {
    int i = row + 8 * h;
    int left = i < m ? n - col : 0;
    GLOBAL CELEM* to = c + at + i * ldc + col;
    GLOBAL const CELEM* b = BIAS == 2 ? bias + i : BIAS ? bias + col : bias;
    GLOBAL const CELEM* r = RESIDUAL ? residual + dense + i * n + col : residual;
    UNROLL
    for (int g = 0; g < BN / 8; g++) {
      float u = d[4 * g + 2 * h];
      float v = d[4 * g + 2 * h + 1];
      if (8 * g < left) u = finish(u, to, b, r, 8 * g);
      if (8 * g + 1 < left) v = finish(v, to, b, r, 8 * g + 1);
#if CVEC
      if (8 * g < left) *(float2*)(to + 8 * g) = make_float2(u, v);
#elif CSTORAGE
      uint w = PACK(u, v);
      if (8 * g < left) to[8 * g] = (ushort)w;
      if (8 * g + 1 < left) to[8 * g + 1] = (ushort)(w >> 16);
#else
      if (8 * g < left) to[8 * g] = u;
      if (8 * g + 1 < left) to[8 * g + 1] = v;
#endif
    }
  }
}
#endif
