/* y = activation(x * w + bias) + residual: convolution in two dimensions and, one launch for each place within the
 * stride, its data gradient. Both are sums over taps at a fixed distance along each axis:
 *
 *   y[outY + outStepY · i] = Σ over t < tapsY of w[firstY + nextY · t] · x[inY + inStepY · i + tapY · t], alike in x.
 *
 * conv_tiled   implicit product: rows are channels of the result, columns are pixels of all images, the sum runs over
 *              (channel of the source, tap). 256 work-items compute a TM × TN tile; slices of the kernel and of the
 *              patches, TK deep, pass through local memory (padded by one against bank conflicts), patches fetched
 *              from the image with neighbours on neighbouring pixels; each work-item holds WM × WN sums. No matrix of
 *              patches stands in memory. Groups along z.
 * conv_direct  one work-item a pixel, neighbours along the row, the taps in order: depthwise convolutions, which are
 *              bound by memory, and devices with small work-groups.
 *
 * conv_zeros   what no tap reaches, a plain fill of the result before the launches that know better.
 *
 * Ladder: 1. this. TX and TY, where they are given, are tapsX and tapsY, which turns the divisions by them into
 * multiplications and unrolls the depthwise taps. Not measured on a GPU yet. Sums are made in a fixed order.
 * Behind sums.cl. */
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
#define TAPS_X tapsX
#define TAPS_Y tapsY
#endif
#define RM (TM / WM)
#define RN (TN / WN)
#define ITEMS (RM * RN)
#define PM (TM + 1)
#define PN (TN + 1)

KERNEL_SIZED(ITEMS, 1, 1) void conv_tiled(CONV_ARGUMENTS) {
  SHARED float at[TK * PM];
  SHARED float bt[TK * PN];
  int id = LOCAL_ID(0);
  int tx = id % RN;
  int ty = id / RN;
  int pixels = countY * countX;
  int columns = images * pixels;
  int taps = TAPS_Y * TAPS_X;
  int k = in * taps;
  int col0 = GROUP_ID(0) * TN;
  int row0 = GROUP_ID(1) * TM;
  /* A work-item fetches patches of one pixel. */
  int q = id % TN;
  int image = (col0 + q) / pixels;
  int pixel = (col0 + q) % pixels;
  int sy = inY + inStepY * (pixel / countX);
  int sx = inX + inStepX * (pixel % countX);
  for (int g = GROUP_ID(2); g < groups; g += GROUP_COUNT(2)) {
    int source = (image * groups + g) * in * h * wd;
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
        float v = 0.0f;
        if (row0 + r < out && p < k) {
          int t = p % taps;
          v = LD(w, g * wg + (row0 + r) * wo + p / taps * wi + (firstY + nextY * (t / TAPS_X)) * wr + firstX +
                        nextX * (t % TAPS_X));
        }
        at[e % TK * PM + r] = v;
      }
      for (int e = id; e < TN * TK; e += ITEMS) {
        int p = p0 + e / TN;
        float v = 0.0f;
        if (col0 + q < columns && p < k) {
          int t = p % taps;
          int yy = sy + tapY * (t / TAPS_X);
          int xx = sx + tapX * (t % TAPS_X);
          if (yy >= 0 && yy < h && xx >= 0 && xx < wd) v = LD(x, source + (p / taps * h + yy) * wd + xx);
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
      int n = col / pixels;
      int place = col % pixels;
      int yy = outY + outStepY * (place / countX);
      int xx = outX + outStepX * (place % countX);
      UNROLL
      for (int i = 0; i < WM; i++) {
        int row = row0 + ty + i * RM;
        if (row < out && col < columns) {
          int channel = g * out + row;
          conv_store(y, bias, residual, ((n * groups * out + channel) * oh + yy) * ow + xx, channel, acc[i][j]);
        }
      }
    }
  }
}

/* Groups along x cover a plane's pixels, along y the planes of the result. */
KERNEL void conv_direct(CONV_ARGUMENTS) {
  int pixel = GLOBAL_ID(0);
  int planes = images * groups * out;
  if (pixel < countY * countX) {
    int i = pixel / countX;
    int j = pixel % countX;
    int sy = inY + inStepY * i;
    int sx = inX + inStepX * j;
    int place = (outY + outStepY * i) * ow + outX + outStepX * j;
    for (int plane = GROUP_ID(1); plane < planes; plane += GROUP_COUNT(1)) {
      int channel = plane % (groups * out);
      int g = channel / out;
      int weights = g * wg + channel % out * wo + firstY * wr + firstX;
      int source = (plane / (groups * out) * groups + g) * in * h * wd;
      float s = 0.0f;
      for (int c = 0; c < in; c++) {
        UNROLL
        for (int ty = 0; ty < TAPS_Y; ty++) {
          int yy = sy + tapY * ty;
          UNROLL
          for (int tx = 0; tx < TAPS_X; tx++) {
            int xx = sx + tapX * tx;
            if (yy >= 0 && yy < h && xx >= 0 && xx < wd)
              s = FMA(LD(w, weights + c * wi + nextY * ty * wr + nextX * tx), LD(x, source + (c * h + yy) * wd + xx), s);
          }
        }
      }
      conv_store(y, bias, residual, plane * oh * ow + place, channel, s);
    }
  }
}

/* 16 bytes a work-item; zero has the same bits in all types. */
KERNEL void conv_zeros(GLOBAL ELEM* y, int size) {
#if STORAGE == 0
  const int each = 4;
#else
  const int each = 8;
#endif
  int i = GLOBAL_ID(0);
  if (i < size / each) {
    STOREF4((GLOBAL float*)y, i * 4, MAKE4(0.0f, 0.0f, 0.0f, 0.0f));
  } else if (i == size / each) {
    for (int j = i * each; j < size; j++) ST(y, j, 0.0f);
  }
}
