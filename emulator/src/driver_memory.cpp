/* Device and host memory, pools, copies, fills. */
#include <cstdlib>
#include <cstring>
#include <set>

#include "driver.hpp"

namespace tatara {
namespace {
std::map<void*, int> device_of;
size_t used[16] = {};
std::set<void*> host;
long limit = -1;

struct Pool : Handle {
  uint64_t threshold = 0;
  Pool() : Handle(Kind::POOL) {}
};
Pool* pool(int device) {
  static Pool* pools[16] = {};
  if (pools[device] == nullptr) pools[device] = new Pool();
  return pools[device];
}

int copy(Stream* s, void* to, const void* from, size_t n, bool device_to, bool device_from) {
  if (s == nullptr) return INVALID_HANDLE;
  if (n == 0) return SUCCESS;
  if (to == nullptr || from == nullptr) return INVALID_VALUE;
  if (device_to && !complaint(to, n).empty()) return INVALID_VALUE;
  if (device_from && !complaint(from, n).empty()) return INVALID_VALUE;
  return enqueue(s, 1, [=] {
    /* Memory may have been freed between recording and running. */
    if ((device_to && !complaint(to, n).empty()) || (device_from && !complaint(from, n).empty())) {
      set_report("copy outside an allocation: " + complaint(device_to ? to : from, n));
      return (int)ILLEGAL_ADDRESS;
    }
    memmove(to, from, n);
    return (int)SUCCESS;
  });
}

int fill(Stream* s, uint64_t to, const void* pattern, size_t width, size_t n) {
  if (s == nullptr) return INVALID_HANDLE;
  if (n == 0) return SUCCESS;
  if (to % width != 0 || !complaint((void*)to, n * width).empty()) return INVALID_VALUE;
  uint32_t bits = 0;
  memcpy(&bits, pattern, width);
  return enqueue(s, 2, [=] {
    if (!complaint((void*)to, n * width).empty()) {
      set_report("fill outside an allocation: " + complaint((void*)to, n * width));
      return (int)ILLEGAL_ADDRESS;
    }
    for (size_t i = 0; i < n; i++) memcpy((char*)to + i * width, &bits, width);
    return (int)SUCCESS;
  });
}
}  // namespace

size_t device_memory() {
  if (limit < 0) {
    const char* s = getenv("TATARA_EMULATION_MEMORY");
    limit = s == nullptr ? 2L << 30 : strtol(s, nullptr, 0);
  }
  return (size_t)limit;
}

int device_allocate(uint64_t* p, size_t bytes) {
  if (p == nullptr || bytes == 0) return INVALID_VALUE;
  if (bytes > device_memory() || used[current->device] + bytes > device_memory()) return OUT_OF_MEMORY;
  void* m = allocate(bytes);
  if (m == nullptr) return OUT_OF_MEMORY;
  used[current->device] += bytes;
  device_of[m] = current->device;
  *p = (uint64_t)m;
  return SUCCESS;
}

int device_free(uint64_t p) {
  if (p == 0) return SUCCESS;
  auto it = device_of.find((void*)p);
  if (it == device_of.end()) return INVALID_VALUE;
  used[it->second] -= allocation_bytes((void*)p);
  device_of.erase(it);
  release((void*)p);
  return SUCCESS;
}
}  // namespace tatara

using namespace tatara;

/* Most bytes of each device's memory from now on (tests of what happens without any). */
EMU_API void tatara_emu_memory_limit(long bytes) {
  Lock lock(engine_lock());
  limit = bytes;
}

EMU_API int cuMemAlloc_v2(uint64_t* p, size_t bytes) {
  DRIVER_CALL
  if (recording()) {
    break_recording();
    return STREAM_CAPTURE_UNSUPPORTED;
  }
  return device_allocate(p, bytes);
}
EMU_API int cuMemFree_v2(uint64_t p) {
  DRIVER_CALL
  if (recording()) {
    break_recording();
    return STREAM_CAPTURE_UNSUPPORTED;
  }
  return device_free(p);
}
EMU_API int cuMemAllocAsync(uint64_t* p, size_t bytes, void* stream) {
  DRIVER_CALL
  Stream* s = stream_of(stream);
  if (s == nullptr) return INVALID_HANDLE;
  return s->capture != nullptr ? NOT_SUPPORTED : device_allocate(p, bytes);
}
EMU_API int cuMemAllocFromPoolAsync(uint64_t* p, size_t bytes, void*, void* stream) {
  return cuMemAllocAsync(p, bytes, stream);
}
EMU_API int cuMemFreeAsync(uint64_t p, void* stream) {
  DRIVER_CALL
  Stream* s = stream_of(stream);
  if (s == nullptr) return INVALID_HANDLE;
  return s->capture != nullptr ? NOT_SUPPORTED : device_free(p);
}
EMU_API int cuMemGetInfo_v2(size_t* free_bytes, size_t* total) {
  DRIVER_CALL
  *total = device_memory();
  *free_bytes = *total > used[current->device] ? *total - used[current->device] : 0;
  return SUCCESS;
}
EMU_API int cuMemGetAddressRange_v2(uint64_t* base, size_t* bytes, uint64_t p) {
  DRIVER_CALL
  void* b = allocation_begin((void*)p);
  if (b == nullptr) return INVALID_VALUE;
  if (base != nullptr) *base = (uint64_t)b;
  if (bytes != nullptr) *bytes = allocation_bytes(b);
  return SUCCESS;
}

EMU_API int cuDeviceGetDefaultMemPool(void** p, int d) {
  Lock lock(engine_lock());
  if (d < 0 || d >= device_count()) return INVALID_DEVICE;
  *p = pool(d);
  return SUCCESS;
}
EMU_API int cuDeviceGetMemPool(void** p, int d) { return cuDeviceGetDefaultMemPool(p, d); }
EMU_API int cuMemPoolSetAttribute(void* p, int attribute, void* value) {
  Lock lock(engine_lock());
  if (!is_handle(p, Kind::POOL)) return INVALID_VALUE;
  if (attribute == 4) ((Pool*)p)->threshold = *(uint64_t*)value;
  return SUCCESS;
}
EMU_API int cuMemPoolGetAttribute(void* p, int attribute, void* value) {
  Lock lock(engine_lock());
  if (!is_handle(p, Kind::POOL)) return INVALID_VALUE;
  *(uint64_t*)value = attribute == 4 ? ((Pool*)p)->threshold : 0;
  return SUCCESS;
}
EMU_API int cuMemPoolTrimTo(void* p, size_t) {
  Lock lock(engine_lock());
  return is_handle(p, Kind::POOL) ? SUCCESS : INVALID_VALUE;
}

EMU_API int cuMemHostAlloc(void** p, size_t bytes, unsigned) {
  DRIVER_CALL
  *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (*p == nullptr) return OUT_OF_MEMORY;
  host.insert(*p);
  return SUCCESS;
}
EMU_API int cuMemAllocHost_v2(void** p, size_t bytes) { return cuMemHostAlloc(p, bytes, 0); }
EMU_API int cuMemFreeHost(void* p) {
  Lock lock(engine_lock());
  if (host.erase(p) == 0) return INVALID_VALUE;
  free(p);
  return SUCCESS;
}
EMU_API int cuMemHostRegister_v2(void*, size_t, unsigned) {
  DRIVER_CALL
  return SUCCESS;
}
EMU_API int cuMemHostUnregister(void*) {
  DRIVER_CALL
  return SUCCESS;
}

/* Copies that wait are refused while the default stream could be drawn into a recording. */
#define SYNCHRONOUS                    \
  DRIVER_CALL                          \
  if (recording()) {                   \
    break_recording();                 \
    return STREAM_CAPTURE_UNSUPPORTED; \
  }
EMU_API int cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t n) {
  SYNCHRONOUS
  return copy(current->legacy, (void*)to, from, n, true, false);
}
EMU_API int cuMemcpyDtoH_v2(void* to, uint64_t from, size_t n) {
  SYNCHRONOUS
  return copy(current->legacy, to, (void*)from, n, false, true);
}
EMU_API int cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t n) {
  SYNCHRONOUS
  return copy(current->legacy, (void*)to, (void*)from, n, true, true);
}
EMU_API int cuMemcpy(uint64_t to, uint64_t from, size_t n) {
  SYNCHRONOUS
  return copy(current->legacy, (void*)to, (void*)from, n, allocation_begin((void*)to) != nullptr,
              allocation_begin((void*)from) != nullptr);
}
EMU_API int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t n, void* s) {
  DRIVER_CALL
  return copy(stream_of(s), (void*)to, from, n, true, false);
}
EMU_API int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t n, void* s) {
  DRIVER_CALL
  return copy(stream_of(s), to, (void*)from, n, false, true);
}
EMU_API int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t n, void* s) {
  DRIVER_CALL
  return copy(stream_of(s), (void*)to, (void*)from, n, true, true);
}
EMU_API int cuMemcpyAsync(uint64_t to, uint64_t from, size_t n, void* s) {
  DRIVER_CALL
  return copy(stream_of(s), (void*)to, (void*)from, n, allocation_begin((void*)to) != nullptr,
              allocation_begin((void*)from) != nullptr);
}
#define FILLS(T, width)                                                        \
  EMU_API int cuMemsetD##width##_v2(uint64_t to, T x, size_t n) {              \
    SYNCHRONOUS                                                                \
    return fill(current->legacy, to, &x, sizeof x, n);                         \
  }                                                                            \
  EMU_API int cuMemsetD##width##Async(uint64_t to, T x, size_t n, void* s) {   \
    DRIVER_CALL                                                                \
    return fill(stream_of(s), to, &x, sizeof x, n);                            \
  }
FILLS(unsigned char, 8)
FILLS(unsigned short, 16)
FILLS(unsigned, 32)
