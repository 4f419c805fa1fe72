/* The driver API's objects. Work is done at once, in the caller's thread, under one lock; a capturing stream
 * records instead. */
#pragma once
#include <chrono>
#include <memory>
#include <thread>

#include "api.hpp"

namespace tatara {
enum Result {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  NO_BINARY_FOR_GPU = 209,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_OUT_OF_RESOURCES = 701,
  LAUNCH_TIMEOUT = 702,
  PRIMARY_CONTEXT_ACTIVE = 708,
  MISALIGNED_ADDRESS = 716,
  LAUNCH_FAILED = 719,
  COOPERATIVE_LAUNCH_TOO_LARGE = 720,
  NOT_SUPPORTED = 801,
  STREAM_CAPTURE_UNSUPPORTED = 900,
  STREAM_CAPTURE_INVALIDATED = 901,
  STREAM_CAPTURE_UNMATCHED = 903,
  GRAPH_EXEC_UPDATE_FAILURE = 910
};

/* Every object begins with what it is, so that a handle that is none is noticed. */
enum class Kind : uint32_t { CONTEXT = 0x7a7a0001, STREAM, EVENT, MODULE, FUNCTION, GRAPH, EXEC, POOL };
struct Handle {
  Kind kind;
  explicit Handle(Kind k);
  ~Handle();
};
bool is_handle(const void* p, Kind kind);

struct Graph;
struct Context;
struct Stream : Handle {
  Context* context;
  unsigned flags;
  Graph* capture = nullptr; /* being recorded */
  bool origin = false;
  bool broken = false; /* something happened that cannot be recorded */
  std::thread::id thread;
  explicit Stream(Context* c, unsigned f) : Handle(Kind::STREAM), context(c), flags(f) {}
};
struct Context : Handle {
  int device;
  int error = 0; /* of a kernel: stays */
  int references = 0;
  Stream* legacy;
  explicit Context(int d) : Handle(Kind::CONTEXT), device(d), legacy(new Stream(this, 0)) {}
  ~Context() { delete legacy; }
};
struct Event : Handle {
  unsigned flags;
  bool recorded = false;
  std::chrono::steady_clock::time_point at;
  Graph* capture = nullptr; /* recorded into this capture */
  explicit Event(unsigned f) : Handle(Kind::EVENT), flags(f) {}
};
struct Function;
struct LoadedModule : Handle {
  std::shared_ptr<Module> module;
  std::map<std::string, std::unique_ptr<Function>> functions;
  LoadedModule() : Handle(Kind::MODULE) {}
};
struct Function : Handle {
  LoadedModule* owner;
  const KernelInfo* kernel;
  int max_dynamic = -1; /* where raised */
  bool large_clusters = false;
  Function(LoadedModule* o, const KernelInfo* k) : Handle(Kind::FUNCTION), owner(o), kernel(k) {}
};

/* A piece of work: 0, or the error that the context keeps. */
struct Node {
  int type; /* CUgraphNodeType: 0 kernel, 1 copy, 2 set */
  std::function<int()> work;
};
struct Graph : Handle {
  std::vector<Node> nodes;
  Graph() : Handle(Kind::GRAPH) {}
};
struct Exec : Handle {
  std::vector<Node> nodes;
  Exec() : Handle(Kind::EXEC) {}
};

typedef std::lock_guard<std::recursive_mutex> Lock;

extern bool initialized;
extern thread_local Context* current;

/* What stands against any call: not initialized, no context, an error that a kernel left. */
int trouble();
#define DRIVER_CALL                  \
  Lock lock(engine_lock());          \
  if (int e = trouble()) return e;

int device_count();
int device_arch(int device);
int device_multiprocessors();
size_t device_memory();
int shared_per_block(int arch);          /* most that a block may ask for */
int shared_per_multiprocessor(int arch);
int threads_per_multiprocessor(int arch);
int blocks_per_multiprocessor(int arch);

/* The stream of a handle (null: the default one); null where it is none. */
Stream* stream_of(void* handle);
/* Does the work or records it. */
int enqueue(Stream* s, int type, std::function<int()> work);
/* Whether this thread records, so that calls which cannot be recorded must be refused. */
bool recording();
void break_recording();

/* Device memory of the current context's device. */
int device_allocate(uint64_t* p, size_t bytes);
int device_free(uint64_t p);
}  // namespace tatara
