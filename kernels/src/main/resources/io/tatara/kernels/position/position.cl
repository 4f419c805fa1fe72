/* Sinusoidal encodings added, and rotary embeddings: an item for a pair of columns of a position, neighbouring items
 * take neighbouring columns; the item computes its angle once and walks over all heads (rows of the same position).
 * Follows angles.cl. Memory is the roof where there are some heads: one read, one write.
 * STARTS: start positions are there. ROTARY: rotate, by sines times scale; HALVES: pairs (i, i + R / 2).
 * blocks: groups of a sequence. items: of a position; those behind the rotated columns copy two columns each. */
#ifndef STARTS
#define STARTS 0
#endif
#ifndef ROTARY
#define ROTARY 0
#endif
#ifndef HALVES
#define HALVES 0
#endif

KERNEL void positions(GLOBAL const ELEM* RESTRICT x, GLOBAL const int* RESTRICT starts, GLOBAL ELEM* RESTRICT y,
                      int all, int blocks, int items, int heads, int d, int rotated, int sequence_stride, int head_stride,
                      int stride, int ratio_high, int ratio_low, float scale) {
  int sequence = GROUP_ID(0) / blocks;
  int g = (GROUP_ID(0) - sequence * blocks) * LOCAL_SIZE(0) + LOCAL_ID(0);
  if (g >= all) return;
  int t = g / items;
  int i = g - t * items;
  int position = t;
#if STARTS
  position = (int)((uint)starts[sequence] + (uint)t);
#endif
  int row = sequence * sequence_stride + t * stride;
#if ROTARY
  if (2 * i >= rotated) {
    for (int h = 0; h < heads; h++) {
      int at = row + h * head_stride;
      ST(y, at + 2 * i, LD(x, at + 2 * i));
      if (2 * i + 1 < d) ST(y, at + 2 * i + 1, LD(x, at + 2 * i + 1));
    }
    return;
  }
#endif
  uint high;
  uint low;
  float s;
  float c;
  frequency_of(i, (uint)ratio_high, (uint)ratio_low, &high, &low);
  turn_of(position, high, low, &s, &c);
#if ROTARY
  s *= scale;
#if HALVES
  int first = i;
  int second = i + rotated / 2;
#else
  int first = 2 * i;
  int second = 2 * i + 1;
#endif
  for (int h = 0; h < heads; h++) {
    int at = row + h * head_stride;
    float a = LD(x, at + first);
    float b = LD(x, at + second);
    ST(y, at + first, a * c - b * s);
    ST(y, at + second, b * c + a * s);
  }
#else
  for (int h = 0; h < heads; h++) {
    int at = row + h * head_stride + 2 * i;
    ST(y, at, LD(x, at) * scale + s);
    if (2 * i + 1 < d) ST(y, at + 1, LD(x, at + 1) * scale + c);
  }
#endif
}
