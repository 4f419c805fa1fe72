/* y = g(pointwise · f(x * depthwise + depthwiseBias) + bias) + residual: a depthwise-separable block in one kernel.
 *
 * The tiled product of conv.cl for one tap, whose columns are pixels of all images; its slices of the right-hand side,
 * TK channels of TN pixels, are not fetched but summed, tap by tap, into local memory: what lies between the two
 * convolutions is in no other memory. Each block of TM result channels sums them again, so blocks are high.
 *
 * Ladder: 1. this. TX and TY, where they are given, are the taps. Not measured on a GPU yet. Sums are made in a fixed
 * order. Behind sums.cl. */
#ifndef TM
#define TM 64
#define TN 64
#define TK 16
#define WM 4
#define WN 4
#endif
#ifdef TX
#define TAPS_X TX
#define TAPS_Y TY
#else
#define TAPS_X kw
#define TAPS_Y kh
#endif
#define RM (TM / WM)
#define RN (TN / WN)
#define ITEMS (RM * RN)
#define PM (TM + 1)
#define PN (TN + 1)

KERNEL_SIZED(ITEMS, 1, 1)
void separable_tiled(GLOBAL const ELEM *RESTRICT x, GLOBAL const ELEM *RESTRICT depthwise,
                     GLOBAL const ELEM *RESTRICT inner, GLOBAL const ELEM *RESTRICT pointwise,
                     GLOBAL const ELEM *RESTRICT bias, GLOBAL const ELEM *RESTRICT residual, GLOBAL ELEM *y, int images,
                     int k, int h, int wd, int out, int oh, int ow, int kh, int kw, int strideY, int strideX, int padY,
                     int padX, int dilationY, int dilationX) {
  SHARED float at[TK * PM];
  SHARED float bt[TK * PN];
  int id = LOCAL_ID(0);
  int tx = id % RN;
  int ty = id / RN;
  int pixels = oh * ow;
  int columns = images * pixels;
  int col0 = GROUP_ID(0) * TN;
  int row0 = GROUP_ID(1) * TM;
  /* A work-item sums one pixel. */
  int q = id % TN;
  int image = (col0 + q) / pixels;
  int pixel = (col0 + q) % pixels;
  int sy = pixel / ow * strideY - padY;
  int sx = pixel % ow * strideX - padX;
  float acc[WM][WN];
  UNROLL
  for (int i = 0; i < WM; i++) {
    UNROLL
    for (int j = 0; j < WN; j++) acc[i][j] = 0.0f;
  }
  for (int p0 = 0; p0 < k; p0 += TK) {
    for (int e = id; e < TM * TK; e += ITEMS) {
      int r = e / TK;
      int p = p0 + e % TK;
      at[e % TK * PM + r] = row0 + r < out && p < k ? LD(pointwise, (row0 + r) * k + p) : 0.0f;
    }
    for (int e = id; e < TN * TK; e += ITEMS) {
      int p = p0 + e / TN;
      float v = 0.0f;
      if (col0 + q < columns && p < k) {
#if INNER_BIAS
        v = LD(inner, p);
#endif
        int source = (image * k + p) * h * wd;
        UNROLL
        for (int i = 0; i < TAPS_Y; i++) {
          int yy = sy + i * dilationY;
          UNROLL
          for (int j = 0; j < TAPS_X; j++) {
            int xx = sx + j * dilationX;
            if (yy >= 0 && yy < h && xx >= 0 && xx < wd)
              v = FMA(LD(depthwise, (p * TAPS_Y + i) * TAPS_X + j), LD(x, source + yy * wd + xx), v);
          }
        }
        v = conv_apply(INNER, v);
      }
      bt[e / TN * PN + q] = v;
    }
    BARRIER();
    for (int p = 0; p < TK; p++) {
      float u[WM];
      float v[WN];
      UNROLL
      for (int i = 0; i < WM; i++) u[i] = at[p * PM + ty + i * RM];
      UNROLL
      for (int j = 0; j < WN; j++) v[j] = bt[p * PN + tx + j * RN];
      UNROLL
      for (int i = 0; i < WM; i++) {
        UNROLL
        for (int j = 0; j < WN; j++) acc[i][j] = FMA(u[i], v[j], acc[i][j]);
      }
    }
    BARRIER();
  }
  UNROLL
  for (int j = 0; j < WN; j++) {
    int col = col0 + tx + j * RN;
    int place = col % pixels;
    UNROLL
    for (int i = 0; i < WM; i++) {
      int row = row0 + ty + i * RM;
      if (row < out && col < columns)
        conv_store(y, bias, residual, (col / pixels * out + row) * pixels + place, row, acc[i][j]);
    }
  }
}
