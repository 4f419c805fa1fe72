/* hopper.cuh's primitives under emulation. */
struct __attribute__((aligned(64))) TensorMap {
  unsigned char bytes[128];
};
#define TENSOR_MAP const __grid_constant__ TensorMap

extern "C" {
void tatara_emu_mbarrier_init(uint bar, int arrivals);
void tatara_emu_mbarrier_fence_init();
void tatara_emu_mbarrier_arrive(uint bar, int expect, int rank);
void tatara_emu_mbarrier_wait(uint bar, int parity);
void tatara_emu_tma_prefetch(const TensorMap* map);
void tatara_emu_tma_load(uint to, const TensorMap* map, uint bar, const int* at, int rank, int mask);
void tatara_emu_tma_store(const TensorMap* map, uint from, const int* at, int rank);
void tatara_emu_tma_store_commit();
void tatara_emu_tma_store_wait(int groups);
void tatara_emu_fence_async_shared();
int tatara_emu_cluster_rank();
void tatara_emu_cluster_arrive();
void tatara_emu_cluster_wait();
uint tatara_emu_cluster_address(uint at, int rank);
uint tatara_emu_cluster_load(uint at);
void tatara_emu_cluster_load4(uint at, uint* x);
void tatara_emu_cluster_store(uint at, uint x);
void tatara_emu_cluster_store_async(uint at, uint x, uint bar);
void tatara_emu_registers(int count);
void tatara_emu_wgmma_fence();
void tatara_emu_wgmma_commit();
void tatara_emu_wgmma_wait(int groups);
/* type: 0 float16, 1 bfloat16, 2 tf32 */
void tatara_emu_wgmma(float* d, int n, tatara_u64 a, tatara_u64 b, int accumulate, int type, int trans_a, int trans_b);
}

static inline void mbarrier_init(uint bar, int arrivals) { tatara_emu_mbarrier_init(bar, arrivals); }
static inline void mbarrier_fence_init() { tatara_emu_mbarrier_fence_init(); }
static inline void mbarrier_arrive_expect(uint bar, int bytes) { tatara_emu_mbarrier_arrive(bar, bytes, -1); }
static inline void mbarrier_arrive(uint bar) { tatara_emu_mbarrier_arrive(bar, 0, -1); }
static inline void mbarrier_arrive_cluster(uint bar, int rank) { tatara_emu_mbarrier_arrive(bar, 0, rank); }
static inline void mbarrier_wait(uint bar, int parity) { tatara_emu_mbarrier_wait(bar, parity); }
static inline void mbarrier_arrive_cluster_only(uint bar, int rank) { tatara_emu_mbarrier_arrive(bar, 0, rank); }
static inline void mbarrier_wait_copies(uint bar, int parity) { tatara_emu_mbarrier_wait(bar, parity); }

static inline void tma_prefetch(const TensorMap* map) { tatara_emu_tma_prefetch(map); }
static inline void tma_load_2d(uint to, const TensorMap* map, uint bar, int x, int y) {
  int at[2] = {x, y};
  tatara_emu_tma_load(to, map, bar, at, 2, 0);
}
static inline void tma_load_3d(uint to, const TensorMap* map, uint bar, int x, int y, int z) {
  int at[3] = {x, y, z};
  tatara_emu_tma_load(to, map, bar, at, 3, 0);
}
static inline void tma_load_3d_multicast(uint to, const TensorMap* map, uint bar, int x, int y, int z, int mask) {
  int at[3] = {x, y, z};
  tatara_emu_tma_load(to, map, bar, at, 3, mask == 0 ? -1 : mask);
}
static inline void tma_store_2d(const TensorMap* map, uint from, int x, int y) {
  int at[2] = {x, y};
  tatara_emu_tma_store(map, from, at, 2);
}
static inline void tma_store_3d(const TensorMap* map, uint from, int x, int y, int z) {
  int at[3] = {x, y, z};
  tatara_emu_tma_store(map, from, at, 3);
}
static inline void tma_store_commit() { tatara_emu_tma_store_commit(); }
template <int N>
static inline void tma_store_wait_read() {
  tatara_emu_tma_store_wait(N);
}
static inline uint ballot(int holds) { return __ballot_sync(0xffffffffu, holds); }
static inline void fence_async_shared() { tatara_emu_fence_async_shared(); }

static inline int cluster_rank() { return tatara_emu_cluster_rank(); }
static inline void cluster_arrive() { tatara_emu_cluster_arrive(); }
static inline void cluster_wait() { tatara_emu_cluster_wait(); }
static inline uint cluster_address(uint at, int rank) { return tatara_emu_cluster_address(at, rank); }
static inline float cluster_load(uint at) { return __uint_as_float(tatara_emu_cluster_load(at)); }
static inline float4 cluster_load4(uint at) {
  uint x[4];
  tatara_emu_cluster_load4(at, x);
  return make_float4(__uint_as_float(x[0]), __uint_as_float(x[1]), __uint_as_float(x[2]), __uint_as_float(x[3]));
}
static inline void cluster_store(uint at, float x) { tatara_emu_cluster_store(at, __float_as_uint(x)); }
static inline void cluster_store(uint at, uint x) { tatara_emu_cluster_store(at, x); }
static inline void cluster_store_async(uint at, float x, uint bar) {
  tatara_emu_cluster_store_async(at, __float_as_uint(x), bar);
}

template <int N>
static inline void registers_increase() {
  static_assert(N >= 24 && N <= 256 && N % 8 == 0, "setmaxnreg takes a multiple of 8 from 24 to 256");
  tatara_emu_registers(N);
}
template <int N>
static inline void registers_decrease() {
  static_assert(N >= 24 && N <= 256 && N % 8 == 0, "setmaxnreg takes a multiple of 8 from 24 to 256");
  tatara_emu_registers(-N);
}

static inline void wgmma_fence() { tatara_emu_wgmma_fence(); }
static inline void wgmma_commit() { tatara_emu_wgmma_commit(); }
template <int N>
static inline void wgmma_wait() {
  tatara_emu_wgmma_wait(N);
}
static inline tatara_u64 wgmma_descriptor(uint at, int leading, int stride, int swizzle) {
  tatara_u64 d = 0;
  d |= (tatara_u64)((at & 0x3ffffu) >> 4);
  d |= (tatara_u64)(((uint)leading & 0x3ffffu) >> 4) << 16;
  d |= (tatara_u64)(((uint)stride & 0x3ffffu) >> 4) << 32;
  d |= (tatara_u64)(swizzle == 128 ? 1 : swizzle == 64 ? 2 : swizzle == 32 ? 3 : 0) << 62;
  return d;
}
/* R registers a thread: N = 2 R columns. */
template <int TRANS_A, int TRANS_B, int R>
static inline void wgmma_f16(float (&d)[R], tatara_u64 a, tatara_u64 b, int accumulate) {
  static_assert(R % 4 == 0 && R <= 128, "wgmma has 8 to 256 columns");
  tatara_emu_wgmma(d, 2 * R, a, b, accumulate, 0, TRANS_A, TRANS_B);
}
template <int TRANS_A, int TRANS_B, int R>
static inline void wgmma_bf16(float (&d)[R], tatara_u64 a, tatara_u64 b, int accumulate) {
  static_assert(R % 4 == 0 && R <= 128, "wgmma has 8 to 256 columns");
  tatara_emu_wgmma(d, 2 * R, a, b, accumulate, 1, TRANS_A, TRANS_B);
}
template <int R>
static inline void wgmma_hold(float (&)[R]) {}
static inline void stmatrix_x4(uint at, const uint (&r)[4]) {
  int lane = tatara_emu_lane();
  for (int i = 0; i < 4; i++) {
    uint row = __shfl_sync(0xffffffffu, at, 8 * i + lane / 4);
    tatara_emu_cluster_store(row + lane % 4 * 4, r[i]);
  }
}
/* Even lanes of a column of four take its first element's two channels, odd ones its second's. */
static inline void stmatrix_x4_turned(uint at, const uint (&r)[4]) {
  int lane = tatara_emu_lane();
  int odd = lane / 4 & 1;
  for (int i = 0; i < 4; i++) {
    uint other = __shfl_xor_sync(0xffffffffu, r[i], 4);
    uint word = odd ? other >> 16 | (r[i] & 0xffff0000u) : (r[i] & 0xffffu) | other << 16;
    uint row = __shfl_sync(0xffffffffu, at, 8 * i + lane % 4 * 2 + odd);
    tatara_emu_cluster_store(row + lane / 8 * 4, word);
  }
}
static inline int warp_elect() { return tatara_emu_lane() == 0; }
