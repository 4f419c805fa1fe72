/* Fibers: stacks from a pool, and a switch of the callee-saved registers. */
#pragma once
#include "engine.hpp"

namespace tatara {
constexpr size_t STACK = 160 << 10;

/* A fiber with its stack, ready to begin at entry. */
Fiber* acquire_fiber(void (*entry)());
void release_fiber(Fiber* f);
/* Scheduler to fiber; returns when the fiber gives way. */
void resume(Fiber* f);
/* Fiber to scheduler. */
void give_way();
}  // namespace tatara
