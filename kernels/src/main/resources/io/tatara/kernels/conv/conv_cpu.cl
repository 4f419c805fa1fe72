/* Sums of a convolution (conv.cl says which) on CPUs through OpenCL: packed panels and register tiles as in
 * matmul_cpu.cl, but patches are packed by the work-item that needs them, so that no matrix of patches stands in
 * memory. No barriers, no local memory: a work-group is one work-item.
 *
 * conv_pack    packs the kernel in panels [p][MR], p along (channel of the source, tap).
 * conv_blocks  a work-item takes NR = 2 · VEC pixels and up to mp panels of rows. KC rows of patches at a time are
 *              packed in private memory, by vectors where the pixels of one are neighbours in the image and inside it;
 *              then each panel of the kernel passes by, MR × 2 vectors of sums in registers.
 * Sums are made in a fixed order. Behind vectors.cl, tile_cpu.cl, sums.cl, sums_cpu.cl. */
KERNEL_SIZED(1, 1, 1)
void conv_pack(GLOBAL const ELEM *RESTRICT w, GLOBAL float *RESTRICT pa, int groups, int in, int out, int wg, int wo,
               int wi, int wr, int tapsY, int firstY, int nextY, int tapsX, int firstX, int nextX) {
  int row = GROUP_ID(0) * MR;
  int k = in * tapsY * tapsX;
  int padded = (out + MR - 1) / MR * MR;
  for (int g = GROUP_ID(1); g < groups; g += GROUP_COUNT(1)) {
    GLOBAL float *to = pa + g * padded * k + row * k;
    for (int c = 0; c < in; c++) {
      for (int ty = 0; ty < tapsY; ty++) {
        for (int tx = 0; tx < tapsX; tx++) {
          int from = g * wg + row * wo + c * wi + (firstY + nextY * ty) * wr + firstX + nextX * tx;
          for (int r = 0; r < MR; r++) to[r] = row + r < out ? LD(w, from + r * wo) : 0.0f;
          to += MR;
        }
      }
    }
  }
}

KERNEL_SIZED(1, 1, 1) void conv_blocks(CONV_ARGUMENTS, GLOBAL const float *RESTRICT pa, int mp) {
  float b[KC * NR];
  float sums[PANELS * MR * NR];
  int sy[NR];
  int sx[NR];
  int from[NR]; /* of the pixel's image in the source */
  int to[NR];   /* of the pixel in the result */
  int along[2];
  int straight[2];
  int pixels = countY * countX;
  int columns = min(NR, images * pixels - GROUP_ID(0) * NR);
  int taps = tapsY * tapsX;
  int k = in * taps;
  int padded = (out + MR - 1) / MR * MR;
  int rowFirst = GROUP_ID(1) * mp * MR;
  int rowEnd = min(out, rowFirst + mp * MR);
  for (int j = 0; j < NR; j++) {
    /* Behind the last column the last is taken again. */
    int col = GROUP_ID(0) * NR + min(j, columns - 1);
    int image = col / pixels;
    int i = col % pixels / countX;
    int q = col % countX;
    sy[j] = inY + inStepY * i;
    sx[j] = inX + inStepX * q;
    from[j] = image * groups * in * h * wd;
    to[j] = (image * groups * out * oh + outY + outStepY * i) * ow + outX + outStepX * q;
  }
  for (int v = 0; v < 2; v++) {
    int first = v * VEC;
    along[v] = 1;
    straight[v] = first + VEC <= columns;
    for (int i = first + 1; i < first + VEC; i++) {
      if (sx[i] != sx[i - 1] + 1 || sy[i] != sy[i - 1] || from[i] != from[i - 1]) along[v] = 0;
      if (to[i] != to[i - 1] + 1) straight[v] = 0;
    }
  }
  for (int g = GROUP_ID(2); g < groups; g += GROUP_COUNT(2)) {
    for (int p0 = 0; p0 < k; p0 += KC) {
      int depth = min(KC, k - p0);
      for (int p = 0; p < depth; p++) {
        int t = (p0 + p) % taps;
        int dy = tapY * (t / tapsX);
        int dx = tapX * (t % tapsX);
        int plane = (g * in + (p0 + p) / taps) * h;
        for (int v = 0; v < 2; v++) {
          int first = v * VEC;
          int yy = sy[first] + dy;
          int xx = sx[first] + dx;
          if (along[v] && yy >= 0 && yy < h && xx >= 0 && xx + VEC <= wd) {
            STOREV(LDV(x, from[first] + (plane + yy) * wd + xx), b + p * NR + first);
          } else {
            for (int i = first; i < first + VEC; i++) {
              yy = sy[i] + dy;
              xx = sx[i] + dx;
              float e = 0.0f;
              if (yy >= 0 && yy < h && xx >= 0 && xx < wd) e = LD(x, from[i] + (plane + yy) * wd + xx);
              b[p * NR + i] = e;
            }
          }
        }
      }
      for (int row = rowFirst; row < rowEnd; row += MR) {
        GLOBAL const float *a = pa + g * padded * k + row * k + p0 * MR;
        conv_tile(a, b, depth, p0 > 0, sums + (row - rowFirst) * NR);
      }
    }
    for (int row = rowFirst; row < rowEnd; row++) {
      int channel = g * out + row;
      int move = channel * oh * ow;
      float *s = sums + (row - rowFirst) * NR;
      for (int v = 0; v < 2; v++) {
        int first = v * VEC;
#if ACTIVATION < 2
        if (straight[v]) {
          conv_store_vector(y, bias, residual, to[first] + move, channel, LOADV(s + first));
          continue;
        }
#endif
        for (int j = first; j < min(columns, first + VEC); j++)
          conv_store(y, bias, residual, to[j] + move, channel, s[j]);
      }
    }
  }
}
