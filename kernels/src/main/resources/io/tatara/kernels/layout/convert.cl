/* Conversions and masks: bound by memory. FROM and TO are storages of real numbers (0 float32, 1 float16,
 * 2 bfloat16). A work-item converts EACH elements a group's width apart, whose loads do not wait for each other;
 * neighbours touch neighbours. Not measured on a GPU yet. */
#ifndef FROM
#define FROM 0
#endif
#ifndef TO
#define TO 0
#endif
#define EACH 4

/* The body for each i < n that is this work-item's. */
#define FOR_EACH(i, n)                                                                \
  uint step = (uint)LOCAL_SIZE(0);                                                    \
  uint i = (uint)GROUP_ID(0) * step * EACH + (uint)LOCAL_ID(0);                       \
  UNROLL                                                                              \
  for (int turn = 0; turn < EACH; turn++, i += step)                                  \
    if (i < (uint)(n))

/* As Java casts; C leaves NaN and what does not fit undefined. */
DEVICE int convert_to_int(float v) {
  if (v >= 2147483648.0f) return 2147483647;
  if (v <= -2147483648.0f) return -2147483647 - 1;
  return IS_NAN(v) ? 0 : (int)v;
}

KERNEL void real_to_real(GLOBAL const ELEM_OF(FROM)* RESTRICT x, GLOBAL ELEM_OF(TO)* RESTRICT y, int n) {
  FOR_EACH(i, n) ST_OF(TO, y, i, LD_OF(FROM, x, i));
}

KERNEL void real_to_int(GLOBAL const ELEM_OF(FROM)* RESTRICT x, GLOBAL int* RESTRICT y, int n) {
  FOR_EACH(i, n) y[i] = convert_to_int(LD_OF(FROM, x, i));
}

KERNEL void int_to_real(GLOBAL const int* RESTRICT x, GLOBAL ELEM_OF(TO)* RESTRICT y, int n) {
  FOR_EACH(i, n) ST_OF(TO, y, i, (float)x[i]);
}

/* mask [n / length, length] = position < lengths ? 1 : 0. */
KERNEL void sequence_mask(GLOBAL const int* RESTRICT lengths, GLOBAL float* RESTRICT mask, int n, int length) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  int row = i / length;
  mask[i] = i - row * length < lengths[row] ? 1.0f : 0.0f;
}
