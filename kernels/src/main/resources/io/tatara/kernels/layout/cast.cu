/* Casts between float32 and a 16-bit type (STORAGE) on CUDA, any architecture; follows warp.cuh and lanes.cuh.
 *
 * Tile: a thread takes PIECES pieces of 8 elements, a block's width apart: 16 bytes of the 16-bit side and 32 of the
 * float side each, so that all accesses are whole 16-byte words, neighbours touch neighbours and several loads are
 * on their way at once. What is left behind the last whole piece, at most 7 elements, the first threads do alone.
 * Ladder: one element a thread (convert.cl) moves 2 bytes an access of the 16-bit side; pieces move 16.
 * Bound by memory. Not measured on a GPU yet. */
#define PIECES 2

#define FOR_PIECES(i, n)                                                     \
  uint step = (uint)LOCAL_SIZE(0);                                           \
  uint i = (uint)GROUP_ID(0) * step * PIECES + (uint)LOCAL_ID(0);            \
  UNROLL                                                                     \
  for (int turn = 0; turn < PIECES; turn++, i += step)                       \
    if (i < (uint)(n) / 8u)

/* The element behind the whole pieces that is this thread's; n where there is none. */
DEVICE int cast_rest(int n) {
  int rest = n % 8;
  return GROUP_ID(0) == 0 && LOCAL_ID(0) < rest ? n - rest + LOCAL_ID(0) : n;
}

KERNEL void cast_widen(GLOBAL const ELEM* RESTRICT x, GLOBAL float* RESTRICT y, int n) {
  FOR_PIECES(i, n) {
    float v[8];
    piece_unpack(piece_load(x + 8u * i), v);
    STOREF4(y, 8u * i, MAKE4(v[0], v[1], v[2], v[3]));
    STOREF4(y, 8u * i + 4, MAKE4(v[4], v[5], v[6], v[7]));
  }
  int at = cast_rest(n);
  if (at < n) y[at] = LD(x, at);
}

KERNEL void cast_narrow(GLOBAL const float* RESTRICT x, GLOBAL ELEM* RESTRICT y, int n) {
  FOR_PIECES(i, n) {
    float4 a = LOADF4(x, 8u * i);
    float4 b = LOADF4(x, 8u * i + 4);
    float v[8] = {a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w};
    piece_store(y + 8u * i, piece_pack(v));
  }
  int at = cast_rest(n);
  if (at < n) ST(y, at, x[at]);
}
