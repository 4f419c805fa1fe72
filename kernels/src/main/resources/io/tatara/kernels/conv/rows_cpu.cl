/* Depthwise sums of a convolution (conv.cl says which) on CPUs through OpenCL, float32: a work-item a plane of the
 * result, whose source planes stay in its cache. Along a row, vectors of VEC or four pixels where all their taps lie
 * inside the image, at a step of 1 or (four) 2; single pixels at the borders. Sums are made in a fixed order, tap after
 * tap. Behind vectors.cl, sums.cl, sums_cpu.cl. */
#define ROW_ARGUMENTS                                                                                              \
  GLOBAL const float *RESTRICT x, GLOBAL const float *RESTRICT w, int in, int h, int wd, int wi, int wr, int sy, int tapY, \
      int tapsY, int nextY, int tapX, int tapsX, int nextX
#define ROW_VALUES(column) \
  x + source + (column), w + weights, in, h, wd, wi, wr, sy, tapY, tapsY, nextY, tapX, tapsX, nextX

/* Sums of neighbouring pixels, of which the first has its tap (0, 0) in column 0 of x. */
#define ROW(NAME, T, LOAD)                                                                \
  DEVICE T NAME(ROW_ARGUMENTS) {                                                          \
    T s = 0.0f;                                                                           \
    for (int c = 0; c < in; c++) {                                                        \
      for (int ty = 0; ty < tapsY; ty++) {                                                \
        int yy = sy + tapY * ty;                                                          \
        if (yy < 0 || yy >= h) continue;                                                  \
        GLOBAL const float *row = x + (c * h + yy) * wd;                                  \
        GLOBAL const float *u = w + c * wi + nextY * ty * wr;                             \
        for (int tx = 0; tx < tapsX; tx++) s = fma((T)(u[nextX * tx]), LOAD(row + tapX * tx), s); \
      }                                                                                   \
    }                                                                                     \
    return s;                                                                             \
  }
#define LOAD_4(p) vload4(0, p)
#define LOAD_4_OF_8(p) vload8(0, p).even
ROW(row_vector, FLOATV, LOADV)
ROW(row_four, float4, LOAD_4)
ROW(row_every_second, float4, LOAD_4_OF_8)

/* One pixel, its column in the image known. */
DEVICE float row_one(ROW_ARGUMENTS, int column) {
  float s = 0.0f;
  for (int c = 0; c < in; c++) {
    for (int ty = 0; ty < tapsY; ty++) {
      int yy = sy + tapY * ty;
      if (yy < 0 || yy >= h) continue;
      for (int tx = 0; tx < tapsX; tx++) {
        int xx = column + tapX * tx;
        if (xx >= 0 && xx < wd)
          s = fma(w[c * wi + nextY * ty * wr + nextX * tx], x[(c * h + yy) * wd + xx], s);
      }
    }
  }
  return s;
}

KERNEL_SIZED(1, 1, 1) void conv_rows(CONV_ARGUMENTS) {
  int planes = images * groups * out;
  int low = min(0, tapX * (tapsX - 1));
  int high = max(0, tapX * (tapsX - 1));
  for (int plane = GROUP_ID(0); plane < planes; plane += GROUP_COUNT(0)) {
    int channel = plane % (groups * out);
    int g = channel / out;
    int weights = g * wg + channel % out * wo + firstY * wr + firstX;
    int source = (plane / (groups * out) * groups + g) * in * h * wd;
    for (int i = 0; i < countY; i++) {
      int sy = inY + inStepY * i;
      int to = (plane * oh + outY + outStepY * i) * ow + outX;
      int j = 0;
      while (j < countX) {
        int column = inX + inStepX * j;
        int room = column + low >= 0 ? wd - column - high : 0; /* floats from the first pixel's on */
        int n = 1;
#if ACTIVATION < 2
        if (inStepX == 1 && outStepX == 1 && room >= VEC && j + VEC <= countX) {
          FLOATV v = row_vector(ROW_VALUES(column));
          conv_store_vector(y, bias, residual, to + j, channel, v);
          j += VEC;
          continue;
        }
#endif
        float s[4];
        if (inStepX == 1 && room >= 4 && j + 4 <= countX) {
          vstore4(row_four(ROW_VALUES(column)), 0, s);
          n = 4;
        } else if (inStepX == 2 && room >= 8 && j + 4 <= countX) {
          vstore4(row_every_second(ROW_VALUES(column)), 0, s);
          n = 4;
        } else {
          s[0] = row_one(ROW_VALUES(0), column);
        }
        for (int e = 0; e < n; e++) conv_store(y, bias, residual, to + (j + e) * outStepX, channel, s[e]);
        j += n;
      }
    }
  }
}
