/* NVRTC's interface over g++. */
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

#include "compile.hpp"
#include "image.hpp"

namespace tatara {
namespace {
enum NvrtcResult {
  OK = 0,
  INVALID_INPUT = 3,
  INVALID_PROGRAM = 4,
  INVALID_OPTION = 5,
  COMPILATION = 6,
};
const int ARCHES[] = {75, 80, 86, 87, 89, 90, 100, 103, 120, 121};

struct Program {
  std::string text, name, log, cubin, ptx;
};
std::set<void*> programs;
std::mutex lock;

std::string beside() {
  Dl_info me;
  dladdr((void*)&beside, &me);
  std::string path = me.dli_fname;
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string image(const char* magic, int arch, bool specific, const std::string& name, const std::string& library) {
  ImageHead head;
  memset(&head, 0, sizeof head);
  memcpy(head.magic, magic, sizeof head.magic);
  head.arch = (uint32_t)arch;
  head.specific = specific;
  head.bytes = library.size();
  strncpy(head.name, name.c_str(), sizeof head.name - 1);
  return std::string((char*)&head, sizeof head) + library;
}

/* The value of an option given as -x=value, --xx=value; whether it is that option. */
bool option(const std::string& s, std::initializer_list<const char*> names, std::string& value) {
  for (const char* n : names) {
    std::string with = std::string(n) + "=";
    if (s.compare(0, with.size(), with) == 0) {
      value = s.substr(with.size());
      return true;
    }
  }
  return false;
}
}  // namespace
}  // namespace tatara

using namespace tatara;
#define FIND                                                   \
  std::lock_guard<std::mutex> hold(lock);                      \
  if (programs.count(program) == 0) return INVALID_PROGRAM;    \
  Program& p = *(Program*)program;

EMU_API int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return OK;
}
EMU_API const char* nvrtcGetErrorString(int code) {
  switch (code) {
    case OK: return "NVRTC_SUCCESS";
    case 1: return "NVRTC_ERROR_OUT_OF_MEMORY";
    case 2: return "NVRTC_ERROR_PROGRAM_CREATION_FAILURE";
    case INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
    case INVALID_PROGRAM: return "NVRTC_ERROR_INVALID_PROGRAM";
    case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case COMPILATION: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR unknown";
  }
}
EMU_API int nvrtcGetNumSupportedArchs(int* n) {
  *n = sizeof ARCHES / sizeof *ARCHES;
  return OK;
}
EMU_API int nvrtcGetSupportedArchs(int* list) {
  memcpy(list, ARCHES, sizeof ARCHES);
  return OK;
}
EMU_API int nvrtcCreateProgram(void** program, const char* text, const char* name, int headers, const char* const*,
                               const char* const*) {
  if (program == nullptr || text == nullptr || headers != 0) return INVALID_INPUT;
  std::lock_guard<std::mutex> hold(lock);
  Program* p = new Program();
  p->text = text;
  p->name = name == nullptr ? "default_program" : name;
  programs.insert(p);
  *program = p;
  return OK;
}
EMU_API int nvrtcDestroyProgram(void** program) {
  std::lock_guard<std::mutex> hold(lock);
  if (program == nullptr || programs.erase(*program) == 0) return INVALID_PROGRAM;
  delete (Program*)*program;
  *program = nullptr;
  return OK;
}
EMU_API int nvrtcCompileProgram(void* program, int count, const char* const* options) {
  FIND
  CompileRequest r;
  r.text = p.text;
  r.name = p.name;
  const char* check = getenv("TATARA_EMULATION_CHECK");
  r.checked = check == nullptr || strcmp(check, "0") != 0;
  r.include = beside() + "/include";
  const char* cache = getenv("TATARA_EMULATION_CACHE");
  r.cache = cache != nullptr ? cache : beside() + "/cache";
  bool real = false, specific = false;
  r.arch = 75;
  for (int i = 0; i < count; i++) {
    std::string s = options[i], value;
    if (option(s, {"--gpu-architecture", "-arch"}, value)) {
      real = value.compare(0, 3, "sm_") == 0;
      size_t digits = value.find_first_of("0123456789");
      r.arch = digits == std::string::npos ? 0 : atoi(value.c_str() + digits);
      specific = value.back() == 'a';
      bool known = false;
      for (int a : ARCHES) known |= a == r.arch;
      if (!known) {
        p.log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
        return INVALID_OPTION;
      }
    } else if (option(s, {"--define-macro"}, value)) {
      r.options.push_back("-D" + value);
    } else if (s.compare(0, 2, "-D") == 0) {
      if (s.size() > 2) r.options.push_back(s);
      else if (i + 1 < count) r.options.push_back("-D" + std::string(options[++i]));
    } else if (s.empty() || s[0] != '-') {
      p.log = "nvrtc: error: unrecognized option " + s + "\n";
      return INVALID_OPTION;
    }
  }
  std::string path = compile(r, p.log);
  if (path.empty()) return COMPILATION;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream library;
  library << in.rdbuf();
  p.cubin = real ? image(CUBIN_MAGIC, r.arch, specific, p.name, library.str()) : "";
  p.ptx = image(PTX_MAGIC, r.arch, specific, p.name, library.str());
  return OK;
}
EMU_API int nvrtcGetProgramLogSize(void* program, size_t* n) {
  FIND
  *n = p.log.size() + 1;
  return OK;
}
EMU_API int nvrtcGetProgramLog(void* program, char* log) {
  FIND
  memcpy(log, p.log.c_str(), p.log.size() + 1);
  return OK;
}
EMU_API int nvrtcGetCUBINSize(void* program, size_t* n) {
  FIND
  *n = p.cubin.size();
  return OK;
}
EMU_API int nvrtcGetCUBIN(void* program, char* to) {
  FIND
  if (p.cubin.empty()) return INVALID_INPUT;
  memcpy(to, p.cubin.data(), p.cubin.size());
  return OK;
}
EMU_API int nvrtcGetPTXSize(void* program, size_t* n) {
  FIND
  *n = p.ptx.size();
  return OK;
}
EMU_API int nvrtcGetPTX(void* program, char* to) {
  FIND
  if (p.ptx.empty()) return INVALID_INPUT;
  memcpy(to, p.ptx.data(), p.ptx.size());
  return OK;
}
