/* What the NVRTC shim hands out as a cubin or PTX: a head, then the library's bytes. */
#pragma once
#include <cstdint>

namespace tatara {
struct ImageHead {
  char magic[16]; /* "TATARA-CUBIN" or "TATARA-PTX" */
  uint32_t arch;
  uint32_t specific; /* sm_90a: for that architecture alone */
  uint64_t bytes;
  char name[96];
};
constexpr char CUBIN_MAGIC[16] = "TATARA-CUBIN";
constexpr char PTX_MAGIC[16] = "TATARA-PTX";
}  // namespace tatara
