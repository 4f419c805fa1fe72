/* What the norms' CUDA sources share; stands before them and follows warp.cuh, lanes.cuh, rows.cuh and the pointwise
 * functions. WIDTH threads take a row, each PER pieces of VEC elements, WIDTH pieces apart: 16 bytes, or single
 * elements (VEC = 1) where rows are no multiple of 16 bytes. */
#ifndef VEC
#define VEC 1
#endif
#ifndef DROPOUT
#define DROPOUT 0
#endif
#ifndef CENTERED
#define CENTERED 1
#endif
#ifndef SCALE
#define SCALE 0
#endif

#if VEC == 1
typedef float Loaded;
DEVICE Loaded part_load(const ELEM* p) { return LD(p, 0); }
DEVICE Loaded part_zero() { return 0.0f; }
DEVICE void part_unpack(Loaded w, float* v) { v[0] = w; }
DEVICE void part_store(ELEM* p, const float* v) { ST(p, 0, v[0]); }
#else
typedef uint4 Loaded;
DEVICE Loaded part_load(const ELEM* p) { return piece_load(p); }
DEVICE Loaded part_zero() { return piece_zero(); }
DEVICE void part_unpack(Loaded w, float* v) { piece_unpack(w, v); }
DEVICE void part_store(ELEM* p, const float* v) { piece_store(p, piece_pack(v)); }
#endif

/* N sums over the row's threads, for all of them, in a fixed order and with one barrier; part: 32 N floats that no
 * call since the last but one has used. */
template <int N>
DEVICE void row_sums(float* v, SHARED_PTR float* part) {
  UNROLL
  for (int j = 0; j < N; j++) {
    UNROLL
    for (int m = (WIDTH < 32 ? WIDTH : 32) / 2; m > 0; m >>= 1) v[j] += shuffle_xor(v[j], m);
  }
#if WIDTH > 32
  UNROLL
  for (int j = 0; j < N; j++) {
    if (lane_id() == 0) part[32 * j + LOCAL_ID(0) / 32] = v[j];
  }
  BARRIER();
  UNROLL
  for (int j = 0; j < N; j++) v[j] = warp_sum(lane_id() < WIDTH / 32 ? part[32 * j + lane_id()] : 0.0f);
#endif
}

#if DROPOUT
/* Drops among VEC elements of the tensor, from element `first` on. */
DEVICE void part_drop(float* v, const int* RESTRICT seed, int first, float p, float keep) {
#if VEC == 1
  v[0] = tatara_uniform((uint)seed[0], (uint)seed[1], 0u, (uint)first) >= p ? v[0] * keep : 0.0f;
#else
  UNROLL
  for (int h = 0; h < VEC / 4; h++) {
    float4 u = tatara_uniform4((uint)seed[0], (uint)seed[1], 0u, ((uint)first >> 2) + (uint)h);
    v[4 * h] = u.x >= p ? v[4 * h] * keep : 0.0f;
    v[4 * h + 1] = u.y >= p ? v[4 * h + 1] * keep : 0.0f;
    v[4 * h + 2] = u.z >= p ? v[4 * h + 2] * keep : 0.0f;
    v[4 * h + 3] = u.w >= p ? v[4 * h + 3] * keep : 0.0f;
  }
#endif
}
#endif
