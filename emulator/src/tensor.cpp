/* The shared window, ldmatrix, mma.sync, cp.async. */
#include "engine.hpp"
#include "numbers.hpp"

namespace tatara {
namespace {
const char* offset_text(uint32_t at) { return at >> RANK_SHIFT != 0 ? "cluster address" : "shared address"; }

struct LdMatrix {
  uint32_t* r;
  uint32_t at;
  int matrices, trans;
};
void ldmatrix(Warp& w, uint32_t mask, void** arguments) {
  if (mask != 0xffffffffu) fail("ldmatrix in a warp of fewer than 32 lanes");
  LdMatrix* a[32];
  for (int i = 0; i < 32; i++) {
    a[i] = (LdMatrix*)arguments[i];
    if (a[i]->matrices != a[0]->matrices || a[i]->trans != a[0]->trans) {
      fail("lanes of a warp execute different forms of ldmatrix", w.lane[i]);
    }
  }
  for (int m = 0; m < a[0]->matrices; m++) {
    uint16_t x[8][8];
    for (int row = 0; row < 8; row++) {
      Fiber* f = w.lane[m * 8 + row];
      uint32_t at = a[m * 8 + row]->at;
      if (at % 16 != 0) fail(text("ldmatrix: row address 0x%x is no multiple of 16", at), f);
      memcpy(x[row], resolve(at, 16, "ldmatrix"), 16);
    }
    for (int i = 0; i < 32; i++) {
      int g = i / 4, t = i % 4 * 2;
      a[i]->r[m] = a[0]->trans ? x[t][g] | (uint32_t)x[t + 1][g] << 16 : x[g][t] | (uint32_t)x[g][t + 1] << 16;
    }
  }
}

struct Mma {
  float* d;
  const uint32_t* a;
  const uint32_t* b;
  int type;
};
void mma(Warp& w, uint32_t mask, void** arguments) {
  if (mask != 0xffffffffu) fail("mma in a warp of fewer than 32 lanes");
  float a[16][16], b[16][8];
  int type = ((Mma*)arguments[0])->type;
  int k = type == 2 ? 8 : 16;
  for (int i = 0; i < 32; i++) {
    const Mma* m = (Mma*)arguments[i];
    if (m->type != type) fail("lanes of a warp execute different forms of mma", w.lane[i]);
    int g = i / 4, t = i % 4;
    for (int r = 0; r < 4; r++) {
      int row = g + (r % 2) * 8;
      if (type == 2) {
        a[row][t + r / 2 * 4] = tf32_float(m->a[r]);
      } else {
        int col = 2 * t + r / 2 * 8;
        a[row][col] = element((uint16_t)m->a[r], type);
        a[row][col + 1] = element((uint16_t)(m->a[r] >> 16), type);
      }
    }
    for (int r = 0; r < 2; r++) {
      if (type == 2) {
        b[t + r * 4][g] = tf32_float(m->b[r]);
      } else {
        b[2 * t + r * 8][g] = element((uint16_t)m->b[r], type);
        b[2 * t + r * 8 + 1][g] = element((uint16_t)(m->b[r] >> 16), type);
      }
    }
  }
  for (int i = 0; i < 32; i++) {
    float* d = ((Mma*)arguments[i])->d;
    for (int r = 0; r < 4; r++) {
      int row = i / 4 + r / 2 * 8, col = i % 4 * 2 + r % 2;
      double sum = 0; /* products are exact in it; the unit's own order and width are not documented */
      for (int j = 0; j < k; j++) sum += (double)a[row][j] * b[j][col];
      d[r] = (float)(d[r] + sum);
    }
  }
}

void carry_out(const AsyncCopy& c) {
  memcpy(c.to, c.from, c.bytes);
  memset(c.to + c.bytes, 0, c.size - c.bytes);
}
}  // namespace

char* static_shared(Block* b) {
  const Module* m = launch->request.module;
  if (b == launch->active) return m->shared;
  if (b->kept.empty()) b->kept.assign(m->shared_bytes, (char)0xff);
  return b->kept.data();
}

char* resolve(uint32_t at, int bytes, const char* what, Block* in) {
  Block* b = in != nullptr ? in : self->block;
  uint32_t offset = at & ((1u << RANK_SHIFT) - 1);
  if (at >> RANK_SHIFT != 0) {
    unsigned rank = (at >> RANK_SHIFT) - 1;
    if (rank >= self->block->cluster->blocks.size()) fail(text("%s: no block %u in the cluster", what, rank));
    b = self->block->cluster->blocks[rank];
    if (b != self->block && b->done == (int)b->fibers.size()) {
      fail(text("%s: block %u of the cluster has ended and its shared memory is gone", what, rank));
    }
  }
  const Module* m = launch->request.module;
  uint32_t dynamic = launch->window_dynamic;
  uint32_t dynamic_bytes = (uint32_t)launch->request.dynamic_shared;
  if (offset >= dynamic && offset - dynamic <= dynamic_bytes && (uint32_t)bytes <= dynamic_bytes - (offset - dynamic)) {
    return b->dynamic + (offset - dynamic);
  }
  if (offset >= WINDOW_STATIC && offset - WINDOW_STATIC + bytes <= m->shared_bytes) {
    return static_shared(b) + (offset - WINDOW_STATIC);
  }
  fail(text("%s: %d bytes at %s 0x%x lie outside the block's shared memory (static 0x%x … 0x%zx, dynamic 0x%x … 0x%x)",
            what, bytes, offset_text(at), at, WINDOW_STATIC, WINDOW_STATIC + m->shared_bytes, dynamic,
            dynamic + dynamic_bytes));
}

void finish_async(Fiber* f) {
  for (auto& g : f->copy_groups) {
    for (AsyncCopy& c : g) carry_out(c);
  }
  for (AsyncCopy& c : f->copies) carry_out(c);
  f->copy_groups.clear();
  f->copies.clear();
  finish_hopper(f);
}
}  // namespace tatara

using namespace tatara;

EMU_API uint32_t tatara_emu_shared_address(const void* p) {
  uintptr_t a = (uintptr_t)p;
  const Module* m = launch->request.module;
  uintptr_t s = (uintptr_t)m->shared, d = (uintptr_t)self->block->dynamic;
  if (a >= s && a - s <= m->shared_bytes && m->shared_bytes > 0) return WINDOW_STATIC + (uint32_t)(a - s);
  if (d != 0 && a >= d && a - d <= (uintptr_t)launch->request.dynamic_shared) {
    return launch->window_dynamic + (uint32_t)(a - d);
  }
  fail(text("shared_address of 0x%lx, which is not in shared memory", (unsigned long)a));
}
EMU_API void tatara_emu_ldmatrix(uint32_t* r, uint32_t at, int matrices, int trans) {
  LdMatrix m{r, at, matrices, trans};
  collect("ldmatrix", 0xffffffffu, &m, ldmatrix);
}
EMU_API void tatara_emu_mma(float* d, const uint32_t* a, const uint32_t* b, int type) {
  Mma m{d, a, b, type};
  collect("mma", 0xffffffffu, &m, mma);
}
EMU_API uint32_t tatara_emu_to_tf32(float x) { return float_tf32(x); }
EMU_API uint32_t tatara_emu_pack(float lo, float hi, int type) {
  return type == 0 ? float_half(lo) | (uint32_t)float_half(hi) << 16
                   : float_bf16(lo) | (uint32_t)float_bf16(hi) << 16;
}

EMU_API void tatara_emu_copy_async(uint32_t to, const void* from, int size, int bytes) {
  if (bytes < 0 || bytes > size) fail(text("cp.async of %d bytes with %d from memory", size, bytes));
  if (to % size != 0) fail(text("cp.async: shared address 0x%x is no multiple of %d", to, size));
  if ((uintptr_t)from % size != 0) {
    fail(text("cp.async: global address 0x%lx is no multiple of %d", (unsigned long)from, size));
  }
  char* place = resolve(to, size, "cp.async");
  if (bytes > 0) check_global(from, bytes, false, "cp.async");
  memset(place, 0xff, size); /* who reads before the wait sees this */
  self->copies.push_back({place, (const char*)from, size, bytes});
}
EMU_API void tatara_emu_copy_async_commit() {
  self->copy_groups.push_back(std::move(self->copies));
  self->copies.clear();
}
EMU_API void tatara_emu_copy_async_wait(int groups) {
  while ((int)self->copy_groups.size() > groups) {
    for (AsyncCopy& c : self->copy_groups.front()) carry_out(c);
    self->copy_groups.pop_front();
  }
}
