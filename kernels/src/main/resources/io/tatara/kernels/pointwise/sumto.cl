/* Sum of x [outer, middle, inner] over chunks of the middle axis: y [outer, chunks, inner].
 *   sum_rows     inner = 1: a work-group a chunk, strided partial sums, then a tree in local memory
 *   sum_columns  a work-item a result, neighbours read neighbouring columns
 * Order of summation depends on the shape alone. Bound by reading x once. */
#ifndef FROM
#define FROM 0 /* storage of x */
#endif
#ifndef TO
#define TO 0 /* storage of y */
#endif
#ifndef GROUP
#define GROUP 256
#endif

KERNEL void sum_nothing(GLOBAL ELEM_OF(TO)* RESTRICT y, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) ST_OF(TO, y, i, 0.0f);
}

KERNEL void sum_rows(GLOBAL const ELEM_OF(FROM)* RESTRICT x, GLOBAL ELEM_OF(TO)* RESTRICT y, int middle, int chunk, int chunks) {
  SHARED float part[GROUP];
  int t = LOCAL_ID(0);
  int row = GROUP_ID(0) / chunks;
  int first = GROUP_ID(0) % chunks * chunk;
  int end = middle - first < chunk ? middle : first + chunk;
  float s = 0.0f;
  int k;
  for (k = first + t; k < end; k += GROUP) s += LD_OF(FROM, x, row * middle + k);
  part[t] = s;
  BARRIER();
  for (k = GROUP / 2; k > 0; k /= 2) {
    if (t < k) part[t] += part[t + k];
    BARRIER();
  }
  if (t == 0) ST_OF(TO, y, GROUP_ID(0), part[0]);
}

KERNEL void sum_columns(GLOBAL const ELEM_OF(FROM)* RESTRICT x, GLOBAL ELEM_OF(TO)* RESTRICT y, int n, int middle, int inner,
                        int chunk, int chunks) {
  int i = GLOBAL_ID(0);
  if (i < n) {
    int column = i % inner;
    int row = i / inner;
    int first = row % chunks * chunk;
    int end = middle - first < chunk ? middle : first + chunk;
    int k;
    float s = 0.0f;
    for (k = first; k < end; k++) s += LD_OF(FROM, x, (row / chunks * middle + k) * inner + column);
    ST_OF(TO, y, i, s);
  }
}
