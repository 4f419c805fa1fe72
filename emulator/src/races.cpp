#include "races.hpp"

#include "check.hpp"

namespace tatara {
namespace {
void join(Clock& to, const Clock& from) {
  if (to.size() < from.size()) to.resize(from.size(), 0);
  for (size_t i = 0; i < from.size(); i++) to[i] = std::max(to[i], from[i]);
}

const char* name(Access how) {
  switch (how) {
    case Access::READ: return "read";
    case Access::WRITE: return "write";
    case Access::ASYNC_READ: return "asynchronous read";
    default: return "asynchronous write";
  }
}

std::string thread(const Block* b, int warp, int lane) {
  const Dim& d = b->fibers[warp * 32 + lane]->id;
  return text("(%u,%u,%u)", d.x, d.y, d.z);
}

[[noreturn]] void report(Block* b, Fiber* f, uint32_t at, Access how, void* pc, const char* other, int warp, int lane,
                         void* other_pc) {
  set_bad_pc(pc);
  std::string before = other_pc == nullptr ? "" : line_of(other_pc);
  fail(text("race: %s at shared address 0x%x, and thread %s's %s", name(how), at, thread(b, warp, lane).c_str(), other) +
           before + " is not ordered before it by a barrier",
       f);
}
}  // namespace

Races::Races(const Block& b) : warps((int)b.warps.size()) {
  clock.assign(warps, Clock(warps, 0));
  for (int i = 0; i < warps; i++) clock[i][i] = 1;
  sync.assign(warps, 1);
  size_t units = (launch->window_dynamic + launch->request.dynamic_shared + 1) / 2;
  writes.resize(units);
  reads.resize(units * warps);
  fenced.assign(warps * 32, 0);
}

void race_access(Block* b, Fiber* f, uint32_t window, int bytes, Access how, void* pc) {
  if (b->races == nullptr) return;
  Races& r = *b->races;
  bool write = how == Access::WRITE || how == Access::ASYNC_WRITE;
  int w = f->linear / 32, lane = f->lane;
  const Clock& now = r.clock[w];
  for (uint32_t u = window / 2; u < (window + bytes + 1) / 2; u++) {
    Races::Write& last = r.writes[u];
    if (last.epoch != 0) {
      bool same = last.warp == w;
      bool ordered = same ? last.lane == lane || last.sync != r.sync[w] : last.epoch <= now[last.warp];
      if (!ordered) {
        report(b, f, u * 2, how, pc, last.async ? "asynchronous write" : "write", last.warp, last.lane, last.pc);
      }
      if (how == Access::ASYNC_READ && !last.async && r.fenced[last.warp * 32 + last.lane] <= last.tick &&
          r.fenced[f->linear] <= last.tick) {
        set_bad_pc(pc);
        fail(text("asynchronous read at shared address 0x%x of what thread %s wrote", u * 2,
                  thread(b, last.warp, last.lane).c_str()) +
                 line_of(last.pc) + " without fence_async_shared between",
             f);
      }
    }
    Races::Read* seen = &r.reads[(size_t)u * r.warps];
    if (!write) {
      seen[w] = {now[w], r.sync[w], (uint8_t)lane};
      continue;
    }
    for (int v = 0; v < r.warps; v++) {
      if (seen[v].epoch == 0) continue;
      bool ordered = v == w ? seen[v].lane == lane || seen[v].sync != r.sync[w] : seen[v].epoch <= now[v];
      if (!ordered) report(b, f, u * 2, how, pc, "read", v, seen[v].lane, nullptr);
      seen[v].epoch = 0;
    }
    last = {now[w], r.sync[w], r.tick, (uint8_t)w, (uint8_t)lane, how == Access::ASYNC_WRITE, pc};
  }
}

void race_forget(Block* b, uint32_t window, int bytes) {
  if (b->races == nullptr) return;
  Races& r = *b->races;
  for (uint32_t u = window / 2; u < (window + bytes + 1) / 2; u++) {
    r.writes[u] = {};
    for (int v = 0; v < r.warps; v++) r.reads[(size_t)u * r.warps + v] = {};
  }
}

void race_release(Block* b, const Fiber* f, Clock& to) {
  if (b->races == nullptr) return;
  int w = f->linear / 32;
  join(to, b->races->clock[w]);
  b->races->clock[w][w]++;
}

void race_acquire(Block* b, const Fiber* f, const Clock& from) {
  if (b->races == nullptr) return;
  int w = f->linear / 32;
  join(b->races->clock[w], from);
  b->races->sync[w]++;
}

void race_meet(Block* b, int warp) {
  if (b->races != nullptr) b->races->sync[warp]++;
}

void race_fence(Block* b, const Fiber* f) {
  if (b->races != nullptr) b->races->fenced[f->linear] = ++b->races->tick;
}
}  // namespace tatara
