/* How a finished tile of lines_product_sm90.cu leaves: each warp stages its 16 rows in shared memory without the gaps
 * between lines and images, so that what stands in a row of it is a run of the result, and stores that in words of up to 16
 * bytes. Behind matmul_sm90.cuh.
 *
 * RUN       elements of a word: they divide the result's pixels, so a word is one image's; 0 where the result's places are
 *           apart (a stride): then a row is staged as it is and each element stored by itself.
 * SIZE      pixels of an image of the result, WIDTH of a line.
 * GROUPED   the tile has sums of four classes, those of the even and the odd elements along both axes: a staged row is that
 *           of even lines, or of odd ones, in which the elements of two classes take turns. */
#ifndef GROUPED
#define GROUPED 0
#endif
#ifndef SPLIT
#define SPLIT 1 /* blocks of a cluster that have a tile's slices among them, one tile a cluster; each finishes its share of warps */
#endif
#define SCALE (GROUPED ? 2 : 1)
#ifndef RUN
#define RUN 8
#endif
#ifndef WIDTH
#define WIDTH 6
#define SIZE 24
#endif
#define PAIRS (RUN && WIDTH % 2 == 0 && PITCH % 2 == 0) /* two columns from an even one on are neighbours, or none */
#define STAGED_LINE (SCALE * BN + 8) /* a bank's word is in one of eight rows: BN is a multiple of 32 */
#define STAGED_BYTES (64 * STAGED_LINE * 2)
#define TABLE (2 * BN) /* of a warpgroup: where each column is staged, and where it stands in the result */
/* Place of column c there: the columns of a lane's sums follow each other, so that it reads four at a time. */
#define SPOT(c) ((c) % 8 * (BN / 8) + (c) / 8)
#if RUN == 8
#define RUN_WORD uint4
#elif RUN == 4
#define RUN_WORD uint2
#elif RUN == 2
#define RUN_WORD uint
#else
#define RUN_WORD ushort
#endif

#if (PAIRS || GROUPED) && RUN > 2
#define EDGE uint /* what the ends of rows are stored by: theirs begin at even elements */
#define EDGE_SIZE 2
#else
#define EDGE ushort
#define EDGE_SIZE 1
#endif

#if RUN
/* Elements of staged rows before place q. */
DEVICE int pixels_before(int q, int images, int height) {
  int i = q / PLANE;
  int y = q % PLANE / PITCH;
  int x = q % PLANE % PITCH;
  int all = SIZE / SCALE;
  if (i >= images) return images * all;
  return i * all + (y < height ? y * WIDTH + (x < WIDTH / SCALE ? x * SCALE : WIDTH) : all);
}

/* Where element p of a staged row, of lines `odd` or not, stands in the result, for channel 0 of m. */
DEVICE int pixel_at(int p, int m, int odd) {
#if GROUPED
  return p / (SIZE / 2) * m * SIZE + (p % (SIZE / 2) / WIDTH * 2 + odd) * WIDTH + p % WIDTH;
#else
  return p / SIZE * m * SIZE + p % SIZE;
#endif
}
#endif

/* The tables of a warpgroup's columns from `col` on. A class of the result: its element (outY + stepY · y, outX + stepX · x)
 * for each of height x width places. */
DEVICE void leave_tables(SHARED_PTR int* table, int col, int thread, int warpgroup, int m, int images, int height, int width,
                         int outY, int stepY, int outX, int stepX) {
  named_barrier(warpgroup, 128); /* none reads the last tile's */
#if RUN
  int first = pixels_before(col, images, height) / (RUN + !RUN) * RUN;
#endif
  for (int j = thread; j < BN; j += 128) {
    int q = col + j;
    int i = q / PLANE;
    int y = q % PLANE / PITCH;
    int x = q % PLANE % PITCH;
    int inside = i < images && y < height && x < width;
#if RUN
    int p = pixels_before(q, images, height);
    table[SPOT(j)] = inside ? p - first : -1;
#if RESIDUAL
    table[BN + SPOT(j)] = inside ? pixel_at(p, m, 0) : -1;
#endif
#else
    table[SPOT(j)] = j;
    table[BN + SPOT(j)] = inside ? (i * m * SIZE) + (outY + stepY * y) * WIDTH + outX + stepX * x : -1;
#endif
  }
}

/* Four numbers of a table for a lane's columns 8 j + c, j = 4 g …: read together, since a compiler keeps shared reads behind
 * the writes before them. */
DEVICE int4 leave_spots(SHARED_PTR const int* table, int g, int c) {
  return *(SHARED_PTR const int4*)(table + SPOT(lane_id() % 4 * 2 + c) + 4 * g);
}

/* Stages two neighbouring columns' elements. */
DEVICE void leave_pair(SHARED_PTR ushort* to, int at, int at2, uint w) {
#if PAIRS || !RUN
  if (at >= 0) *(SHARED_PTR uint*)(to + at) = w;
#else
  if (at >= 0) to[at] = (ushort)w;
  if (at2 >= 0) to[at2] = (ushort)(w >> 16);
#endif
}

/* Finishes a warp's sums and stages them; row: this thread's first of the result. */
DEVICE void leave_stage(const float (&d)[SUMS], SHARED_PTR ushort* stage, SHARED_PTR const int* table,
                        GLOBAL const CELEM* RESTRICT bias, GLOBAL const CELEM* RESTRICT residual, int row, int m) {
  SHARED_PTR ushort* to = stage + lane_id() / 4 * STAGED_LINE;
  float of_row[2] = {0.0f, 0.0f};
#if BIAS
  UNROLL
  for (int h = 0; h < 2; h++) {
    if (row + 8 * h < m) of_row[h] = LD_OF(CSTORAGE, bias, row + 8 * h);
  }
#endif
  UNROLL
  for (int g = 0; g < BN / 32; g++) {
    int4 s = leave_spots(table, g, 0);
    int4 t = s;
#if !PAIRS && RUN
    t = leave_spots(table, g, 1);
#endif
    int at[4] = {s.x, s.y, s.z, s.w};
    int at2[4] = {t.x, t.y, t.z, t.w};
    UNROLL
    for (int h = 0; h < 2; h++) {
      UNROLL
      for (int j = 0; j < 4; j++) {
        int i = 16 * g + 4 * j + 2 * h;
        float u = matmul_activation(d[i] + of_row[h]);
        float v = matmul_activation(d[i + 1] + of_row[h]);
#if RESIDUAL
        int r = row + 8 * h;
        int from = table[BN + SPOT(lane_id() % 4 * 2) + 4 * g + j];
        int from2 = table[BN + SPOT(lane_id() % 4 * 2 + 1) + 4 * g + j];
        if (r < m && from >= 0) u += LD_OF(CSTORAGE, residual, from + r * SIZE);
        if (r < m && from2 >= 0) v += LD_OF(CSTORAGE, residual, from2 + r * SIZE);
#endif
        leave_pair(to + 8 * h * STAGED_LINE, at[j], at2[j], PACK(u, v));
      }
    }
  }
}

#if GROUPED
/* The same for the classes of even and of odd columns; nothing follows their sums. */
DEVICE void leave_stage(const float (&even)[SUMS], const float (&odd)[SUMS], SHARED_PTR ushort* stage,
                        SHARED_PTR const int* table) {
  SHARED_PTR ushort* to = stage + lane_id() / 4 * STAGED_LINE;
  UNROLL
  for (int g = 0; g < BN / 16; g++) {
    int4 s = leave_spots(table, g / 2, g % 2);
    int at[4] = {s.x, s.y, s.z, s.w};
    UNROLL
    for (int h = 0; h < 2; h++) {
      UNROLL
      for (int j = 0; j < 4; j++) {
        int i = g / 2 * 16 + 4 * j + 2 * h + g % 2;
        if (at[j] >= 0) *(SHARED_PTR uint*)(to + 8 * h * STAGED_LINE + at[j]) = PACK(even[i], odd[i]);
      }
    }
  }
}
#endif

#if RUN
/* Stores what a warp has staged: rows from `row` on of the columns from `col` on. */
DEVICE void leave_rows(GLOBAL CELEM* c, SHARED_PTR const ushort* stage, int row, int m, int col, int images, int height,
                       int odd) {
  int lane = lane_id();
  int low = pixels_before(col, images, height);
  int first = low / RUN * RUN;
  int high = pixels_before(col + BN, images, height) - first;
  low -= first;
  int rows = m - row < 16 ? m - row : 16;
  for (int e = lane * RUN; e < high; e += 32 * RUN) {
    if (e < low || e + RUN > high) continue;
    GLOBAL CELEM* to = c + pixel_at(first + e, m, odd) + row * SIZE;
    UNROLL
    for (int r = 0; r < 16; r += 8) {
      RUN_WORD w[8];
      UNROLL
      for (int k = 0; k < 8; k++) w[k] = *(SHARED_PTR const RUN_WORD*)(stage + (r + k) * STAGED_LINE + e);
      UNROLL
      for (int k = 0; k < 8; k++) {
        if (r + k < rows) *(GLOBAL RUN_WORD*)(to + (r + k) * SIZE) = w[k];
      }
    }
  }
#if RUN > 1
  /* The words that the tile shares with its neighbours: a lane for each row and end. */
  int r = lane % 16;
  int begin = (low + RUN - 1) / RUN * RUN;
  int end = high / RUN * RUN;
  int from = lane < 16 ? low : end > begin ? end : begin;
  int until = lane < 16 && begin < high ? begin : high;
  if (r < rows && from < until) {
    GLOBAL CELEM* to = c + pixel_at(first + from / RUN * RUN, m, odd) + (row + r) * SIZE - from / RUN * RUN;
    SHARED_PTR const ushort* line = stage + r * STAGED_LINE;
    EDGE w[(RUN - 1) / EDGE_SIZE];
    UNROLL
    for (int k = 0; k < (RUN - 1) / EDGE_SIZE; k++) {
      int e = from + k * EDGE_SIZE;
      w[k] = e < until ? *(SHARED_PTR const EDGE*)(line + e) : 0;
    }
    UNROLL
    for (int k = 0; k < (RUN - 1) / EDGE_SIZE; k++) {
      int e = from + k * EDGE_SIZE;
      if (e < until) *(GLOBAL EDGE*)(to + e) = w[k];
    }
  }
#endif
}
#else
DEVICE void leave_rows(GLOBAL CELEM* c, SHARED_PTR const ushort* stage, SHARED_PTR const int* table, int row, int m) {
  int lane = lane_id();
  int rows = m - row < 16 ? m - row : 16;
  for (int j = lane; j < BN; j += 32) {
    int at = table[BN + SPOT(j)];
    if (at < 0) continue;
    GLOBAL CELEM* to = c + at + row * SIZE;
    UNROLL
    for (int r = 0; r < 16; r += 8) {
      ushort w[8];
      UNROLL
      for (int k = 0; k < 8; k++) w[k] = stage[(r + k) * STAGED_LINE + j];
      UNROLL
      for (int k = 0; k < 8; k++) {
        if (r + k < rows) to[(r + k) * SIZE] = w[k];
      }
    }
  }
}
#endif

/* A warpgroup's 64 rows of a finished tile, from `row` on, staged at `stage`. */
#if GROUPED
DEVICE void leave(const float (&d)[4][SUMS], GLOBAL CELEM* c, SHARED_PTR ushort* stage, SHARED_PTR const int* table, int row,
                  int col, int thread, int warpgroup, int m, int images, int height) {
  if (SPLIT == 1) named_barrier(warpgroup, 128); /* the tables are written, which giving away sums has seen to */
  int first = thread / 32 * 16; /* of this warp */
  SHARED_PTR ushort* own = stage + first * STAGED_LINE;
  UNROLL
  for (int odd = 0; odd < 2; odd++) {
    leave_stage(d[2 * odd], d[2 * odd + 1], own, table);
    warp_barrier();
    leave_rows(c, own, row + first, m, col, images, height, odd);
    warp_barrier(); /* the next rows may be staged */
  }
}
#else
DEVICE void leave(const float (&d)[SUMS], GLOBAL CELEM* c, GLOBAL const CELEM* RESTRICT bias,
                  GLOBAL const CELEM* RESTRICT residual, SHARED_PTR ushort* stage, SHARED_PTR const int* table, int row,
                  int col, int thread, int warpgroup, int m, int images, int height) {
  if (SPLIT == 1) named_barrier(warpgroup, 128); /* the tables are written, which giving away sums has seen to */
  int first = thread / 32 * 16; /* of this warp */
  SHARED_PTR ushort* own = stage + first * STAGED_LINE;
  leave_stage(d, own, table, bias, residual, row + first + lane_id() / 4, m);
  warp_barrier();
#if RUN
  leave_rows(c, own, row + first, m, col, images, height, 0);
#else
  leave_rows(c, own, table, row + first, m);
#endif
  warp_barrier(); /* the next tile may be staged */
}
#endif
