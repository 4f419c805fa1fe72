/* Packs an operand of a product for matmul_cpu.cl: panels of PW rows of A (or columns of B), each contiguous along
 * the sum, [block of k][panel][p][PW], filled up with zeros. A work-item packs one panel of one block, so that
 * what it reads and writes stays in the first-level cache.
 *
 * ALONG  1: elements of one p are neighbours: rows are copied.
 *        2: elements along k are neighbours: squares of four by four are turned around in registers.
 *        0: any strides.
 * Behind product.cl. */
#ifndef PW
#define PW 12
#endif
#ifndef ALONG
#define ALONG 0
#endif
#if STORAGE == 0
#define LOAD4(p) vload4(0, p)
#elif STORAGE == 1
#define LOAD4(p) vload_half4(0, p)
#else
#define LOAD4(p) as_float4(convert_uint4(vload4(0, p)) << 16)
#endif

DEVICE void pack_some(GLOBAL const ELEM *RESTRICT x, int xs, int ps, int rows, int from, int to, GLOBAL float *RESTRICT t) {
  for (int p = from; p < to; p++) {
    for (int r = 0; r < PW; r++) t[p * PW + r] = r < rows ? LD(x, r * xs + p * ps) : 0.0f;
  }
}

DEVICE void pack_panel(GLOBAL const ELEM *RESTRICT x, int xs, int ps, int rows, int depth, GLOBAL float *RESTRICT t) {
  int done = 0;
#if ALONG == 1
  if (rows == PW) {
    for (int p = 0; p < depth; p++) {
#pragma unroll
      for (int r = 0; r < PW; r += 4) vstore4(LOAD4(x + p * ps + r), 0, t + p * PW + r);
    }
    done = depth;
  }
#elif ALONG == 2
  if (rows == PW) {
    done = depth / 4 * 4;
    for (int p = 0; p < done; p += 4) {
#pragma unroll
      for (int r = 0; r < PW; r += 4) {
        float4 u = LOAD4(x + r * xs + p);
        float4 v = LOAD4(x + (r + 1) * xs + p);
        float4 w = LOAD4(x + (r + 2) * xs + p);
        float4 y = LOAD4(x + (r + 3) * xs + p);
        float4 ac = (float4)(u.s0, v.s0, w.s0, y.s0);
        float4 bd = (float4)(u.s1, v.s1, w.s1, y.s1);
        float4 ce = (float4)(u.s2, v.s2, w.s2, y.s2);
        float4 df = (float4)(u.s3, v.s3, w.s3, y.s3);
        vstore4(ac, 0, t + p * PW + r);
        vstore4(bd, 0, t + (p + 1) * PW + r);
        vstore4(ce, 0, t + (p + 2) * PW + r);
        vstore4(df, 0, t + (p + 3) * PW + r);
      }
    }
  }
#endif
  pack_some(x, xs, ps, rows, done, depth, t);
}

KERNEL_SIZED(1, 1, 1)
void matmul_pack(GLOBAL const ELEM *RESTRICT x, int xo, int xs, int ps, int extent, int k, int kc, int nb, int e1, int e2,
                 int e3, int s0, int s1, int s2, int s3, GLOBAL float *RESTRICT to) {
  int first = GROUP_ID(0) * PW;
  int p0 = GROUP_ID(1) * kc;
  int depth = min(kc, k - p0);
  int padded = GROUP_COUNT(0) * PW;
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    int from = xo + matmul_batch(z, e1, e2, e3, s0, s1, s2, s3) + first * xs + p0 * ps;
    pack_panel(x + from, xs, ps, min(PW, extent - first), depth, to + z * padded * k + p0 * padded + first * depth);
  }
}

/* Copies rows to float32, [matrix][row][p]. */
KERNEL_SIZED(1, 1, 1)
void matmul_rows(GLOBAL const ELEM *RESTRICT x, int xo, int xs, int ps, int k, int nb, int e1, int e2, int e3, int s0,
                 int s1, int s2, int s3, GLOBAL float *RESTRICT to) {
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    int from = xo + matmul_batch(z, e1, e2, e3, s0, s1, s2, s3) + GROUP_ID(0) * xs;
    GLOBAL float *t = to + (z * GROUP_COUNT(0) + GROUP_ID(0)) * k;
    for (int p = 0; p < k; p++) t[p] = LD(x, from + p * ps);
  }
}
