/* A step of beam search: of all continuations of a source's hypotheses (rows of v tokens) the best few.
 *
 * beam_rows (LOGITS): a group a row; the row's largest logit and the log of the sum behind it.
 * beam_chunks: a group takes GROUP * PER tokens of a row, brings their keys (score over the length's penalty) into
 *   shared memory and finds its `kept` best: each round finds the first element behind the last one found, so a
 *   list of any length needs no memory but a tree. The row is read once here, coalesced.
 * beam_merge: a group a source, the same rounds over the lists of its chunks, which stay in cache.
 * The order is total (key, then beam, then token), so every device picks the same. Places without an element
 * (a short last chunk) have token -1. Not measured on a GPU yet. */
#ifndef GROUP
#define GROUP 64
#endif
#ifndef PER
#define PER 8
#endif
#ifndef LOGITS
#define LOGITS 0
#endif
#ifndef MASKED
#define MASKED 0
#endif
#define CHUNK (GROUP * PER)
#define NONE (-POS_INF)

/* Whether (a, ia) comes before (b, ib); an index of -1 is "nothing" and comes last. No NaN. */
DEVICE int beam_before(float a, int ia, float b, int ib) {
  if (ia < 0 || ib < 0) return ib < 0 && ia >= 0;
  return a > b || (a == b && ia < ib);
}

/* The group's first; every item gets its index. */
DEVICE int beam_first(float key, int i, SHARED_PTR float* keys, SHARED_PTR int* places) {
  int lid = LOCAL_ID(0);
  int step;
  int first;
  keys[lid] = key;
  places[lid] = i;
  BARRIER();
  for (step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step && beam_before(keys[lid + step], places[lid + step], keys[lid], places[lid])) {
      keys[lid] = keys[lid + step];
      places[lid] = places[lid + step];
    }
    BARRIER();
  }
  first = places[0];
  BARRIER();
  return first;
}

DEVICE float beam_penalty(float alpha, int length) {
  return alpha == 0.0f ? 1.0f : POWF((5.0f + (float)length) / 6.0f, alpha);
}

/* sums[2 row]: largest, sums[2 row + 1]: log of the sum of exp(x - largest). */
KERNEL_SIZED(GROUP, 1, 1) void beam_rows(GLOBAL const ELEM* RESTRICT x, GLOBAL float* RESTRICT sums, int v) {
  SHARED float part[GROUP];
  int lid = LOCAL_ID(0);
  int row = GROUP_ID(0) * v;
  float m = NONE;
  float s = 0.0f;
  int i;
  int step;
  for (i = lid; i < v; i += GROUP) m = FMAXF(m, LD(x, row + i));
  part[lid] = m;
  BARRIER();
  for (step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) part[lid] = FMAXF(part[lid], part[lid + step]);
    BARRIER();
  }
  m = part[0];
  BARRIER();
  for (i = lid; i < v; i += GROUP) s += EXPF(LD(x, row + i) - m); /* NaN stays */
  part[lid] = s;
  BARRIER();
  for (step = GROUP / 2; step > 0; step >>= 1) {
    if (lid < step) part[lid] += part[lid + step];
    BARRIER();
  }
  if (lid == 0) {
    sums[2 * GROUP_ID(0)] = m;
    sums[2 * GROUP_ID(0) + 1] = LOGF(part[0]);
  }
}

KERNEL_SIZED(GROUP, 1, 1) void beam_chunks(GLOBAL const ELEM* RESTRICT x, GLOBAL const float* RESTRICT sums,
                                           GLOBAL const float* RESTRICT mask, GLOBAL const float* RESTRICT scores,
                                           GLOBAL const int* RESTRICT finished, GLOBAL const int* RESTRICT lengths,
                                           GLOBAL float* RESTRICT keys_out, GLOBAL float* RESTRICT scores_out,
                                           GLOBAL int* RESTRICT tokens_out, int v, int chunks, int kept,
                                           float alpha, int end) {
  SHARED float values[CHUNK];
  SHARED float keys[GROUP];
  SHARED int places[GROUP];
  int lid = LOCAL_ID(0);
  int row = GROUP_ID(0) / chunks;
  int from = (GROUP_ID(0) - row * chunks) * CHUNK;
  int n = v - from < CHUNK ? v - from : CHUNK;
  float score = scores[row];
  int done = finished[row] != 0;
  float penalty = beam_penalty(alpha, lengths[row] + (done ? 0 : 1));
  float last = 0.0f;
  int taken = -1;
  int i;
  int j;
#if LOGITS
  float most = sums[2 * row];
  float log_sum = sums[2 * row + 1];
#endif
  for (i = lid; i < n; i += GROUP) {
    float y = LD(x, row * v + from + i);
#if MASKED
    y += mask[from + i];
#endif
#if LOGITS
    y = (y - most) - log_sum;
#endif
    y += score;
    if (done) y = from + i == end ? score : NONE;
    values[i] = y / penalty > NONE ? y : NONE; /* NaN too */
  }
  BARRIER();
  for (j = 0; j < kept; j++) {
    float best = 0.0f;
    int at = -1;
    int place = GROUP_ID(0) * kept + j;
    for (i = lid; i < n; i += GROUP) {
      float key = values[i] / penalty;
      if ((taken < 0 || beam_before(last, taken, key, i)) && beam_before(key, i, best, at)) {
        best = key;
        at = i;
      }
    }
    /* After the last element nothing comes: the list ends. */
    if (j < n) {
      taken = beam_first(best, at, keys, places);
      last = values[taken] / penalty;
      if (lid == 0) {
        keys_out[place] = last;
        scores_out[place] = values[taken];
        tokens_out[place] = from + taken;
      }
    } else if (lid == 0) {
      keys_out[place] = NONE;
      scores_out[place] = NONE;
      tokens_out[place] = -1;
    }
  }
}

/* list: places of a row's chunks together. */
KERNEL_SIZED(GROUP, 1, 1) void beam_merge(GLOBAL const float* RESTRICT keys_in, GLOBAL const float* RESTRICT scores_in,
                                          GLOBAL const int* RESTRICT tokens_in, GLOBAL const int* RESTRICT finished,
                                          GLOBAL const int* RESTRICT lengths, GLOBAL float* RESTRICT scores,
                                          GLOBAL int* RESTRICT parents, GLOBAL int* RESTRICT tokens,
                                          GLOBAL int* RESTRICT finished_out, GLOBAL int* RESTRICT lengths_out,
                                          int beams, int list, int results, int end) {
  SHARED float keys[GROUP];
  SHARED int places[GROUP];
  int base = GROUP_ID(0) * beams * list;
  float last = 0.0f;
  int taken = -1;
  int i;
  int j;
  for (j = 0; j < results; j++) {
    float best = 0.0f;
    int at = -1;
    for (i = LOCAL_ID(0); i < beams * list; i += GROUP) {
      float key = keys_in[base + i];
      if (tokens_in[base + i] >= 0 && (taken < 0 || beam_before(last, taken, key, i)) &&
          beam_before(key, i, best, at)) {
        best = key;
        at = i;
      }
    }
    taken = beam_first(best, at, keys, places);
    last = keys_in[base + taken];
    if (LOCAL_ID(0) == 0) {
      int beam = taken / list;
      int row = GROUP_ID(0) * beams + beam;
      int token = tokens_in[base + taken];
      int to = GROUP_ID(0) * results + j;
      scores[to] = scores_in[base + taken];
      parents[to] = beam;
      tokens[to] = token;
      finished_out[to] = finished[row] != 0 || token == end ? 1 : 0;
      lengths_out[to] = lengths[row] + (finished[row] != 0 ? 0 : 1);
    }
  }
}
