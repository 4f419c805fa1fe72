/* Clusters: their barrier, and shared memory of the other blocks. */
#include <cstring>

#include "engine.hpp"

using namespace tatara;

EMU_API int tatara_emu_cluster_rank() { return self->block->rank; }

EMU_API void tatara_emu_cluster_arrive() {
  Cluster& c = *self->block->cluster;
  if (self->cluster_arrived) fail("cluster_arrive twice without cluster_wait");
  self->cluster_arrived = true;
  self->cluster_generation = c.generation;
  size_t all = c.blocks.size() * self->block->fibers.size();
  if (++c.arrived == (int)all) {
    c.arrived = 0;
    c.generation++;
    for (Fiber* f : c.waiting) wake(f);
    c.waiting.clear();
  }
}

EMU_API void tatara_emu_cluster_wait() {
  Cluster& c = *self->block->cluster;
  if (!self->cluster_arrived) fail("cluster_wait without cluster_arrive");
  if (c.generation == self->cluster_generation) {
    c.waiting.push_back(self);
    block_on("cluster_wait", -1);
  }
  self->cluster_arrived = false;
}

EMU_API uint32_t tatara_emu_cluster_address(uint32_t at, int rank) {
  size_t n = self->block->cluster->blocks.size();
  if (rank < 0 || rank >= (int)n) fail(text("cluster_address: no block %d in a cluster of %zu", rank, n));
  return (at & ((1u << RANK_SHIFT) - 1)) | (uint32_t)(rank + 1) << RANK_SHIFT;
}

static char* word(uint32_t at, const char* what) {
  if (at % 4 != 0) fail(text("%s: address 0x%x is no multiple of 4", what, at));
  return resolve(at, 4, what);
}
EMU_API uint32_t tatara_emu_cluster_load(uint32_t at) {
  uint32_t x;
  memcpy(&x, word(at, "cluster_load"), 4);
  return x;
}
EMU_API void tatara_emu_cluster_store(uint32_t at, uint32_t x) { memcpy(word(at, "cluster_store"), &x, 4); }

EMU_API void tatara_emu_registers(int) {
  if (self->block->fibers.size() % 128 != 0) fail("setmaxnreg needs whole warpgroups");
}
