/* Sums rows of dy by id into dx, deterministically and without atomics. Positions are cut into segments.
 * scatter_link: a group takes LINK positions and runs through their segment's ids in local memory; each
 *   position learns the next one with its id, and the first of an id in the segment enters itself into
 *   heads [segments, rows]: one writer an entry.
 * scatter_sum: a work-item an element of dx follows these chains, segment after segment, so in order of
 *   position; elements without a position get 0. Neighbouring items read neighbouring columns.
 * Work: count · segment comparisons, then the traffic of dy and dx. */
#ifndef LINK
#define LINK 256
#endif

KERNEL void scatter_clear(GLOBAL int* RESTRICT heads, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) heads[i] = -1;
}

KERNEL_SIZED(LINK, 1, 1) void scatter_link(GLOBAL const int* RESTRICT ids, GLOBAL int* RESTRICT heads,
                                           GLOBAL int* RESTRICT next, int count, int rows, int skip,
                                           int segment) {
  SHARED int tile[LINK];
  int lid = LOCAL_ID(0);
  int p = GROUP_ID(0) * LINK + lid;
  int id = p < count ? ids[p] : -1;
  int number = GROUP_ID(0) * LINK / segment;
  int start = number * segment;
  int end = count - start < segment ? count : start + segment;
  int first = 1;
  int follower = -1;
  for (int base = start; base < end; base += LINK) {
    tile[lid] = base + lid < end ? ids[base + lid] : -1;
    BARRIER();
    for (int j = 0; j < LINK; j++) {
      if (tile[j] == id) {
        if (base + j < p) first = 0;
        else if (base + j > p && follower < 0) follower = base + j;
      }
    }
    BARRIER();
  }
  if (p < count) {
    next[p] = follower;
    if (first && id >= 0 && id < rows && id != skip) heads[number * rows + id] = p;
  }
}

KERNEL void scatter_sum(GLOBAL const int* RESTRICT heads, GLOBAL const int* RESTRICT next,
                        GLOBAL const ELEM* RESTRICT dy, GLOBAL ELEM* RESTRICT dx, int n, int count, int rows,
                        int inner, int segments) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  int r = i / inner;
  int c = i - r * inner;
  int o = r / rows;
  int id = r - o * rows;
  float s = 0;
  for (int g = 0; g < segments; g++) {
    for (int p = heads[g * rows + id]; p >= 0; p = next[p]) s += LD(dy, (o * count + p) * inner + c);
  }
  ST(dx, i, s);
}
