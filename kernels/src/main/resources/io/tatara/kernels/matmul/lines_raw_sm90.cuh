/* The lines of lines_sm90.cuh by way of the copy engine, for sources of stride 1 whose planes are whole 16 bytes: blocks of
 * 64 pixels of 64 channels, pixels as they follow each other in a plane, come to shared memory as they are, and warps
 * turn them there, eight pixels of 32 channels at a time (ldmatrix transposed, stmatrix). Loads of a warp ask for 32
 * bytes of eight channels each, of which few can be under way at a time; the engine fetches whole blocks ahead.
 *
 * A strip's blocks are those of its images that hold a pixel of its places, image by image. One lane
 * fetches block n for warp n modulo the warps that turn, each of which has room for one. Pixels beside the strip go to lines of the warp's own that nobody reads; the
 * strip's gaps are written as zeros. Behind lines_sm90.cuh. */
#define RAW_BYTES 8192
#define RAW_PIXELS 64
#define DUMP_BYTES 1024 /* of a warp: 8 lines, so that no two lanes write one */

/* Pixels of an image before place `at` of it. */
DEVICE int raw_before(int at) {
  int y = at / PITCH;
  int x = at % PITCH;
  return y < SOURCE_H ? y * SOURCE_W + (x < SOURCE_W ? x : SOURCE_W) : SOURCE_H * SOURCE_W;
}

/* The blocks of image i that a strip of `lines` lines from place q0 on needs: from x on, before y. */
DEVICE int2 raw_blocks(int i, int q0, int lines) {
  int from = q0 - i * PLANE;
  int until = from + lines;
  int first = raw_before(from > 0 ? from : 0);
  int end = raw_before(until < PLANE ? until : PLANE);
  return first < end ? make_int2(first / RAW_PIXELS, (end + RAW_PIXELS - 1) / RAW_PIXELS) : make_int2(0, 0);
}

DEVICE int raw_first_image(int q0) { return q0 > 0 ? q0 / PLANE : 0; }

/* Image behind the last of a strip. */
DEVICE int raw_end_image(int q0, int lines, int images) {
  int end = (q0 + lines - 1) / PLANE + 1;
  return q0 + lines <= 0 ? 0 : end < images ? end : images;
}

/* A block at `raw`, pixels `pixel` … of image i, to the lines of a strip at `to`; what is beside it to `dump`. */
DEVICE void raw_turn(uint to, uint dump, uint raw, int i, int pixel, int q0, int lines) {
  int lane = lane_id();
  _Pragma("unroll 2")
  for (int g = 0; g < RAW_PIXELS / 8; g++) {
    int p = pixel + 8 * g + lane % 8;
    int line = i * PLANE + p / SOURCE_W * PITCH + p % SOURCE_W - q0;
    int inside = p < SOURCE_H * SOURCE_W && line >= 0 && line < lines;
    uint at = inside ? to + line * 128 : dump + lane % 8 * 128;
    int turn = inside ? line % 8 : lane % 8;
    UNROLL
    for (int half = 0; half < 2; half++) {
      int channel = 32 * half + lane;
      uint v[4];
      ldmatrix_x4_trans(v, raw + channel * 128 + (g ^ channel % 8) * 16);
      stmatrix_x4(at + ((4 * half + lane / 8) ^ turn) * 16, v);
    }
  }
}

/* Zeros in the gaps of a strip: row by row of places those behind an image's line, or all where there is none. */
DEVICE void raw_gaps(SHARED_PTR unsigned char* to, int q0, int lines, int images, int warp, int warps) {
  int lane = lane_id();
  int first = q0 >= 0 ? q0 / PITCH : -((PITCH - 1 - q0) / PITCH);
  _Pragma("unroll 1")
  for (int row = first + warp; row * PITCH < q0 + lines; row += warps) {
    int line = row >= 0 && row / (PLANE / PITCH) < images && row % (PLANE / PITCH) < SOURCE_H;
    _Pragma("unroll 1")
    for (int x = (line ? SOURCE_W : 0) + lane / 8; x < PITCH; x += 4) {
      int l = row * PITCH + x - q0;
      if (l >= 0 && l < lines) *(SHARED_PTR uint4*)(to + l * 128 + lane % 8 * 16) = make_uint4(0, 0, 0, 0);
    }
  }
}
