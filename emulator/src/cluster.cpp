/* Clusters: their barrier, and shared memory of the other blocks. */
#include <cstring>

#include "races.hpp"

using namespace tatara;

EMU_API int tatara_emu_cluster_rank() { return self->block->rank; }

EMU_API void tatara_emu_cluster_arrive() {
  HERE;
  Cluster& c = *self->block->cluster;
  if (self->cluster_arrived) fail("cluster_arrive twice without cluster_wait");
  self->cluster_arrived = true;
  self->cluster_generation = c.generation;
  if (self->block->races != nullptr) race_release(self->block, self, self->block->races->cluster);
  size_t all = c.blocks.size() * self->block->fibers.size();
  if (++c.arrived == (int)all) {
    c.arrived = 0;
    c.generation++;
    for (Fiber* f : c.waiting) wake(f);
    c.waiting.clear();
  }
}

EMU_API void tatara_emu_cluster_wait() {
  HERE;
  Cluster& c = *self->block->cluster;
  if (!self->cluster_arrived) fail("cluster_wait without cluster_arrive");
  if (c.generation == self->cluster_generation) {
    c.waiting.push_back(self);
    block_on("cluster_wait", -1);
  }
  self->cluster_arrived = false;
  if (self->block->races != nullptr) race_acquire(self->block, self, self->block->races->cluster);
}

EMU_API uint32_t tatara_emu_cluster_address(uint32_t at, int rank) {
  HERE;
  size_t n = self->block->cluster->blocks.size();
  if (rank < 0 || rank >= (int)n) fail(text("cluster_address: no block %d in a cluster of %zu", rank, n));
  return (at & ((1u << RANK_SHIFT) - 1)) | (uint32_t)(rank + 1) << RANK_SHIFT;
}

/* A word of this block's or another's; only this block's clocks are comparable. */
static char* word(uint32_t at, Access how, const char* what, unsigned bytes = 4) {
  if (at % bytes != 0) fail(text("%s: address 0x%x is no multiple of %u", what, at, bytes));
  char* place = resolve(at, (int)bytes, what);
  int rank = (int)(at >> RANK_SHIFT) - 1;
  uint32_t window = at & ((1u << RANK_SHIFT) - 1);
  if (rank < 0 || rank == self->block->rank) {
    race_access(self->block, self, window, bytes, how, here);
  } else if (how == Access::WRITE) {
    race_forget(self->block->cluster->blocks[rank], window, bytes);
  }
  return place;
}
EMU_API uint32_t tatara_emu_cluster_load(uint32_t at) {
  HERE;
  uint32_t x;
  memcpy(&x, word(at, Access::READ, "cluster_load"), 4);
  return x;
}
EMU_API void tatara_emu_cluster_load4(uint32_t at, uint32_t* x) {
  HERE;
  memcpy(x, word(at, Access::READ, "cluster_load4", 16), 16);
}
EMU_API void tatara_emu_cluster_store(uint32_t at, uint32_t x) {
  HERE;
  memcpy(word(at, Access::WRITE, "cluster_store"), &x, 4);
}

EMU_API void tatara_emu_registers(int) {
  HERE;
  if (self->block->fibers.size() % 128 != 0) fail("setmaxnreg needs whole warpgroups");
}
