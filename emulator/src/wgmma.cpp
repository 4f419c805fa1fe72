/* wgmma: carried out by the whole warpgroup when it waits; operands are read then, accumulators written then, and
 * read as NaN before. Layouts as in the PTX ISA, "Asynchronous warpgroup-level matrix: shared memory layout". */
#include <cmath>
#include <cstring>

#include "numbers.hpp"
#include "races.hpp"

namespace tatara {
namespace {
struct Descriptor {
  uint32_t start, leading, stride;
  int swizzle; /* bytes, 16 for none */
};

/* anyLine: whether it may begin inside a pattern, at whole lines of 128 bytes: the copy engine and wgmma permute by bits of
 * the address. Bits 49 to 51 stay 0 then: with the line there, an H200 computed something else. */
Descriptor decode(uint64_t d, const char* operand, bool anyLine, Fiber* who) {
  static const int SWIZZLE[] = {16, 128, 64, 32};
  Descriptor r{(uint32_t)(d & 0x3fff) << 4, (uint32_t)(d >> 16 & 0x3fff) << 4, (uint32_t)(d >> 32 & 0x3fff) << 4,
               SWIZZLE[d >> 62]};
  uint32_t pattern = r.swizzle * 8;
  bool any = anyLine && r.swizzle == 128;
  if (!any && r.swizzle > 16 && (r.start & (pattern - 1)) >= 128) {
    fail(text("wgmma: %s begins at 0x%x, inside a row group of its %d-byte swizzle (multiples of %u)", operand, r.start,
              r.swizzle, pattern),
         who);
  }
  if ((d & ~(0x3fffull | 0x3fffull << 16 | 0x3fffull << 32 | 3ull << 62)) != 0) {
    fail(text("wgmma: descriptor of %s has bits 0x%lx that are not emulated", operand, (unsigned long)d), who);
  }
  return r;
}

/* Element (i along m or n, k) of a 16-bit operand. */
uint16_t fetch(const Descriptor& d, int i, int k, bool trans, const char* operand, Fiber* const* readers, int count) {
  uint32_t at = d.start;
  if (!trans) {
    at += i % 8 * d.swizzle + i / 8 * d.stride + (d.swizzle == 16 ? k / 8 * d.leading : k / 8 * 16) + k % 8 * 2;
  } else if (d.swizzle == 16) {
    at += i % 8 * 2 + i / 8 * d.stride + k % 8 * 16 + k / 8 * d.leading;
  } else {
    int wide = d.swizzle / 2;
    at += i % wide * 2 + i / wide * d.leading + k % 8 * d.swizzle + k / 8 * d.stride;
  }
  uint32_t mask = d.swizzle / 16 - 1;
  at ^= ((at >> 7) & mask) << 4;
  uint16_t h;
  memcpy(&h, resolve(at, 2, operand), 2);
  if (options.races && (trans ? i : k) % 8 == 0) {
    for (int r = 0; r < count; r++) race_access(readers[r]->block, readers[r], at, 16, Access::ASYNC_READ, nullptr);
  }
  return h;
}

Accumulator* find(Fiber* f, float* d) {
  for (Accumulator& a : f->accumulators) {
    if (a.d == d) return &a;
  }
  return nullptr;
}

void carry_out(std::vector<Fiber*>& group, size_t index) {
  const Wgmma& w = group[0]->wgmma_groups.front()[index];
  for (Fiber* f : group) {
    const Wgmma& o = f->wgmma_groups.front()[index];
    if (o.a != w.a || o.b != w.b || o.n != w.n || o.type != w.type || o.trans_a != w.trans_a ||
        o.trans_b != w.trans_b || o.accumulate != w.accumulate) {
      fail("threads of a warpgroup execute different wgmmas (form, descriptors or accumulate)", f);
    }
  }
  Fiber* const readers[4] = {group[0], group[32], group[64], group[96]};
  static float a[64][16], b[16][256], sum[256];
  Descriptor da = decode(w.a, "a", false, group[0]), db = decode(w.b, "b", true, group[0]);
  for (int i = 0; i < 64; i++) {
    for (int k = 0; k < 16; k++) a[i][k] = element(fetch(da, i, k, w.trans_a, "wgmma a", readers + i / 16, 1), w.type);
  }
  for (int i = 0; i < w.n; i++) {
    for (int k = 0; k < 16; k++) b[k][i] = element(fetch(db, i, k, w.trans_b, "wgmma b", readers, 4), w.type);
  }
  for (int row = 0; row < 64; row++) {
    memset(sum, 0, sizeof sum);
    for (int k = 0; k < 16; k++) {
      float x = a[row][k];
      for (int i = 0; i < w.n; i++) sum[i] += x * b[k][i];
    }
    for (int t = 0; t < 4; t++) {
      Fiber* f = group[row / 16 * 32 + row % 8 * 4 + t];
      Accumulator* acc = find(f, f->wgmma_groups.front()[index].d);
      for (int j = 0; j < w.n / 8; j++) {
        for (int e = 0; e < 2; e++) {
          float& d = acc->value[4 * j + row % 16 / 8 * 2 + e];
          d = (w.accumulate != 0 ? d : 0.0f) + sum[8 * j + 2 * t + e];
        }
      }
    }
  }
  for (Fiber* f : group) {
    Accumulator* acc = find(f, f->wgmma_groups.front()[index].d);
    if (--acc->pending == 0) {
      memcpy(acc->d, acc->value.data(), acc->value.size() * sizeof(float));
      f->wgmma_fenced = false;
    }
  }
}
}  // namespace
}  // namespace tatara

using namespace tatara;

EMU_API void tatara_emu_wgmma_fence() { self->wgmma_fenced = true; }

EMU_API void tatara_emu_wgmma(float* d, int n, uint64_t a, uint64_t b, int accumulate, int type, int trans_a,
                              int trans_b) {
  HERE;
  int warpgroup = self->linear / 128;
  if ((warpgroup + 1) * 128 > (int)self->block->fibers.size()) fail("wgmma needs a whole warpgroup of 128 threads");
  Accumulator* acc = find(self, d);
  size_t bytes = n / 2 * sizeof(float);
  if (acc == nullptr) {
    self->accumulators.push_back({d, std::vector<float>(n / 2), 0});
    acc = &self->accumulators.back();
    if (!self->wgmma_fenced) fail("the first wgmma without wgmma_fence before it");
  } else if (acc->pending == 0 && !self->wgmma_fenced && accumulate != 0 && memcmp(d, acc->value.data(), bytes) != 0) {
    fail("wgmma: the accumulator was changed and no wgmma_fence stands between");
  }
  if (acc->pending == 0) {
    acc->value.assign(d, d + n / 2);
  } else if ((int)acc->value.size() != n / 2) {
    fail("wgmmas of different shape on one accumulator without waiting");
  }
  acc->pending++;
  memset(d, 0xff, bytes); /* NaN until it is waited for */
  self->wgmmas.push_back({d, n, a, b, accumulate, type, trans_a, trans_b});
}

EMU_API void tatara_emu_wgmma_commit() {
  HERE;
  self->wgmma_groups.push_back(std::move(self->wgmmas));
  self->wgmmas.clear();
}

EMU_API void tatara_emu_wgmma_wait(int groups) {
  HERE;
  Block* b = self->block;
  int warpgroup = self->linear / 128;
  if ((warpgroup + 1) * 128 > (int)b->fibers.size()) fail("wgmma_wait needs a whole warpgroup of 128 threads");
  b->wgmma_waiting.resize(b->fibers.size() / 128);
  auto& waiting = b->wgmma_waiting[warpgroup];
  self->wgmma_wait = groups;
  waiting.push_back(self);
  if (waiting.size() < 128) {
    block_on("wgmma_wait", groups);
    return;
  }
  std::vector<Fiber*> group(b->fibers.begin() + warpgroup * 128, b->fibers.begin() + (warpgroup + 1) * 128);
  waiting.clear();
  for (Fiber* f : group) {
    if (f->wgmma_wait != groups || f->wgmma_groups.size() != group[0]->wgmma_groups.size()) {
      fail("threads of a warpgroup wait for different groups of wgmmas", f);
    }
    if (f != self) wake(f);
  }
  while ((int)group[0]->wgmma_groups.size() > groups) {
    size_t n = group[0]->wgmma_groups.front().size();
    for (Fiber* f : group) {
      if (f->wgmma_groups.front().size() != n) fail("threads of a warpgroup execute different numbers of wgmmas", f);
    }
    for (size_t i = 0; i < n; i++) carry_out(group, i);
    for (Fiber* f : group) f->wgmma_groups.pop_front();
  }
}
