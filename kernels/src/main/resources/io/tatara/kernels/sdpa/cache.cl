/* cache[n, positions[n] + t] = update[n, t] for every head; what falls outside 0 ... capacity is dropped. A
 * work-item an element of the update; bits are moved as they are. */
#ifndef SEQUENCE_FIRST
#define SEQUENCE_FIRST 0 /* 1: [N, T, H, D], 0: [N, H, T, D] */
#endif
#if STORAGE == 0
#define BITS uint
#else
#define BITS ushort
#endif

KERNEL void cache_append(GLOBAL const BITS* RESTRICT update, GLOBAL const int* RESTRICT positions,
                         GLOBAL BITS* RESTRICT cache, int heads, int t, int capacity, int d, int count) {
  int e = GLOBAL_ID(0);
  if (e < count) {
    int row = e / d;
#if SEQUENCE_FIRST
    int n = row / (heads * t);
    int h = row % heads;
    int i = row / heads % t;
#else
    int n = row / (heads * t);
    int h = row / t % heads;
    int i = row % t;
#endif
    int p = positions[n];
    /* p + i without overflow */
    if (p >= -i && p < capacity - i) {
#if SEQUENCE_FIRST
      int to = (n * capacity + p + i) * heads + h;
#else
      int to = (n * heads + h) * capacity + p + i;
#endif
      cache[to * d + e % d] = update[e];
    }
  }
}
