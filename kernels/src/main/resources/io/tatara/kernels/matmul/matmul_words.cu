/* C = activation(A · B + bias) + residual in strict float32, for products of whole 16-byte words: m >= BM, n >= BN, k a
 * multiple of DEPTH. 8.0 and later. Arguments and finish are those of product.cl, sums those of matmul_simt.cu, bit by bit.
 *
 *   AK (BK) 1: the operand runs along k, and stands in shared memory row by row; else k by k.
 *
 * Next to matmul_simt.cu fewer instructions stand between the products, since one is issued in a clock and each that is no
 * product takes the place of one:
 *   1 Operands are copied as they stand, 16 bytes at a time, none turned on the way. A row's word in shared memory is four
 *     terms of it: reads are as many as with k outermost.
 *   2 Four terms together: the columns' 32 numbers stay in registers, rows of A come two (four) at a time, the next while
 *     these are multiplied. Columns are replaced by those of the next four terms as soon as each is through.
 *   3 No edges: a last tile that would reach beyond C begins earlier, and what it has in common with the tile before is
 *     computed twice, stored once.
 *   4 What is needed before and after the loop is computed twice: registers. */
#define FOURS (DEPTH / 4)
#define PITCH_OF(ROWS, ALONG) ((ALONG) ? DEPTH + 4 : (ROWS) + 4)
#define WORDS_OF(ROWS, ALONG) (((ALONG) ? (ROWS) : DEPTH) * PITCH_OF(ROWS, ALONG))
#define WORDS_OF_A WORDS_OF(BM, AK)
#define WORDS (WORDS_OF_A + WORDS_OF(BN, BK)) /* floats of a slot */
#define ROWS_AT_ONCE (AK ? 2 : 4)
#define STEPS (RQ * 4 / ROWS_AT_ONCE)

/* What a thread copies of an operand with R rows (of m or n) a tile. */
template <int R, bool ALONG>
struct Slices {
  static const int PITCH = PITCH_OF(R, ALONG);
  static const int APART = ALONG ? THREADS / FOURS : THREADS / (R / 4); /* rows, else terms, from copy to copy */
  static const int EACH = (ALONG ? R : DEPTH) / APART;
  const float *from;
  int apart; /* elements from copy to copy */
  long long slice;
  uint at;

  /* x: element (row0, 0); rs, ks: strides along rows and along k. */
  DEVICE_MEMBER void start(const float *x, int rs, int ks) {
    int id = LOCAL_ID(0);
    int row = ALONG ? id / FOURS : id % (R / 4) * 4;
    int k = ALONG ? id % FOURS * 4 : id / (R / 4);
    from = x + (long long)row * rs + (long long)k * ks;
    apart = APART * (ALONG ? rs : ks);
    slice = (long long)DEPTH * ks;
    at = (ALONG ? row * PITCH + k : k * PITCH + row) * 4;
  }

  DEVICE_MEMBER void next(uint slot) {
    UNROLL
    for (int i = 0; i < EACH; i++) copy_async_16(slot + at + i * APART * PITCH * 4, from + (long long)i * apart, 16);
    from += slice;
  }
};

/* Word i of what the rows of step h have in terms 4g … 4g + 3: the terms of row i, or the rows of term i. */
DEVICE void row_word(float (&u)[4], const float *x, int h, int g, int i) {
  if (AK) {
    words(u, x + (h / 2 * 16 + h % 2 * 2 + i) * (DEPTH + 4) + g * 4);
  } else {
    words(u, x + (g * 4 + i) * (BM + 4) + h * 16);
  }
}

DEVICE void rows_read(float (&u)[4][4], const float *x, int h, int g) {
  UNROLL
  for (int i = 0; i < (AK ? ROWS_AT_ONCE : 4); i++) row_word(u[i], x, h, g, i);
}

/* All columns of term 4g + p; where B does not run along k. */
DEVICE void columns_of(float (&v)[CQ * 4][4], const float *y, int g, int p) {
  UNROLL
  for (int r = 0; r < CQ; r++) {
    float w[4];
    words(w, y + (g * 4 + p) * (BN + 4) + r * 32);
    UNROLL
    for (int j = 0; j < 4; j++) v[r * 4 + j][p] = w[j];
  }
}

/* The terms 4g … 4g + 3 of column j; where B runs along k. */
DEVICE void terms_of(float (&v)[CQ * 4][4], const float *y, int g, int j) {
  words(v[j], y + j * 8 * (DEPTH + 4) + g * 4);
}

/* Sums of a step with one column and one term. u: see row_word. */
DEVICE void multiply_one(float (&acc)[RQ * 4][CQ * 4], const float (&u)[4][4], const float (&v)[CQ * 4][4], int h, int j,
                         int p) {
  UNROLL
  for (int i = 0; i < ROWS_AT_ONCE; i++) {
    float x = AK ? u[i][p] : u[p][i];
    acc[h * ROWS_AT_ONCE + i][j] = FMA(x, v[j][p], acc[h * ROWS_AT_ONCE + i][j]);
  }
}

/* A step; in the last of four terms y, four terms g, is where the columns come from next. */
DEVICE void multiply_step(float (&acc)[RQ * 4][CQ * 4], const float (&u)[4][4], float (&v)[CQ * 4][4], const float *y,
                          int h, int g) {
  if (BK) {
    UNROLL
    for (int j = 0; j < CQ * 4; j++) {
      UNROLL
      for (int p = 0; p < 4; p++) multiply_one(acc, u, v, h, j, p);
      if (h == STEPS - 1) terms_of(v, y, g, j);
    }
  } else {
    UNROLL
    for (int p = 0; p < 4; p++) {
      UNROLL
      for (int j = 0; j < CQ * 4; j++) multiply_one(acc, u, v, h, j, p);
      if (h == STEPS - 1) columns_of(v, y, g, p);
    }
  }
}

/* The tile's first row and column, were it not to begin earlier, and this lane's place in it. */
DEVICE void place(int m, int n, int *row, int *column, int *wm, int *wn) {
  int id = not_kept(LOCAL_ID(0));
  int warp = id / 32;
  int lane = id % 32;
  *wm = warp / WARPS_N * WM + (lane % 2 + lane / 16 * 2) * 4;
  /* Along k neighbouring lanes have neighbouring columns, so that their words lie in different banks. */
  *wn = warp % WARPS_N * WN + lane / 2 % 8 * (BK ? 1 : 4);
  tile_place(GROUP_ID(0), (m + BM - 1) / BM, (n + BN - 1) / BN, row, column);
  *row *= BM;
  *column *= BN;
}

DEVICE int earlier(int first, int tile, int all) { return first < all - tile ? first : all - tile; }

/* Grid: tiles of C, 1, batch. depth: k. */
KERNEL_RESIDENT(THREADS, BLOCKS) void matmul_words(MATMUL_ARGUMENTS, int depth) {
  DYNAMIC_SHARED(bytes);
  float *memory = (float *)bytes;
  uint base = shared_address(memory);
  int slices = depth / DEPTH;
  int row, column, wm, wn;
  place(m, n, &row, &column, &wm, &wn);
  row = earlier(row, BM, m);
  column = earlier(column, BN, n);
  for (int z = GROUP_ID(2); z < nb; z += GROUP_COUNT(2)) {
    Slices<BM, AK != 0> ga;
    Slices<BN, BK != 0> gb;
    ga.start(a + ao + matmul_batch(z, e1, e2, e3, sa0, sa1, sa2, sa3) + (long long)row * ars, ars, acs);
    gb.start(b + bo + matmul_batch(z, e1, e2, e3, sb0, sb1, sb2, sb3) + (long long)column * bcs, bcs, brs);
    float acc[RQ * 4][CQ * 4];
    UNROLL
    for (int i = 0; i < RQ * 4; i++) {
      UNROLL
      for (int j = 0; j < CQ * 4; j++) acc[i][j] = 0.0f;
    }
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
      if (s < slices) {
        ga.next(base + s * WORDS * 4);
        gb.next(base + (s * WORDS + WORDS_OF_A) * 4);
      }
      copy_async_commit();
    }
    const float *xa = memory + (AK ? wm * (DEPTH + 4) : wm);
    const float *yb = memory + WORDS_OF_A + (BK ? wn * (DEPTH + 4) : wn);
    float u[2][4][4];
    float v[CQ * 4][4];
    copy_async_wait<STAGES - 2>();
    BARRIER();
    rows_read(u[0], xa, 0, 0);
    UNROLL
    for (int j = 0; j < (BK ? CQ * 4 : 4); j++) {
      if (BK) {
        terms_of(v, yb, 0, j);
      } else {
        columns_of(v, yb, 0, j);
      }
    }
    int slot = 0;
    int ahead = (STAGES - 1) * WORDS;
    for (int t = 0; t < slices; t++) {
      const float *x = xa + slot;
      const float *y = yb + slot;
      slot = slot == (STAGES - 1) * WORDS ? 0 : slot + WORDS;
      if (t + STAGES - 1 < slices) {
        ga.next(base + ahead * 4);
        gb.next(base + (ahead + WORDS_OF_A) * 4);
      }
      copy_async_commit();
      ahead = ahead == (STAGES - 1) * WORDS ? 0 : ahead + WORDS;
      UNROLL
      for (int g = 0; g < FOURS; g++) {
        UNROLL
        for (int h = 0; h < STEPS; h++) {
          bool turn = g == FOURS - 1 && h == STEPS - 1;
          if (turn) {
            copy_async_wait<STAGES - 2>();
            BARRIER(); /* the next slice is there, this one is read out by all */
            x = xa + slot;
            y = yb + slot;
          }
          rows_read(u[(g * STEPS + h + 1) % 2], x, (h + 1) % STEPS, turn ? 0 : g + (h + 1) / STEPS);
          multiply_step(acc, u[(g * STEPS + h) % 2], v, y, h, turn ? 0 : g + 1);
        }
      }
    }
    copy_async_wait<0>();
    BARRIER();
    int m1 = not_kept(m);
    int n1 = not_kept(n);
    int first_row, first_column;
    place(m1, n1, &first_row, &first_column, &wm, &wn);
    row = earlier(first_row, BM, m1);
    column = earlier(first_column, BN, n1);
    UNROLL
    for (int i = 0; i < RQ * 4; i++) {
      int r = row + wm + i / 4 * 16 + i % 4;
      UNROLL
      for (int q = 0; q < (BK ? CQ * 4 : CQ); q++) {
        int c0 = column + wn + q * (BK ? 8 : 32);
        if (r < first_row || c0 < first_column) continue;
        if (BK) {
          matmul_store(c, bias, residual, co + z * cbs, ro + z * m * n, r, c0, n, ldc, acc[i][q % (CQ * 4)]);
        } else {
          float s[4] = {acc[i][q % CQ * 4], acc[i][q % CQ * 4 + 1], acc[i][q % CQ * 4 + 2], acc[i][q % CQ * 4 + 3]};
          matmul_store_run<4>(c, bias, residual, co + z * cbs, ro + z * m * n, r, c0, n, ldc, s);
        }
      }
    }
  }
}
