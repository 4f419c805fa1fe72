/* y[i] = value, one element a work-item: bound by writes. */
KERNEL void fill(GLOBAL ELEM* RESTRICT y, int n, float value) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(y, i, value);
}

KERNEL void fill_int(GLOBAL int* RESTRICT y, int n, int value) {
  int i = GLOBAL_ID(0);
  if (i < n) y[i] = value;
}
