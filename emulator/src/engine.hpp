/* The engine's data: a launch runs its blocks one group of resident blocks after another; a block's threads are
 * fibers, of which one runs at a time, so nothing here is locked except around whole calls of the C interface. */
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#ifndef EMU_API
#define EMU_API extern "C" __attribute__((visibility("default")))
#endif

namespace tatara {
struct Dim {
  unsigned x, y, z;
  long count() const { return (long)x * y * z; }
};

/* A line of the table that compile.cpp generates into each program; the layout is shared with generated text. */
struct KernelInfo {
  const char* name;
  void (*call)(void** parameters);
  int parameters;
  const int* sizes;
  const int* aligns;
  int bounds[3];  /* __launch_bounds__: most threads, least blocks, most blocks of a cluster; 0 where not given */
  int cluster[3]; /* __cluster_dims__, 0 where not given */
};

struct Range {
  uintptr_t at = 0;
  size_t bytes = 0;
  bool holds(uintptr_t a, size_t n) const { return a - at < bytes && n <= bytes - (a - at); }
};

struct Module {
  void* library = nullptr;
  std::string name;
  const KernelInfo* kernels = nullptr;
  int count = 0;
  char* shared = nullptr; /* the section of static shared arrays */
  size_t shared_bytes = 0;
  std::vector<Range> constants; /* read-only parts of the library */
  std::map<std::string, int> shared_of; /* bytes of static shared memory by kernel */
  const KernelInfo* find(const std::string& kernel) const;
};

struct Block;
struct Fiber;
struct Races;

/* Lanes of one warp that carry out an operation together. */
struct WarpOp {
  uint32_t mask = 0, arrived = 0;
  const char* what = nullptr;
  void* argument[32];
};
struct Warp {
  Fiber* lane[32] = {};
  uint32_t there = 0; /* lanes that exist */
  std::vector<WarpOp> ops;
};

/* A copy behind the program's back: carried out when it is waited for. */
struct AsyncCopy {
  char* to;
  const char* from;
  int size, bytes;
};
struct TensorMapData;
struct TmaStore {
  std::shared_ptr<TensorMapData> map;
  uint32_t from;
  int at[5];
};
struct Wgmma {
  float* d;
  int n;
  uint64_t a, b;
  int accumulate, type, trans_a, trans_b;
};
/* An accumulator of wgmmas under way: its place shows poison until they are waited for. */
struct Accumulator {
  float* d;
  std::vector<float> value;
  int pending;
};

enum class State : uint8_t { RUNNABLE, SPINNING, BLOCKED, DONE };

struct Fiber {
  void* sp = nullptr;
  char* stack = nullptr; /* lowest usable byte */
  State state = State::RUNNABLE;
  int linear = 0, lane = 0;
  Dim id{};
  Block* block = nullptr;
  Warp* warp = nullptr;
  const char* waits = nullptr; /* for whom it waits, for reports */
  int waits_for = 0;
  void* waits_at = nullptr;
  std::vector<AsyncCopy> copies;
  std::deque<std::vector<AsyncCopy>> copy_groups;
  std::vector<TmaStore> stores;
  std::deque<std::vector<TmaStore>> store_groups;
  std::vector<Wgmma> wgmmas;
  std::deque<std::vector<Wgmma>> wgmma_groups;
  std::vector<Accumulator> accumulators;
  bool wgmma_fenced = false;
  int wgmma_wait = 0; /* groups that may stay under way */
  bool cluster_arrived = false;
  long cluster_generation = 0;
};

struct Barrier {
  int expected = 0, arrived = 0;
  std::vector<uint32_t> clock; /* for races.cpp, as below */
  std::vector<Fiber*> waiting;
};

/* A copy of the copy engine that has been issued and not been seen yet. */
struct TmaLoad {
  std::shared_ptr<TensorMapData> map;
  int at[5];
  uint32_t to;  /* in the window */
  uint32_t bar; /* likewise */
  std::vector<Block*> blocks;
  bool done = false;
};
struct MBarrier {
  int arrivals = 0; /* a phase */
  int pending = 0;  /* still to come in this phase */
  long bytes = 0;   /* expected minus arrived */
  int phase = 0;
  bool fenced = false;
  std::vector<uint32_t> clock;
  std::vector<Fiber*> waiting;
  std::vector<std::shared_ptr<TmaLoad>> loads;
  std::vector<std::pair<uint32_t, uint32_t>> words; /* place and value of stores under way */
};

struct Cluster {
  std::vector<Block*> blocks;
  int arrived = 0;
  std::vector<Fiber*> waiting;
  long generation = 0;
};

struct Block {
  Dim id{};
  Cluster* cluster = nullptr;
  int rank = 0;
  std::vector<Fiber*> fibers;
  std::vector<Warp> warps;
  Barrier barriers[16];
  std::vector<std::vector<Fiber*>> wgmma_waiting; /* by warpgroup */
  char* dynamic = nullptr; /* allocation of the dynamic shared memory */
  std::vector<char> kept;  /* static shared arrays while another block runs */
  std::unordered_map<uint32_t, MBarrier> mbarriers;
  std::unique_ptr<Races> races; /* where they are looked for */
  Block();
  ~Block();
  int done = 0;
};

/* What a launch asks for. */
struct LaunchRequest {
  const Module* module;
  const KernelInfo* kernel;
  Dim grid, block, cluster;
  int dynamic_shared;
  bool cooperative;
  void** parameters;
};

struct Launch {
  LaunchRequest request;
  std::vector<char> parameter_bytes;
  std::vector<void*> parameters;
  std::vector<std::unique_ptr<Block>> blocks; /* resident now */
  std::vector<std::unique_ptr<Cluster>> clusters;
  Block* active = nullptr; /* whose static shared arrays stand in the section */
  uint32_t window_dynamic = 0; /* where dynamic shared memory begins in the window */
  bool failed = false;
};

/* ---- the shared window: 32-bit addresses, 0 … 16 MiB for this block, (rank + 1) << 24 for a block of the cluster */
constexpr uint32_t WINDOW_STATIC = 1024;
constexpr int RANK_SHIFT = 24;

extern Fiber* self;    /* running now, null in the scheduler */
extern Launch* launch; /* under way, null between launches */

/* options */
struct Options {
  uint64_t shuffle = 0; /* 0: in order; else the seed of a random order */
  double seconds = 120; /* longest launch */
  bool races = false;   /* look for data races on shared memory */
};
extern Options options;
uint64_t random_bits();

/* Abandons the kernel: the report names kernel, block and thread. Does not return to the fiber. */
[[noreturn]] void fail(const std::string& what, Fiber* who = nullptr);
/* The same with the driver API's error number; other failures have 719, CUDA_ERROR_LAUNCH_FAILED. */
[[noreturn]] void fail_as(int error, const std::string& what);
constexpr int FAULT_ADDRESS = 700, FAULT_STANDSTILL = 702, FAULT_MISALIGNED = 716, FAULT_OTHER = 719;
/* The error number of the last launch that failed. */
int fault();
const std::string& last_report();
void set_report(const std::string& text);
std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string where(const Fiber* f);

/* Where in the program the running function of the engine was called, for reports. */
extern void* here;
#define HERE (here = __builtin_return_address(0))

/* Gives way to other fibers. */
void block_on(const char* what, int detail = 0);
void spin();
void wake(Fiber* f);

/* The warp's lanes in mask meet; the last one performs with everybody's argument. */
void collect(const char* what, uint32_t mask, void* argument, void (*perform)(Warp&, uint32_t, void**));

/* Address of `bytes` bytes of the window, in a block of this cluster; fails where there is nothing. */
char* resolve(uint32_t at, int bytes, const char* what, Block* in = nullptr);
char* static_shared(Block* b);

/* Runs; false with a report where the kernel did something wrong. */
bool run(const LaunchRequest& request);

/* ---- memory of the device ---- */
void* allocate(size_t bytes);
bool release(void* p);
bool is_allocation(void* p);
/* Of the allocation that p lies in; null and 0 where none. */
void* allocation_begin(const void* p);
size_t allocation_bytes(const void* p);
size_t allocated();
/* Fails where not all bytes lie in an allocation (reads also: constants). */
void check_global(const void* p, size_t bytes, bool write, const char* what);
/* Null where [p, p + bytes) lies in an allocation, else what is wrong. */
std::string complaint(const void* p, size_t bytes);
/* Ranges that plain accesses are held against; before a fiber runs and when a launch begins. */
void watch_fiber(Fiber* f);
void watch_launch(Launch* l);

/* ---- programs ---- */
Module* load(const std::string& path, const std::string& name, std::string& error);
void unload(Module* m);

/* ---- at the end of a fiber ---- */
void finish_async(Fiber* f);
void finish_hopper(Fiber* f);
}  // namespace tatara
