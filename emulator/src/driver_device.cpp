/* Initialization, devices, contexts, error names. */
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "driver.hpp"

namespace tatara {
bool initialized = false;
thread_local Context* current = nullptr;

namespace {
std::map<const void*, Kind>& handles() {
  static auto* m = new std::map<const void*, Kind>();
  return *m;
}
Context* primary[16] = {};

int number(const char* name, int otherwise) {
  const char* s = getenv(name);
  return s == nullptr || *s == 0 ? otherwise : atoi(s);
}

struct ErrorText {
  int code;
  const char *name, *text;
};
const ErrorText ERRORS[] = {
    {SUCCESS, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {LAUNCH_TIMEOUT, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
    {PRIMARY_CONTEXT_ACTIVE, "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE", "cannot set while device is active in this process"},
    {MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {COOPERATIVE_LAUNCH_TOO_LARGE, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", "too many blocks in cooperative launch"},
    {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "the capture was not initiated in this stream"},
    {GRAPH_EXEC_UPDATE_FAILURE, "CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE", "the graph update was not performed"},
};
const ErrorText* error_text(int code) {
  for (auto& e : ERRORS) {
    if (e.code == code) return &e;
  }
  return nullptr;
}
}  // namespace

Handle::Handle(Kind k) : kind(k) { handles()[this] = k; }
Handle::~Handle() { handles().erase(this); }
bool is_handle(const void* p, Kind kind) {
  auto it = handles().find(p);
  return it != handles().end() && it->second == kind;
}

int device_count() { return std::min(16, std::max(0, number("TATARA_EMULATION_DEVICES", 1))); }
int device_arch(int) { return number("TATARA_EMULATION_ARCH", 90); }
int device_multiprocessors() { return number("TATARA_EMULATION_MULTIPROCESSORS", 4); }
int shared_per_multiprocessor(int arch) {
  return (arch >= 90 && arch < 120 ? 228 : arch == 80 || arch == 87 ? 164 : arch >= 86 ? 100 : 64) << 10;
}
int shared_per_block(int arch) { return shared_per_multiprocessor(arch) - (arch >= 80 ? 1024 : 0); }
int threads_per_multiprocessor(int arch) {
  return arch == 75 ? 1024 : arch == 80 || (arch >= 90 && arch < 120) ? 2048 : 1536;
}
int blocks_per_multiprocessor(int arch) {
  return arch == 75 || arch == 86 || arch == 87 ? 16 : arch == 89 || arch >= 120 ? 24 : 32;
}

int trouble() {
  if (!initialized) return NOT_INITIALIZED;
  if (current == nullptr || !is_handle(current, Kind::CONTEXT)) return INVALID_CONTEXT;
  return current->error;
}
}  // namespace tatara

using namespace tatara;

EMU_API int cuInit(unsigned flags) {
  Lock lock(engine_lock());
  if (flags != 0) return INVALID_VALUE;
  environment_options();
  if (device_count() == 0) return NO_DEVICE;
  initialized = true;
  return SUCCESS;
}
EMU_API int cuDriverGetVersion(int* v) {
  if (v == nullptr) return INVALID_VALUE;
  *v = 13000;
  return SUCCESS;
}
EMU_API int cuGetErrorName(int code, const char** s) {
  const ErrorText* e = error_text(code);
  *s = e == nullptr ? nullptr : e->name;
  return e == nullptr ? INVALID_VALUE : SUCCESS;
}
EMU_API int cuGetErrorString(int code, const char** s) {
  const ErrorText* e = error_text(code);
  *s = e == nullptr ? nullptr : e->text;
  return e == nullptr ? INVALID_VALUE : SUCCESS;
}
EMU_API int cuGetProcAddress_v2(const char* symbol, void** p, int, uint64_t, int* status) {
  Dl_info me;
  dladdr((void*)&cuInit, &me);
  void* library = dlopen(me.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  *p = nullptr;
  for (const char* suffix : {"_v2", ""}) {
    if (*p == nullptr) *p = dlsym(library, (std::string(symbol) + suffix).c_str());
  }
  if (status != nullptr) *status = *p == nullptr ? 1 : 0;
  return *p == nullptr ? NOT_FOUND : SUCCESS;
}
EMU_API int cuGetProcAddress(const char* symbol, void** p, int version, uint64_t flags) {
  return cuGetProcAddress_v2(symbol, p, version, flags, nullptr);
}

#define DEVICE_CALL(d)                      \
  Lock lock(engine_lock());                 \
  if (!initialized) return NOT_INITIALIZED; \
  if ((d) < 0 || (d) >= device_count()) return INVALID_DEVICE;

EMU_API int cuDeviceGetCount(int* n) {
  Lock lock(engine_lock());
  if (!initialized) return NOT_INITIALIZED;
  *n = device_count();
  return SUCCESS;
}
EMU_API int cuDeviceGet(int* d, int ordinal) {
  DEVICE_CALL(ordinal)
  *d = ordinal;
  return SUCCESS;
}
EMU_API int cuDeviceGetName(char* name, int length, int d) {
  DEVICE_CALL(d)
  snprintf(name, (size_t)length, "Tatara emulation sm_%d", device_arch(d));
  return SUCCESS;
}
EMU_API int cuDeviceTotalMem_v2(size_t* bytes, int d) {
  DEVICE_CALL(d)
  *bytes = device_memory();
  return SUCCESS;
}
EMU_API int cuDeviceGetUuid(unsigned char* uuid, int d) {
  DEVICE_CALL(d)
  memset(uuid, 0, 16);
  memcpy(uuid, "tatara emulator", 15);
  uuid[15] = (unsigned char)d;
  return SUCCESS;
}
EMU_API int cuDeviceGetUuid_v2(unsigned char* uuid, int d) { return cuDeviceGetUuid(uuid, d); }
EMU_API int cuDeviceGetPCIBusId(char* s, int length, int d) {
  DEVICE_CALL(d)
  snprintf(s, (size_t)length, "0000:%02x:00.0", d + 1);
  return SUCCESS;
}
EMU_API int cuDeviceComputeCapability(int* major, int* minor, int d) {
  DEVICE_CALL(d)
  *major = device_arch(d) / 10;
  *minor = device_arch(d) % 10;
  return SUCCESS;
}
EMU_API int cuDeviceGetAttribute(int* value, int attribute, int d) {
  DEVICE_CALL(d)
  int arch = device_arch(d);
  switch (attribute) {
    case 1: case 2: case 3: *value = 1024; break;  /* threads of a block, its extents */
    case 4: *value = 64; break;
    case 5: *value = 2147483647; break;            /* blocks of a grid */
    case 6: case 7: *value = 65535; break;
    case 8: *value = 48 << 10; break;              /* shared memory of a block */
    case 9: *value = 64 << 10; break;              /* constant memory */
    case 10: *value = 32; break;                   /* warp */
    case 12: case 82: *value = 65536; break;       /* registers of a block, of a multiprocessor */
    case 13: case 36: *value = 1000000; break;     /* clocks in kHz */
    case 14: *value = 512; break;
    case 16: *value = device_multiprocessors(); break;
    case 15: case 19: case 31: case 40: case 41: *value = 1; break; /* overlap, host mapping, concurrency, addressing */
    case 33: *value = d + 1; break;                /* PCI bus */
    case 37: *value = 384; break;                  /* memory bus width */
    case 38: *value = 4 << 20; break;              /* L2 */
    case 39: *value = threads_per_multiprocessor(arch); break;
    case 75: *value = arch / 10; break;
    case 76: *value = arch % 10; break;
    case 78: *value = 1; break;                    /* stream priorities */
    case 81: *value = shared_per_multiprocessor(arch); break;
    case 95: *value = 1; break;                    /* cooperative launch */
    case 97: *value = shared_per_block(arch); break;
    case 106: *value = blocks_per_multiprocessor(arch); break;
    case 111: *value = arch >= 80 ? 1024 : 0; break; /* shared memory of the system */
    case 115: *value = 1; break;                   /* memory pools */
    case 120: case 127: *value = arch >= 90; break; /* cluster launch, tensor maps */
    default: *value = 0;
  }
  return SUCCESS;
}
EMU_API int cuDeviceCanAccessPeer(int* can, int, int) {
  *can = 0;
  return SUCCESS;
}

EMU_API int cuDevicePrimaryCtxRetain(void** c, int d) {
  DEVICE_CALL(d)
  if (primary[d] == nullptr) primary[d] = new Context(d);
  primary[d]->references++;
  *c = primary[d];
  return SUCCESS;
}
EMU_API int cuDevicePrimaryCtxRelease_v2(int d) {
  DEVICE_CALL(d)
  if (primary[d] == nullptr) return INVALID_CONTEXT;
  if (--primary[d]->references == 0) {
    delete primary[d];
    primary[d] = nullptr;
  }
  return SUCCESS;
}
EMU_API int cuDevicePrimaryCtxReset_v2(int d) {
  DEVICE_CALL(d)
  if (primary[d] != nullptr) primary[d]->error = 0;
  return SUCCESS;
}
EMU_API int cuDevicePrimaryCtxGetState(int d, unsigned* flags, int* active) {
  DEVICE_CALL(d)
  *flags = 0;
  *active = primary[d] != nullptr;
  return SUCCESS;
}
EMU_API int cuCtxCreate_v2(void** c, unsigned, int d) {
  DEVICE_CALL(d)
  current = new Context(d);
  *c = current;
  return SUCCESS;
}
EMU_API int cuCtxDestroy_v2(void* c) {
  Lock lock(engine_lock());
  if (!is_handle(c, Kind::CONTEXT)) return INVALID_CONTEXT;
  if (current == c) current = nullptr;
  delete (Context*)c;
  return SUCCESS;
}
EMU_API int cuCtxSetCurrent(void* c) {
  Lock lock(engine_lock());
  if (!initialized) return NOT_INITIALIZED;
  if (c != nullptr && !is_handle(c, Kind::CONTEXT)) return INVALID_CONTEXT;
  current = (Context*)c;
  return SUCCESS;
}
EMU_API int cuCtxGetCurrent(void** c) {
  Lock lock(engine_lock());
  if (!initialized) return NOT_INITIALIZED;
  *c = current;
  return SUCCESS;
}
static thread_local std::vector<Context*> pushed;
EMU_API int cuCtxPushCurrent_v2(void* c) {
  Lock lock(engine_lock());
  if (!is_handle(c, Kind::CONTEXT)) return INVALID_CONTEXT;
  pushed.push_back(current);
  current = (Context*)c;
  return SUCCESS;
}
EMU_API int cuCtxPopCurrent_v2(void** c) {
  Lock lock(engine_lock());
  if (current == nullptr) return INVALID_CONTEXT;
  if (c != nullptr) *c = current;
  current = pushed.empty() ? nullptr : pushed.back();
  if (!pushed.empty()) pushed.pop_back();
  return SUCCESS;
}
EMU_API int cuCtxGetDevice(int* d) {
  DRIVER_CALL
  *d = current->device;
  return SUCCESS;
}
EMU_API int cuCtxSynchronize() {
  DRIVER_CALL
  return SUCCESS;
}
EMU_API int cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  DRIVER_CALL
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = -5;
  return SUCCESS;
}
