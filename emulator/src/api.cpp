/* The engine's C interface, for tests: programs, memory, launches. All calls are serialized. */
#include "api.hpp"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "compile.hpp"
#include "races.hpp"
#include "tensormap.hpp"

namespace tatara {
std::recursive_mutex& engine_lock() {
  static std::recursive_mutex m;
  return m;
}

void environment_options() {
  static bool done = false;
  if (done) return;
  done = true;
  if (const char* s = getenv("TATARA_EMULATION_SHUFFLE")) options.shuffle = strtoull(s, nullptr, 0);
  if (const char* s = getenv("TATARA_EMULATION_SECONDS")) options.seconds = atof(s);
  if (const char* s = getenv("TATARA_EMULATION_RACES")) options.races = *s != 0 && *s != '0';
}

std::string launch_complaint(const LaunchRequest& r, int shared_limit) {
  const KernelInfo& k = *r.kernel;
  long threads = r.block.count();
  if (r.grid.count() <= 0 || threads <= 0) return "a grid and a block have at least one element";
  if (threads > 1024) return text("%ld threads in a block: at most 1024", threads);
  if (k.bounds[0] > 0 && threads > k.bounds[0]) {
    return text("%ld threads in a block, and the kernel is bound to %d", threads, k.bounds[0]);
  }
  auto own = r.module->shared_of.find(k.name);
  long fixed = own == r.module->shared_of.end() ? 0 : own->second;
  if (r.dynamic_shared < 0 || fixed + r.dynamic_shared > shared_limit) {
    return text("%ld bytes of static and %d of dynamic shared memory: at most %d", fixed, r.dynamic_shared, shared_limit);
  }
  if (fixed > 48 << 10) return text("%ld bytes of static shared memory: at most 49152", fixed);
  Dim c = r.cluster;
  if (r.grid.x % c.x != 0 || r.grid.y % c.y != 0 || r.grid.z % c.z != 0) {
    return text("a grid of %u x %u x %u blocks is no multiple of the cluster %u x %u x %u", r.grid.x, r.grid.y, r.grid.z,
                c.x, c.y, c.z);
  }
  if (c.count() > 8) return text("%ld blocks in a cluster: at most 8", c.count());
  if (r.grid.y > 65535 || r.grid.z > 65535) return "more than 65535 blocks in y or z";
  if (r.cooperative && r.grid.count() * threads > 28672) {
    return text("%ld resident threads of a cooperative launch: the emulation holds at most 28672", r.grid.count() * threads);
  }
  return "";
}

Dim cluster_of(const KernelInfo& k) {
  return {(unsigned)std::max(1, k.cluster[0]), (unsigned)std::max(1, k.cluster[1]), (unsigned)std::max(1, k.cluster[2])};
}
}  // namespace tatara

using namespace tatara;
typedef std::lock_guard<std::recursive_mutex> Lock;

EMU_API const char* tatara_emu_report() { return last_report().c_str(); }

/* A seed for the order of threads (0: in order), the longest time of a launch, whether races are looked for. */
EMU_API void tatara_emu_options(long shuffle, double seconds, int races) {
  Lock lock(engine_lock());
  options.shuffle = (uint64_t)shuffle;
  options.seconds = seconds;
  options.races = races != 0;
}

EMU_API void* tatara_emu_compile(const char* program, const char* name, int arch, int checked, const char* cache,
                                 const char* include) {
  Lock lock(engine_lock());
  environment_options();
  CompileRequest r;
  r.text = program;
  r.name = name;
  r.arch = arch;
  r.checked = checked != 0;
  r.cache = cache;
  r.include = include;
  std::string log;
  std::string library = compile(r, log);
  if (library.empty()) {
    set_report(log);
    return nullptr;
  }
  Module* m = load(library, name, log);
  if (m == nullptr) set_report(log);
  return m;
}

EMU_API void tatara_emu_unload(void* module) {
  Lock lock(engine_lock());
  unload((Module*)module);
}

EMU_API void* tatara_emu_alloc(long bytes) {
  Lock lock(engine_lock());
  return allocate((size_t)bytes);
}

EMU_API int tatara_emu_free(void* p) {
  Lock lock(engine_lock());
  return release(p) ? 0 : 1;
}

/* 0: well; 1: the launch is refused; 2: the kernel did something wrong. */
EMU_API int tatara_emu_launch(void* module, const char* entry, const int* grid, const int* block, int dynamic_shared,
                              int cooperative, int shared_limit, int count, void** parameters) {
  Lock lock(engine_lock());
  Module* m = (Module*)module;
  const KernelInfo* k = m->find(entry);
  if (k == nullptr) {
    set_report(text("no kernel %s in %s", entry, m->name.c_str()));
    return 1;
  }
  if (k->parameters != count) {
    set_report(text("kernel %s has %d parameters, and %d are given", entry, k->parameters, count));
    return 1;
  }
  LaunchRequest r{m, k, {(unsigned)grid[0], (unsigned)grid[1], (unsigned)grid[2]},
                  {(unsigned)block[0], (unsigned)block[1], (unsigned)block[2]}, cluster_of(*k), dynamic_shared,
                  cooperative != 0, parameters};
  std::string wrong = launch_complaint(r, shared_limit);
  if (!wrong.empty()) {
    set_report(text("kernel %s: ", entry) + wrong);
    return 1;
  }
  return run(r) ? 0 : 2;
}

/* type: 0 float32, 1 float16, 2 bfloat16, 3 int32; swizzle: bytes. 0, or 1 with a report. */
EMU_API int tatara_emu_tensor_map(void* map, int type, int rank, void* base, const long* extents, const long* strides,
                                  const int* box, int swizzle) {
  Lock lock(engine_lock());
  std::string wrong = encode(*(TensorMapData*)map, type, rank, base, extents, strides, box, swizzle);
  if (!wrong.empty()) set_report("tensor map: " + wrong);
  return wrong.empty() ? 0 : 1;
}
