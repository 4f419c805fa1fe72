/* Weight gradient of a convolution: dw[m, c, p, q] = Σ over images and pixels of dy[m, pixel] · x[c, pixel under tap].
 *
 * weight_tiled   product with sums over all pixels: rows are output channels of a group, columns (channel, tap). 256
 *                work-items compute a TM × TN tile; slices of dy and of the patches, TK pixels deep, pass through
 *                local memory, both fetched with neighbours on neighbouring pixels. Since results are few and sums
 *                long, pixels are cut into parts, along z with the groups.
 * weight_direct  a work-group a row of dy and a run of up to WT taps: its work-items walk over the pixels of a part,
 *                reading dy once for all these taps. Depthwise convolutions and devices with small work-groups.
 * Sums have a fixed order: no atomics. Where there is one part, it is written straight to dw, else weight_total adds
 * the parts in order. Behind weights.cl.
 *
 * Ladder: 1. this. TX and TY as in conv.cl. Not measured on a GPU yet. */
#ifndef TM
#define TM 32
#define TN 32
#define TK 16
#define WM 2
#define WN 2
#endif
#ifndef WT
#define WT 9
#endif
#ifndef GROUP
#define GROUP 64
#endif
#define RM (TM / WM)
#define RN (TN / WN)
#define ITEMS (RM * RN)
#define PM (TM + 1)
#define PN (TN + 1)

KERNEL_SIZED(ITEMS, 1, 1) void weight_tiled(WEIGHT_ARGUMENTS) {
  SHARED float at[TK * PM];
  SHARED float bt[TK * PN];
  int id = LOCAL_ID(0);
  int tx = id % RN;
  int ty = id / RN;
  int taps = TAPS_Y * TAPS_X;
  int k = in * taps;
  int plane = oh * ow;
  int col0 = GROUP_ID(0) * TN;
  int row0 = GROUP_ID(1) * TM;
  int slot = id % TK; /* a work-item fetches every TK-th pixel */
  for (int z = GROUP_ID(2); z < groups * parts; z += GROUP_COUNT(2)) {
    int g = z % groups;
    int piece = z / groups;
    int end = (piece + 1) * each < images * plane ? (piece + 1) * each : images * plane;
    float acc[WM][WN];
    UNROLL
    for (int i = 0; i < WM; i++) {
      UNROLL
      for (int j = 0; j < WN; j++) acc[i][j] = 0.0f;
    }
    for (int p0 = piece * each; p0 < end; p0 += TK) {
      int p = p0 + slot;
      int image = p / plane;
      int pixel = p % plane;
      int sy = pixel / ow * strideY - padY;
      int sx = pixel % ow * strideX - padX;
      for (int r = id / TK; r < TM; r += ITEMS / TK) {
        float v = 0.0f;
        if (p < end && row0 + r < out) v = LD(dy, ((image * groups + g) * out + row0 + r) * plane + pixel);
        at[slot * PM + r] = v;
      }
      for (int q = id / TK; q < TN; q += ITEMS / TK) {
        float v = 0.0f;
        int col = col0 + q;
        if (p < end && col < k) {
          int t = col % taps;
          int yy = sy + dilationY * (t / TAPS_X);
          int xx = sx + dilationX * (t % TAPS_X);
          if (yy >= 0 && yy < h && xx >= 0 && xx < wd)
            v = LD(x, (((image * groups + g) * in + col / taps) * h + yy) * wd + xx);
        }
        bt[slot * PN + q] = v;
      }
      BARRIER();
      for (int s = 0; s < TK; s++) {
        float u[WM];
        float v[WN];
        UNROLL
        for (int i = 0; i < WM; i++) u[i] = at[s * PM + ty + i * RM];
        UNROLL
        for (int j = 0; j < WN; j++) v[j] = bt[s * PN + tx + j * RN];
        UNROLL
        for (int i = 0; i < WM; i++) {
          UNROLL
          for (int j = 0; j < WN; j++) acc[i][j] = FMA(u[i], v[j], acc[i][j]);
        }
      }
      BARRIER();
    }
    UNROLL
    for (int i = 0; i < WM; i++) {
      UNROLL
      for (int j = 0; j < WN; j++) {
        int row = row0 + ty + i * RM;
        int col = col0 + tx + j * RN;
        if (row < out && col < k) PUT(piece, (g * out + row) * k + col, acc[i][j]);
      }
    }
  }
}

/* Groups along x: (output channel, source channel of its group, run of taps); along y: parts. */
KERNEL_SIZED(GROUP, 1, 1) void weight_direct(WEIGHT_ARGUMENTS) {
  SHARED float sums[GROUP * WT];
  int id = LOCAL_ID(0);
  int taps = TAPS_Y * TAPS_X;
  int plane = oh * ow;
  int runs = (taps + WT - 1) / WT;
  int first = GROUP_ID(0) % runs * WT;
  int c = GROUP_ID(0) / runs % in;
  int m = GROUP_ID(0) / runs / in;
  int g = m / out;
  int dys[WT];
  int dxs[WT];
  UNROLL
  for (int t = 0; t < WT; t++) {
    dys[t] = dilationY * ((first + t) / TAPS_X) - padY;
    dxs[t] = dilationX * ((first + t) % TAPS_X) - padX;
  }
  for (int piece = GROUP_ID(1); piece < parts; piece += GROUP_COUNT(1)) {
    int end = (piece + 1) * each < images * plane ? (piece + 1) * each : images * plane;
    float acc[WT];
    UNROLL
    for (int t = 0; t < WT; t++) acc[t] = 0.0f;
    for (int p = piece * each + id; p < end; p += GROUP) {
      int image = p / plane;
      int pixel = p % plane;
      int sy = pixel / ow * strideY;
      int sx = pixel % ow * strideX;
      int source = ((image * groups + g) * in + c) * h;
      float d = LD(dy, (image * groups * out + m) * plane + pixel);
      UNROLL
      for (int t = 0; t < WT; t++) {
        int yy = sy + dys[t];
        int xx = sx + dxs[t];
        if (first + t < taps && yy >= 0 && yy < h && xx >= 0 && xx < wd)
          acc[t] = FMA(d, LD(x, (source + yy) * wd + xx), acc[t]);
      }
    }
    UNROLL
    for (int t = 0; t < WT; t++) sums[t * GROUP + id] = acc[t];
    BARRIER();
    for (int t = id; t < WT; t += GROUP) {
      float s = 0.0f;
      for (int i = 0; i < GROUP; i++) s += sums[t * GROUP + i];
      if (first + t < taps) PUT(piece, (m * in + c) * taps + first + t, s);
    }
    BARRIER();
  }
}
