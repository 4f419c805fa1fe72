/* What weight gradients as implicit products have in common on CUDA: pixels that are counted on, columns' taps. */

/* Pixel p of all images and those behind it, counted on. */
struct Pixel {
  int image, y, x;

  DEVICE_MEMBER void start(int p, int oh, int ow) {
    image = p / (oh * ow);
    y = p % (oh * ow) / ow;
    x = p % ow;
  }
  DEVICE_MEMBER void forward(int by, int oh, int ow) {
    x += by;
    while (x >= ow) {
      x -= ow;
      y++;
    }
    while (y >= oh) {
      y -= oh;
      image++;
    }
  }
};

/* N columns (channel, tap) that a thread looks after: how far each lies from a pixel's place in the source, and its tap's row
 * and column. A column that is not there is that of tap 0, and not stored. */
template <int N>
struct Columns {
  int far[N];
  short down[N], right[N];

  /* Columns first, first + apart …, of k. */
  DEVICE_MEMBER void start(int first, int apart, int k, int taps, int tapsX, int h, int wd, int dilationY, int dilationX) {
    UNROLL
    for (int i = 0; i < N; i++) {
      int col = first + i * apart;
      int t = col % taps;
      down[i] = (short)(col < k ? t / tapsX * dilationY : 0);
      right[i] = (short)(col < k ? t % tapsX * dilationX : 0);
      far[i] = col < k ? (col / taps * h + down[i]) * wd + right[i] : 0;
    }
  }
};
