/* Winograd's minimal filtering (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", section 4.1) for
 * 3 × 3 taps: what winograd.cl and winograd_weight.cl share. A tile is 4 × 4 pixels and the 6 × 6 that they come of. The points
 * are 0, ±3/4, ±3/2 and infinity, as on the JVM: exact in binary, and products of nearly one size. All transforms here are of
 * one axis, in place or from one to the other; a tile is transformed along both. */
#define THREADS 256
#define PLACES 36
#define PA 0.75f
#define PB 1.5f
#define PA2 (PA * PA)
#define PB2 (PB * PB)
#define PA3 (PA2 * PA)
#define PB3 (PB2 * PB)
#define GA (1.0f / (2.0f * PA2 * (PA2 - PB2)))
#define GB (1.0f / (2.0f * PB2 * (PB2 - PA2)))
#define G0 (1.0f / (PA2 * PB2))

/* Transforms of tiles: what a thread reads is on its way at one time, in no more registers than leave room for four blocks. */
#ifdef TATARA_OPENCL
#define TRANSFORM KERNEL_SIZED(THREADS, 1, 1)
#else
#define TRANSFORM extern "C" __global__ __launch_bounds__(THREADS, 4)
#endif

/* A loop that stays one: what is seldom run must not take the registers of what always is. */
#ifdef TATARA_OPENCL
#define ROLLED
#else
#define ROLLED _Pragma("unroll 1")
#endif

/* Bᵀ: six pixels to six places, s from one to the next. */
DEVICE void winograd_source(float *d, int s) {
  float d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s], d5 = d[5 * s];
  float even = FMA(d2, -PB2, d4);
  float odd = FMA(d1, -PB2, d3);
  d[0] = FMA(d0, PA2 * PB2, FMA(d2, -(PA2 + PB2), d4));
  d[s] = FMA(odd, PA, even);
  d[2 * s] = FMA(odd, -PA, even);
  even = FMA(d2, -PA2, d4);
  odd = FMA(d1, -PA2, d3);
  d[3 * s] = FMA(odd, PB, even);
  d[4 * s] = FMA(odd, -PB, even);
  d[5 * s] = FMA(d1, PA2 * PB2, FMA(d3, -(PA2 + PB2), d5));
}

/* Aᵀ: six places to four results, in the first four of them. */
DEVICE void winograd_result(float *d, int s) {
  float even = d[s] + d[2 * s], odd = d[s] - d[2 * s];
  float even2 = d[3 * s] + d[4 * s], odd2 = d[3 * s] - d[4 * s];
  float last = d[5 * s];
  d[0] = d[0] + even + even2;
  d[s] = FMA(odd, PA, odd2 * PB);
  d[2 * s] = FMA(even, PA2, even2 * PB2);
  d[3 * s] = FMA(odd, PA3, FMA(odd2, PB3, last));
}

/* A: four output gradients, the first four of d, to six places. */
DEVICE void winograd_spread(float *d, int s) {
  float y0 = d[0], y1 = d[s], y2 = d[2 * s], y3 = d[3 * s];
  float even = FMA(y2, PA2, y0), odd = FMA(y3, PA3, y1 * PA);
  d[s] = even + odd;
  d[2 * s] = even - odd;
  even = FMA(y2, PB2, y0);
  odd = FMA(y3, PB3, y1 * PB);
  d[3 * s] = even + odd;
  d[4 * s] = even - odd;
  d[5 * s] = y3;
}

/* G: three taps, s from one to the next, to six places. */
DEVICE void winograd_taps(const float *g, int s, float *u, int t) {
  float even = FMA(g[2 * s], PA2, g[0]), odd = g[s] * PA;
  u[0] = g[0] * G0;
  u[t] = (even + odd) * GA;
  u[2 * t] = (even - odd) * GA;
  even = FMA(g[2 * s], PB2, g[0]);
  odd = g[s] * PB;
  u[3 * t] = (even + odd) * GB;
  u[4 * t] = (even - odd) * GB;
  u[5 * t] = g[2 * s];
}

/* Gᵀ: six places to three taps, in the first three of them. */
DEVICE void winograd_sums(float *d, int s) {
  float even = (d[s] + d[2 * s]) * GA, odd = (d[s] - d[2 * s]) * GA;
  float even2 = (d[3 * s] + d[4 * s]) * GB, odd2 = (d[3 * s] - d[4 * s]) * GB;
  float last = d[5 * s];
  d[0] = FMA(d[0], G0, even + even2);
  d[s] = FMA(odd, PA, odd2 * PB);
  d[2 * s] = FMA(even, PA2, FMA(even2, PB2, last));
}

/* Where tile number t of some images, of down × along each, stands. */
typedef struct {
  int image, row, column;
} WinogradTile;

DEVICE WinogradTile winograd_tile(int t, int first, int down, int along) {
  WinogradTile at;
  int rows = t / along;
  at.column = t - rows * along;
  at.image = rows / down;
  at.row = rows - at.image * down;
  at.image += first;
  return at;
}

/* Thread number i transforms a tile of a channel: i = channel · pitch + tile, where it also stands in each of the 36 matrices
 * [channels, pitch] of v. Neighbours have neighbouring tiles: what a warp reads six times are the same few lines of the cache,
 * and what it writes is whole ones. */
DEVICE void winograd_source_tile(GLOBAL const float *RESTRICT x, GLOBAL float *RESTRICT v, int i, int channels, int h, int wd,
                                 int first, int tiles, int pitch, int down, int along, int lowY, int lowX) {
  int c = i / pitch;
  int t = i - c * pitch;
  if (c >= channels || t >= tiles) return;
  WinogradTile at = winograd_tile(t, first, down, along);
  int top = 4 * at.row + lowY;
  int left = 4 * at.column + lowX;
  GLOBAL const float *from = x + ((at.image * channels + c) * h + top) * wd + left;
  float d[PLACES];
  UNROLL
  for (int a = 0; a < 6; a++) {
    UNROLL
    for (int b = 0; b < 6; b++) {
      int there = top + a >= 0 && top + a < h && left + b >= 0 && left + b < wd;
      d[6 * a + b] = there ? from[a * wd + b] : 0.0f;
    }
  }
  UNROLL
  for (int b = 0; b < 6; b++) winograd_source(d + b, 6);
  UNROLL
  for (int a = 0; a < 6; a++) {
    winograd_source(d + 6 * a, 1);
    UNROLL
    for (int b = 0; b < 6; b++) v[(6 * a + b) * channels * pitch + i] = d[6 * a + b];
  }
}
