/* Who am I, barriers of a block, shuffles and votes of a warp, atomics. */
#include <cstring>

#include "engine.hpp"

using namespace tatara;

EMU_API Dim tatara_emu_thread_idx() { return self->id; }
EMU_API Dim tatara_emu_block_idx() { return self->block->id; }
EMU_API Dim tatara_emu_block_dim() { return launch->request.block; }
EMU_API Dim tatara_emu_grid_dim() { return launch->request.grid; }
EMU_API int tatara_emu_lane() { return self->lane; }
EMU_API void tatara_emu_pause() { spin(); }
EMU_API void tatara_emu_trap(const char* what) { fail(what); }

EMU_API char* tatara_emu_dynamic_shared() {
  if (self->block->dynamic == nullptr) fail("dynamic shared memory is used and the launch asked for none");
  return self->block->dynamic;
}

EMU_API void tatara_emu_barrier(int id, int threads, int wait) {
  Block* b = self->block;
  int all = (int)b->fibers.size();
  if (threads == 0) threads = all;
  if (id < 0 || id > 15) fail(text("named barrier %d: there are 0 to 15", id));
  if (id != 0 && (threads % 32 != 0 || threads < 0 || threads > (all + 31) / 32 * 32)) {
    fail(text("named barrier %d for %d threads in a block of %d", id, threads, all));
  }
  Barrier& bar = b->barriers[id];
  if (bar.arrived == 0) bar.expected = threads;
  if (bar.expected != threads) {
    fail(text("barrier %d is waited at for %d threads, and by an earlier thread for %d", id, threads, bar.expected));
  }
  bar.arrived++;
  if (bar.arrived == bar.expected) {
    for (Fiber* f : bar.waiting) wake(f);
    bar.waiting.clear();
    bar.arrived = 0;
  } else if (wait != 0) {
    bar.waiting.push_back(self);
    block_on(id == 0 ? "BARRIER" : "named barrier", id == 0 ? -1 : id);
  }
}

namespace tatara {
void collect(const char* what, uint32_t mask, void* argument, void (*perform)(Warp&, uint32_t, void**)) {
  Warp& w = *self->warp;
  uint32_t me = 1u << self->lane;
  if ((mask & me) == 0) fail(text("%s: lane %d is not in its own mask 0x%08x", what, self->lane, mask));
  mask &= w.there;
  WarpOp* op = nullptr;
  for (WarpOp& o : w.ops) {
    if ((o.mask & mask) == 0) continue;
    if (o.mask != mask || strcmp(o.what, what) != 0) {
      fail(text("lane %d executes %s while other lanes of its warp execute %s", self->lane, what, o.what));
    }
    op = &o;
  }
  if (op == nullptr) {
    w.ops.emplace_back();
    op = &w.ops.back();
    op->mask = mask;
    op->what = what;
  }
  op->argument[self->lane] = argument;
  op->arrived |= me;
  if (op->arrived != mask) {
    block_on(what, -1);
    return;
  }
  WarpOp all = *op;
  w.ops.erase(w.ops.begin() + (op - w.ops.data()));
  for (int i = 0; i < 32; i++) {
    if ((mask >> i & 1) != 0 && w.lane[i] != self) wake(w.lane[i]);
  }
  if (perform != nullptr) perform(w, mask, all.argument);
}

namespace {
struct Shuffle {
  uint32_t x, result;
  int kind, by, width;
};
void shuffle(Warp&, uint32_t mask, void** arguments) {
  for (int i = 0; i < 32; i++) {
    if ((mask >> i & 1) == 0) continue;
    Shuffle* s = (Shuffle*)arguments[i];
    int begin = i & ~(s->width - 1);
    int from = s->kind == 0   ? begin + (s->by & (s->width - 1))
               : s->kind == 1 ? i ^ s->by
               : s->kind == 2 ? i - s->by
                              : i + s->by;
    bool inside = s->kind == 1 ? from < begin + s->width && from >= 0 : from >= begin && from < begin + s->width;
    if (!inside) from = i;
    /* A lane that does not take part has no value to give. */
    s->result = (mask >> from & 1) != 0 ? ((Shuffle*)arguments[from])->x : 0xffffffffu;
  }
}
struct Vote {
  int predicate;
  uint32_t result;
};
void vote(Warp&, uint32_t mask, void** arguments) {
  uint32_t r = 0;
  for (int i = 0; i < 32; i++) {
    if ((mask >> i & 1) != 0 && ((Vote*)arguments[i])->predicate != 0) r |= 1u << i;
  }
  for (int i = 0; i < 32; i++) {
    if ((mask >> i & 1) != 0) ((Vote*)arguments[i])->result = r;
  }
}

template <class T>
T* atomic(T* p, const char* what) {
  if (((uintptr_t)p & 3) != 0) fail(text("%s: misaligned", what));
  uintptr_t a = (uintptr_t)p;
  const Module* m = launch->request.module;
  bool shared = Range{(uintptr_t)m->shared, m->shared_bytes}.holds(a, 4) ||
                Range{(uintptr_t)self->block->dynamic, (size_t)launch->request.dynamic_shared}.holds(a, 4);
  if (!shared) check_global(p, 4, true, what);
  return p;
}
}  // namespace
}  // namespace tatara

EMU_API uint32_t tatara_emu_shuffle(uint32_t mask, uint32_t x, int kind, int by, int width) {
  Shuffle s{x, 0, kind, by, width};
  collect("shuffle", mask, &s, shuffle);
  return s.result;
}
EMU_API uint32_t tatara_emu_vote(uint32_t mask, int predicate) {
  Vote v{predicate, 0};
  collect("vote", mask, &v, vote);
  return v.result;
}
EMU_API void tatara_emu_syncwarp(uint32_t mask) { collect("warp barrier", mask, nullptr, nullptr); }

EMU_API int tatara_emu_atomic_add_int(int* p, int n) {
  int old = *atomic(p, "atomic add");
  *p = (int)((unsigned)old + (unsigned)n);
  return old;
}
EMU_API int tatara_emu_atomic_cas_int(int* p, int expected, int x) {
  int old = *atomic(p, "atomic compare-and-swap");
  if (old == expected) *p = x;
  return old;
}
EMU_API int tatara_emu_atomic_exch_int(int* p, int x) {
  int old = *atomic(p, "atomic exchange");
  *p = x;
  return old;
}
EMU_API int tatara_emu_atomic_max_int(int* p, int x) {
  int old = *atomic(p, "atomic max");
  if (x > old) *p = x;
  return old;
}
EMU_API float tatara_emu_atomic_add_float(float* p, float x) {
  float old = *atomic(p, "atomic add");
  *p = old + x;
  return old;
}
EMU_API int tatara_emu_semaphore_read(const int* s) {
  int x = *atomic((int*)s, "semaphore_read");
  return x;
}
EMU_API void tatara_emu_semaphore_write(int* s, int x) { *atomic(s, "semaphore_write") = x; }
