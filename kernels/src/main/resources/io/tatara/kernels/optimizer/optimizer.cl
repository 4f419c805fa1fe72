/* Steps of optimizers in place, one element a work-item, and the norm of all gradients in two stages: a
 * work-group a chunk of one tensor leaves a sum of squares, then one group adds the sums of all tensors. Order
 * of summation depends on the shapes alone. All bound by memory. `hyper` is read on the device, so that a
 * recorded launch follows the learning rate. */
#ifndef GROUP
#define GROUP 256
#endif

/* hyper: rate, gradient scale. */
KERNEL void sgd(GLOBAL const float* RESTRICT hyper, GLOBAL ELEM* RESTRICT p, GLOBAL const ELEM* RESTRICT g, int n,
                float decay) {
  int i = GLOBAL_ID(0);
  if (i < n) {
    float w = LD(p, i);
    ST(p, i, w - hyper[0] * (hyper[1] * LD(g, i) + decay * w));
  }
}

KERNEL void sgd_momentum(GLOBAL const float* RESTRICT hyper, GLOBAL ELEM* RESTRICT p, GLOBAL const ELEM* RESTRICT g,
                         GLOBAL ELEM* RESTRICT m, int n, float decay, float momentum, int nesterov) {
  int i = GLOBAL_ID(0);
  if (i < n) {
    float w = LD(p, i);
    float d = hyper[1] * LD(g, i) + decay * w;
    float v = momentum * LD(m, i) + d;
    ST(m, i, v);
    ST(p, i, w - hyper[0] * (nesterov ? d + momentum * v : v));
  }
}

/* hyper: rate, gradient scale, 1 / (1 - beta1^t), 1 / (1 - beta2^t). */
KERNEL void adam(GLOBAL const float* RESTRICT hyper, GLOBAL ELEM* RESTRICT p, GLOBAL const ELEM* RESTRICT g,
                 GLOBAL ELEM* RESTRICT m, GLOBAL ELEM* RESTRICT v, int n, float beta1, float beta2, float epsilon,
                 float decay) {
  int i = GLOBAL_ID(0);
  if (i < n) {
    float w = LD(p, i);
    float d = hyper[1] * LD(g, i);
    float m1 = beta1 * LD(m, i) + (1.0f - beta1) * d;
    float v1 = beta2 * LD(v, i) + (1.0f - beta2) * d * d;
    ST(m, i, m1);
    ST(v, i, v1);
    ST(p, i, w - hyper[0] * (m1 * hyper[2] / (SQRTF(v1 * hyper[3]) + epsilon) + decay * w));
  }
}

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

KERNEL void square_sums(GLOBAL const ELEM* RESTRICT g, GLOBAL float* RESTRICT sums, int n, int chunk, int first) {
  SHARED float part[GROUP];
  int start = GROUP_ID(0) * chunk;
  int end = n - start < chunk ? n : start + chunk;
  float s = 0.0f;
  int i;
  for (i = start + LOCAL_ID(0); i < end; i += GROUP) {
    float x = LD(g, i);
    s += x * x;
  }
  optimizer_tree(part, s);
  if (LOCAL_ID(0) == 0) sums[first + GROUP_ID(0)] = part[0];
}

KERNEL void norm_of_sums(GLOBAL const float* RESTRICT sums, GLOBAL float* RESTRICT norm, int n) {
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

KERNEL void scale_all(GLOBAL const float* RESTRICT scale, GLOBAL ELEM* RESTRICT g, int n) {
  int i = GLOBAL_ID(0);
  if (i < n) ST(g, i, LD(g, i) * scale[0]);
}
