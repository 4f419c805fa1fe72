/* What implicit products have in common: a convolution, or one place within the stride of its data gradient, as a product
 * of the kernel, rows result channels, with patches that stand nowhere, columns pixels of all images; the sum runs over
 * (channel of the source, tap). CUDA alone, behind sums.cl; TY · TX taps are constants of the program. */
#ifndef TY
#define TY 3
#define TX 3
#endif
#ifndef LINEAR
#define LINEAR 1 /* whether the kernel stands in the order of the sums */
#endif
#ifndef POINTWISE
#define POINTWISE 0 /* whether column upon column is pixel upon pixel, 16 bytes at a time */
#endif
#ifndef OVEC
#define OVEC 0 /* whether four columns are four neighbouring elements of the result, aligned */
#endif
#ifndef PLACES
#define PLACES 0 /* whether a launch has all four places within a stride of 2; TAPS is then the most of one */
#endif
#if PLACES
/* The second of both places along each axis; blocks of all four follow each other along the grid's z. */
#define MORE_ARGUMENTS                                                                                             \
  , int countY1, int outY1, int inY1, int tapsY1, int firstY1, int countX1, int outX1, int inX1, int tapsX1, int firstX1
#define PLACE_COUNT 4
#define CHOOSE_PLACE(place)  \
  do {                       \
    if ((place) / 2 == 1) {  \
      countY = countY1;      \
      outY = outY1;          \
      inY = inY1;            \
      tapsY = tapsY1;        \
      firstY = firstY1;      \
    }                        \
    if ((place) % 2 == 1) {  \
      countX = countX1;      \
      outX = outX1;          \
      inX = inX1;            \
      tapsX = tapsX1;        \
      firstX = firstX1;      \
    }                        \
  } while (0)
#else
#define MORE_ARGUMENTS
#define PLACE_COUNT 1
#define CHOOSE_PLACE(place) \
  do {                      \
    tapsY = TY;             \
    tapsX = TX;             \
  } while (0)
#endif
#define TAPS (TY * TX)
#define TAP_BITS 6
#define NO_TAP (TAPS < 32 ? 31 : 63) /* that no patch has */

/* A column: where its patch begins in the source (counted from the group's first channel of image 0), and which taps
 * fall into the image. */
struct Patch {
  int at;
  uint low, high;

  DEVICE_MEMBER bool has(int tap) const {
    if (TAPS < 32) return (low >> tap & 1u) != 0u;
    return ((tap < 32 ? low >> tap : high >> (tap - 32)) & 1u) != 0u;
  }
};

/* For each term of the sum from `first` on, of ty · tx taps: distance from a patch's beginning, and the tap. Behind `terms` of them come
 * `more` that no patch has. */
DEVICE void terms_fill(int* table, int* weights, int first, int terms, int more, int ty, int tx, int h, int wd, int wi,
                       int wr, int tapY, int firstY, int nextY, int tapX, int firstX, int nextX) {
  for (int e = LOCAL_ID(0); e < terms + more; e += LOCAL_SIZE(0)) {
    int p = first + e;
    int c = p / (ty * tx);
    int t = p % (ty * tx);
    int far = (c * h + t / tx * tapY) * wd + t % tx * tapX;
    table[e] = e < terms ? far * (1 << TAP_BITS) + t : NO_TAP;
#if !LINEAR
    weights[e] = e < terms ? c * wi + (firstY + nextY * (t / tx)) * wr + firstX + nextX * (t % tx) : 0;
#endif
  }
}
