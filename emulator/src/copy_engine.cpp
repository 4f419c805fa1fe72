/* mbarriers and the copy engine (TMA). A load is carried out when somebody waits for its mbarrier; from its issue
 * until then its destination reads as NaN. A store reads shared memory when it is waited for. */
#include <algorithm>
#include <cstring>

#include "fiber.hpp"
#include "races.hpp"
#include "tensormap.hpp"

namespace tatara {
namespace {
constexpr uint32_t OFFSET = (1u << RANK_SHIFT) - 1;
constexpr uint64_t BARRIER_MARK = 0x6d62617272696572ull; /* stands in an mbarrier's 8 bytes */

MBarrier& barrier_at(uint32_t at, const char* what, Block* b) {
  if (at % 8 != 0) fail(text("%s: address 0x%x is no multiple of 8", what, at));
  auto it = b->mbarriers.find(at & OFFSET);
  if (it == b->mbarriers.end()) {
    fail(text("%s: at 0x%x of block %d of the cluster is no mbarrier (mbarrier_init missing?)", what, at, b->rank));
  }
  uint64_t mark;
  memcpy(&mark, resolve(at & OFFSET, 8, what, b), 8);
  if (mark != BARRIER_MARK) fail(text("%s: the mbarrier at 0x%x was written over", what, at));
  return it->second;
}

Block* peer(int rank, const char* what) {
  auto& blocks = self->block->cluster->blocks;
  if (rank < 0 || rank >= (int)blocks.size()) fail(text("%s: no block %d in a cluster of %zu", what, rank, blocks.size()));
  Block* b = blocks[rank];
  if (b != self->block && b->done == (int)b->fibers.size()) {
    fail(text("%s: block %d of the cluster has ended and its shared memory is gone", what, rank));
  }
  return b;
}

void wake_all(MBarrier& m) {
  for (Fiber* f : m.waiting) wake(f);
  m.waiting.clear();
}

/* Ends the phase where everything has come. */
void settle(MBarrier& m) {
  if (m.pending == 0 && m.bytes == 0) {
    m.phase ^= 1;
    m.pending = m.arrivals;
    wake_all(m);
  }
}

long box_bytes(const TensorMapData& m) {
  long n = m.element_bytes;
  for (int i = 0; i < m.rank; i++) n *= m.box[i];
  return n;
}

/* Where a byte of a box stands: 16-byte pieces permuted by address bits. */
uint32_t swizzled(uint32_t at, int swizzle) {
  uint32_t mask = swizzle == 128 ? 7 : swizzle == 64 ? 3 : swizzle == 32 ? 1 : 0;
  return at ^ (((at >> 7) & mask) << 4);
}

/* Calls row(place of its first element in the box in bytes, address in memory or null where outside, first and end
 * element inside the tensor). */
template <class F>
void rows(const TensorMapData& m, const int* at, F row) {
  long n = 1;
  for (int i = 1; i < m.rank; i++) n *= m.box[i];
  int first = std::max(0, -at[0]);
  int end = (int)std::min<long>(m.box[0], (long)m.extent[0] - at[0]);
  for (long r = 0; r < n; r++) {
    long rest = r;
    bool inside = end > first;
    uint64_t address = m.base + (long)at[0] * m.element_bytes;
    for (int i = 1; i < m.rank; i++) {
      long c = at[i] + rest % m.box[i];
      rest /= m.box[i];
      inside &= c >= 0 && c < (long)m.extent[i];
      address += (uint64_t)c * m.stride[i - 1];
    }
    row(r * m.box[0] * m.element_bytes, inside ? (char*)address : nullptr, first, end);
  }
}

const TensorMapData& checked(const void* map, int rank, uint32_t shared, const char* what) {
  const TensorMapData& m = *(const TensorMapData*)map;
  if (((uintptr_t)map & 63) != 0 || m.magic != TENSOR_MAP_MAGIC) fail(text("%s: that is no tensor map", what));
  if (m.rank != rank) fail(text("%s: %d coordinates for a tensor map of rank %d", what, rank, m.rank));
  if (shared % 128 != 0) fail(text("%s: shared address 0x%x is no multiple of 128", what, shared));
  int inner = m.box[0] * m.element_bytes;
  if (m.swizzle != 0 && inner != m.swizzle) {
    fail(text("%s: the box's inner extent has %d bytes and the swizzle %d; emulated only where they are equal", what,
              inner, m.swizzle));
  }
  return m;
}

void check_rows(const TensorMapData& m, const int* at, bool write, const char* what) {
  /* No manual says so; an H200 answers with an illegal instruction. */
  if ((long)at[0] * m.element_bytes % 16 != 0) {
    fail(text("%s: a box that begins at element %d of the innermost axis begins at no multiple of 16 bytes", what, at[0]));
  }
  rows(m, at, [&](long, char* p, int first, int end) {
    if (p != nullptr) check_global(p + first * m.element_bytes, (size_t)(end - first) * m.element_bytes, write, what);
  });
}

void carry_out(TmaLoad& l) {
  if (l.done) return;
  l.done = true;
  const TensorMapData& m = *l.map;
  std::vector<char> box(box_bytes(m), 0);
  rows(m, l.at, [&](long to, char* p, int first, int end) {
    int e = m.element_bytes;
    if (p != nullptr) memcpy(&box[to + first * e], p + first * e, (size_t)(end - first) * e);
  });
  for (Block* b : l.blocks) {
    for (size_t i = 0; i < box.size(); i += 16) {
      memcpy(resolve(swizzled((l.to & OFFSET) + (uint32_t)i, m.swizzle), 16, "tma_load", b), &box[i], 16);
    }
    MBarrier& bar = b->mbarriers[l.bar & OFFSET];
    bar.bytes -= (long)box.size();
    settle(bar);
  }
}

void carry_out_loads(MBarrier& m) {
  auto loads = std::move(m.loads);
  m.loads.clear();
  for (size_t i = loads.size(); options.shuffle != 0 && i > 1; i--) std::swap(loads[i - 1], loads[random_bits() % i]);
  for (auto& l : loads) carry_out(*l);
}

/* Words that other blocks (or this one) have sent to this block, b. */
void carry_out_words(MBarrier& m, Block* b) {
  auto words = std::move(m.words);
  m.words.clear();
  for (auto& w : words) memcpy(resolve(w.first, 4, "cluster_store_async", b), &w.second, 4);
  m.bytes -= 4 * (long)words.size();
  settle(m);
}

void carry_out(const TmaStore& s) {
  const TensorMapData& m = *s.map;
  std::vector<char> box(box_bytes(m));
  for (size_t i = 0; i < box.size(); i += 16) {
    memcpy(&box[i], resolve(swizzled(s.from + (uint32_t)i, m.swizzle), 16, "tma_store"), 16);
  }
  rows(m, s.at, [&](long from, char* p, int first, int end) {
    int e = m.element_bytes;
    if (p != nullptr) memcpy(p + first * e, &box[from + first * e], (size_t)(end - first) * e);
  });
}
}  // namespace

void finish_hopper(Fiber* f) {
  if (!f->stores.empty() || !f->store_groups.empty()) {
    fail("the thread ends while its tma_store may still read shared memory (tma_store_commit, tma_store_wait_read<0>)");
  }
  if (!f->wgmmas.empty() || !f->wgmma_groups.empty()) fail("the thread ends with wgmmas under way (wgmma_wait<0>)");
  if (f->cluster_arrived) fail("the thread ends between cluster_arrive and cluster_wait");
  if (f->block->done + 1 == (int)f->block->fibers.size()) {
    for (auto& m : f->block->mbarriers) {
      for (auto& l : m.second.loads) {
        if (!l->done) fail(text("the block ends while a tma_load to 0x%x is under way: nobody waits for it", l->to));
      }
      if (!m.second.words.empty()) fail("the block ends while a cluster_store_async to it is under way");
    }
  }
}
}  // namespace tatara

using namespace tatara;

EMU_API void tatara_emu_mbarrier_init(uint32_t bar, int arrivals) {
  HERE;
  if (bar % 8 != 0) fail(text("mbarrier_init: address 0x%x is no multiple of 8", bar));
  if (arrivals < 1 || arrivals >= 1 << 20) fail(text("mbarrier_init: %d arrivals", arrivals));
  memcpy(resolve(bar, 8, "mbarrier_init"), &BARRIER_MARK, 8);
  MBarrier& m = self->block->mbarriers[bar & OFFSET];
  if (!m.waiting.empty()) fail("mbarrier_init of an mbarrier that threads wait at");
  m = MBarrier();
  m.arrivals = m.pending = arrivals;
}

EMU_API void tatara_emu_mbarrier_fence_init() {
  HERE;
  for (auto& m : self->block->mbarriers) m.second.fenced = true;
}

EMU_API void tatara_emu_mbarrier_arrive(uint32_t bar, int expect, int rank) {
  HERE;
  const char* what = rank >= 0 ? "mbarrier_arrive_cluster" : expect > 0 ? "mbarrier_arrive_expect" : "mbarrier_arrive";
  Block* b = rank >= 0 ? peer(rank, what) : self->block;
  MBarrier& m = barrier_at(bar, what, b);
  if (b != self->block && !m.fenced) fail(text("%s: the mbarrier was not made visible by mbarrier_fence_init", what));
  if (expect < 0 || m.bytes + expect >= 1 << 20) fail(text("%s: %d bytes expected", what, expect));
  if (m.pending == 0) fail(text("%s: more than the mbarrier's %d arrivals in one phase", what, m.arrivals));
  race_release(self->block, self, m.clock);
  m.bytes += expect;
  m.pending--;
  settle(m);
}

EMU_API void tatara_emu_mbarrier_wait(uint32_t bar, int parity) {
  HERE;
  if (parity != 0 && parity != 1) fail(text("mbarrier_wait for parity %d", parity));
  bool gave_way = false;
  while (true) {
    MBarrier& m = barrier_at(bar, "mbarrier_wait", self->block);
    if (m.phase != parity) {
      race_acquire(self->block, self, m.clock);
      return;
    }
    if (!(m.loads.empty() && m.words.empty()) && !gave_way) {
      gave_way = true; /* first the others, so that those see NaN who read without waiting */
      give_way();
      continue;
    }
    if (!m.loads.empty()) {
      carry_out_loads(m);
      continue;
    }
    if (!m.words.empty()) {
      carry_out_words(m, self->block);
      continue;
    }
    m.waiting.push_back(self);
    block_on("mbarrier_wait, shared address", (int)bar);
  }
}

EMU_API void tatara_emu_tma_prefetch(const void* map) {
  HERE;
  if (((const TensorMapData*)map)->magic != TENSOR_MAP_MAGIC) fail("tma_prefetch: that is no tensor map");
}

EMU_API void tatara_emu_tma_load(uint32_t to, const void* map, uint32_t bar, const int* at, int rank, int mask) {
  HERE;
  const char* what = mask != 0 ? "tma_load multicast" : "tma_load";
  auto l = std::make_shared<TmaLoad>();
  l->map = std::make_shared<TensorMapData>(checked(map, rank, to, what));
  memcpy(l->at, at, rank * sizeof(int));
  l->to = to;
  l->bar = bar;
  check_rows(*l->map, at, false, what);
  if (mask == 0) {
    l->blocks.push_back(self->block);
  } else {
    for (int r = 0; r < 16; r++) {
      if ((mask >> r & 1) != 0) l->blocks.push_back(peer(r, what));
    }
  }
  long bytes = box_bytes(*l->map);
  for (Block* b : l->blocks) {
    MBarrier& m = barrier_at(bar, what, b);
    if (!m.fenced) fail(text("%s: the mbarrier was not made visible by mbarrier_fence_init", what));
    memset(resolve(to & OFFSET, (int)bytes, what, b), 0xff, bytes); /* nobody may read or write it now */
    if (b == self->block) {
      race_access(b, self, to & OFFSET, (int)bytes, Access::ASYNC_WRITE, __builtin_return_address(0));
      race_release(b, self, m.clock);
    } else {
      race_forget(b, to & OFFSET, (int)bytes);
    }
    m.loads.push_back(l);
    wake_all(m); /* who waits carries it out */
  }
}

EMU_API void tatara_emu_cluster_store_async(uint32_t at, uint32_t x, uint32_t bar) {
  HERE;
  const char* what = "cluster_store_async";
  if (at % 4 != 0) fail(text("%s: address 0x%x is no multiple of 4", what, at));
  int rank = (int)(at >> RANK_SHIFT) - 1;
  if (rank < 0 || rank != (int)(bar >> RANK_SHIFT) - 1) {
    fail(text("%s: 0x%x and the mbarrier 0x%x are not cluster addresses of one block", what, at, bar));
  }
  Block* b = peer(rank, what);
  MBarrier& m = barrier_at(bar, what, b);
  if (!m.fenced) fail(text("%s: the mbarrier was not made visible by mbarrier_fence_init", what));
  memset(resolve(at & OFFSET, 4, what, b), 0xff, 4); /* nobody may read it now */
  if (b == self->block) {
    race_access(b, self, at & OFFSET, 4, Access::WRITE, __builtin_return_address(0));
    race_release(b, self, m.clock);
  } else {
    race_forget(b, at & OFFSET, 4);
  }
  m.words.emplace_back(at & OFFSET, x);
  wake_all(m); /* who waits carries it out */
}

EMU_API void tatara_emu_tma_store(const void* map, uint32_t from, const int* at, int rank) {
  HERE;
  TmaStore s;
  s.map = std::make_shared<TensorMapData>(checked(map, rank, from, "tma_store"));
  s.from = from;
  memcpy(s.at, at, rank * sizeof(int));
  resolve(from, (int)box_bytes(*s.map), "tma_store");
  check_rows(*s.map, at, true, "tma_store");
  race_access(self->block, self, from, (int)box_bytes(*s.map), Access::ASYNC_READ, __builtin_return_address(0));
  self->stores.push_back(std::move(s));
}
EMU_API void tatara_emu_tma_store_commit() {
  HERE;
  self->store_groups.push_back(std::move(self->stores));
  self->stores.clear();
}
EMU_API void tatara_emu_tma_store_wait(int groups) {
  HERE;
  while ((int)self->store_groups.size() > groups) {
    for (TmaStore& s : self->store_groups.front()) carry_out(s);
    self->store_groups.pop_front();
  }
}
EMU_API void tatara_emu_fence_async_shared() { race_fence(self->block, self); }
