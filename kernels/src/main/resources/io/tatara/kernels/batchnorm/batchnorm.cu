/* Batch norm of [N, C, S] in training and its gradient at the speed of memory: CUDA, any architecture, all types. The
 * formulas are those of batchnorm.cl.
 *
 * An element is loaded into registers, V at a time (16 bytes where S allows it; else 8 or one element), PER times a
 * thread, all loads under way at once; what is there is swept as often as the formulas ask for.
 *   batch_norm_channel    a block a channel, where registers hold all of it: one launch, every array read or written once.
 *   batch_norm_parts,     larger channels: a block a chunk of a channel, its mean and the squares around it; then each block
 *   batch_norm_spread     adds up the chunks of its channel, every warp for itself in the same order, while its elements are
 *                         on their way, and normalizes. The second launch begins with what the first read last, which the
 *                         second-level cache still has.
 *   batch_norm_gradient_* the same for x and dy.
 * Sums meet by shuffles and then from warp to warp in a fixed order. Rows of N are found by a multiplication (MAGIC).
 *
 * Ladder: 1 batchnorm.cl: three launches, an element a load, two divisions each; 2 this. Figures: docs/h200.md.
 * SCALE, SHIFT, RUNNING, DSTATISTICS, DMEAN, DVARIANCE: inputs that are there; DSCALE, DSHIFT: outputs wanted. */
#ifndef V
#define V 4
#define PER 4
#define THREADS 256
#endif
#ifndef WHOLE
#define WHOLE 1 /* whether a block has a channel */
#endif
#ifndef GRADIENT
#define GRADIENT 0
#endif
#ifndef SCALE
#define SCALE 1
#endif
#ifndef SHIFT
#define SHIFT 1
#endif
#ifndef RUNNING
#define RUNNING 1
#endif
#ifndef DSTATISTICS
#define DSTATISTICS 0
#endif
#ifndef DMEAN
#define DMEAN 0
#endif
#ifndef DVARIANCE
#define DVARIANCE 0
#endif
#ifndef DSCALE
#define DSCALE 1
#endif
#ifndef DSHIFT
#define DSHIFT 1
#endif

/* V elements as they stand in memory. */
#if V == 1
typedef float Held;
DEVICE Held held_load(const ELEM* p) { return LD(p, 0); }
DEVICE Held held_zero() { return 0.0f; }
DEVICE void held_unpack(Held w, float* v) { v[0] = w; }
DEVICE void held_store(ELEM* p, const float* v) { ST(p, 0, v[0]); }
#elif V == LANES
typedef uint4 Held;
DEVICE Held held_load(const ELEM* p) { return piece_load(p); }
DEVICE Held held_zero() { return piece_zero(); }
DEVICE void held_unpack(Held w, float* v) { piece_unpack(w, v); }
DEVICE void held_store(ELEM* p, const float* v) { piece_store(p, piece_pack(v)); }
#else /* four of a 16-bit type */
typedef uint2 Held;
DEVICE Held held_load(const ELEM* p) { return *(const uint2*)p; }
DEVICE Held held_zero() { return make_uint2(0u, 0u); }
DEVICE void held_unpack(Held w, float* v) {
  v[0] = word_low(w.x);
  v[1] = word_high(w.x);
  v[2] = word_low(w.y);
  v[3] = word_high(w.y);
}
DEVICE void held_store(ELEM* p, const float* v) { *(uint2*)p = make_uint2(word_of(v[0], v[1]), word_of(v[2], v[3])); }
#endif

/* Where a channel's runs of V elements stand; count: of the channel. magic, shift: of the division by space. */
#define PLACES int channels, int space, int count, int magic, int shift
#define PASS channels, space, count, magic, shift

/* This thread's runs of a chunk: first, first + THREADS … */
struct Place {
  int base, apart, space, magic, shift, first, runs;

  __device__ __forceinline__ Place(int c, int chunk, PLACES)
      : base(c * space), apart((channels - 1) * space), space(space), magic(magic), shift(shift),
        first(chunk * (THREADS * PER) + LOCAL_ID(0)), runs(count / V) {}

  __device__ __forceinline__ bool has(int i) const { return first + i * THREADS < runs; }
  __device__ __forceinline__ int at(int i) const {
    int m = (first + i * THREADS) * V;
    int row = (int)((MULHI(m, magic) + (uint)m) >> shift);
    return base + m + row * apart;
  }
  __device__ __forceinline__ void load(Held (&w)[PER], const ELEM* RESTRICT x) const {
    UNROLL
    for (int i = 0; i < PER; i++) w[i] = has(i) ? held_load(x + at(i)) : held_zero();
  }
};

/* Sums over the block, for all threads; part: N * 32 floats that no other call uses. */
template <int N>
DEVICE void block_sums(float (&s)[N], SHARED_PTR float* part) {
  UNROLL
  for (int n = 0; n < N; n++) {
    s[n] = warp_sum(s[n]);
    if (lane_id() == 0) part[n * 32 + LOCAL_ID(0) / 32] = s[n];
  }
  BARRIER();
  UNROLL
  for (int n = 0; n < N; n++) s[n] = warp_sum(lane_id() < THREADS / 32 ? part[n * 32 + lane_id()] : 0.0f);
}

#if !GRADIENT
/* Mean of n elements, what is left of it, and the squares around both. */
struct Moments {
  float mean, rest, square;
};

DEVICE Moments moments(const Held (&w)[PER], const Place& p, float n, SHARED_PTR float* part) {
  Moments r;
  float v[V];
  float one[1] = {0.0f};
  UNROLL
  for (int i = 0; i < PER; i++) {
    held_unpack(w[i], v); /* zeros where nothing is */
    UNROLL
    for (int j = 0; j < V; j++) one[0] += v[j];
  }
  block_sums<1>(one, part);
  r.mean = one[0] / n;
  float two[2] = {0.0f, 0.0f};
  UNROLL
  for (int i = 0; i < PER; i++) {
    held_unpack(w[i], v);
    UNROLL
    for (int j = 0; j < V; j++) {
      float t = p.has(i) ? v[j] - r.mean : 0.0f;
      two[0] += t;
      two[1] += t * t;
    }
  }
  block_sums<2>(two, part + 32);
  r.rest = two[0] / n;
  r.square = two[1] - two[0] * r.rest;
  return r;
}

#define FINISH                                                                                                        \
  const ELEM *RESTRICT scale, const ELEM *RESTRICT shifts, const float *RESTRICT running_mean,                        \
      const float *RESTRICT running_variance, float *RESTRICT statistics, float *RESTRICT new_mean,                   \
      float *RESTRICT new_variance
#define PASS_FINISH scale, shifts, running_mean, running_variance, statistics, new_mean, new_variance

/* y = ((x - mean) - rest) * a + b; the statistics are written where `write`. */
struct Coefficients {
  float mean, rest, a, b;

  __device__ __forceinline__ void make(const Moments& m, int c, int count, bool write, float epsilon, float momentum,
                                       FINISH) {
    float n = (float)count;
    float variance = m.square / n;
    if (variance < 0.0f) variance = 0.0f;
    float inverse = 1.0f / SQRTF(variance + epsilon);
    mean = m.mean;
    rest = m.rest;
    a = inverse;
    b = 0.0f;
#if SCALE
    a *= LD(scale, c);
#endif
#if SHIFT
    b = LD(shifts, c);
#endif
    if (write) {
      float whole = FABSF(mean) == POS_INF ? mean : mean + rest; /* the rest of an infinite mean is NaN */
      statistics[2 * c] = whole;
      statistics[2 * c + 1] = inverse;
#if RUNNING
      bool still = momentum == 0.0f;
      float more = count > 1 ? n / (n - 1.0f) : 1.0f;
      new_mean[c] = still ? running_mean[c] : (1.0f - momentum) * running_mean[c] + momentum * whole;
      new_variance[c] = still ? running_variance[c] : (1.0f - momentum) * running_variance[c] + momentum * variance * more;
#endif
    }
  }

  __device__ __forceinline__ void apply(const Held (&w)[PER], const Place& p, ELEM* y) const {
    UNROLL
    for (int i = 0; i < PER; i++) {
      if (p.has(i)) {
        float v[V];
        held_unpack(w[i], v);
        UNROLL
        for (int j = 0; j < V; j++) v[j] = ((v[j] - mean) - rest) * a + b;
        held_store(y + p.at(i), v);
      }
    }
  }
};

#if WHOLE
/* Grid: channels. */
extern "C" __global__ __launch_bounds__(THREADS) void batch_norm_channel(const ELEM* RESTRICT x, FINISH, ELEM* RESTRICT y,
                                                                         PLACES, float epsilon, float momentum) {
  SHARED float part[96];
  int c = GROUP_ID(0);
  Place p(c, 0, PASS);
  Held w[PER];
  p.load(w, x);
  Coefficients k;
  k.make(moments(w, p, (float)count, part), c, count, LOCAL_ID(0) == 0, epsilon, momentum, PASS_FINISH);
  k.apply(w, p, y);
}

#else
/* Grid: channels * chunks. parts [channels, chunks, 3]. */
extern "C" __global__ __launch_bounds__(THREADS) void batch_norm_parts(const ELEM* RESTRICT x, float* RESTRICT parts, PLACES,
                                                                       int chunks) {
  SHARED float part[96];
  int c = GROUP_ID(0) / chunks;
  int chunk = GROUP_ID(0) % chunks;
  Place p(c, chunk, PASS);
  Held w[PER];
  p.load(w, x);
  const int most = THREADS * PER * V;
  int left = count - chunk * most;
  Moments m = moments(w, p, (float)(left < most ? left : most), part);
  if (LOCAL_ID(0) == 0) {
    parts[3 * GROUP_ID(0)] = m.mean;
    parts[3 * GROUP_ID(0) + 1] = m.rest;
    parts[3 * GROUP_ID(0) + 2] = m.square;
  }
}

/* A channel's moments from its chunks'; a warp, all lanes get them. */
DEVICE Moments together(const float* RESTRICT parts, int chunks, int count) {
  const int most = THREADS * PER * V;
  float share = 1.0f / (float)count;
  Moments r;
  r.mean = parts[0];
  float rest = 0.0f;
  for (int k = lane_id(); k < chunks; k += 32) {
    float size = (float)(count - k * most < most ? count - k * most : most);
    rest += size * share * ((parts[3 * k] - r.mean) + parts[3 * k + 1]);
  }
  r.rest = warp_sum(rest);
  float square = 0.0f;
  for (int k = lane_id(); k < chunks; k += 32) {
    float size = (float)(count - k * most < most ? count - k * most : most);
    float d = ((parts[3 * k] - r.mean) - r.rest) + parts[3 * k + 1];
    square += parts[3 * k + 2] + size * d * d;
  }
  r.square = warp_sum(square);
  return r;
}

extern "C" __global__ __launch_bounds__(THREADS) void batch_norm_spread(const ELEM* RESTRICT x, const float* RESTRICT parts,
                                                                        FINISH, ELEM* RESTRICT y, PLACES, int chunks,
                                                                        float epsilon, float momentum) {
  int block = GROUP_COUNT(0) - 1 - GROUP_ID(0);
  int c = block / chunks;
  Place p(c, block % chunks, PASS);
  Held w[PER];
  p.load(w, x);
  Coefficients k;
  k.make(together(parts + 3 * c * chunks, chunks, count), c, count, block % chunks == 0 && LOCAL_ID(0) == 0, epsilon,
         momentum, PASS_FINISH);
  k.apply(w, p, y);
}

#endif
#else
#define GRADIENT_FINISH                                                                                               \
  const ELEM *RESTRICT scale, const float *RESTRICT statistics, const float *RESTRICT dstatistics,                    \
      const float *RESTRICT dmean, const float *RESTRICT dvariance, ELEM *RESTRICT dscale, ELEM *RESTRICT dshift
#define PASS_GRADIENT scale, statistics, dstatistics, dmean, dvariance, dscale, dshift

/* This thread's sums of x - mean, of dy, and of their product. */
DEVICE void gradient_sums(float (&s)[3], const Held (&x)[PER], const Held (&dy)[PER], const Place& p, float mean) {
  s[0] = s[1] = s[2] = 0.0f;
  UNROLL
  for (int i = 0; i < PER; i++) {
    float v[V];
    float d[V];
    held_unpack(x[i], v);
    held_unpack(dy[i], d);
    UNROLL
    for (int j = 0; j < V; j++) {
      float t = p.has(i) ? v[j] - mean : 0.0f;
      s[0] += t;
      s[1] += d[j];
      s[2] += t * d[j];
    }
  }
}

/* dx = a dy + (b (x - mean) + d) from a channel's sums; dscale and dshift are written where `write`. */
DEVICE void gradient_finish(const float (&s)[3], const Held (&x)[PER], const Held (&dy)[PER], const Place& p, ELEM* dx, int c,
                            int count, bool write, float momentum, GRADIENT_FINISH) {
  float n = (float)count;
  float mean = statistics[2 * c];
  float r = statistics[2 * c + 1];
  float rest = s[0] / n;
  float product = (s[2] - rest * s[1]) * r;
  float dm = 0.0f;
  float dr = 0.0f;
  float dv = 0.0f;
#if DSTATISTICS
  dm += dstatistics[2 * c];
  dr += dstatistics[2 * c + 1];
#endif
#if DMEAN
  dm += momentum * dmean[c];
#endif
#if DVARIANCE
  dv += 2.0f * momentum * dvariance[c] * (count > 1 ? n / (n - 1.0f) : 1.0f);
#endif
  float a = r;
#if SCALE
  a *= LD(scale, c);
#endif
  float b = (dv - (a * product + dr * r * r) * r) / n;
  float e = (dm - a * s[1]) / n - b * rest;
  if (write) {
#if DSCALE
    ST(dscale, c, product);
#endif
#if DSHIFT
    ST(dshift, c, s[1]);
#endif
  }
  UNROLL
  for (int i = 0; i < PER; i++) {
    if (p.has(i)) {
      float v[V];
      float d[V];
      held_unpack(x[i], v);
      held_unpack(dy[i], d);
      UNROLL
      for (int j = 0; j < V; j++) v[j] = a * d[j] + (b * (v[j] - mean) + e);
      held_store(dx + p.at(i), v);
    }
  }
}

#if WHOLE
extern "C" __global__ __launch_bounds__(THREADS) void batch_norm_gradient_channel(const ELEM* RESTRICT x,
                                                                                  const ELEM* RESTRICT dy, GRADIENT_FINISH,
                                                                                  ELEM* RESTRICT dx, PLACES,
                                                                                  float momentum) {
  SHARED float part[96];
  int c = GROUP_ID(0);
  Place p(c, 0, PASS);
  Held u[PER];
  Held w[PER];
  p.load(u, x);
  p.load(w, dy);
  float s[3];
  gradient_sums(s, u, w, p, statistics[2 * c]);
  block_sums<3>(s, part);
  gradient_finish(s, u, w, p, dx, c, count, LOCAL_ID(0) == 0, momentum, PASS_GRADIENT);
}

#else
extern "C" __global__ __launch_bounds__(THREADS) void batch_norm_gradient_parts(const ELEM* RESTRICT x,
                                                                                const ELEM* RESTRICT dy,
                                                                                const float* RESTRICT statistics,
                                                                                float* RESTRICT parts, PLACES, int chunks) {
  SHARED float part[96];
  int c = GROUP_ID(0) / chunks;
  Place p(c, GROUP_ID(0) % chunks, PASS);
  Held u[PER];
  Held w[PER];
  p.load(u, x);
  p.load(w, dy);
  float s[3];
  gradient_sums(s, u, w, p, statistics[2 * c]);
  block_sums<3>(s, part);
  if (LOCAL_ID(0) == 0) {
    UNROLL
    for (int j = 0; j < 3; j++) parts[3 * GROUP_ID(0) + j] = s[j];
  }
}

extern "C" __global__ __launch_bounds__(THREADS) void batch_norm_gradient_spread(const ELEM* RESTRICT x,
                                                                                 const ELEM* RESTRICT dy,
                                                                                 const float* RESTRICT parts,
                                                                                 GRADIENT_FINISH, ELEM* RESTRICT dx, PLACES,
                                                                                 int chunks, float momentum) {
  int block = GROUP_COUNT(0) - 1 - GROUP_ID(0);
  int c = block / chunks;
  Place p(c, block % chunks, PASS);
  Held u[PER];
  Held w[PER];
  p.load(u, x);
  p.load(w, dy);
  float s[3] = {0.0f, 0.0f, 0.0f};
  for (int k = lane_id(); k < chunks; k += 32) {
    UNROLL
    for (int j = 0; j < 3; j++) s[j] += parts[3 * (c * chunks + k) + j];
  }
  UNROLL
  for (int j = 0; j < 3; j++) s[j] = warp_sum(s[j]);
  gradient_finish(s, u, w, p, dx, c, count, block % chunks == 0 && LOCAL_ID(0) == 0, momentum, PASS_GRADIENT);
}
#endif
#endif
