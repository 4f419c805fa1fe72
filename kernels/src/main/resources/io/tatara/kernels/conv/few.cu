/* Data gradient of a convolution of images with few channels, such as a network's first layer: OC <= 4 channels of dx in a
 * group, all places within the stride at once. CUDA, any architecture, all types, sums in float32. Arguments: dy [images,
 * groups * in, h, wd], w [groups * in, OC, KH, KW], dx [images, groups * OC, oh, ow].
 *
 * A cell is SY x SX pixels of dx; all its sums come from a window of ROWS x COLS elements of a channel of dy. A thread holds
 * the sums of CELLS cells above each other, all channels: for a channel of dy it reads their common window once, then
 * takes the kernel tap by tap, a broadcast 16-byte word of shared memory for all OC channels, each tap to the elements of
 * the window that it meets (strides, padding and taps are constants, so nothing is asked at run time).
 * PARTS warps of a block share the channels of dy; their sums meet in shared memory in the order of the warps, and leave
 * as rows of neighbouring pixels.
 *
 * Ladder: 1 conv_direct, a launch for each place within the stride, a pixel of one channel an item; 2 this: an element of
 * dy is read from the first cache once for all it meets, not once a tap and channel. Figures: docs/h200.md. */
#ifndef KH
#define KH 3
#define KW 3
#define SY 2
#define SX 2
#define PY 1
#define PX 1
#define OC 3
#define CELLS 4
#define LOW_Y 0 /* first row of the window of the cell in row 0 */
#define LOW_X 0
#define ROWS 2 /* of a cell's window */
#define COLS 2
#define SLICE 64 /* channels of dy whose taps stand in shared memory */
#endif
#define PARTS 8
#ifndef BLOCKS
#define BLOCKS 1
#endif
#define DEEP (ROWS + CELLS - 1)
#define SUMS (CELLS * SY * SX * OC)

/* Grid: runs of 32 columns of cells, 1, groups. high: groups of CELLS rows of cells, across: columns of cells. */
KERNEL_RESIDENT(PARTS * 32, BLOCKS) void conv_few(const ELEM* RESTRICT dy, const ELEM* RESTRICT w,
                                                  ELEM* RESTRICT dx, int images, int groups, int in,
                                                  int h, int wd, int oh, int ow, int high, int across) {
  DYNAMIC_SHARED(bytes);
  float* memory = (float*)bytes;
  int id = LOCAL_ID(0);
  int lane = id % 32;
  int part = id / 32;
  int all = images * high * across;
  int q = GROUP_ID(0) * 32 + lane;
  bool there = q < all;
  int at = there ? q : 0;
  int j = at % across;
  int i = at / across % high * CELLS;
  int image = at / across / high;
  uint inside = 0u; /* which elements of the window are there */
  UNROLL
  for (int r = 0; r < DEEP; r++) {
    UNROLL
    for (int c = 0; c < COLS; c++) {
      int y = i + LOW_Y + r;
      int x = j + LOW_X + c;
      if (there && y >= 0 && y < h && x >= 0 && x < wd) inside |= 1u << (r * COLS + c);
    }
  }
  int first = (i + LOW_Y) * wd + j + LOW_X;
  for (int g = GROUP_ID(2); g < groups; g += GROUP_COUNT(2)) {
    float acc[SUMS];
    UNROLL
    for (int s = 0; s < SUMS; s++) acc[s] = 0.0f;
    for (int c0 = 0; c0 < in; c0 += SLICE) {
      int channels = in - c0 < SLICE ? in - c0 : SLICE;
      BARRIER();
      for (int e = id; e < channels * KH * KW; e += PARTS * 32) {
        float v[4];
        UNROLL
        for (int o = 0; o < 4; o++)
          v[o] = o < OC ? LD(w, ((g * in + c0 + e / (KH * KW)) * OC + o) * (KH * KW) + e % (KH * KW)) : 0.0f;
        *(float4*)(memory + e * 4) = make_float4(v[0], v[1], v[2], v[3]);
      }
      BARRIER();
      for (int c = part; c < channels; c += PARTS) {
        const ELEM* from = dy + (image * groups * in + g * in + c0 + c) * h * wd;
        float v[DEEP * COLS];
        UNROLL
        for (int e = 0; e < DEEP * COLS; e++)
          v[e] = (inside >> e & 1u) != 0u ? LD(from, first + e / COLS * wd + e % COLS) : 0.0f;
        const float* taps = memory + c * (KH * KW * 4);
        UNROLL
        for (int t = 0; t < KH * KW; t++) {
          float4 k = *(const float4*)(taps + t * 4);
          float u[4] = {k.x, k.y, k.z, k.w};
          UNROLL
          for (int r = 0; r < SY; r++) {
            UNROLL
            for (int s = 0; s < SX; s++) {
              /* Tap (t / KW, t % KW) brings pixel (r, s) of a cell this far element of its window, if any. */
              const int down = r + PY - t / KW - SY * LOW_Y;
              const int right = s + PX - t % KW - SX * LOW_X;
              if (down % SY == 0 && right % SX == 0) {
                UNROLL
                for (int m = 0; m < CELLS; m++) {
                  UNROLL
                  for (int o = 0; o < OC; o++) {
                    float* sum = acc + ((m * SY + r) * SX + s) * OC + o;
                    *sum = FMA(u[o], v[(m + down / SY) * COLS + right / SX], *sum);
                  }
                }
              }
            }
          }
        }
      }
    }
    BARRIER();
    UNROLL
    for (int s = 0; s < SUMS; s++) memory[(part * SUMS + s) * 32 + lane] = acc[s];
    BARRIER();
    /* Neighbouring threads on neighbouring pixels. */
    for (int e = id; e < SUMS * 32; e += PARTS * 32) {
      int to = GROUP_ID(0) * 32 + e / SX % 32;
      int s = e % SX;
      int rest = e / (SX * 32);
      int o = rest % OC;
      int r = rest / OC % SY;
      int m = rest / OC / SY;
      int y = (to / across % high * CELLS + m) * SY + r;
      int x = to % across * SX + s;
      if (to < all && y < oh && x < ow) {
        float sum = 0.0f;
        UNROLL
        for (int p = 0; p < PARTS; p++)
          sum += memory[(p * SUMS + ((m * SY + r) * SX + s) * OC + o) * 32 + e / SX % 32];
        ST(dx, ((to / across / high * groups * OC + g * OC + o) * oh + y) * ow + x, sum);
      }
    }
  }
}
