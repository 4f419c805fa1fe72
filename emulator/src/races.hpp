/* Data races on a block's shared memory, where asked for: vector clocks by warp, which every barrier, mbarrier and
 * semaphore hands on, and for each two bytes the last write and each warp's last read. */
#pragma once
#include "engine.hpp"

namespace tatara {
typedef std::vector<uint32_t> Clock;

struct Races {
  struct Write {
    uint32_t epoch = 0, sync = 0, tick = 0;
    uint8_t warp = 0, lane = 0;
    bool async = false;
    void* pc = nullptr;
  };
  struct Read {
    uint32_t epoch = 0, sync = 0;
    uint8_t lane = 0;
  };
  explicit Races(const Block& b);
  int warps;
  std::vector<Clock> clock;
  std::vector<uint32_t> sync; /* times that the warp's lanes met */
  std::vector<Write> writes;
  std::vector<Read> reads;
  Clock cluster, semaphores; /* what was handed to the cluster's barrier, to semaphores */
  uint32_t tick = 1;         /* fences of the async proxy */
  std::vector<uint32_t> fenced; /* by thread: tick of its last one */
};

/* How an access is made. */
enum class Access { READ, WRITE, ASYNC_READ, ASYNC_WRITE };

/* Each does nothing where races are not looked for. */
void race_access(Block* b, Fiber* f, uint32_t window, int bytes, Access how, void* pc);
void race_release(Block* b, const Fiber* f, Clock& to);
void race_acquire(Block* b, const Fiber* f, const Clock& from);
/* What another block of the cluster writes: clocks of different blocks are not compared. */
void race_forget(Block* b, uint32_t window, int bytes);
/* The lanes of a warp have met. */
void race_meet(Block* b, int warp);
void race_fence(Block* b, const Fiber* f);
}  // namespace tatara
