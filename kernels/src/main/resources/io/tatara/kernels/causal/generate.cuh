/* What generate.cu is made of: rows of weights in registers, numbers handed from block to block, and drawing a level.
 * Constants as generate.cu tells. */
#define DEVICE_MEMBER __device__ __forceinline__
#define RANKED_GATES (2 * HALF_ROWS / BLOCKS)
#define RANKED_Z (HALF_ROWS / BLOCKS)
#define RANKED_SKIPS (SKIPS / BLOCKS)
#define RANKED_HIDDEN (HIDDEN / BLOCKS)
#define RANKED_LEVELS (LEVELS / BLOCKS)
#define OLD (CHANNELS * (TAPS - 1))
#define OLD_EACH ((OLD + THREADS - 1) / THREADS)
/* The exchanged numbers, in shared memory and (without clusters) in each stream's part of global memory. */
#define AT_SKIPS (3 * HALF_ROWS)
#define AT_HIDDEN (AT_SKIPS + SKIPS)
#define AT_LOGITS (AT_HIDDEN + HIDDEN)
#define EXCHANGED (AT_LOGITS + LEVELS)

#define GIVEN_0(p, at) 0.0f
#define GIVEN_1(p, at) LD(p, at)
#define GIVEN(there, p, at) PASTE(GIVEN_, there)(p, at)

/* A thread's part of ROWS rows of TERMS weights: PARTS neighbouring threads share a row, piece by piece. */
template <int ROWS, int TERMS, int PARTS>
struct Slice {
  static const int STEP = THREADS / PARTS;
  static const int PASSES = (ROWS + STEP - 1) / STEP;
  static const int PIECES = TERMS / (PARTS * LANES);
  uint4 w[PASSES][PIECES];

  DEVICE_MEMBER static int part() { return LOCAL_ID(0) % PARTS; }
  DEVICE_MEMBER static int row(int pass) { return pass * STEP + LOCAL_ID(0) / PARTS; }

  /* Row `row` begins at element place(row). */
  template <class F>
  DEVICE_MEMBER void load(const ELEM* from, F place) {
    UNROLL
    for (int p = 0; p < PASSES; p++) {
      if (row(p) < ROWS) {
        const ELEM* at = from + place(row(p)) + part() * LANES;
        UNROLL
        for (int i = 0; i < PIECES; i++) w[p][i] = piece_load(at + i * PARTS * LANES);
      }
    }
  }
  /* sum += this thread's terms of the product with v. */
  DEVICE_MEMBER void add(const float* v, float (&sum)[PASSES]) const {
    if (row(0) >= ROWS) return;
    UNROLL
    for (int i = 0; i < PIECES; i++) {
      float x[LANES];
      UNROLL
      for (int j = 0; j < LANES; j += 4) {
        float4 q = LOADF4(v, (i * PARTS + part()) * LANES + j);
        x[j] = q.x;
        x[j + 1] = q.y;
        x[j + 2] = q.z;
        x[j + 3] = q.w;
      }
      UNROLL
      for (int p = 0; p < PASSES; p++) {
        if (row(p) < ROWS) {
          float y[LANES];
          piece_unpack(w[p][i], y);
          UNROLL
          for (int j = 0; j < LANES; j++) sum[p] = FMA(y[j], x[j], sum[p]);
        }
      }
    }
  }
  /* The rows' sums, in all threads of each row. */
  DEVICE_MEMBER static void total(float (&sum)[PASSES]) {
    UNROLL
    for (int p = 0; p < PASSES; p++) {
      UNROLL
      for (int m = PARTS / 2; m > 0; m >>= 1) sum[p] += shuffle_xor(sum[p], m);
    }
  }
  DEVICE_MEMBER static void clear(float (&sum)[PASSES]) {
    UNROLL
    for (int p = 0; p < PASSES; p++) sum[p] = 0.0f;
  }
};
typedef Slice<RANKED_GATES, CHANNELS * TAPS, GATE_PARTS> Gates;
typedef Slice<CHANNELS, HALF_ROWS, RESIDUAL_PARTS> Residual;
typedef Slice<RANKED_SKIPS, HALF_ROWS, SKIP_PARTS> Skips;
typedef Slice<RANKED_HIDDEN, SKIPS, HIDDEN_PARTS> Hidden;
typedef Slice<RANKED_LEVELS, HIDDEN, LAST_PARTS> Last;

/* How the blocks of a stream hand numbers to each other. All threads call each function. */
struct Exchange {
  float* mine; /* EXCHANGED floats of shared memory */
#if CLUSTERED
  uint bar;    /* an mbarrier for each buffer of z, the skip sums, the hidden channels and the logits */
  uint parity; /* a bit for each */
#else
  float* global; /* the stream's */
  int* counter;
  int round;
#endif

  /* From `threads` threads that know x, this is the i-th. */
  DEVICE_MEMBER void put(int which, int at, float x, int i, int threads) {
#if CLUSTERED
    uint place = shared_address(mine + at);
    UNROLL
    for (int j = 0; j < BLOCKS; j += threads) {
      int b = i + j;
      if (b < BLOCKS) cluster_store_async(cluster_address(place, b), x, cluster_address(bar + 8 * which, b));
    }
#else
    if (i == 0) global[at] = x;
#endif
  }
  /* All numbers of this thread are put; n come to each block. */
  DEVICE_MEMBER void arrive(int which, int n) {
#if CLUSTERED
    if (LOCAL_ID(0) == 0) mbarrier_arrive_expect(bar + 8 * which, 4 * n);
#else
    round++;
    BARRIER();
    if (LOCAL_ID(0) == 0) semaphore_add(counter, 1);
#endif
  }
  /* Then the n numbers from `at` on are in `mine`. */
  DEVICE_MEMBER void wait(int which, int at, int n) {
#if CLUSTERED
    mbarrier_wait_copies(bar + 8 * which, (int)(parity >> which & 1u));
    parity ^= 1u << which;
#else
    if (LOCAL_ID(0) == 0) {
      while (semaphore_read(counter) < BLOCKS * round) spin_pause();
    }
    BARRIER();
    for (int i = LOCAL_ID(0); i < n; i += THREADS) mine[at + i] = load_l2(global + at + i);
    BARRIER();
#endif
  }
};

/* The first of the greatest logits or, SAMPLING, the drawn level, in all lanes of a warp. */
DEVICE int draw(const float* score, float u, float temperature) {
  const int each = (LEVELS + 31) / 32;
  int lane = lane_id();
  int from = lane * each;
  float top = -POS_INF;
  int best = LEVELS;
  for (int j = from; j < from + each && j < LEVELS; j++) {
    if (j == from || score[j] > top) {
      top = score[j];
      best = j;
    }
  }
  UNROLL
  for (int m = 16; m > 0; m >>= 1) {
    float other = shuffle_xor(top, m);
    int index = shuffle_xor(best, m);
    if (other > top || (other == top && index < best)) {
      top = other;
      best = index;
    }
  }
  best = shuffle(best, 0);
  best = best < LEVELS ? best : 0;
#if SAMPLING
  top = score[best];
  float mine = 0.0f;
  for (int j = from; j < from + each && j < LEVELS; j++) mine += EXPF((score[j] - top) / temperature);
  float sum = mine;
  UNROLL
  for (int m = 1; m < 32; m <<= 1) {
    float before = shuffle(sum, lane < m ? 0 : lane - m);
    if (lane >= m) sum += before;
  }
  float place = u * shuffle(sum, 31);
  float running = shuffle(sum, lane == 0 ? 0 : lane - 1);
  if (lane == 0) running = 0.0f;
  int level = LEVELS - 1;
  for (int j = from; j < from + each && j < LEVELS; j++) {
    running += EXPF((score[j] - top) / temperature);
    if (running > place && j < level) level = j;
  }
  UNROLL
  for (int m = 16; m > 0; m >>= 1) {
    int other = shuffle_xor(level, m);
    level = other < level ? other : level;
  }
  best = level;
#endif
  return best;
}
