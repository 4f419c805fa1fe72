/* Waiting for other blocks of a cooperative launch, and for the last of several: CUDA, any architecture.
 * Semaphores are ints that are 0 when the launch begins and must be 0 when it ends.
 * Under emulation (TATARA_EMULATION) the emulator brings the bodies of the primitives. */
#ifndef TATARA_EMULATION
/* Atomic add with release order at device scope: what this thread wrote before is seen by who acquires. */
DEVICE int semaphore_add(int* s, int n) {
  int old;
  asm volatile("atom.add.acq_rel.gpu.global.s32 %0, [%1], %2;" : "=r"(old) : "l"(s), "r"(n) : "memory");
  return old;
}
DEVICE int semaphore_read(const int* s) {
  int x;
  asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(x) : "l"(s) : "memory");
  return x;
}
DEVICE void semaphore_write(int* s, int x) {
  asm volatile("st.release.gpu.global.s32 [%0], %1;" ::"l"(s), "r"(x) : "memory");
}
/* Between two looks at a semaphore. */
DEVICE void spin_pause() { __nanosleep(20); }

/* Reads past the first cache: what other blocks have written since this one began. */
DEVICE uint4 load_l2(const uint4* p) {
  uint4 x;
  asm volatile("ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w)
               : "l"(p)
               : "memory");
  return x;
}
DEVICE float load_l2(const float* p) {
  float x;
  asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(x) : "l"(p) : "memory");
  return x;
}
DEVICE ushort load_l2(const ushort* p) {
  ushort x;
  asm volatile("ld.global.cg.u16 %0, [%1];" : "=h"(x) : "l"(p) : "memory");
  return x;
}
#else
#include <tatara/grid.hpp>
template <class E>
DEVICE E load_l2(const E* p) {
  return *p;
}
#endif

/* All threads of all `groups` blocks meet; s: two ints for this barrier; round counts from 1. What any thread
 * wrote before is seen by all behind it (global memory read through L2 or with volatile or acquire loads). */
DEVICE void grid_barrier(int* s, int groups, int round) {
  BARRIER();
  if (LOCAL_ID(0) == 0 && LOCAL_ID(1) == 0 && LOCAL_ID(2) == 0) {
    semaphore_add(s, 1);
    while (semaphore_read(s) < groups * round) spin_pause();
  }
  BARRIER();
}

/* After the last round, once a block: the last block sets the barrier back to 0. */
DEVICE void grid_barrier_done(int* s, int groups) {
  BARRIER();
  if (LOCAL_ID(0) == 0 && LOCAL_ID(1) == 0 && LOCAL_ID(2) == 0) {
    if (semaphore_add(s + 1, 1) == groups - 1) {
      semaphore_write(s, 0);
      semaphore_write(s + 1, 0);
    }
  }
}
