/* The lines of lines_sm90.cuh by way of the copy engine, for sources whose planes are whole 16 bytes: blocks of 64 pixels of
 * 64 channels, pixels as they follow each other in a plane, come to shared memory as they are, and warps turn them there,
 * eight pixels of 32 channels at a time (ldmatrix transposed, stmatrix). Loads of a warp ask for 32 bytes of eight channels
 * each, of which few can be under way at a time; the engine fetches whole blocks ahead.
 *
 * A strip's blocks are those of its images that hold a pixel of its places, image by image: with a stride along y those of
 * the lines of one kind, each line from its beginning, where that is less to fetch than all lines. One lane fetches
 * block n to buffer n modulo RAWS; the RAW_SHARE warps that a buffer has take its groups of eight pixels in turn. A group
 * without a pixel of the strip is passed over: beside its places, or of a line of another kind. The strip's gaps are written
 * as zeros.
 *
 * With two phases of the stride along x neighbours go to the same line of either set. Sets are an odd number of four lines
 * apart (LINES), so that the eight pieces of a matrix lie in lines that differ modulo 8: no two meet in a bank.
 * Behind lines_sm90.cuh. */
#define RAW_BYTES 8192
#define RAW_PIXELS 64
#define RAW_SKEW (SOURCE_W % 8 ? 7 : 0) /* blocks begin at whole 16 bytes: so many pixels, or fewer, before a line */
#define RAW_ACROSS ((SOURCE_W + RAW_SKEW + RAW_PIXELS - 1) / RAW_PIXELS) /* blocks of a line */
#define RAW_LINEWISE (STRIDE_Y > 1 && RAW_ACROSS * RAW_PIXELS < STRIDE_Y * SOURCE_W)

/* Lines of an image of kind `kind`, and columns of a phase. */
DEVICE int raw_rows(int kind) { return (SOURCE_H - FIRST_Y - kind + STRIDE_Y - 1) / STRIDE_Y; }
DEVICE int raw_columns(int phase) { return (SOURCE_W - FIRST_X - phase + STRIDE_X - 1) / STRIDE_X; }

/* Pixels of a line before place `at` of an image; and before the next place, perhaps as many. */
DEVICE int raw_before(int at) {
  int x = at % PITCH * STRIDE_X + FIRST_X;
  return x < SOURCE_W ? x : SOURCE_W;
}
DEVICE int raw_until(int at) {
  int x = at % PITCH * STRIDE_X + FIRST_X + PHASES_X;
  return x < SOURCE_W ? x : SOURCE_W;
}

/* The blocks of image i that a strip of `lines` lines from place q0 on needs: from x on, before y. */
DEVICE int2 raw_blocks(int i, int q0, int lines, int kind) {
  int from = q0 - i * PLANE;
  int last = from + lines - 1;
  if (from < 0) from = 0;
  if (last >= PLANE) last = PLANE - 1;
  int rows = raw_rows(kind);
  int row = last / PITCH; /* that of the last pixel */
  int until = row < rows ? raw_until(last) : SOURCE_W;
  if (row >= rows) row = rows - 1;
#if RAW_LINEWISE
  int first = from / PITCH * RAW_ACROSS + (raw_before(from) < SOURCE_W ? raw_before(from) / RAW_PIXELS : RAW_ACROSS);
  return make_int2(first, row * RAW_ACROSS + (until + RAW_SKEW + RAW_PIXELS - 1) / RAW_PIXELS);
#else
  int first = (from / PITCH * STRIDE_Y + FIRST_Y + kind) * SOURCE_W + raw_before(from);
  int end = (row * STRIDE_Y + FIRST_Y + kind) * SOURCE_W + until;
  return first < end ? make_int2(first / RAW_PIXELS, (end + RAW_PIXELS - 1) / RAW_PIXELS) : make_int2(0, 0);
#endif
}

/* The first pixel of block b. */
DEVICE int raw_pixel(int b, int kind) {
#if RAW_LINEWISE
  return (b / RAW_ACROSS * STRIDE_Y + FIRST_Y + kind) * SOURCE_W / 8 * 8 + b % RAW_ACROSS * RAW_PIXELS;
#else
  return b * RAW_PIXELS;
#endif
}

DEVICE int raw_first_image(int q0) { return q0 > 0 ? q0 / PLANE : 0; }

/* Image behind the last of a strip. */
DEVICE int raw_end_image(int q0, int lines, int images) {
  int end = (q0 + lines - 1) / PLANE + 1;
  return q0 + lines <= 0 ? 0 : end < images ? end : images;
}

/* Part `part` of `parts` of a block at `raw`, pixels `pixel` … of image i, to the lines of a strip at `to`. Pixels of a group
 * that are none of the strip go to where the group was read, which nobody reads again; returns whether there were any, since
 * the copy engine writes there next. */
DEVICE int raw_turn(uint to, uint raw, int kind, int i, int pixel, int q0, int lines, int part, int parts) {
  int lane = lane_id();
  int beside = 0;
  /* Counted from a line and a column before the first: nothing is below zero, and what stands there is of no phase. */
  uint before = i * PLANE - q0 - PITCH - 1;
  raw += lane * 128;
  _Pragma("unroll 1")
  for (int g0 = part; g0 < RAW_PIXELS / 8; g0 += 2 * parts) {
    uint v[2][2][4];
    uint from[2], at[2], some[2];
    int inside[2];
    UNROLL
    for (int j = 0; j < 2; j++) {
      int g = g0 + j * parts;
      uint p = pixel + 8 * g + lane % 8;
      uint y = p / SOURCE_W + STRIDE_Y - FIRST_Y - kind;
      uint x = p % SOURCE_W + STRIDE_X - FIRST_X;
      uint line = before + y / STRIDE_Y * PITCH + x / STRIDE_X;
      uint phase = x % STRIDE_X;
      inside[j] = p < SOURCE_H * SOURCE_W && y % STRIDE_Y == 0 && phase < PHASES_X && line < (uint)lines;
      some[j] = g < RAW_PIXELS / 8 ? ballot(inside[j]) : 0;
      line += phase * lines;
      from[j] = raw + (g ^ lane % 8) * 16;
      at[j] = to + line * 128 + (lane / 8 ^ line % 8) * 16;
      beside |= some[j] != 0 && some[j] != 0xffffffffu;
    }
    UNROLL
    for (int j = 0; j < 2; j++) {
      if (some[j] == 0) continue;
      UNROLL
      for (int half = 0; half < 2; half++) ldmatrix_x4_trans(v[j][half], from[j] + half * 4096);
    }
    UNROLL
    for (int j = 0; j < 2; j++) {
      if (some[j] == 0) continue;
      UNROLL
      for (int half = 0; half < 2; half++) stmatrix_x4(inside[j] ? at[j] ^ half * 64 : from[j] + half * 4096, v[j][half]);
    }
  }
  return beside;
}

/* Zeros in the gaps of a strip: row of places by row, behind the columns of each phase, or all of it. */
DEVICE void raw_gaps(SHARED_PTR unsigned char* to, int kind, int q0, int lines, int images, int warp, int warps) {
  int lane = lane_id();
  int row = (q0 < 0 ? q0 - PITCH + 1 : q0) / PITCH + warp;
  _Pragma("unroll 1")
  for (; row * PITCH < q0 + lines; row += warps) {
    uint i = (uint)row / (PLANE / PITCH); /* before the first image beyond all of them */
    int elements = i < (uint)images && row % (PLANE / PITCH) < raw_rows(kind);
    _Pragma("unroll 1")
    for (int x = (elements ? raw_columns(PHASES_X - 1) : 0) + lane / 8; x < PITCH; x += 4) {
      int l = row * PITCH + x - q0;
      if (l < 0 || l >= lines) continue;
      UNROLL
      for (int phase = 0; phase < PHASES_X; phase++) {
        if (elements && x < raw_columns(phase)) continue;
        *(SHARED_PTR uint4*)(to + (phase * lines + l) * 128 + lane % 8 * 16) = make_uint4(0, 0, 0, 0);
      }
    }
  }
}
