/* Steps of optimizers in place, and the norm of all gradients. All bound by memory; a group takes PER pieces of
 * 4 * GROUP elements of one tensor, and one launch takes a list of tensors: LISTS declares their pointers, sizes
 * (n0 ...) and first groups (first1 ...), SELECT picks this group's.
 *
 * sgd, adam, adagrad, rms_prop, scale_all: each item loads 4 neighbours of every array, all pieces before the first
 *   is stored. Parameters are P, gradients G: float32 (P_FLOAT, G_FLOAT) or the storage type; moments float32.
 * square_sums leaves a sum a group, norm_of_sums adds them: the order of summation depends on the shapes alone.
 * `hyper` is read on the device, so that a recorded launch follows the learning rate; a gradient scale of
 * infinity there leaves everything as it is. loss_scale decides so where gradients overflowed.
 * Ladder: (1) a launch a tensor, an element an item; (2) lists; (3) four elements an item, on CUDA (lanes.cuh)
 *   as one load, two pieces under way. Figures: docs/h200.md. */
#ifndef GROUP
#define GROUP 256
#endif
#ifndef PER
#define PER 1
#endif
#ifndef P_FLOAT
#define P_FLOAT 1
#endif
#ifndef G_FLOAT
#define G_FLOAT 1
#endif
#ifndef CENTERED
#define CENTERED 0
#endif
#ifndef MOMENTUM
#define MOMENTUM 0
#endif
#ifndef KIND /* 0 sgd, 1 with momentum, 2 adam, 3 scaling, 4 norm, 5 adagrad, 6 rms_prop */
#define KIND 4
#endif
#ifndef LISTS
#define LISTS GLOBAL const G* RESTRICT g0, int n0
#define SELECT GLOBAL const G* g = g0; uint n = (uint)n0; int first = 0;
#endif

#if STORAGE == 0
#define LOAD_ELEM4(p, i) LOADF4(p, i)
#define STORE_ELEM4(p, i, v) STOREF4(p, i, v)
#elif defined(LANES) /* CUDA with lanes.cuh */
DEVICE float4 load_elem4(const ELEM* p, uint i) {
  uint2 w = *(const uint2*)(p + i);
  return MAKE4(word_low(w.x), word_high(w.x), word_low(w.y), word_high(w.y));
}
DEVICE void store_elem4(ELEM* p, uint i, float4 v) {
  uint2 w;
  w.x = word_of(v.x, v.y);
  w.y = word_of(v.z, v.w);
  *(uint2*)(p + i) = w;
}
#define LOAD_ELEM4(p, i) load_elem4(p, i)
#define STORE_ELEM4(p, i, v) store_elem4(p, i, v)
#else
#define LOAD_ELEM4(p, i) MAKE4(LD(p, i), LD(p, i + 1), LD(p, i + 2), LD(p, i + 3))
#define STORE_ELEM4(p, i, v) ST(p, i, v.x); ST(p, i + 1, v.y); ST(p, i + 2, v.z); ST(p, i + 3, v.w)
#endif

#if P_FLOAT
#define P float
#define LOAD_P(p, i) ((p)[i])
#define STORE_P(p, i, v) ((p)[i] = (v))
#define LOAD_P4(p, i) LOADF4(p, i)
#define STORE_P4(p, i, v) STOREF4(p, i, v)
#else
#define P ELEM
#define LOAD_P(p, i) LD(p, i)
#define STORE_P(p, i, v) ST(p, i, v)
#define LOAD_P4(p, i) LOAD_ELEM4(p, i)
#define STORE_P4(p, i, v) STORE_ELEM4(p, i, v)
#endif
#if G_FLOAT
#define G float
#define LOAD_G(p, i) ((p)[i])
#define STORE_G(p, i, v) ((p)[i] = (v))
#define LOAD_G4(p, i) LOADF4(p, i)
#define STORE_G4(p, i, v) STOREF4(p, i, v)
#else
#define G ELEM
#define LOAD_G(p, i) LD(p, i)
#define STORE_G(p, i, v) ST(p, i, v)
#define LOAD_G4(p, i) LOAD_ELEM4(p, i)
#define STORE_G4(p, i, v) STORE_ELEM4(p, i, v)
#endif

/* First element of this item's piece k. */
#define PLACE(k) (((uint)(GROUP_ID(0) - first) * PER + (uint)(k)) * (4u * GROUP) + 4u * (uint)LOCAL_ID(0))
/* Whether four elements from i are in the tensor. */
#define WHOLE(i) ((i) < n && n - (i) >= 4u)

#if KIND == 0 || KIND == 1
typedef struct {
  float rate, scale, decay, momentum;
  int nesterov;
} Sgd;

/* The velocity that follows v, and the parameter that follows w. */
DEVICE float sgd_velocity(Sgd h, float w, float g, float v) {
  return h.momentum * v + (h.scale * g + h.decay * w);
}
DEVICE float sgd_step(Sgd h, float w, float g, float v) {
  float d = h.scale * g + h.decay * w;
#if KIND == 1
  d = h.nesterov ? d + h.momentum * v : v;
#endif
  return w - h.rate * d;
}

/* hyper: rate, gradient scale. */
KERNEL_SIZED(GROUP, 1, 1) void sgd(GLOBAL const float* RESTRICT hyper, float decay, float momentum, int nesterov,
                                   LISTS) {
  Sgd h;
  float4 w[PER];
  float4 d[PER];
  float4 v[PER];
  int k;
  SELECT
  h.rate = hyper[0];
  h.scale = hyper[1];
  if (h.scale == POS_INF) return;
  h.decay = decay;
  h.momentum = momentum;
  h.nesterov = nesterov;
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      w[k] = LOAD_P4(p, i);
      d[k] = LOAD_G4(g, i);
#if KIND == 1
      v[k] = LOADF4(m, i);
#else
      v[k] = w[k];
#endif
    }
  }
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      float4 x = w[k];
      float4 y = d[k];
      float4 z = v[k];
#if KIND == 1
      z.x = sgd_velocity(h, x.x, y.x, z.x);
      z.y = sgd_velocity(h, x.y, y.y, z.y);
      z.z = sgd_velocity(h, x.z, y.z, z.z);
      z.w = sgd_velocity(h, x.w, y.w, z.w);
      STOREF4(m, i, z);
#endif
      x.x = sgd_step(h, x.x, y.x, z.x);
      x.y = sgd_step(h, x.y, y.y, z.y);
      x.z = sgd_step(h, x.z, y.z, z.z);
      x.w = sgd_step(h, x.w, y.w, z.w);
      STORE_P4(p, i, x);
    } else {
      for (; i < n; i++) {
        float x = LOAD_P(p, i);
        float y = LOAD_G(g, i);
        float z = 0.0f;
#if KIND == 1
        z = sgd_velocity(h, x, y, m[i]);
        m[i] = z;
#endif
        STORE_P(p, i, sgd_step(h, x, y, z));
      }
    }
  }
}
#endif

#if KIND == 2
typedef struct {
  float rate, scale, c1, c2, beta1, beta2, epsilon, decay, penalty;
} Adam;

/* The moments that follow m and v, and the parameter that follows w with them. */
DEVICE float adam_first(Adam h, float w, float g, float m) {
  return h.beta1 * m + (1.0f - h.beta1) * (h.scale * g + h.penalty * w);
}
DEVICE float adam_second(Adam h, float w, float g, float v) {
  float d = h.scale * g + h.penalty * w;
  return h.beta2 * v + (1.0f - h.beta2) * d * d;
}
DEVICE float adam_step(Adam h, float w, float m, float v) {
  return w - h.rate * (m * h.c1 / (SQRTF(v * h.c2) + h.epsilon) + h.decay * w);
}

/* hyper: rate, gradient scale, 1 / (1 - beta1^t), 1 / (1 - beta2^t). */
KERNEL_SIZED(GROUP, 1, 1) void adam(GLOBAL const float* RESTRICT hyper, float beta1, float beta2, float epsilon,
                                    float decay, float penalty, LISTS) {
  Adam h;
  float4 w[PER];
  float4 d[PER];
  float4 a[PER];
  float4 b[PER];
  int k;
  SELECT
  h.rate = hyper[0];
  h.scale = hyper[1];
  if (h.scale == POS_INF) return;
  h.c1 = hyper[2];
  h.c2 = hyper[3];
  h.beta1 = beta1;
  h.beta2 = beta2;
  h.epsilon = epsilon;
  h.decay = decay;
  h.penalty = penalty;
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      w[k] = LOAD_P4(p, i);
      d[k] = LOAD_G4(g, i);
      a[k] = LOADF4(m, i);
      b[k] = LOADF4(v, i);
    }
  }
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      float4 x = w[k];
      float4 y = a[k];
      float4 z = b[k];
      y.x = adam_first(h, x.x, d[k].x, y.x);
      z.x = adam_second(h, x.x, d[k].x, z.x);
      x.x = adam_step(h, x.x, y.x, z.x);
      y.y = adam_first(h, x.y, d[k].y, y.y);
      z.y = adam_second(h, x.y, d[k].y, z.y);
      x.y = adam_step(h, x.y, y.y, z.y);
      y.z = adam_first(h, x.z, d[k].z, y.z);
      z.z = adam_second(h, x.z, d[k].z, z.z);
      x.z = adam_step(h, x.z, y.z, z.z);
      y.w = adam_first(h, x.w, d[k].w, y.w);
      z.w = adam_second(h, x.w, d[k].w, z.w);
      x.w = adam_step(h, x.w, y.w, z.w);
      STORE_P4(p, i, x);
      STOREF4(m, i, y);
      STOREF4(v, i, z);
    } else {
      for (; i < n; i++) {
        float x = LOAD_P(p, i);
        float y = adam_first(h, x, LOAD_G(g, i), m[i]);
        float z = adam_second(h, x, LOAD_G(g, i), v[i]);
        STORE_P(p, i, adam_step(h, x, y, z));
        m[i] = y;
        v[i] = z;
      }
    }
  }
}
#endif

#if KIND == 5 || KIND == 6
/* Steps by the root of a mean or sum of squares. Of a's and m's statements only those are compiled whose lists
 * are there. */
#if CENTERED
#define IF_CENTERED(statement) statement
#else
#define IF_CENTERED(statement)
#endif
#if MOMENTUM
#define IF_MOMENTUM(statement) statement
#else
#define IF_MOMENTUM(statement)
#endif

/* One element: w, its gradient d, and its moments, all changed in place. */
#if KIND == 5
#define STEP(w, d, v, a, m)                       \
  d = scale * (d) + decay * (w);                  \
  v += (d) * (d);                                 \
  w -= rate * ((d) / (SQRTF(v) + epsilon))
#else
#define STEP(w, d, v, a, m)                       \
  d = scale * (d) + decay * (w);                  \
  v = alpha * (v) + (1.0f - alpha) * ((d) * (d)); \
  IF_CENTERED(a = alpha * (a) + (1.0f - alpha) * (d);) \
  d /= SQRTF(VARIANCE(v, a)) + epsilon;           \
  IF_MOMENTUM(m = momentum * (m) + (d); d = m;)   \
  w -= rate * (d)
/* Not below 0 where rounding makes it so; NaN stays. */
DEVICE float not_negative(float x) { return x < 0.0f ? 0.0f : x; }
#if CENTERED
#define VARIANCE(v, a) not_negative((v) - (a) * (a))
#else
#define VARIANCE(v, a) (v)
#endif
#endif

#if KIND == 5
KERNEL_SIZED(GROUP, 1, 1) void adagrad(GLOBAL const float* RESTRICT hyper, float epsilon, float decay, LISTS) {
#else
KERNEL_SIZED(GROUP, 1, 1) void rms_prop(GLOBAL const float* RESTRICT hyper, float alpha, float epsilon,
                                        float momentum, float decay, LISTS) {
#endif
  float4 w[PER];
  float4 d[PER];
  float4 s[PER];
  IF_CENTERED(float4 b[PER];)
  IF_MOMENTUM(float4 u[PER];)
  int k;
  SELECT
  float rate = hyper[0];
  float scale = hyper[1];
  if (scale == POS_INF) return;
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      w[k] = LOAD_P4(p, i);
      d[k] = LOAD_G4(g, i);
      s[k] = LOADF4(v, i);
      IF_CENTERED(b[k] = LOADF4(a, i);)
      IF_MOMENTUM(u[k] = LOADF4(m, i);)
    }
  }
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      float4 x = w[k];
      float4 y = d[k];
      float4 z = s[k];
      IF_CENTERED(float4 c = b[k];)
      IF_MOMENTUM(float4 r = u[k];)
      STEP(x.x, y.x, z.x, c.x, r.x);
      STEP(x.y, y.y, z.y, c.y, r.y);
      STEP(x.z, y.z, z.z, c.z, r.z);
      STEP(x.w, y.w, z.w, c.w, r.w);
      STORE_P4(p, i, x);
      STOREF4(v, i, z);
      IF_CENTERED(STOREF4(a, i, c);)
      IF_MOMENTUM(STOREF4(m, i, r);)
    } else {
      for (; i < n; i++) {
        float x = LOAD_P(p, i);
        float y = LOAD_G(g, i);
        STEP(x, y, v[i], a[i], m[i]);
        STORE_P(p, i, x);
      }
    }
  }
}
#endif

#if KIND == 3
KERNEL_SIZED(GROUP, 1, 1) void scale_all(GLOBAL const float* RESTRICT scale, LISTS) {
  float4 d[PER];
  int k;
  SELECT
  float s = scale[0];
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) d[k] = LOAD_G4(g, i);
  }
  UNROLL
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      float4 x = MAKE4(d[k].x * s, d[k].y * s, d[k].z * s, d[k].w * s);
      STORE_G4(g, i, x);
    } else {
      for (; i < n; i++) STORE_G(g, i, LOAD_G(g, i) * s);
    }
  }
}
#endif

#if KIND == 4
/* Tree sum of one number a work-item; part[0] holds it afterwards. */
DEVICE void optimizer_tree(SHARED_PTR float* part, float s) {
  int t = LOCAL_ID(0);
  int k;
  part[t] = s;
  BARRIER();
  for (k = GROUP / 2; k > 0; k /= 2) {
    if (t < k) part[t] += part[t + k];
    BARRIER();
  }
}

/* The group's sum of squares to sums[base + group]. */
KERNEL_SIZED(GROUP, 1, 1) void square_sums(GLOBAL float* RESTRICT sums, int base, LISTS) {
  SHARED float part[GROUP];
  float4 s = MAKE4(0.0f, 0.0f, 0.0f, 0.0f);
  int k;
  SELECT
#ifdef LANES
#pragma unroll 4
#endif
  for (k = 0; k < PER; k++) {
    uint i = PLACE(k);
    if (WHOLE(i)) {
      float4 x = LOAD_G4(g, i);
      s.x += x.x * x.x;
      s.y += x.y * x.y;
      s.z += x.z * x.z;
      s.w += x.w * x.w;
    } else {
      for (; i < n; i++) s.x += LOAD_G(g, i) * LOAD_G(g, i);
    }
  }
  optimizer_tree(part, (s.x + s.y) + (s.z + s.w));
  if (LOCAL_ID(0) == 0) sums[base + GROUP_ID(0)] = part[0];
}

KERNEL_SIZED(GROUP, 1, 1) void norm_of_sums(GLOBAL const float* RESTRICT sums, GLOBAL float* RESTRICT norm, int n) {
  SHARED float part[GROUP];
  float s = 0.0f;
  int i;
  for (i = LOCAL_ID(0); i < n; i += GROUP) s += sums[i];
  optimizer_tree(part, s);
  if (LOCAL_ID(0) == 0) norm[0] = SQRTF(part[0]);
}

KERNEL void clip_scale(GLOBAL const float* RESTRICT norm, GLOBAL float* RESTRICT scale, float most) {
  float s = most / (norm[0] + 1e-6f);
  if (GLOBAL_ID(0) == 0) scale[0] = s > 1.0f ? 1.0f : s;
}

/* state: scale, good steps since it changed, steps taken, steps skipped. */
KERNEL void loss_scale(GLOBAL const float* RESTRICT norm, GLOBAL float* RESTRICT state, GLOBAL float* RESTRICT step,
                       float growth, float backoff, float interval, float most) {
  float scale = state[0];
  float good = state[1] + 1.0f;
  float d = POS_INF;
  int finite = FABSF(norm[0]) < POS_INF;
  if (GLOBAL_ID(0) != 0) return;
  if (finite) {
    d = 1.0f / scale;
    if (most > 0.0f) d *= FMINF(1.0f, most / (norm[0] / scale + 1e-6f));
    if (good >= interval) {
      good = 0.0f;
      scale = FMINF(scale * growth, FMAXF(scale, 16777216.0f));
    }
  } else {
    good = 0.0f;
    scale = FMAXF(scale * backoff, FMINF(scale, 5.9604644775390625e-8f));
  }
  state[0] = scale;
  state[1] = FMINF(good, 16777216.0f);
  state[2] = FMINF(state[2] + (finite ? 1.0f : 0.0f), 16777216.0f);
  state[3] = FMINF(state[3] + (finite ? 0.0f : 1.0f), 16777216.0f);
  step[0] = d;
}
#endif
