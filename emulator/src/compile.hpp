/* From text to a shared library; used by the engine's C interface and by the NVRTC shim. */
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#ifndef EMU_API
#define EMU_API extern "C" __attribute__((visibility("default")))
#endif

namespace tatara {
struct CompileRequest {
  std::string text, name, cache, include;
  std::vector<std::string> options; /* -D… */
  int arch = 80;
  bool checked = true; /* whether plain accesses are checked */
};
/* The library's path, or empty with the compiler's words in log. */
std::string compile(const CompileRequest& request, std::string& log);
}  // namespace tatara
