/* Places of the largest elements. The order is total: by value with NaN above all numbers, then by lower
 * index, so every device picks the same.
 *
 * arg_max_rows: a group a row, a tree in local memory. arg_max_columns: an item a result, neighbours read
 * neighbouring columns. top_k: a group a row; each of k rounds finds the best element behind the last one
 * found, so it needs no memory but a tree and takes any k; the row stays in cache. Cost: k reads of the row,
 * made for beams and small k. */
#ifndef GROUP
#define GROUP 64
#endif

/* Whether (a, ia) comes before (b, ib); an index of -1 is "nothing" and comes last. */
DEVICE int comes_first(float a, int ia, float b, int ib) {
  if (ia < 0 || ib < 0) return ib < 0 && ia >= 0;
  if (IS_NAN(a) || IS_NAN(b)) {
    if (IS_NAN(a) && IS_NAN(b)) return ia < ib;
    return IS_NAN(a) ? 1 : 0;
  }
  return a > b || (a == b && ia < ib);
}

/* The group's first; every item gets its index. */
DEVICE int group_first(float v, int i, SHARED_PTR float* values, SHARED_PTR int* places) {
  int lid = LOCAL_ID(0);
  values[lid] = v;
  places[lid] = i;
  BARRIER();
  for (int step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step && comes_first(values[lid + step], places[lid + step], values[lid], places[lid])) {
      values[lid] = values[lid + step];
      places[lid] = places[lid + step];
    }
    BARRIER();
  }
  int first = places[0];
  BARRIER();
  return first;
}

KERNEL_SIZED(GROUP, 1, 1) void arg_max_rows(GLOBAL const ELEM* RESTRICT x, GLOBAL int* RESTRICT y, int n) {
  SHARED float values[GROUP];
  SHARED int places[GROUP];
  int row = GROUP_ID(0) * n;
  float best = 0.0f;
  int at = -1;
  for (int i = LOCAL_ID(0); i < n; i += GROUP) {
    float v = LD(x, row + i);
    if (comes_first(v, i, best, at)) {
      best = v;
      at = i;
    }
  }
  int first = group_first(best, at, values, places);
  if (LOCAL_ID(0) == 0) y[GROUP_ID(0)] = first;
}

KERNEL void arg_max_columns(GLOBAL const ELEM* RESTRICT x, GLOBAL int* RESTRICT y, int results, int n,
                            int inner) {
  int e = GLOBAL_ID(0);
  if (e >= results) return;
  int o = e / inner;
  int start = o * n * inner + e - o * inner;
  float best = LD(x, start);
  int at = 0;
  for (int i = 1; i < n; i++) {
    float v = LD(x, start + i * inner);
    if (comes_first(v, i, best, at)) {
      best = v;
      at = i;
    }
  }
  y[e] = at;
}

KERNEL_SIZED(GROUP, 1, 1) void top_k(GLOBAL const ELEM* RESTRICT x, GLOBAL ELEM* RESTRICT y,
                                     GLOBAL int* RESTRICT indices, int n, int k) {
  SHARED float values[GROUP];
  SHARED int places[GROUP];
  int row = GROUP_ID(0) * n;
  float last = 0.0f;
  int taken = -1;
  for (int j = 0; j < k; j++) {
    float best = 0.0f;
    int at = -1;
    for (int i = LOCAL_ID(0); i < n; i += GROUP) {
      float v = LD(x, row + i);
      if ((taken < 0 || comes_first(last, taken, v, i)) && comes_first(v, i, best, at)) {
        best = v;
        at = i;
      }
    }
    taken = group_first(best, at, values, places);
    last = LD(x, row + taken);
    if (LOCAL_ID(0) == 0) {
      ST(y, GROUP_ID(0) * k + j, last);
      indices[GROUP_ID(0) * k + j] = taken;
    }
  }
}

KERNEL void top_k_clear(GLOBAL ELEM* RESTRICT dx, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(dx, i, 0.0f);
}

KERNEL void top_k_scatter(GLOBAL const int* RESTRICT indices, GLOBAL const ELEM* RESTRICT dvalues,
                          GLOBAL ELEM* RESTRICT dx, int count, int k, int n) {
  int e = GLOBAL_ID(0);
  if (e >= count) return;
  int i = indices[e];
  if (i >= 0 && i < n) ST(dx, e / k * n + i, LD(dvalues, e));
}
