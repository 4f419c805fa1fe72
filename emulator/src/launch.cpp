/* Scheduling: blocks, fibers, what they wait for, and what is said when nobody can go on. */
#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "check.hpp"
#include "fiber.hpp"

namespace tatara {
Launch* launch = nullptr;
Options options;

namespace {
std::string report;
uint64_t random_state = 1;
constexpr int PASSES_OF_A_BLOCK = 64;  /* before the next resident block has its turn */
constexpr int IDLE_PASSES = 3000;      /* in which nobody but spinning threads ran */

void fiber_main() {
  Fiber* f = self;
  launch->request.kernel->call(launch->parameters.data());
  finish_async(f);
  f->state = State::DONE;
  f->block->done++;
  give_way();
  __builtin_trap();
}

void shuffle(std::vector<int>& order) {
  for (size_t i = order.size(); i > 1; i--) std::swap(order[i - 1], order[random_bits() % i]);
}

/* Gives the section of static shared arrays to this block. */
void activate(Block* b) {
  Launch& l = *launch;
  if (l.active == b) return;
  size_t n = l.request.module->shared_bytes;
  if (n > 0) {
    if (l.active != nullptr) {
      l.active->kept.assign(l.request.module->shared, l.request.module->shared + n);
    }
    if (b->kept.empty()) {
      memset(l.request.module->shared, 0xff, n);
    } else {
      memcpy(l.request.module->shared, b->kept.data(), n);
    }
  }
  l.active = b;
}

std::unique_ptr<Block> make_block(Dim id, Cluster* cluster) {
  const LaunchRequest& r = launch->request;
  auto b = std::make_unique<Block>();
  b->id = id;
  b->cluster = cluster;
  b->rank = (int)cluster->blocks.size();
  cluster->blocks.push_back(b.get());
  int n = (int)r.block.count();
  b->warps.resize((n + 31) / 32);
  b->fibers.reserve(n);
  for (int i = 0; i < n; i++) {
    Fiber* f = acquire_fiber(fiber_main);
    f->linear = i;
    f->lane = i % 32;
    f->id = {i % r.block.x, i / r.block.x % r.block.y, i / (r.block.x * r.block.y)};
    f->block = b.get();
    f->warp = &b->warps[i / 32];
    f->warp->lane[f->lane] = f;
    f->warp->there |= 1u << f->lane;
    b->fibers.push_back(f);
  }
  if (r.dynamic_shared > 0) {
    b->dynamic = (char*)aligned_alloc(1024, (r.dynamic_shared + 1023) / 1024 * 1024);
    memset(b->dynamic, 0xff, r.dynamic_shared);
  }
  return b;
}

void drop_blocks() {
  for (auto& b : launch->blocks) {
    for (Fiber* f : b->fibers) release_fiber(f);
    free(b->dynamic);
  }
  launch->blocks.clear();
  launch->clusters.clear();
  launch->active = nullptr;
}

std::string dims(Dim d) { return text("(%u,%u,%u)", d.x, d.y, d.z); }

/* Who waits for what, when nobody can go on. */
std::string standstill() {
  std::string s = "no thread can go on:";
  int shown = 0;
  for (auto& b : launch->blocks) {
    if (b->done == (int)b->fibers.size()) continue;
    if (shown++ == 4) return s + " …";
    std::vector<std::pair<std::string, std::pair<int, Fiber*>>> groups;
    for (Fiber* f : b->fibers) {
      std::string what = f->state == State::DONE       ? "have ended"
                         : f->state == State::SPINNING ? "spin"
                                                       : text("wait at %s", f->waits);
      if (f->state == State::BLOCKED && f->waits_for >= 0) what += text(" %d", f->waits_for);
      auto it = std::find_if(groups.begin(), groups.end(), [&](auto& g) { return g.first == what; });
      if (it == groups.end()) {
        groups.push_back({what, {1, f}});
      } else {
        it->second.first++;
      }
    }
    s += " block " + dims(b->id) + ":";
    for (auto& g : groups) {
      s += text(" %d threads %s (first: thread %s);", g.second.first, g.first.c_str(), dims(g.second.second->id).c_str());
    }
  }
  return s;
}

/* Runs the resident blocks to their end. */
bool schedule() {
  auto begin = std::chrono::steady_clock::now();
  int idle = 0;
  long resumed = 0;
  std::vector<int> blocks(launch->blocks.size()), order;
  for (size_t i = 0; i < blocks.size(); i++) blocks[i] = (int)i;
  while (true) {
    bool ran = false, progress = false;
    int left = 0;
    if (options.shuffle != 0) shuffle(blocks);
    for (int which : blocks) {
      Block* b = launch->blocks[which].get();
      if (b->done == (int)b->fibers.size()) continue;
      left++;
      order.resize(b->fibers.size());
      for (size_t i = 0; i < order.size(); i++) order[i] = (int)i;
      bool again = true;
      for (int pass = 0; again && pass < PASSES_OF_A_BLOCK; pass++) {
        again = false;
        if (options.shuffle != 0) shuffle(order);
        for (int i : order) {
          Fiber* f = b->fibers[i];
          if (f->state != State::RUNNABLE && (f->state != State::SPINNING || pass > 0)) continue;
          activate(b);
          f->state = State::RUNNABLE;
          watch_fiber(f);
          resume(f);
          if (launch->failed) return false;
          ran = true;
          if (f->state != State::SPINNING) progress = true;
          again |= f->state == State::RUNNABLE;
          if ((++resumed & 0xfff) == 0 &&
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() > options.seconds) {
            report = text("kernel %s has not ended after %.0f s; %s", launch->request.kernel->name, options.seconds,
                          standstill().c_str());
            return false;
          }
        }
        for (Fiber* f : b->fibers) again |= f->state == State::RUNNABLE;
      }
    }
    if (left == 0) return true;
    idle = progress ? 0 : idle + 1;
    if (!ran || idle > IDLE_PASSES) {
      report = text("kernel %s: %s", launch->request.kernel->name, standstill().c_str());
      return false;
    }
  }
}

/* The parameters' own copy: the caller's memory may be gone, and alignment is the program's. */
void copy_parameters(Launch& l) {
  const KernelInfo& k = *l.request.kernel;
  size_t n = 0;
  for (int i = 0; i < k.parameters; i++) n += k.sizes[i] + 128;
  l.parameter_bytes.resize(n + 128);
  char* at = l.parameter_bytes.data();
  for (int i = 0; i < k.parameters; i++) {
    uintptr_t a = k.aligns[i];
    at = (char*)(((uintptr_t)at + a - 1) / a * a);
    memcpy(at, l.request.parameters[i], k.sizes[i]);
    l.parameters.push_back(at);
    at += k.sizes[i];
  }
}
}  // namespace

uint64_t random_bits() {
  random_state += 0x9e3779b97f4a7c15ull;
  uint64_t z = random_state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

std::string text(const char* format, ...) {
  char buffer[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(buffer, sizeof buffer, format, list);
  va_end(list);
  return buffer;
}

const std::string& last_report() { return report; }
void set_report(const std::string& s) { report = s; }

std::string where(const Fiber* f) {
  return text("kernel %s, block %s, thread %s", launch->request.kernel->name, dims(f->block->id).c_str(),
              dims(f->id).c_str());
}

void fail(const std::string& what, Fiber* who) {
  report = where(who != nullptr ? who : self) + ": " + what;
  launch->failed = true;
  give_way();
  __builtin_trap();
}

void block_on(const char* what, int detail) {
  Fiber* f = self;
  f->state = State::BLOCKED;
  f->waits = what;
  f->waits_for = detail;
  give_way();
}

void spin() {
  self->state = State::SPINNING;
  give_way();
}

void wake(Fiber* f) { f->state = State::RUNNABLE; }

bool run(const LaunchRequest& r) {
  Launch l;
  l.request = r;
  report.clear();
  size_t fixed = (WINDOW_STATIC + r.module->shared_bytes + 1023) / 1024 * 1024;
  l.window_dynamic = (uint32_t)fixed;
  copy_parameters(l);
  random_state = options.shuffle;
  launch = &l;
  watch_launch(&l);
  bool good = true;
  Dim c = r.cluster;
  Dim clusters = {r.grid.x / c.x, r.grid.y / c.y, r.grid.z / c.z};
  for (long i = 0; good && i < clusters.count(); i++) {
    Dim k = {(unsigned)(i % clusters.x), (unsigned)(i / clusters.x % clusters.y),
             (unsigned)(i / ((long)clusters.x * clusters.y))};
    l.clusters.push_back(std::make_unique<Cluster>());
    for (unsigned j = 0; j < c.count(); j++) {
      Dim in = {j % c.x, j / c.x % c.y, j / (c.x * c.y)};
      l.blocks.push_back(
          make_block({k.x * c.x + in.x, k.y * c.y + in.y, k.z * c.z + in.z}, l.clusters.back().get()));
    }
    if (!r.cooperative || i + 1 == clusters.count()) {
      good = schedule();
      drop_blocks();
    }
  }
  if (!good) report += source_line();
  launch = nullptr;
  return good;
}
}  // namespace tatara
