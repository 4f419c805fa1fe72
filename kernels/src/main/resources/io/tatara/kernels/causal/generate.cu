/* WaveNet's samples one after the other in one persistent launch: CUDA. Figures: docs/h200.md.
 *
 * BLOCKS blocks make a stream. Each computes HALF_ROWS / BLOCKS of the gated channels z of a layer and hands them to
 * all; then each computes the whole residual product for itself, so that a layer costs one exchange. Skip sums, the
 * hidden channels and the logits are divided over the blocks too and exchanged once a sample; every block draws the
 * level by itself, with the same bits. What lies on the path from sample to sample is L + 3 exchanges and L times two
 * short products; the rest is beside it:
 *  - Threads hold their weights of the next layer in registers, asked for a layer ahead: a step's weights come from
 *    the L2 cache (as float32 they do not fit the shared memory of a cluster), 0.7 MB a block and step with 64
 *    residual and 256 skip channels in float32. Those of the last two products stand in shared memory.
 *  - What the taps see in the queues is asked for a layer ahead too.
 *  - Skip products run while the next layer's z is on its way; their sums stay in registers, divided over the threads
 *    of a row, and are added up once a sample.
 *
 * Ladder: 1. one block a stream, weights from L2 (generate.cl). 2. rows over blocks, two exchanges a layer (z, then
 * x). 3. residual product in every block: one exchange. 4. weights and taps a layer ahead. 5. numbers that bring their
 * own signal instead of the cluster's barrier. This text is 5.
 * Follows generate.cuh.
 *
 * CLUSTERED 1: the blocks are a cluster (compute capability 9.0), numbers go straight into the others' shared memory,
 * and each tells the mbarrier there that it has come: no barrier of the cluster and no fence on the path. 0: a
 * cooperative launch of any architecture, through global memory and a counter a stream.
 * Why nothing is overwritten that is still read: a block that has all z of a layer knows that each block's threads
 * have met (behind the residual product, or at the sample's end) since they read what came before that. Buffers of z
 * stand three in a row, for z of layer l - 1 is read for skip sums after a block has put its z of l: another may then
 * be at l + 1, but not at l + 2. The queues in global memory are put in order by the cluster's barrier, once a sample
 * and beside the path.
 *
 * CHANNELS, HALF_ROWS, SKIPS, HIDDEN, LEVELS, TAPS, FIRST and what is there: as generate.cl has them; multiples of
 * BLOCKS and of a 16-byte piece. GATE_PARTS, RESIDUAL_PARTS, SKIP_PARTS, HIDDEN_PARTS, LAST_PARTS: threads of a row,
 * powers of two. DILATIONS: the host has put dilation_of and the functions of random numbers before this text. */
/* The place of tap k of a ring's next sample. */
DEVICE int ring_slot(int slot, int k, int dilation) {
  int reach = (TAPS - 1) * dilation;
  int s = slot + k * dilation;
  return s >= reach ? s - reach : s;
}

KERNEL void advance(int* clock, int count) {
  if (GLOBAL_ID(0) == 0) clock[0] += count;
}

extern "C" __global__ void
#if CLUSTERED
    __cluster_dims__(BLOCKS, 1, 1)
#endif
        __launch_bounds__(THREADS, 1) generate(
            int* history, float* queue, const int* RESTRICT clock, const int* RESTRICT seed, const ELEM* RESTRICT table,
            const ELEM* RESTRICT first_bias, const ELEM* RESTRICT added, const ELEM* RESTRICT weight,
            const ELEM* RESTRICT bias, const ELEM* RESTRICT condition, const ELEM* RESTRICT residual_weight,
            const ELEM* RESTRICT residual_bias, const ELEM* RESTRICT skip_weight, const ELEM* RESTRICT skip_bias,
            const ELEM* RESTRICT hidden_weight, const ELEM* RESTRICT hidden_bias, const ELEM* RESTRICT last_weight,
            const ELEM* RESTRICT last_bias, int* RESTRICT levels, float* RESTRICT logits, float* exchange, int* counters,
            int layers, int size, int count, float temperature) {
  DYNAMIC_SHARED(memory);
  ELEM* head = (ELEM*)memory;
  ELEM* tail = head + RANKED_HIDDEN * SKIPS;
  Exchange link;
  link.mine = (float*)(tail + RANKED_LEVELS * HIDDEN);
  float* seen = link.mine + EXCHANGED;
  int* past = (int*)(seen + CHANNELS * TAPS);
  int* dilation = past + FIRST;
  int* ring = dilation + layers;
  int* slot = ring + layers;
  int id = LOCAL_ID(0);
  int rank = GROUP_ID(0);
  int n = GROUP_ID(1);
  int start = clock[0];
#if CLUSTERED
  SHARED unsigned long long bars[6];
  link.bar = shared_address(bars);
  link.parity = 0u;
  if (id == 0) {
    for (int i = 0; i < 6; i++) mbarrier_init(link.bar + 8 * i, 1);
    mbarrier_fence_init();
  }
#else
  link.global = exchange + n * EXCHANGED;
  link.counter = counters + 2 * n;
  link.round = 0;
#endif
  queue += n * size;

  for (int i = id; i < RANKED_HIDDEN * SKIPS / LANES; i += THREADS) {
    piece_store(head + i * LANES, piece_load(hidden_weight + rank * RANKED_HIDDEN * SKIPS + i * LANES));
  }
  for (int i = id; i < RANKED_LEVELS * HIDDEN / LANES; i += THREADS) {
    piece_store(tail + i * LANES, piece_load(last_weight + rank * RANKED_LEVELS * HIDDEN + i * LANES));
  }
  for (int i = id; i < FIRST; i += THREADS) past[i] = history[n * FIRST + i];
  for (int l = id; l < layers; l += THREADS) {
    int reach = (TAPS - 1) * dilation_of(l);
    int at = 0;
    for (int i = 0; i < l; i++) at += (TAPS - 1) * dilation_of(i) * CHANNELS;
    int s = reach == 0 ? 0 : start % reach;
    dilation[l] = dilation_of(l);
    ring[l] = at;
    slot[l] = s < 0 ? s + reach : s;
  }
  BARRIER();

  Gates gates;
  Residual residual;
  Skips skips;
  float gate_bias[Gates::PASSES];
  float residual_add[Residual::PASSES];
  float skip_add[Skips::PASSES];
  float skip_sum[Skips::PASSES];
  float old[OLD_EACH + 1];
  auto load_gates = [&](int l) {
    auto place = [&](int r) { return ((l * 2 + r % 2) * HALF_ROWS + rank * RANKED_Z + r / 2) * (CHANNELS * TAPS); };
    gates.load(weight, place);
    UNROLL
    for (int p = 0; p < Gates::PASSES; p++) {
      int r = Gates::row(p);
      int row = r % 2 * HALF_ROWS + rank * RANKED_Z + r / 2;
      gate_bias[p] = r >= RANKED_GATES ? 0.0f
                                       : GIVEN(BIAS, bias, l * 2 * HALF_ROWS + row) +
                                             GIVEN(CONDITION, condition, (n * layers + l) * 2 * HALF_ROWS + row);
    }
  };
  auto load_residual = [&](int l) {
    residual.load(residual_weight, [&](int r) { return (l * CHANNELS + r) * HALF_ROWS; });
    UNROLL
    for (int p = 0; p < Residual::PASSES; p++) {
      int r = Residual::row(p);
      residual_add[p] = r >= CHANNELS ? 0.0f : GIVEN(RESIDUAL_BIAS, residual_bias, l * CHANNELS + r);
    }
  };
  auto load_skips = [&](int l) {
    skips.load(skip_weight, [&](int r) { return (l * SKIPS + rank * RANKED_SKIPS + r) * HALF_ROWS; });
  };
  auto load_old = [&](int l, int later) {
    int s = slot[l] + later;
    s = s >= (TAPS - 1) * dilation[l] ? 0 : s;
    UNROLL
    for (int j = 0; j < OLD_EACH; j++) {
      int i = id + j * THREADS;
      if (i < OLD) old[j] = load_l2(queue + ring[l] + ring_slot(s, i / CHANNELS, dilation[l]) * CHANNELS + i % CHANNELS);
    }
  };
  auto show_old = [&]() {
    UNROLL
    for (int j = 0; j < OLD_EACH; j++) {
      int i = id + j * THREADS;
      if (i < OLD) seen[i % CHANNELS * TAPS + i / CHANNELS] = old[j];
    }
  };
  /* A layer's input takes the oldest one's place: by the block whose channel it is, when all have read that. */
  auto push = [&](int l, int c, float x) {
    if (TAPS > 1 && c / (CHANNELS / BLOCKS) == rank) queue[ring[l] + slot[l] * CHANNELS + c] = x;
  };

  UNROLL
  for (int p = 0; p < Skips::PASSES; p++) {
    skip_add[p] = 0.0f;
    for (int l = 0; l < layers && Skips::row(p) < RANKED_SKIPS; l++) {
      skip_add[p] += GIVEN(SKIP_BIAS, skip_bias, l * SKIPS + rank * RANKED_SKIPS + Skips::row(p));
    }
  }
  Skips::clear(skip_sum);
  load_gates(0);
  load_residual(0);
  load_skips(0);
  load_old(0, 0);
#if CLUSTERED
  cluster_arrive(); /* the others' mbarriers are there */
  cluster_wait();
#endif

  int buffer = 0;
  for (int t = 0; t < count; t++) {
    for (int c = id; c < CHANNELS; c += THREADS) {
      float x = GIVEN(FIRST_BIAS, first_bias, c) + GIVEN(ADDED, added, (n * count + t) * CHANNELS + c);
      for (int j = 0; j < FIRST; j++) {
        int level = past[j];
        if (level >= 0 && level < LEVELS) x += LD(table, (j * LEVELS + level) * CHANNELS + c);
      }
      seen[c * TAPS + TAPS - 1] = x;
    }
    show_old();
    BARRIER();
    for (int l = 0; l < layers; l++) {
      int last = l == layers - 1;
      int z = buffer * HALF_ROWS;
      int before = (buffer + 2) % 3 * HALF_ROWS;
      buffer = (buffer + 1) % 3;
      int which = z / HALF_ROWS;
      if (!last) load_old(l + 1, 0);
      float sum[Gates::PASSES];
      Gates::clear(sum);
      gates.add(seen, sum);
      Gates::total(sum);
      UNROLL
      for (int p = 0; p < Gates::PASSES; p++) {
        int r = Gates::row(p);
        float v = sum[p] + gate_bias[p];
        float a = r % 2 == 0 ? TANHF(v) : 1.0f / (1.0f + EXPF(-v));
        a *= shuffle_xor(a, GATE_PARTS);
        if (r < RANKED_GATES) link.put(which, z + rank * RANKED_Z + r / 2, a, Gates::part() + r % 2 * GATE_PARTS, 2 * GATE_PARTS);
      }
      link.arrive(which, HALF_ROWS);
      load_gates(last ? 0 : l + 1);
      if (l > 0) {
        skips.add(link.mine + before, skip_sum);
        load_skips(l);
      }
      link.wait(which, z, HALF_ROWS);
      if (last) {
        for (int c = id; c < CHANNELS; c += THREADS) push(l, c, seen[c * TAPS + TAPS - 1]);
        skips.add(link.mine + z, skip_sum);
        load_skips(0);
      } else {
        float more[Residual::PASSES];
        Residual::clear(more);
        residual.add(link.mine + z, more);
        Residual::total(more);
        UNROLL
        for (int p = 0; p < Residual::PASSES; p++) {
          int r = Residual::row(p);
          if (r < CHANNELS && Residual::part() == 0) {
            float x = seen[r * TAPS + TAPS - 1];
            push(l, r, x);
            seen[r * TAPS + TAPS - 1] = x + (more[p] + residual_add[p]);
          }
        }
        load_residual(l + 2 < layers ? l + 1 : 0);
        show_old();
        BARRIER();
      }
    }
#if CLUSTERED
    warp_barrier();
    cluster_arrive(); /* what was pushed into the queues is seen by the other blocks behind the wait */
#endif
    Skips::total(skip_sum);
    UNROLL
    for (int p = 0; p < Skips::PASSES; p++) {
      int r = Skips::row(p);
      float v = skip_sum[p] + skip_add[p];
      if (r < RANKED_SKIPS) link.put(3, AT_SKIPS + rank * RANKED_SKIPS + r, v < 0.0f ? 0.0f : v, Skips::part(), SKIP_PARTS);
    }
    Skips::clear(skip_sum);
    link.arrive(3, SKIPS);
    link.wait(3, AT_SKIPS, SKIPS);
    {
      Hidden hidden;
      hidden.load(head, [](int r) { return r * SKIPS; });
      float sum[Hidden::PASSES];
      Hidden::clear(sum);
      hidden.add(link.mine + AT_SKIPS, sum);
      Hidden::total(sum);
      UNROLL
      for (int p = 0; p < Hidden::PASSES; p++) {
        int r = Hidden::row(p);
        if (r < RANKED_HIDDEN) {
          float v = sum[p] + GIVEN(HIDDEN_BIAS, hidden_bias, rank * RANKED_HIDDEN + r);
          link.put(4, AT_HIDDEN + rank * RANKED_HIDDEN + r, v < 0.0f ? 0.0f : v, Hidden::part(), HIDDEN_PARTS);
        }
      }
    }
    link.arrive(4, HIDDEN);
    link.wait(4, AT_HIDDEN, HIDDEN);
    {
      Last product;
      product.load(tail, [](int r) { return r * HIDDEN; });
      float sum[Last::PASSES];
      Last::clear(sum);
      product.add(link.mine + AT_HIDDEN, sum);
      Last::total(sum);
      UNROLL
      for (int p = 0; p < Last::PASSES; p++) {
        int r = Last::row(p);
        if (r < RANKED_LEVELS) {
          float v = sum[p] + GIVEN(LAST_BIAS, last_bias, rank * RANKED_LEVELS + r);
          link.put(5, AT_LOGITS + rank * RANKED_LEVELS + r, v, Last::part(), LAST_PARTS);
        }
      }
    }
    link.arrive(5, LEVELS);
#if CLUSTERED
    warp_barrier();
    cluster_wait();
#endif
    load_old(0, 1);
    link.wait(5, AT_LOGITS, LEVELS);
    const float* score = link.mine + AT_LOGITS;
    if (id < 32) {
      float u = 0.0f;
#if SAMPLING
      u = tatara_uniform((uint)seed[0], (uint)seed[1], (uint)n, (uint)(start + t));
#endif
      int level = draw(score, u, temperature);
      if (id == 0) {
        for (int j = 0; j < FIRST - 1; j++) past[j] = past[j + 1];
        past[FIRST - 1] = level;
        if (rank == 0) levels[n * count + t] = level;
      }
    }
    if (t == count - 1 && rank == 0) {
      for (int i = id; i < LEVELS; i += THREADS) logits[n * LEVELS + i] = score[i];
    }
    BARRIER();
    for (int l = id; l < layers; l += THREADS) {
      int next = slot[l] + 1;
      slot[l] = next >= (TAPS - 1) * dilation[l] ? 0 : next;
    }
  }
  for (int j = id; j < FIRST && rank == 0; j += THREADS) history[n * FIRST + j] = past[j];
#if !CLUSTERED
  grid_barrier_done(link.counter, BLOCKS);
#endif
}
