#include "fiber.hpp"

#include <sys/mman.h>

#include <cstring>
#include <new>

/* Saves what a called function must keep, changes stacks, and restores. */
asm(R"(
.text
.p2align 4
.type tatara_emu_switch, @function
.local tatara_emu_switch
tatara_emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size tatara_emu_switch, .-tatara_emu_switch
)");
extern "C" void tatara_emu_switch(void** save, void* load);

namespace tatara {
Fiber* self = nullptr;

namespace {
void* scheduler_sp = nullptr;
std::vector<Fiber*> idle;
constexpr size_t PAGE = 4096;

Fiber* create() {
  /* A page below that faults, so that a runaway recursion stops instead of spoiling the neighbour. */
  void* p = mmap(nullptr, STACK + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  mprotect(p, PAGE, PROT_NONE);
  Fiber* f = new Fiber();
  f->stack = (char*)p + PAGE;
  return f;
}
}  // namespace

Fiber* acquire_fiber(void (*entry)()) {
  Fiber* f;
  if (idle.empty()) {
    f = create();
  } else {
    f = idle.back();
    idle.pop_back();
  }
  void** top = (void**)(f->stack + STACK - 64);
  *--top = nullptr; /* what entry would return to */
  *--top = (void*)entry;
  for (int i = 0; i < 6; i++) *--top = nullptr;
  f->sp = top;
  f->state = State::RUNNABLE;
  f->waits = nullptr;
  f->copies.clear();
  f->copy_groups.clear();
  f->stores.clear();
  f->store_groups.clear();
  f->wgmmas.clear();
  f->wgmma_groups.clear();
  f->accumulators.clear();
  f->wgmma_fenced = false;
  f->cluster_arrived = false;
  return f;
}

void release_fiber(Fiber* f) { idle.push_back(f); }

void resume(Fiber* f) {
  self = f;
  tatara_emu_switch(&scheduler_sp, f->sp);
  self = nullptr;
}

void give_way() {
  Fiber* f = self;
  tatara_emu_switch(&f->sp, scheduler_sp);
}
}  // namespace tatara
