/* What nvcc knows by itself: the CUDA C builtins that kernels use, in plain C++. Force-included before every
 * program; includes nothing, so that compiling stays quick. The engine (src/) brings what is only declared. */
#pragma once
typedef unsigned int uint;
typedef unsigned short ushort;
typedef unsigned long long tatara_u64;

/* Markers that the compiler driver (src/compile.cpp) reads in the preprocessed text and takes out. */
#define __global__ __tatara_global__
#define __launch_bounds__(...) __tatara_bounds__(__VA_ARGS__)
#define __cluster_dims__(...) __tatara_cluster__(__VA_ARGS__)

#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __grid_constant__
#define __restrict__ __restrict
#define __align__(n) __attribute__((aligned(n)))
#define __constant__ static const
/* All static shared arrays of a program lie in one section, which the engine gives to each block in turn. */
#define __shared__ static __attribute__((section("tatara_shared"), aligned(16)))
/* The block's dynamic shared memory; inside a kernel. */
#define DYNAMIC_SHARED(name) unsigned char* const name = tatara_emu_dynamic_shared()

#define TATARA_VECTORS(T, name, align2, align4)                                  \
  struct __attribute__((aligned(align2))) name##2 { T x, y; };                   \
  struct name##3 { T x, y, z; };                                                 \
  struct __attribute__((aligned(align4))) name##4 { T x, y, z, w; };             \
  static inline name##2 make_##name##2(T x, T y) { return {x, y}; }              \
  static inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }      \
  static inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
TATARA_VECTORS(float, float, 8, 16)
TATARA_VECTORS(int, int, 8, 16)
TATARA_VECTORS(unsigned int, uint, 8, 16)
TATARA_VECTORS(short, short, 4, 8)
TATARA_VECTORS(unsigned short, ushort, 4, 8)
TATARA_VECTORS(signed char, char, 2, 4)
TATARA_VECTORS(unsigned char, uchar, 2, 4)
TATARA_VECTORS(double, double, 16, 16)
TATARA_VECTORS(long long, longlong, 16, 16)
typedef uint3 dim3;

extern "C" {
float expf(float);
float exp2f(float);
float logf(float);
float log2f(float);
float log1pf(float);
float expm1f(float);
float tanhf(float);
float sqrtf(float);
float erff(float);
float sinf(float);
float cosf(float);
float powf(float, float);
float fabsf(float);
float floorf(float);
float ceilf(float);
float roundf(float);
float rintf(float);
float truncf(float);
float fmodf(float, float);
float copysignf(float, float);
float fmaxf(float, float);
float fminf(float, float);
float fmaf(float, float, float);
float ldexpf(float, int);
double exp(double);
double log(double);
double sqrt(double);
double fabs(double);
double fma(double, double, double);
void* memcpy(void*, const void*, unsigned long);
void* memset(void*, int, unsigned long);

uint3 tatara_emu_thread_idx() __attribute__((const));
uint3 tatara_emu_block_idx() __attribute__((const));
uint3 tatara_emu_block_dim() __attribute__((const));
uint3 tatara_emu_grid_dim() __attribute__((const));
int tatara_emu_lane() __attribute__((const));
unsigned char* tatara_emu_dynamic_shared();
void tatara_emu_barrier(int id, int threads, int wait);
/* kind: 0 from a lane, 1 xor, 2 up, 3 down */
uint tatara_emu_shuffle(uint mask, uint x, int kind, int by, int width);
uint tatara_emu_vote(uint mask, int predicate);
void tatara_emu_syncwarp(uint mask);
void tatara_emu_pause();
int tatara_emu_atomic_add_int(int* p, int n);
int tatara_emu_atomic_cas_int(int* p, int expected, int x);
int tatara_emu_atomic_exch_int(int* p, int x);
int tatara_emu_atomic_max_int(int* p, int x);
float tatara_emu_atomic_add_float(float* p, float x);
void __attribute__((noreturn)) tatara_emu_trap(const char* what);
}

#define threadIdx (tatara_emu_thread_idx())
#define blockIdx (tatara_emu_block_idx())
#define blockDim (tatara_emu_block_dim())
#define gridDim (tatara_emu_grid_dim())
#define warpSize 32

#define TATARA_BITS(To, From) To r; __builtin_memcpy(&r, &x, sizeof(To)); return r
static inline uint __float_as_uint(float x) { TATARA_BITS(uint, float); }
static inline int __float_as_int(float x) { TATARA_BITS(int, float); }
static inline float __uint_as_float(uint x) { TATARA_BITS(float, uint); }
static inline float __int_as_float(int x) { TATARA_BITS(float, int); }
static inline uint __umulhi(uint a, uint b) { return (uint)(((tatara_u64)a * b) >> 32); }
static inline int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }
static inline int __popc(uint x) { return __builtin_popcount(x); }
static inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz((uint)x); }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline uint __brev(uint x) {
  uint r = 0;
  for (int i = 0; i < 32; i++) r |= ((x >> i) & 1u) << (31 - i);
  return r;
}
static inline uint __byte_perm(uint a, uint b, uint s) {
  tatara_u64 all = (tatara_u64)b << 32 | a;
  uint r = 0;
  for (int i = 0; i < 4; i++) {
    uint n = s >> (4 * i);
    uint v = (uint)(all >> (8 * (n & 7u))) & 0xffu;
    r |= ((n & 8u) != 0 ? (v & 0x80u) != 0 ? 0xffu : 0u : v) << (8 * i);
  }
  return r;
}

static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline float __expf(float x) { return expf(x); }
static inline float __exp2f(float x) { return exp2f(x); }
static inline float __logf(float x) { return logf(x); }
static inline float __log2f(float x) { return log2f(x); }
static inline float __sinf(float x) { return sinf(x); }
static inline float __cosf(float x) { return cosf(x); }
static inline float __powf(float x, float y) { return powf(x, y); }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __frcp_rn(float a) { return 1.0f / a; }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __saturatef(float x) { return x > 1.0f ? 1.0f : x > 0.0f ? x : 0.0f; }
static inline int __float2int_rn(float x) { return (int)rintf(x); }
static inline int __float2int_rz(float x) { return (int)x; }
static inline int __float2int_rd(float x) { return (int)floorf(x); }
static inline float __int2float_rn(int x) { return (float)x; }
static inline bool isnan(float x) { return x != x; }
static inline bool isinf(float x) { return x - x != x - x && x == x; }

#define TATARA_MINMAX(T)                                     \
  static inline T min(T a, T b) { return b < a ? b : a; }    \
  static inline T max(T a, T b) { return a < b ? b : a; }
TATARA_MINMAX(int)
TATARA_MINMAX(uint)
TATARA_MINMAX(long long)
TATARA_MINMAX(tatara_u64)
TATARA_MINMAX(long)
TATARA_MINMAX(unsigned long)
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline int abs(int x) { return x < 0 ? -x : x; }

template <class T>
static inline T __ldg(const T* p) {
  return *p;
}
static inline void __syncthreads() { tatara_emu_barrier(0, 0, 1); }
static inline void __syncwarp(uint mask = 0xffffffffu) { tatara_emu_syncwarp(mask); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline void __threadfence_system() {}
static inline void __nanosleep(uint) { tatara_emu_pause(); }
static inline void __trap() { tatara_emu_trap("__trap()"); }
static inline long long clock64() { return 0; }

#define TATARA_SHUFFLE(name, kind)                                                        \
  static inline uint name(uint mask, uint x, int by, int width = 32) {                    \
    return tatara_emu_shuffle(mask, x, kind, by, width);                                  \
  }                                                                                       \
  static inline int name(uint mask, int x, int by, int width = 32) {                      \
    return (int)tatara_emu_shuffle(mask, (uint)x, kind, by, width);                       \
  }                                                                                       \
  static inline float name(uint mask, float x, int by, int width = 32) {                  \
    return __uint_as_float(tatara_emu_shuffle(mask, __float_as_uint(x), kind, by, width)); \
  }
TATARA_SHUFFLE(__shfl_sync, 0)
TATARA_SHUFFLE(__shfl_xor_sync, 1)
TATARA_SHUFFLE(__shfl_up_sync, 2)
TATARA_SHUFFLE(__shfl_down_sync, 3)
static inline uint __ballot_sync(uint mask, int p) { return tatara_emu_vote(mask, p); }
static inline int __any_sync(uint mask, int p) { return tatara_emu_vote(mask, p) != 0; }
static inline int __all_sync(uint mask, int p) { return tatara_emu_vote(mask, !p) == 0; }

static inline int atomicAdd(int* p, int n) { return tatara_emu_atomic_add_int(p, n); }
static inline uint atomicAdd(uint* p, uint n) { return (uint)tatara_emu_atomic_add_int((int*)p, (int)n); }
static inline float atomicAdd(float* p, float x) { return tatara_emu_atomic_add_float(p, x); }
static inline int atomicCAS(int* p, int e, int x) { return tatara_emu_atomic_cas_int(p, e, x); }
static inline int atomicExch(int* p, int x) { return tatara_emu_atomic_exch_int(p, x); }
static inline int atomicMax(int* p, int x) { return tatara_emu_atomic_max_int(p, x); }

/* ---- 16-bit floats (portable.h's conversions; exact) ---- */
static inline float tatara_from_half(ushort h) {
  _Float16 x;
  __builtin_memcpy(&x, &h, 2);
  return (float)x;
}
static inline ushort tatara_to_half(float f) {
  _Float16 x = (_Float16)f;
  ushort h;
  __builtin_memcpy(&h, &x, 2);
  return h;
}

/* ---- what src/compile.cpp's generated table is made of ---- */
template <int... I>
struct tatara_ints {};
template <int N>
struct tatara_counted {
  typedef tatara_ints<__integer_pack(N)...> ints;
};
template <class F>
struct tatara_signature;
template <class... A>
struct tatara_signature<void(A...)> {
  static constexpr int count = (int)sizeof...(A);
  static constexpr int sizes[] = {(int)sizeof(A)..., 0};
  static constexpr int aligns[] = {(int)alignof(A)..., 0};
  template <void (*F)(A...)>
  static void call(void** p) {
    pass<F>(p, typename tatara_counted<count>::ints{});
  }
  template <void (*F)(A...), int... I>
  __attribute__((no_sanitize("thread", "alignment", "bounds"))) static void pass(void** p, tatara_ints<I...>) {
    F(*(A*)p[I]...);
  }
};
