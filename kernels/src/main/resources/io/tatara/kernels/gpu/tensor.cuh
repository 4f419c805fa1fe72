/* Matrix units by mma.sync, ldmatrix and cp.async: CUDA, compute capability 8.0 and later. Fragments as in the
 * PTX ISA, "Matrix fragments for mma.m16n8k16" and ".m16n8k8": with g = lane / 4 and t = lane % 4,
 *   A (16 bit) a0: (g, 2t..2t+1)  a1: (g+8, 2t..)  a2: (g, 2t+8..)  a3: (g+8, 2t+8..)
 *   B (16 bit) b0: (k = 2t..2t+1, n = g)  b1: (k = 2t+8.., n = g)
 *   A (tf32)   a0: (g, t)  a1: (g+8, t)  a2: (g, t+4)  a3: (g+8, t+4);  B: b0: (t, g)  b1: (t+4, g)
 *   C, D       d0, d1: (g, 2t..2t+1)  d2, d3: (g+8, 2t..2t+1)
 * Under emulation (TATARA_EMULATION) the emulator brings the bodies. */
#ifndef TATARA_EMULATION
/* Address in the shared window, as the instructions below take it. */
DEVICE uint shared_address(const void* p) { return (uint)__cvta_generic_to_shared(p); }

/* Four 8x8 matrices of 16-bit elements; lane i gives the address of row i % 8 of matrix i / 8. */
DEVICE void ldmatrix_x4(uint (&r)[4], uint at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at)
               : "memory");
}
DEVICE void ldmatrix_x4_trans(uint (&r)[4], uint at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at)
               : "memory");
}

/* d += a · b, 16x8x16. */
DEVICE void mma_f16(float (&d)[4], const uint (&a)[4], const uint (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
DEVICE void mma_bf16(float (&d)[4], const uint (&a)[4], const uint (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, "
      "%2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
/* d = c + a · b, so that several products begin with the same numbers. */
DEVICE void mma_f16(float (&d)[4], const uint (&a)[4], const uint (&b)[2], const float (&c)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, "
      "%13};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}
DEVICE void mma_bf16(float (&d)[4], const uint (&a)[4], const uint (&b)[2], const float (&c)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, "
      "%13};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}
/* d += a · b, 16x8x8, operands rounded by to_tf32. */
DEVICE void mma_tf32(float (&d)[4], const uint (&a)[4], const uint (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
/* Rounded to nearest, ties away from zero. */
DEVICE uint to_tf32(float x) {
  uint r;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
  return r;
}
/* Two floats as 16-bit elements, lo in the low half; to nearest even. */
DEVICE uint pack_f16(float lo, float hi) {
  uint r;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
  return r;
}
DEVICE uint pack_bf16(float lo, float hi) {
  uint r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
  return r;
}

/* Copies behind the program's back: `bytes` of 16 (8, 4) from global memory, zeros for the rest. Both addresses
 * are multiples of the size, also where bytes is 0 (the source is not read then). */
DEVICE void copy_async_16(uint to, const void* from, int bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
DEVICE void copy_async_8(uint to, const void* from, int bytes) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
DEVICE void copy_async_4(uint to, const void* from, int bytes) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
/* Ends a group of this thread's copies. */
DEVICE void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/* Waits until at most N of this thread's groups are under way. */
template <int N>
DEVICE void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/* x, which the compiler takes for a new number: what follows from it is computed anew. */
DEVICE int not_kept(int x) {
  asm volatile("" : "+r"(x));
  return x;
}
#else
#include <tatara/tensor.hpp>
#endif

/* d += a · b for operands of STORAGE, of which float32 is rounded by to_tf32: 16x8x16, or 16x8x8. */
DEVICE void mma_storage(float (&d)[4], const uint (&a)[4], const uint (&b)[2]) {
#if STORAGE == 0
  mma_tf32(d, a, b);
#elif STORAGE == 1
  mma_f16(d, a, b);
#else
  mma_bf16(d, a, b);
#endif
}
#if STORAGE != 0
/* d = c + a · b */
DEVICE void mma_storage(float (&d)[4], const uint (&a)[4], const uint (&b)[2], const float (&c)[4]) {
#if STORAGE == 1
  mma_f16(d, a, b, c);
#else
  mma_bf16(d, a, b, c);
#endif
}
#endif
