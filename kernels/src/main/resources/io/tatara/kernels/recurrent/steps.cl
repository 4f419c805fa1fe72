/* Where the steps of a sequence and what they read stand: the part that all kernels of this room share.
 *
 * Lengths are looked up here: a row without a step at time t writes zeros and keeps its state. States are read from
 * and written to the outputs themselves: step t reads y and cells at the step walked before it. */
#ifndef DIRECTIONS
#define DIRECTIONS 1
#endif
#ifndef REVERSE
#define REVERSE 0
#endif
#ifndef OPTIONAL
/* Bit i: optional argument number i (see the B_ names) is there. */
#define OPTIONAL 0
#endif
#define HAS(bit) ((OPTIONAL >> (bit)) & 1)
#define B_LENGTHS 0
#define B_H0 1
#define B_C0 2
#define B_BIAS 3
#define B_BIAS_HH 4
#define B_PEEPHOLE 5
#define B_FINAL 6
#define B_DY 7
#define B_DHN 8
#define B_DCN 9
#define B_DGATES 10
#define B_DCELLS 11

DEVICE int is_reverse(int d) { return REVERSE || d == 1; }

DEVICE int step_time(int d, int s, int T) { return is_reverse(d) ? T - 1 - s : s; }

DEVICE int row_length(GLOBAL const int* lengths, int n, int T) {
#if HAS(B_LENGTHS)
  int l = lengths[n];
  return l < 0 ? 0 : l > T ? T : l;
#else
  return T;
#endif
}

DEVICE int is_first(int d, int t, int length) { return t == (is_reverse(d) ? length - 1 : 0); }

DEVICE int is_cut(int d, int t, int length, int truncation) {
  int s = is_reverse(d) ? length - 1 - t : t;
  return truncation > 0 && s > 0 && s % truncation == 0;
}

/* Start of row n in y [T, N, D*H] at the step walked before t. */
DEVICE int output_before(int d, int t, int n, int N, int H) {
  return (((is_reverse(d) ? t + 1 : t - 1) * N + n) * DIRECTIONS + d) * H;
}

/* Where the state before step t of row n starts: in y, as -2 - index in h0, or -1 for zero or no step. */
DEVICE int state_before(GLOBAL const int* lengths, int d, int t, int n, int T, int N, int H) {
  if (n >= N) return -1;
  int length = row_length(lengths, n, T);
  if (t >= length) return -1;
  if (!is_first(d, t, length)) return output_before(d, t, n, N, H);
  return HAS(B_H0) ? -2 - (d * N + n) * H : -1;
}

/* Where row n of delta [D, T, N, width] starts at slot s of the loop; -1 where nothing of it flows back. */
DEVICE int delta_row(GLOBAL const int* lengths, int d, int s, int n, int T, int N, int width, int truncation) {
  if (n >= N || s >= T) return -1;
  int t = step_time(d, s, T);
  int length = row_length(lengths, n, T);
  return t < length && !is_cut(d, t, length, truncation) ? ((d * T + t) * N + n) * width : -1;
}

DEVICE float element(GLOBAL const ELEM* a, GLOBAL const ELEM* first, int at, int k) {
  if (at >= 0) return LD(a, at + k);
#if HAS(B_H0)
  if (at < -1) return LD(first, -2 - at + k);
#endif
  return 0.0f;
}

/* Where c before step t of row n stands, for unit 0: in cells, as -2 - index in c0, or -1 for zero. */
DEVICE int cell_before(int d, int t, int n, int length, int T, int N, int H) {
  if (!is_first(d, t, length)) return ((d * T + (is_reverse(d) ? t + 1 : t - 1)) * N + n) * H;
  return HAS(B_C0) ? -2 - (d * N + n) * H : -1;
}

DEVICE float cell_element(GLOBAL const ELEM* cells, GLOBAL const ELEM* c0, int at, int j) {
  if (at >= 0) return LD(cells, at + j);
#if HAS(B_C0)
  if (at < -1) return LD(c0, -2 - at + j);
#endif
  return 0.0f;
}

DEVICE float sigmoid(float x) { return 1.0f / (1.0f + EXPF(-x)); }
