/* Weight gradient of a convolution on CPUs through OpenCL: packed panels and register tiles, sums over the pixels of all
 * images. No barriers, no local memory: a work-group is one work-item.
 *
 * weight_pack    packs dy in panels [pixel][MR].
 * weight_blocks  a work-item takes NR pairs of (channel, tap) and up to mp panels of output channels, over the pixels of
 *                a part. Patches are packed KC pixels at a time in private memory, so that no matrix of them stands in
 *                memory; then each panel of dy passes by.
 * Sums are made in a fixed order. Behind vectors.cl, tile_cpu.cl, weights.cl. */
#define BLOCK 256

KERNEL_SIZED(1, 1, 1)
void weight_pack(GLOBAL const ELEM *RESTRICT dy, GLOBAL float *RESTRICT pd, int images, int groups, int out, int plane) {
  int panels = (out + MR - 1) / MR;
  int pixels = images * plane;
  int end = min(pixels, (GROUP_ID(0) + 1) * BLOCK);
  for (int y = GROUP_ID(1); y < groups * panels; y += GROUP_COUNT(1)) {
    int g = y / panels;
    int row = y % panels * MR;
    for (int r = 0; r < MR; r++) {
      for (int p = GROUP_ID(0) * BLOCK; p < end; p++) {
        float v = 0.0f;
        if (row + r < out) v = LD(dy, ((p / plane * groups + g) * out + row + r) * plane + p % plane);
        pd[(y * pixels + p) * MR + r] = v;
      }
    }
  }
}

KERNEL_SIZED(1, 1, 1) void weight_blocks(WEIGHT_ARGUMENTS, GLOBAL const float *RESTRICT pd, int mp) {
  float b[KC * NR];
  float sums[PANELS * MR * NR];
  int taps = TAPS_Y * TAPS_X;
  int k = in * taps;
  int panels = (out + MR - 1) / MR;
  int pixels = images * oh * ow;
  int columns = min(NR, k - GROUP_ID(0) * NR);
  int first = GROUP_ID(1) * mp;
  int last = min(panels, first + mp);
  for (int z = GROUP_ID(2); z < groups * parts; z += GROUP_COUNT(2)) {
    int g = z % groups;
    int piece = z / groups;
    int begin = piece * each;
    int end = min(pixels, begin + each);
    for (int p0 = begin; p0 < end; p0 += KC) {
      int depth = min(KC, end - p0);
      for (int q = 0; q < NR; q++) {
        int col = GROUP_ID(0) * NR + min(q, columns - 1);
        int down = dilationY * (col % taps / TAPS_X) - padY;
        int right = dilationX * (col % TAPS_X) - padX;
        int image = p0 / (oh * ow);
        int i = p0 % (oh * ow) / ow;
        int j = p0 % ow;
        for (int p = 0; p < depth; p++) {
          int yy = i * strideY + down;
          int xx = j * strideX + right;
          float v = 0.0f;
          if (yy >= 0 && yy < h && xx >= 0 && xx < wd)
            v = LD(x, (((image * groups + g) * in + col / taps) * h + yy) * wd + xx);
          b[p * NR + q] = v;
          if (++j == ow) {
            j = 0;
            if (++i == oh) {
              i = 0;
              image++;
            }
          }
        }
      }
      for (int panel = first; panel < last; panel++) {
        GLOBAL const float *a = pd + ((g * panels + panel) * pixels + p0) * MR;
        conv_tile(a, b, depth, p0 > begin, sums + (panel - first) * MR * NR);
      }
    }
    for (int row = first * MR; row < min(out, last * MR); row++) {
      for (int q = 0; q < columns; q++) {
        int at = (g * out + row) * k + GROUP_ID(0) * NR + q;
        PUT(piece, at, sums[(row - first * MR) * NR + q]);
      }
    }
  }
}
