/* Modules, functions, launches, tensor maps. */
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "driver.hpp"
#include "image.hpp"
#include "tensormap.hpp"

namespace tatara {
namespace {
/* The library's bytes as a file that can be opened; the same bytes give the same file. */
std::string unpacked(const char* bytes, size_t n) {
  uint64_t h = 0xcbf29ce484222325ull;
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3ull;
  const char* given = getenv("TATARA_EMULATION_CACHE");
  std::string folder = given != nullptr ? given : text("/tmp/tatara-emulation-%u", (unsigned)getuid());
  mkdir(folder.c_str(), 0700);
  std::string path = folder + text("/image-%016lx-%zu.so", (unsigned long)h, n);
  struct stat s;
  if (stat(path.c_str(), &s) == 0 && (size_t)s.st_size == n) return path;
  std::string mine = path + text(".%d", (int)getpid());
  FILE* f = fopen(mine.c_str(), "wb");
  if (f == nullptr) return "";
  bool good = fwrite(bytes, 1, n, f) == n;
  good &= fclose(f) == 0;
  if (!good || rename(mine.c_str(), path.c_str()) != 0) return "";
  return path;
}

int fixed_shared(const Function* f) {
  auto& sizes = f->owner->module->shared_of;
  auto it = sizes.find(f->kernel->name);
  return it == sizes.end() ? 0 : it->second;
}

int blocks_that_fit(const Function* f, int threads, size_t dynamic) {
  int arch = device_arch(current->device);
  if (threads <= 0 || threads > 1024) return 0;
  int by_threads = threads_per_multiprocessor(arch) / ((threads + 31) / 32 * 32);
  long shared = fixed_shared(f) + (long)dynamic + (arch >= 80 ? 1024 : 0);
  long by_shared = shared > 0 ? shared_per_multiprocessor(arch) / shared : 64;
  return (int)std::min<long>({by_threads, by_shared, blocks_per_multiprocessor(arch)});
}

int launch_kernel(void* function, Dim grid, Dim block, Dim cluster, unsigned dynamic, void* stream, void** parameters,
                  void** extra, bool cooperative) {
  if (!is_handle(function, Kind::FUNCTION)) return INVALID_HANDLE;
  if (extra != nullptr) return NOT_SUPPORTED;
  Function* f = (Function*)function;
  Stream* s = stream_of(stream);
  if (s == nullptr) return INVALID_HANDLE;
  const KernelInfo* k = f->kernel;
  int arch = device_arch(current->device);
  int most = std::max(f->max_dynamic, (48 << 10) - fixed_shared(f));
  if ((long)dynamic > most) return INVALID_VALUE; /* cuFuncSetAttribute comes first */
  LaunchRequest r{f->owner->module.get(), k, grid, block, cluster.x == 0 ? cluster_of(*k) : cluster, (int)dynamic,
                  cooperative, nullptr};
  if (r.cluster.count() > 1 && arch < 90) return NOT_SUPPORTED;
  std::string wrong = launch_complaint(r, shared_per_block(arch));
  if (!wrong.empty()) {
    set_report(text("kernel %s: ", k->name) + wrong);
    return k->bounds[0] > 0 && block.count() > k->bounds[0] ? LAUNCH_OUT_OF_RESOURCES : INVALID_VALUE;
  }
  if (cooperative && grid.count() > (long)blocks_that_fit(f, (int)block.count(), dynamic) * device_multiprocessors()) {
    return COOPERATIVE_LAUNCH_TOO_LARGE;
  }
  if (k->parameters > 0 && parameters == nullptr) return INVALID_VALUE;
  auto bytes = std::make_shared<std::vector<std::vector<char>>>();
  for (int i = 0; i < k->parameters; i++) {
    if (parameters[i] == nullptr) return INVALID_VALUE;
    bytes->emplace_back((char*)parameters[i], (char*)parameters[i] + k->sizes[i]);
  }
  std::shared_ptr<Module> module = f->owner->module;
  return enqueue(s, 0, [=] {
    std::vector<void*> list;
    for (auto& b : *bytes) list.push_back(b.data());
    LaunchRequest request = r;
    request.module = module.get();
    request.parameters = list.data();
    return run(request) ? (int)SUCCESS : fault();
  });
}
}  // namespace
}  // namespace tatara

using namespace tatara;

EMU_API int cuModuleLoadData(void** m, const void* image) {
  DRIVER_CALL
  if (m == nullptr || image == nullptr) return INVALID_VALUE;
  ImageHead head;
  if (strncmp((const char*)image, CUBIN_MAGIC, 11) != 0 && strncmp((const char*)image, PTX_MAGIC, 10) != 0) {
    return INVALID_IMAGE;
  }
  memcpy(&head, image, sizeof head);
  int arch = device_arch(current->device);
  bool ptx = memcmp(head.magic, PTX_MAGIC, sizeof head.magic) == 0;
  bool fits = head.specific != 0 ? (int)head.arch == arch
              : ptx              ? (int)head.arch <= arch
                                 : (int)head.arch / 10 == arch / 10 && (int)head.arch <= arch;
  if (!fits) return NO_BINARY_FOR_GPU;
  std::string path = unpacked((const char*)image + sizeof head, head.bytes), error;
  Module* loaded = path.empty() ? nullptr : load(path, head.name, error);
  if (loaded == nullptr) {
    set_report(error);
    return INVALID_IMAGE;
  }
  LoadedModule* l = new LoadedModule();
  l->module = std::shared_ptr<Module>(loaded, unload);
  *m = l;
  return SUCCESS;
}
EMU_API int cuModuleLoadDataEx(void** m, const void* image, unsigned, int*, void**) { return cuModuleLoadData(m, image); }
EMU_API int cuModuleUnload(void* m) {
  Lock lock(engine_lock());
  if (!is_handle(m, Kind::MODULE)) return INVALID_HANDLE;
  delete (LoadedModule*)m;
  return SUCCESS;
}
EMU_API int cuModuleGetFunction(void** f, void* m, const char* name) {
  DRIVER_CALL
  if (!is_handle(m, Kind::MODULE)) return INVALID_HANDLE;
  LoadedModule* l = (LoadedModule*)m;
  const KernelInfo* k = l->module->find(name);
  if (k == nullptr) return NOT_FOUND;
  auto& slot = l->functions[name];
  if (slot == nullptr) slot = std::make_unique<Function>(l, k);
  *f = slot.get();
  return SUCCESS;
}
EMU_API int cuFuncGetModule(void** m, void* f) {
  DRIVER_CALL
  if (!is_handle(f, Kind::FUNCTION)) return INVALID_HANDLE;
  *m = ((Function*)f)->owner;
  return SUCCESS;
}
EMU_API int cuFuncGetAttribute(int* value, int attribute, void* function) {
  DRIVER_CALL
  if (!is_handle(function, Kind::FUNCTION)) return INVALID_HANDLE;
  Function* f = (Function*)function;
  switch (attribute) {
    case 0: *value = f->kernel->bounds[0] > 0 ? f->kernel->bounds[0] : 1024; break;
    case 1: *value = fixed_shared(f); break;
    case 4: *value = 32; break; /* registers: not known */
    case 8: *value = std::max(f->max_dynamic, (48 << 10) - fixed_shared(f)); break;
    default: *value = 0;
  }
  return SUCCESS;
}
EMU_API int cuFuncSetAttribute(void* function, int attribute, int value) {
  DRIVER_CALL
  if (!is_handle(function, Kind::FUNCTION)) return INVALID_HANDLE;
  Function* f = (Function*)function;
  if (attribute == 8) {
    if (value < 0 || value + fixed_shared(f) > shared_per_block(device_arch(current->device))) return INVALID_VALUE;
    f->max_dynamic = value;
  } else if (attribute == 14) {
    f->large_clusters = value != 0;
  }
  return SUCCESS;
}
EMU_API int cuFuncSetCacheConfig(void* f, int) {
  DRIVER_CALL
  return is_handle(f, Kind::FUNCTION) ? SUCCESS : INVALID_HANDLE;
}
EMU_API int cuFuncGetParamInfo(void* function, size_t index, size_t* offset, size_t* size) {
  DRIVER_CALL
  if (!is_handle(function, Kind::FUNCTION)) return INVALID_HANDLE;
  const KernelInfo* k = ((Function*)function)->kernel;
  if (index >= (size_t)k->parameters) return INVALID_VALUE;
  size_t at = 0;
  for (size_t i = 0; i <= index; i++) {
    at = (at + k->aligns[i] - 1) / k->aligns[i] * k->aligns[i];
    if (i < index) at += k->sizes[i];
  }
  *offset = at;
  if (size != nullptr) *size = k->sizes[index];
  return SUCCESS;
}
EMU_API int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* n, void* f, int threads, size_t dynamic) {
  DRIVER_CALL
  if (!is_handle(f, Kind::FUNCTION)) return INVALID_HANDLE;
  *n = blocks_that_fit((Function*)f, threads, dynamic);
  return SUCCESS;
}
EMU_API int cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, void* f, int threads, size_t dynamic, unsigned) {
  return cuOccupancyMaxActiveBlocksPerMultiprocessor(n, f, threads, dynamic);
}

EMU_API int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                           unsigned dynamic, void* stream, void** parameters, void** extra) {
  DRIVER_CALL
  return launch_kernel(f, {gx, gy, gz}, {bx, by, bz}, {0, 0, 0}, dynamic, stream, parameters, extra, false);
}
EMU_API int cuLaunchCooperativeKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                                      unsigned bz, unsigned dynamic, void* stream, void** parameters) {
  DRIVER_CALL
  return launch_kernel(f, {gx, gy, gz}, {bx, by, bz}, {0, 0, 0}, dynamic, stream, parameters, nullptr, true);
}
/* As cuda.h lays them out. */
struct LaunchAttribute {
  int id;
  char pad[4];
  union {
    char room[64];
    unsigned cluster[3];
    int flag;
  };
};
struct LaunchConfig {
  unsigned grid[3], block[3], dynamic;
  void* stream;
  LaunchAttribute* attributes;
  unsigned count;
};
EMU_API int cuLaunchKernelEx(const LaunchConfig* c, void* f, void** parameters, void** extra) {
  DRIVER_CALL
  Dim cluster{0, 0, 0};
  bool cooperative = false;
  for (unsigned i = 0; i < c->count; i++) {
    const LaunchAttribute& a = c->attributes[i];
    if (a.id == 4) cluster = {a.cluster[0], a.cluster[1], a.cluster[2]};
    if (a.id == 2) cooperative = a.flag != 0;
  }
  return launch_kernel(f, {c->grid[0], c->grid[1], c->grid[2]}, {c->block[0], c->block[1], c->block[2]}, cluster,
                       c->dynamic, c->stream, parameters, extra, cooperative);
}

EMU_API int cuTensorMapEncodeTiled(void* map, int type, unsigned rank, void* base, const uint64_t* extents,
                                   const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides,
                                   int interleave, int swizzle, int, int fill) {
  DRIVER_CALL
  /* CU_TENSOR_MAP_DATA_TYPE_: INT32 3, FLOAT16 6, FLOAT32 7, BFLOAT16 9, FLOAT32_FTZ 10, TFLOAT32 11 */
  int t = type == 7 || type == 11 ? 0 : type == 6 ? 1 : type == 9 ? 2 : type == 3 ? 3 : -1;
  static const int SWIZZLES[] = {0, 32, 64, 128};
  if (t < 0 || interleave != 0 || fill != 0 || swizzle < 0 || swizzle > 3) return NOT_SUPPORTED;
  if (rank < 1 || rank > 5) return INVALID_VALUE;
  long e[5], st[5];
  int b[5];
  for (unsigned i = 0; i < rank; i++) {
    e[i] = (long)extents[i];
    b[i] = (int)box[i];
    if (i > 0) st[i - 1] = (long)strides[i - 1];
    if (element_strides[i] != 1) return NOT_SUPPORTED;
  }
  std::string wrong = encode(*(TensorMapData*)map, t, (int)rank, base, e, st, b, SWIZZLES[swizzle]);
  if (!wrong.empty()) set_report("tensor map: " + wrong);
  return wrong.empty() ? SUCCESS : INVALID_VALUE;
}
