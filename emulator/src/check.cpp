/* The programs are compiled with -fsanitize=thread and parts of -fsanitize=undefined, whose callbacks are these;
 * no sanitizer library is there. Each access must lie in a live allocation, the block's shared memory, the
 * thread's own stack or a constant of the program. */
#include "check.hpp"

#include <dlfcn.h>

#include <cstdio>

#include "fiber.hpp"

namespace tatara {
namespace {
Range recent[2], dynamic_shared, static_shared_section, stack;
void* bad_pc = nullptr;
std::string bad_place;
int budget = 1 << 22; /* accesses until others have a turn, so that polling plain memory ends */

void refill() { budget = options.shuffle != 0 ? 1 + (int)(random_bits() % 2000) : 1 << 22; }

/* Finds the allocation, or fails. */
__attribute__((noinline)) void slow(uintptr_t a, size_t n, bool write, void* pc) {
  if (launch == nullptr || self == nullptr) return; /* the program's own start */
  if (!write) {
    for (const Range& r : launch->request.module->constants) {
      if (r.holds(a, n)) return;
    }
  }
  std::string wrong = complaint((void*)a, n);
  if (!wrong.empty()) {
    bad_pc = pc;
    if (a - dynamic_shared.at < dynamic_shared.bytes + 65536 || dynamic_shared.at - a < 4096) {
      wrong = text("%zu bytes at offset %ld of %zu bytes of dynamic shared memory", n, (long)(a - dynamic_shared.at),
                   dynamic_shared.bytes);
    }
    fail(text("%s outside: ", write ? "write" : "read") + wrong);
  }
  recent[1] = recent[0];
  recent[0] = {(uintptr_t)allocation_begin((void*)a), allocation_bytes((void*)a)};
}

template <bool W>
inline void access(void* p, size_t n, void* pc) {
  uintptr_t a = (uintptr_t)p;
  if (__builtin_expect(--budget <= 0, 0)) {
    refill();
    if (self != nullptr) give_way(); /* still runnable */
  }
  if (recent[0].holds(a, n) || stack.holds(a, n) || dynamic_shared.holds(a, n) || static_shared_section.holds(a, n) ||
      recent[1].holds(a, n)) {
    return;
  }
  slow(a, n, W, pc);
}

struct Place {
  const char* file;
  uint32_t line, column;
};
[[noreturn]] void bad(const Place* at, const std::string& what) {
  bad_place = text("%s:%u", at->file == nullptr ? "?" : at->file, at->line);
  fail(what);
}
}  // namespace

void watch_fiber(Fiber* f) {
  stack = {(uintptr_t)f->stack, STACK};
  dynamic_shared = {(uintptr_t)f->block->dynamic, (size_t)launch->request.dynamic_shared};
  if (options.shuffle != 0) refill();
}

void watch_launch(Launch* l) {
  recent[0] = recent[1] = {};
  static_shared_section = {(uintptr_t)l->request.module->shared, l->request.module->shared_bytes};
  bad_pc = nullptr;
  bad_place.clear();
  refill();
}

std::string source_line() {
  if (!bad_place.empty()) return " (" + bad_place + ")";
  Dl_info info;
  if (bad_pc == nullptr || dladdr(bad_pc, &info) == 0) return "";
  std::string command = text("addr2line -e '%s' 0x%lx 2>/dev/null", info.dli_fname,
                             (unsigned long)((char*)bad_pc - (char*)info.dli_fbase - 1));
  FILE* p = popen(command.c_str(), "r");
  if (p == nullptr) return "";
  char line[512] = "";
  bool read = fgets(line, sizeof line, p) != nullptr;
  pclose(p);
  std::string s = line;
  while (!s.empty() && s.back() == '\n') s.pop_back();
  size_t detail = s.find(" (discriminator");
  if (detail != std::string::npos) s.resize(detail);
  return !read || s.empty() || s[0] == '?' ? "" : " (" + s + ")";
}
}  // namespace tatara

using namespace tatara;
#define PC __builtin_return_address(0)
#define ACCESS(n)                                                                  \
  EMU_API void __tsan_read##n(void* p) { access<false>(p, n, PC); }                \
  EMU_API void __tsan_write##n(void* p) { access<true>(p, n, PC); }                \
  EMU_API void __tsan_unaligned_read##n(void* p) { access<false>(p, n, PC); }      \
  EMU_API void __tsan_unaligned_write##n(void* p) { access<true>(p, n, PC); }      \
  EMU_API void __tsan_volatile_read##n(void* p) { access<false>(p, n, PC); }       \
  EMU_API void __tsan_volatile_write##n(void* p) { access<true>(p, n, PC); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
EMU_API void __tsan_read_range(void* p, long n) { access<false>(p, (size_t)n, PC); }
EMU_API void __tsan_write_range(void* p, long n) { access<true>(p, (size_t)n, PC); }
EMU_API void __tsan_func_entry(void*) {}
EMU_API void __tsan_func_exit(void*) {}
EMU_API void __tsan_init() {}

EMU_API void __ubsan_handle_out_of_bounds(const Place* at, unsigned long index) {
  bad(at, text("index %ld outside its array", (long)index));
}
struct Mismatch {
  Place at;
  const void* type;
  unsigned char log_align, kind;
};
EMU_API void __ubsan_handle_type_mismatch_v1(const Mismatch* m, unsigned long p) {
  if (p != 0) {
    bad(&m->at, text("misaligned access: address 0x%lx is no multiple of %d", p, 1 << m->log_align));
  }
  bad(&m->at, "access through a null pointer");
}
EMU_API void __ubsan_handle_divrem_overflow(const Place* at, unsigned long, unsigned long) {
  bad(at, "integer division by zero");
}
EMU_API void __ubsan_handle_shift_out_of_bounds(const Place* at, unsigned long, unsigned long by) {
  bad(at, text("shift by %ld", (long)by));
}
