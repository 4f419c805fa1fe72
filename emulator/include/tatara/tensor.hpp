/* tensor.cuh's primitives under emulation. */
extern "C" {
uint tatara_emu_shared_address(const void* p);
void tatara_emu_ldmatrix(uint* r, uint at, int matrices, int trans);
/* type: 0 float16, 1 bfloat16, 2 tf32 */
void tatara_emu_mma(float* d, const uint* a, const uint* b, int type);
void tatara_emu_copy_async(uint to, const void* from, int size, int bytes);
void tatara_emu_copy_async_commit();
void tatara_emu_copy_async_wait(int groups);
uint tatara_emu_to_tf32(float x);
uint tatara_emu_pack(float lo, float hi, int type);
}
static inline uint shared_address(const void* p) { return tatara_emu_shared_address(p); }
static inline void ldmatrix_x4(uint (&r)[4], uint at) { tatara_emu_ldmatrix(r, at, 4, 0); }
static inline void ldmatrix_x4_trans(uint (&r)[4], uint at) { tatara_emu_ldmatrix(r, at, 4, 1); }
static inline void ldmatrix_x2(uint (&r)[2], uint at) { tatara_emu_ldmatrix(r, at, 2, 0); }
static inline void ldmatrix_x2_trans(uint (&r)[2], uint at) { tatara_emu_ldmatrix(r, at, 2, 1); }
static inline void mma_f16(float (&d)[4], const uint (&a)[4], const uint (&b)[2]) { tatara_emu_mma(d, a, b, 0); }
static inline void mma_bf16(float (&d)[4], const uint (&a)[4], const uint (&b)[2]) { tatara_emu_mma(d, a, b, 1); }
static inline void mma_tf32(float (&d)[4], const uint (&a)[4], const uint (&b)[2]) { tatara_emu_mma(d, a, b, 2); }
static inline void mma_f16(float (&d)[4], const uint (&a)[4], const uint (&b)[2], const float (&c)[4]) {
  for (int i = 0; i < 4; i++) d[i] = c[i];
  mma_f16(d, a, b);
}
static inline void mma_bf16(float (&d)[4], const uint (&a)[4], const uint (&b)[2], const float (&c)[4]) {
  for (int i = 0; i < 4; i++) d[i] = c[i];
  mma_bf16(d, a, b);
}
static inline uint to_tf32(float x) { return tatara_emu_to_tf32(x); }
static inline uint pack_f16(float lo, float hi) { return tatara_emu_pack(lo, hi, 0); }
static inline int not_kept(int x) { return x; }
static inline uint pack_bf16(float lo, float hi) { return tatara_emu_pack(lo, hi, 1); }
static inline void copy_async_16(uint to, const void* from, int bytes) { tatara_emu_copy_async(to, from, 16, bytes); }
static inline void copy_async_8(uint to, const void* from, int bytes) { tatara_emu_copy_async(to, from, 8, bytes); }
static inline void copy_async_4(uint to, const void* from, int bytes) { tatara_emu_copy_async(to, from, 4, bytes); }
static inline void copy_async_commit() { tatara_emu_copy_async_commit(); }
template <int N>
static inline void copy_async_wait() {
  tatara_emu_copy_async_wait(N);
}
