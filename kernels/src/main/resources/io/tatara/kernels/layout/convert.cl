/* Conversions and masks, an element a work-item: bound by memory. */

KERNEL void float_to_int(GLOBAL const float* RESTRICT x, GLOBAL int* RESTRICT y, int n) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  float v = x[i];
  /* As Java casts; C leaves NaN and what does not fit undefined. */
  int r = 0;
  if (v >= 2147483648.0f) r = 2147483647;
  else if (v <= -2147483648.0f) r = -2147483647 - 1;
  else if (!IS_NAN(v)) r = (int)v;
  y[i] = r;
}

KERNEL void int_to_float(GLOBAL const int* RESTRICT x, GLOBAL float* RESTRICT y, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) y[i] = (float)x[i];
}

KERNEL void copy_words(GLOBAL const int* RESTRICT x, GLOBAL int* RESTRICT y, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) y[i] = x[i];
}

/* mask [n / length, length] = position < lengths ? 1 : 0. */
KERNEL void sequence_mask(GLOBAL const int* RESTRICT lengths, GLOBAL float* RESTRICT mask, int n, int length) {
  int i = GLOBAL_ID(0);
  if (i >= n) return;
  int row = i / length;
  mask[i] = i - row * length < lengths[row] ? 1.0f : 0.0f;
}
